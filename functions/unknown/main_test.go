package main

import (
	"fmt"
	"net/http"
	"reflect"
	"testing"

	"keydesk/infra/desktest"
	"keydesk/infra/fixture"
	"keydesk/infra/tabletest"
	"keydesk/shared/rest"
)

func function(d *desktest.Desk) rest.Handler { return rest.Handle(d.Table, operations(d.Table)...) }

func TestEvents(t *testing.T) { desktest.Play(t, "../../events", "Unknown", function) }

func TestCalls(t *testing.T) {
	desktest.Calls(t, "../../events/unknown", function, map[string][][]string{
		"revoke-of-no-api":      {{"GetItem", "Query"}, {"BatchGetItem"}, {"TransactWriteItems"}},
		"revoke-with-developer": {{"GetItem", "Query"}, {"BatchGetItem"}, {"TransactWriteItems"}},
		"revoke-unknown":        {{"GetItem", "Query"}},
		"of-another-function":   nil,
		"root":                  nil,
	})
}

// At each of the older paths, however it is written, the key dies that it names, and no other.
func TestEveryPathRevokes(t *testing.T) {
	t.Parallel()
	bens := map[string]bool{fixture.BensKey: true}
	others := map[string]map[string]bool{
		"revoke-with-developer-as-reviewer": {fixture.FinnsKey: true, fixture.FinnsRotated: true}, // whose place it took
		"revoke-client-of-no-api":           {fixture.FinnsClient: true},
	}
	for name, who := range map[string]string{
		"revoke-with-developer": "portal", "revoke-with-developer-as-reviewer": "reviewer", "revoke-with-developer-trailing-slash": "portal",
		"revoke-of-an-api": "portal", "revoke-of-no-api": "portal", "revoke-of-no-api-trailing-slash": "portal", "revoke-client-of-no-api": "owner",
		"revoke-prefix-twice": "portal", "revoke-prefix-twice-of-no-api": "portal", "revoke-prefix-twice-with-stage": "portal", "revoke-with-stage": "reviewer",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := desktest.New(t, fixture.Keys)
			if answer := d.Answer(function, desktest.Read(t, "../../events/unknown/"+name+".json")); answer.StatusCode != http.StatusOK {
				t.Fatalf("%d %s", answer.StatusCode, answer.Body)
			}
			dead := map[string]bool{}
			for _, item := range tabletest.Items(t, d.Table) {
				if item["SK"] != "KEY" || item["state"] != "revoked" {
					continue
				}
				dead[fmt.Sprint(item["shown"])] = true
				if history := d.History(fmt.Sprint(item["digest"])); history[len(history)-1] != "revoked by "+who {
					t.Errorf("history %v", history)
				}
			}
			want := others[name]
			if want == nil {
				want = bens
			}
			if !reflect.DeepEqual(dead, want) {
				t.Errorf("dead are %v, want %v", dead, want)
			}
		})
	}
}
