package e2e

import (
	"fmt"
	"net/http"
	"testing"
	"time"
)

// The three ways in which a request is decided, each from the request to a key that opens the sample API. Those that the schedule takes
// part in are not parallel: it decides about other tests' requests, too.

// becomes waits until the schedule has brought a request into a state. Where it can be fired it is; elsewhere it comes every minute.
func becomes(t *testing.T, id, state string) answer {
	t.Helper()
	for begin := time.Now(); ; time.Sleep(every) {
		if lambdas != "" {
			invoke(t, "AutoApprove", "{}")
		}
		a := reviewer.get(t, id)
		if a.body["state"] == state {
			return a
		}
		if time.Since(begin) > 2*patience {
			t.Fatalf("%s: the schedule has left it %v, want %s: %s", a.call, a.body["state"], state, a.text)
		}
	}
}

// TestDecidedByTheSchedule is the automatic way.
func TestDecidedByTheSchedule(t *testing.T) {
	byMail(t)
	for _, kind := range someKinds() {
		t.Run(kind, func(t *testing.T) {
			plan, h := offers(t, offered{kind: kind})[0], arrives(t, kind)
			id := portal.create(t, h.asking(t, plan))
			wantMembers(t, portal.get(t, id), map[string]any{"state": "pending", "next": "schedule", "approved": false})
			decided := becomes(t, id, "approved")
			wantMembers(t, decided, map[string]any{"approved": true, "decided_by": "the schedule", "next": "developer", "revision": 2.0})
			if due, _ := decided.body["due"].(string); due <= decided.string("decided_at") {
				t.Errorf("%s: the key is due to lapse at %q", decided.call, due)
			}
			g := h.takes(t, h.isMailed(t, 1))
			g.opens(t, plan)
			wantMembers(t, reviewer.get(t, id), map[string]any{"state": "approved", "next": nil, "due": nil})
			wantProcessed(t, id, "approved")
			h.isMailed(t, 1)
		})
	}
}

// TestFetchedByItsCreator has a portal create and approve, as Tyk's own clients do, while the schedule is faster.
func TestFetchedByItsCreator(t *testing.T) {
	plan, h := offers(t, offered{kind: authToken})[0], arrives(t, authToken)
	id := portal.create(t, h.asking(t, plan))
	becomes(t, id, "approved")
	reviewer.call(t, http.MethodPut, approve(id), "").wantRefusal(t, http.StatusConflict, "")
	h.taking(t, portal.call(t, http.MethodPut, approve(id), "")).opens(t, plan)
	portal.call(t, http.MethodPut, approve(id), "").wantRefusal(t, http.StatusConflict, "")
}

// TestRules has rules decline, and ask a person; who then approves.
func TestRules(t *testing.T) {
	byMail(t)
	rules := `"rules": [
		{"name": "rivals", "when": {"field": {"usecase": ["Resale"]}}, "outcome": "decline", "reason": "We do not sell to rivals."},
		{"name": "schools", "when": {"field": {"usecase": ["school"]}, "keys_held": {"at_most": 9}}, "outcome": "approve", "reason": "For schools."},
		{"name": "others", "when": {}, "outcome": "ask"}]`
	plan, h := offers(t, offered{kind: authToken, config: rules})[0], arrives(t, authToken)
	wish := func(usecase string) string {
		return portal.create(t, object(t, h.wish(plan), map[string]any{"by_user": h.id, "fields": map[string]any{"usecase": usecase}}))
	}
	rival, school, other := wish("resale"), wish("school"), wish("weather")
	wantMembers(t, becomes(t, rival, "declined"), map[string]any{"rule": "rivals", "reason": "We do not sell to rivals.", "decided_by": "the schedule"})
	wantMembers(t, becomes(t, school, "approved"), map[string]any{"rule": "schools", "reason": "For schools.", "decided_by": "the schedule"})
	wantMembers(t, becomes(t, other, "pending"), map[string]any{"rule": "others", "next": "reviewer"})
	h.isMailed(t, 2)
	h.taking(t, reviewer.call(t, http.MethodPut, approve(other), "")).opens(t, plan)
	wantMembers(t, portal.get(t, other), map[string]any{"state": "approved", "rule": nil})
}

