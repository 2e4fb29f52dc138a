package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"keydesk/infra/canary"
	"keydesk/infra/openapi/answers"
)

// received is a call that the receiver says it was sent.
type received struct {
	Port     int
	Verified bool
	ID, Type string
	Body     string
	event    struct {
		Event string
		Data  map[string]any
	}
}

// receiver is a program in another language, which verifies what it receives by another library: testdata/receiver.py.
type receiver struct {
	address string
	calls   chan received
}

func startReceiver(t *testing.T, secret string) receiver {
	t.Helper()
	python := filepath.Join("..", "..", ".local", "venv-run", "bin", "python")
	cmd := exec.Command(python, filepath.Join("testdata", "receiver.py"))
	cmd.Stdin, cmd.Stderr = strings.NewReader(secret+"\n"), os.Stderr
	said, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r := receiver{calls: make(chan received, 100)}
	go func() {
		defer close(r.calls)
		for lines := bufio.NewScanner(said); lines.Scan(); {
			var c received
			_ = json.Unmarshal(lines.Bytes(), &c)        // the test sees that it is empty
			_ = json.Unmarshal([]byte(c.Body), &c.event) // as above
			r.calls <- c
		}
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed: that is its result
	})
	r.address = fmt.Sprintf("http://127.0.0.1:%d/hook", (<-r.calls).Port)
	return r
}

// hears waits for so many calls, and for one that should not come.
func (r receiver) hears(t *testing.T, n int) []received {
	t.Helper()
	var all []received
	enough := time.After(patience)
	for {
		select {
		case c := <-r.calls:
			if all = append(all, c); len(all) == n {
				enough = time.After(time.Second)
			}
		case <-enough:
			if len(all) != n {
				t.Errorf("the receiver was called %d times, want %d", len(all), n)
			}
			return all
		}
	}
}

// TestWebhooks has a program of another make hear of a request's life, and verify it. It is not parallel: it writes the configuration,
// which it leaves as it found it.
func TestWebhooks(t *testing.T) {
	_, secret := trusts(t)
	byMail(t)
	r := startReceiver(t, secret)
	found := admin.call(t, http.MethodGet, configuration, "")
	found.want(t, http.StatusOK, "")
	var settings map[string]any
	if err := json.Unmarshal([]byte(found.text), &settings); err != nil {
		t.Fatal(err)
	}
	settings["event_options"] = map[string]any{"key_request_event": map[string]any{"webhook": r.address, "email": ""}}
	admin.call(t, http.MethodPut, configuration, object(t, settings)).want(t, http.StatusOK, "Data updated")
	t.Cleanup(func() {
		admin.call(t, http.MethodPut, configuration, found.text).want(t, http.StatusOK, "Data updated")
	})

	plan, h := offers(t, offered{kind: authToken, asks: true})[0], arrives(t, authToken)
	g := h.receives(t, plan)
	reviewer.call(t, http.MethodPost, g.path(t)+"/suspend", "").want(t, http.StatusOK, "Data updated")
	portal.call(t, http.MethodDelete, g.path(t), "").want(t, http.StatusOK, "Data deleted")
	declined := portal.create(t, h.asking(t, plan))
	reviewer.call(t, http.MethodPut, decline(declined), `{"reason": "Enough."}`).want(t, http.StatusOK, declined)
	want := map[string]map[string]any{
		"submitted " + g.request: {"by_user": h.id, "org_id": org}, "approved " + g.request: {"state": "approved"}, "revoked " + g.request: {"by_user": h.id},
		"suspended " + g.request: {"by_user": h.id, "key_state": "suspended"},
		"submitted " + declined:  {"by_user": h.id}, "declined " + declined: {"state": "declined", "reason": "Enough."},
	}
	tells(t, r.hears(t, len(want)), want)
}

// tells wants each event of each request once, verified, with the members, and without a secret.
func tells(t *testing.T, all []received, want map[string]map[string]any) {
	t.Helper()
	ids := map[string]bool{}
	for _, c := range all {
		name := fmt.Sprint(strings.TrimPrefix(c.event.Event, "key_request_event."), " ", c.event.Data["id"])
		members, wanted := want[name]
		delete(want, name)
		if !wanted || !c.Verified || c.Type != "application/json" || c.ID == "" || ids[c.ID] {
			t.Errorf("event %s, verified %v, %s, id %q", c.event.Event, c.Verified, c.Type, c.ID)
		}
		ids[c.ID] = true
		for member, value := range members {
			if c.event.Data[member] != value {
				t.Errorf("%s: %s is %v, want %v", name, member, c.event.Data[member], value)
			}
		}
		developer, _ := c.event.Data["portal_developer"].(map[string]any)
		if email, _ := developer["email"].(string); !strings.HasSuffix(email, "@portal.example") {
			t.Errorf("%s does not say whose it is: %s", name, c.Body)
		}
		if err := answers.CheckEvent([]byte(c.Body)); err != nil {
			t.Errorf("not as the contract has it: %v", err)
		}
		if found := canary.Find([]byte(c.Body)); found != "" {
			t.Errorf("%s holds a secret: %s", name, found)
		}
	}
	for name := range want {
		t.Errorf("nothing was heard of %s", name)
	}
}
