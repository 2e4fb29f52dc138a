package main

import (
	"reflect"
	"testing"
	"time"

	"keydesk/infra/faults"
	"keydesk/infra/fixture"
)

// TestCalls counts what a claim costs, and what costs nothing. The key of the links is read once a process, for the first of all calls.
func TestCalls(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before []string // the proofs of those who came before
		body   func(*desk) map[string]any
		want   [][]string
	}{
		"first":       {nil, func(d *desk) map[string]any { return d.claims(fixture.Claimable, mine) }, [][]string{{"GetSecretValue"}, {"GetItem"}, {"BatchGetItem"}, {"PutItem"}, {"CreateSecret"}, {"TransactWriteItems"}}},
		"again":       {[]string{mine}, func(d *desk) map[string]any { return d.claims(fixture.Claimable, mine) }, [][]string{{"GetItem"}, {"GetSecretValue"}, {"GetItem"}, {"PutItem"}}},
		"another":     {[]string{mine}, func(d *desk) map[string]any { return d.claims(fixture.Claimable, another) }, [][]string{{"GetItem"}, {"UpdateItem"}}},
		"saved":       {[]string{mine}, func(d *desk) map[string]any { return d.saved(mine) }, [][]string{{"GetItem"}, {"TransactWriteItems"}}},
		"wrong token": {nil, func(d *desk) map[string]any { return d.claims(fixture.Pending, mine) }, [][]string{{"GetSecretValue"}}},
		"no token":    {nil, func(*desk) map[string]any { return nil }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plan := faults.New(t)
			d := open(t, plan.Install)
			d.approves(fixture.Claimable, time.Now())
			for _, proof := range c.before {
				d.says(fixture.Claimable, d.claims(fixture.Claimable, proof))
			}
			plan.Reset()
			plan.Hold(50 * time.Millisecond)
			d.Answer(function, d.event(fixture.Claimable, c.body(d)))
			if got := plan.Rounds(); !reflect.DeepEqual(got, c.want) {
				t.Errorf("calls in rounds: %v, want %v", got, c.want)
			}
		})
	}
}