// TestDecidedByAReviewer is the reviewer's way, with the key left to its developer, by the reviewer or by the plan.
func TestDecidedByAReviewer(t *testing.T) {
	byMail(t)
	t.Parallel()
	for name, c := range map[string]struct{ config, body string }{
		"who says so":  {"", `{"reason": "Welcome.", "delivery": "claim"}`},
		"by its entry": {`"secure_key_approval": true`, `{"reason": "Welcome."}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plan, h := offers(t, offered{kind: authToken, asks: true, config: c.config})[0], arrives(t, authToken)
			id := portal.create(t, h.asking(t, plan))
			wantMembers(t, portal.get(t, id), map[string]any{"next": "reviewer"})
			said := reviewer.call(t, http.MethodPut, approve(id), c.body)
			said.want(t, http.StatusOK, "")
			if said.string("RawKey") != "" {
				t.Errorf("%s: a key that its developer claims was handed to the reviewer", said.call)
			}
			wantMembers(t, portal.get(t, id), map[string]any{"state": "approved", "next": "developer", "reason": "Welcome."})
			g := h.takes(t, h.isMailed(t, 1))
			g.opens(t, plan)
		})
	}
	t.Run("who takes it", func(t *testing.T) {
		t.Parallel()
		plan, h := offers(t, offered{kind: authToken, asks: true})[0], arrives(t, authToken)
		h.receives(t, plan).opens(t, plan)
		if m := h.isMailed(t, 1); isLink.MatchString(m.text) {
			t.Errorf("a key that was handed over can be claimed:\n%s", m.text)
		}
	})
}

// TestDecidedForMany decides many requests in one call, which gives no key away.
func TestDecidedForMany(t *testing.T) {
	byMail(t)
	t.Parallel()
	plan, h := offers(t, offered{kind: authToken, asks: true})[0], arrives(t, authToken)
	a, b, c := portal.create(t, h.asking(t, plan)), portal.create(t, h.asking(t, plan)), portal.create(t, h.asking(t, plan))
	body := fmt.Sprintf(`{"ids": [%q, %q, %q], "reason": "Welcome.", "revisions": {%q: 7}}`, a, nobodys, b, b)
	said := reviewer.call(t, http.MethodPut, collection+"/approve", body)
	said.want(t, http.StatusOK, "1 of 3 approved")
	results, _ := said.member("Meta", "results").([]any)
	var codes []any
	for _, result := range results {
		one, _ := result.(map[string]any)
		codes = append(codes, one["code"])
	}
	if fmt.Sprint(codes) != "[200 404 412]" {
		t.Errorf("%s: %s", said.call, said.text)
	}
	declined := reviewer.call(t, http.MethodPut, collection+"/decline", fmt.Sprintf(`{"ids": [%q, %q], "reason": "Enough."}`, b, c))
	declined.want(t, http.StatusOK, "2 of 2 declined")
	wantMembers(t, portal.get(t, c), map[string]any{"state": "declined", "reason": "Enough."})
	h.isMailed(t, 3)
	h.claimsTheOnly(t, a).opens(t, plan)
}

// claimsTheOnly takes the key of a request by the one message that is about it.
func (h holder) claimsTheOnly(t *testing.T, id string) grant {
	t.Helper()
	address := portal.call(t, http.MethodGet, developerOf(h.id), "").string("email")
	var found []message
	for _, m := range mailTo(t, address) {
		if isLink.MatchString(m.text) {
			found = append(found, m)
		}
	}
	if len(found) != 1 || found[0].link(t).request != id {
		t.Fatalf("%d messages have a link to a key", len(found))
	}
	return h.takes(t, found[0])
}
