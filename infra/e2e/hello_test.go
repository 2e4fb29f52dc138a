package e2e

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"keydesk/infra/openapi/answers"
)

const (
	sampleAPI = "/hello"
	// kept is how long the check may keep a verdict, and some more for a busy machine.
	kept  = 15 * time.Second
	every = 400 * time.Millisecond
)

// hello calls the sample API with a value of Authorization; without the header where that is empty.
func hello(t *testing.T, value string) answer {
	t.Helper()
	a := client{value}.send(t, http.MethodGet, sampleAPI, "")
	if a.status == http.StatusOK {
		inspect(t, a)
	} else if err := answers.Check(http.MethodGet, sampleAPI, a.status, a.header, []byte(a.text)); err != nil {
		t.Errorf("not as the contract has it: %v", err)
	}
	if secret := strings.TrimPrefix(strings.TrimPrefix(value, "Bearer "), "Basic "); secret != "" && strings.Contains(a.text, secret) {
		t.Errorf("%s: the answer holds the key", a.call)
	}
	return a
}

// calls has the holder of the key call the sample API with it.
func (g grant) calls(t *testing.T) answer {
	t.Helper()
	return g.callsWith(t, g.credential(t))
}

// callsWith is the same, with what may be no key.
func (g grant) callsWith(t *testing.T, credential string) answer {
	t.Helper()
	if g.kind == mutualTLS {
		return connects(t, credential)
	}
	return hello(t, credential)
}

// opens wants the key to open the sample API, which is told whose it is.
func (g grant) opens(t *testing.T, plans ...string) {
	t.Helper()
	a := g.calls(t)
	a.want(t, http.StatusOK, "")
	if a.string("org") != org || a.string("developer") != g.id || len(plans) > 0 && !slices.Equal(texts(a.body["policies"]), plans) {
		t.Errorf("%s with a key of %s for %v: %s", a.call, g.id, plans, a.text)
	}
}

// refused wants a value of Authorization to open nothing, for the reason.
func refused(t *testing.T, value, reason string) {
	t.Helper()
	wantReason(t, wantForbidden(t, hello(t, value)), reason)
}

func wantForbidden(t *testing.T, a answer) answer {
	t.Helper()
	if a.status != http.StatusForbidden || a.string("message") == "" {
		t.Errorf("%s: %d %s, want 403 and API Gateway's message", a.call, a.status, a.text)
	}
	return a
}

// soon calls the sample API with the key until it answers so, for as long as the check may keep what it knew.
func (g grant) soon(t *testing.T, status int) answer {
	t.Helper()
	for begin := time.Now(); ; time.Sleep(every) {
		a := g.calls(t)
		if a.status == status {
			return a
		}
		if time.Since(begin) > kept {
			t.Errorf("%s: still %d after %s, want %d", a.call, a.status, kept, status)
			return a
		}
	}
}

// ends wants the key to open nothing soon, for the reason.
func (g grant) ends(t *testing.T, reason string) {
	t.Helper()
	wantReason(t, g.soon(t, http.StatusForbidden), reason)
}

// isRefused wants the key to open nothing, for the reason.
func (g grant) isRefused(t *testing.T, reason string) {
	t.Helper()
	wantReason(t, wantForbidden(t, g.calls(t)), reason)
}

// texts are those of a list.
func texts(value any) []string {
	list, _ := value.([]any)
	all := make([]string, len(list))
	for i, v := range list {
		all[i], _ = v.(string)
	}
	return all
}
