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

// TestJudgedAgainThoughNoRuleHadSpoken changes the answers of a request about which no rule had anything to say before.
func TestJudgedAgainThoughNoRuleHadSpoken(t *testing.T) {
	t.Parallel()
	const resale = `{"auto_approve": true, "rules": [{"name": "no resale", "when": {"field": {"usecase": ["resale"]}}, "outcome": "decline"}]}`
	for name, c := range map[string]struct {
		before string // the settings when it is asked for and looked at
		policy string
		looked approval.Done // what the schedule has done with it first; empty: it has nothing to say of it
	}{
		"its plan requires approval": {resale, fixture.Weather, approval.Asked},
		"auto_approve was off":       {`{"auto_approve": false}`, fixture.Ledger, approval.Asked},
		"there were no rules":        {`{"auto_approve": true}`, fixture.Weather, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := desktest.New(t, fixture.Desk)
			d.Settings(c.before)
			id := wish(t, d, c.policy, portal.RequestInput{})
			if r := read(t, d, id); (r.Task == table.Decide) != (c.looked != "") {
				t.Fatalf("%q is due", r.Task)
			}
			if c.looked != "" {
				if done := schedule(t, d, id); done != c.looked {
					t.Fatalf("the schedule has %s", done)
				}
			}
			d.Settings(resale)
			said, r := put(t, d, id, map[string]any{"fields": map[string]any{"usecase": "resale"}})
			if said.Status != http.StatusOK || r.Task != table.Decide || approval.NextActor(&r) != "schedule" {
				t.Fatalf("%d %s; left to do: %q", said.Status, said.Text, r.Task)
			}
			if done := schedule(t, d, id); done != approval.Declined {
				t.Errorf("the schedule has %s", done)
			}
		})
	}
}

// TestJudgedByTheEntry changes the answers of a request whose entry has got rules since: the call names no policies.
func TestJudgedByTheEntry(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	id := wish(t, d, fixture.Weather, portal.RequestInput{})
	stored, err := d.Table.Catalogue(t.Context(), fixture.Org)
	if err != nil {
		t.Fatal(err)
	}
	sent, err := portal.NewCatalogue(fixture.Org, stored.ID, portal.Object(`{"apis": [{"name": "Weather", "policy_id": "`+fixture.Weather+`", "config": {
		"override": true, "require_key_approval": true, "rules": [{"name": "no resale", "when": {"field": {"usecase": ["resale"]}}, "outcome": "decline"}]}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Table.WriteCatalogue(t.Context(), fixture.Org, stored, sent.Catalogue); err != nil {
		t.Fatal(err)
	}
	if said, r := put(t, d, id, map[string]any{"fields": map[string]any{"usecase": "resale"}}); said.Status != http.StatusOK || r.Task != table.Decide {
		t.Errorf("%d %s; left to do: %q", said.Status, said.Text, r.Task)
	}
}

// What no rule speaks of, a change of the answers does not give to the schedule.
func TestNotJudgedAgain(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	if said, r := put(t, d, fixture.Pending, map[string]any{"fields": map[string]any{"usecase": "demo"}}); said.Status != http.StatusOK || r.Task != "" || r.State != portal.Pending {
		t.Errorf("%d %s; left to do: %q", said.Status, said.Text, r.Task)
	}
}
