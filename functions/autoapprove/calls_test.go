package main

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"keydesk/infra/desktest"
	"keydesk/infra/faults"
	"keydesk/infra/fixture"
	"keydesk/shared/table"
)

// What a run calls: one Query a partition, and then for each thing that is due a few calls, whatever else the table holds. Nothing is
// scanned, and no secrets are listed.
func TestCalls(t *testing.T) {
	for given, want := range map[string][][]string{
		fixture.NothingDue:  nil,
		fixture.ToApprove:   {{"GetItem"}, {"BatchGetItem"}, {"TransactWriteItems"}}, // its developer claims the key, which is minted then
		fixture.ToDecline:   {{"GetItem"}, {"BatchGetItem"}, {"TransactWriteItems"}},
		fixture.ToAsk:       {{"GetItem"}, {"BatchGetItem"}, {"Query"}, {"TransactWriteItems"}}, // the rule counts keys
		fixture.SwitchedOff: {{"GetItem"}, {"BatchGetItem"}, {"TransactWriteItems"}},
		fixture.ToRemind:    {{"GetItem"}, {"BatchGetItem"}, {"TransactWriteItems"}},
		fixture.ToExpire:    {{"GetItem"}, {"BatchGetItem"}, {"TransactWriteItems"}},
		fixture.Silent:      {{"GetItem"}, {"BatchGetItem"}, {"TransactWriteItems"}},
		fixture.ToTake:      {{"GetItem"}, {"TransactWriteItems"}},
		fixture.ToLapse:     {{"GetItem"}, {"TransactWriteItems"}},
		fixture.ToEmpty:     {{"GetItem"}, {"DeleteSecret"}, {"DeleteItem"}},
		// the account; its open requests, and two of them; its keys, of which there are none; the account again, and its end
		fixture.ToDelete: {{"GetItem"}, {"Query"}, {"BatchGetItem"}, {"TransactWriteItems", "TransactWriteItems"}, {"Query"}, {"GetItem"}, {"TransactWriteItems"}},
	} {
		t.Run(given, func(t *testing.T) {
			t.Parallel()
			plan := faults.New(t)
			d := desktest.New(t, given, plan.Install)
			plan.Reset()
			plan.Hold(50 * time.Millisecond)
			if _, err := (&desk{t: t}).by(d.Issuer, 0).Invoke(t.Context()); err != nil {
				t.Fatal(err)
			}
			want = append([][]string{slices.Repeat([]string{"Query"}, table.DuePartitions)}, want...)
			if got := plan.Rounds(); !reflect.DeepEqual(got, want) {
				t.Errorf("calls in rounds: %v, want %v", got, want)
			}
		})
	}
}
