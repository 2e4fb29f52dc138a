package main

import (
	"net/http"
	"reflect"
	"slices"
	"testing"
	"time"

	"keydesk/infra/desktest"
	"keydesk/infra/faults"
	"keydesk/infra/fixture"
)

// A portal that approves what it created itself is held to the rules, whether or not the schedule decides. Keys are counted where a rule
// asks how many there are, and only there. A reviewer may approve what a rule would not.
func TestPortalIsHeldToTheRules(t *testing.T) {
	t.Parallel()
	reads := [][]string{{"GetItem", "GetItem"}, {"BatchGetItem"}}
	counts := slices.Concat(reads, [][]string{{"Query"}})
	for name, c := range map[string]struct {
		rules, developer string
		passes           bool
		calls            [][]string // before anything is written
	}{
		"none":                     {``, fixture.Ada, true, reads},
		"decline":                  {`{"name": "r", "when": {}, "outcome": "decline"}`, fixture.Ada, false, reads},
		"ask":                      {`{"name": "r", "when": {}, "outcome": "ask"}`, fixture.Ada, false, reads},
		"approve":                  {`{"name": "r", "when": {}, "outcome": "approve"}`, fixture.Ada, true, reads},
		"decline others":           {`{"name": "r", "when": {"email_domain": ["orchard.example"]}, "outcome": "decline"}`, fixture.Ada, true, reads},
		"ask whoever has a key":    {`{"name": "r", "when": {"keys_held": {"at_least": 1}}, "outcome": "ask"}`, fixture.Ben, false, counts},
		"who has none":             {`{"name": "r", "when": {"keys_held": {"at_least": 1}}, "outcome": "ask"}`, fixture.Ada, true, counts},
		"decline whoever has none": {`{"name": "r", "when": {"keys_held": {"at_most": 0}}, "outcome": "decline"}`, fixture.Ada, false, counts},
	} {
		for _, auto := range []string{"true", "false"} {
			t.Run(name+", auto_approve "+auto, func(t *testing.T) {
				t.Parallel()
				plan := faults.New(t)
				d := desktest.New(t, fixture.Desk, plan.Install)
				d.Settings(`{"auto_approve": ` + auto + `, "enable_multi_selection": true, "rules": [` + c.rules + `]}`)
				id := d.Ask(c.developer, fixture.Petstore)
				plan.Hold(50 * time.Millisecond)
				if c.passes {
					plan.Reset()
					said := approve(d, fixture.PortalCredential, id, "")
					want := slices.Concat(c.calls, [][]string{{"PutItem"}, {"CreateSecret"}, {"TransactWriteItems"}})
					if got := plan.Rounds(); said.Status != http.StatusOK || !reflect.DeepEqual(got, want) {
						t.Errorf("%d %s; calls in rounds: %v, want %v", said.Status, said.Message, got, want)
					}
					return
				}
				d.Unchanged("refused", func() {
					plan.Reset()
					said := approve(d, fixture.PortalCredential, id, "")
					if got := plan.Rounds(); said.Status != http.StatusForbidden || !reflect.DeepEqual(got, c.calls) {
						t.Errorf("%d %s; calls in rounds: %v, want %v", said.Status, said.Message, got, c.calls)
					}
				})
				if said := approve(d, fixture.ReviewerCredential, id, ""); said.Status != http.StatusOK {
					t.Errorf("the reviewer is answered %d %s", said.Status, said.Message)
				}
			})
		}
	}
}
