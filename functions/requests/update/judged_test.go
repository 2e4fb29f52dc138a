package main

import (
	"net/http"
	"testing"
	"time"

	"keydesk/infra/desktest"
	"keydesk/infra/fixture"
	"keydesk/shared/approval"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// asking is a rule that leaves to a person whoever does not say that it is for a demonstration.
const asking = `{
	"auto_approve": true, "enable_multi_selection": true, "rules": [
		{"name": "demonstrations", "when": {"field": {"usecase": ["demo"]}}, "outcome": "approve", "reason": "Have fun."},
		{"name": "nonsense", "when": {"field": {"usecase": ["nonsense"]}}, "outcome": "decline", "reason": "Please say what for."},
		{"name": "all others", "when": {}, "outcome": "ask"}
	]
}`

// schedule has the schedule look at a request.
func schedule(t *testing.T, d *desktest.Desk, id string) approval.Done {
	t.Helper()
	done, err := d.Issuer.Due(t.Context(), read(t, d, id), time.Now().Add(time.Second), "the schedule's")
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// TestJudgedAgain changes the answers of a request that a rule has left to a person: the rules are read over it again.
func TestJudgedAgain(t *testing.T) {
	t.Parallel()
	for usecase, want := range map[string]struct {
		done   approval.Done
		state  portal.State
		rule   string
		reason string
	}{
		"demo":     {approval.Approved, portal.Approved, "demonstrations", "Have fun."},
		"nonsense": {approval.Declined, portal.Declined, "nonsense", "Please say what for."},
		"payroll":  {approval.Asked, portal.Pending, "all others", ""},
	} {
		t.Run(usecase, func(t *testing.T) {
			t.Parallel()
			d := desktest.New(t, fixture.Desk)
			d.Settings(asking)
			id := wish(t, d, fixture.Petstore, portal.RequestInput{})
			if done := schedule(t, d, id); done != approval.Asked {
				t.Fatalf("the schedule has %s", done)
			}
			if r := read(t, d, id); r.Rule != "all others" || r.Task != "" || approval.NextActor(&r) != "reviewer" {
				t.Fatalf("by the rule %q, left to do: %q", r.Rule, r.Task)
			}
			said, r := put(t, d, id, map[string]any{"fields": map[string]any{"usecase": usecase}})
			if said.Status != http.StatusOK || r.Task != table.Decide || r.Rule != "" || approval.NextActor(&r) != "schedule" {
				t.Fatalf("%d %s; left to do: %q, by the rule %q", said.Status, said.Text, r.Task, r.Rule)
			}
			if done := schedule(t, d, id); done != want.done {
				t.Errorf("the schedule has %s, want %s", done, want.done)
			}
			if r := read(t, d, id); r.State != want.state || r.Rule != want.rule || r.Reason != want.reason {
				t.Errorf("it is %s, by the rule %q, because %q", r.State, r.Rule, r.Reason)
			}
		})
	}
}

// What no rule has left to a person, but its entry has, is not the schedule's for a change of the answers.
func TestNotJudgedAgain(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	d.Settings(`{"auto_approve": false}`)
	id := wish(t, d, fixture.Ledger, portal.RequestInput{})
	if done := schedule(t, d, id); done != approval.Asked {
		t.Fatalf("the schedule has %s", done)
	}
	for _, id := range []string{id, fixture.Pending} {
		if said, r := put(t, d, id, map[string]any{"fields": map[string]any{"usecase": "demo"}}); said.Status != http.StatusOK || r.Task != "" || r.State != portal.Pending {
			t.Errorf("%d %s; left to do: %q", said.Status, said.Text, r.Task)
		}
	}
}
