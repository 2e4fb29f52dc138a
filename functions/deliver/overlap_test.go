package main

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"keydesk/infra/desktest"
	"keydesk/infra/faults"
	"keydesk/infra/fixture"
	"keydesk/infra/trial"
	"keydesk/shared/approval"
	"keydesk/shared/caller"
	"keydesk/shared/claim"
	"keydesk/shared/portal"
	"keydesk/shared/secret"
	"keydesk/shared/table"
)

// TestOverlappingRunsAndTheirNotices has three runs of the schedule overlap over many due requests while AWS does what it may, and the stream
// bring each batch twice: the other system hears of each approval once. (A thousand of them are in functions/autoapprove.)
func TestOverlappingRunsAndTheirNotices(t *testing.T) {
	t.Parallel()
	const many = 250
	d := trial.Open(t)
	o := openAt(t, faults.New(t), &desktest.Desk{
		Table: d.Books, Issuer: d.Unharmed(), Signers: d.Signers(), ClaimKey: claim.NewKey(secret.New(fixture.ClaimSecret)),
	})
	o.configure(fixture.Org, `{"auto_approve": true, "event_options": {"key_request_event": {"webhook": "`+o.hooks.URL+`"}}}`)
	ids := d.Crowd(d.Person(caller.Portal), fixture.Petstore, many, func(i int) int { return i % table.DuePartitions })
	records := o.stream(func() {
		d.Storm(7, 0.04)
		var runs sync.WaitGroup
		for range 3 {
			issuer := d.Issuer()
			runs.Go(func() { run(d.Invocation(t.Context()), issuer) })
		}
		runs.Wait()
		d.Calm()
		run(t.Context(), d.Unharmed()) // the next one, for what failed
	})
	for batch := range slices.Chunk(records, 25) {
		for range 2 {
			if again := o.deliver(t.Context(), batch); len(again) > 0 {
				t.Fatalf("%d records have to come once more", len(again))
			}
		}
	}
	heard := map[string]int{}
	for _, h := range o.hooks.all() {
		if h.body.Event != "key_request_event.approved" {
			t.Errorf("it hears of %s", h.body.Event)
		}
		heard[h.body.Data["id"].(string)]++
	}
	for _, id := range ids {
		if heard[id] != 1 {
			t.Errorf("it hears %d times of %s", heard[id], id)
		}
	}
}

// run does what is due, as the schedule does; what fails is left to the next.
func run(ctx context.Context, issuer *approval.Issuer) {
	var partitions sync.WaitGroup
	for n := range table.DuePartitions {
		partitions.Go(func() {
			for after, more := "", true; more; more = after != "" {
				items, next, err := issuer.Table.Due(ctx, n, time.Now(), 100, after)
				if err != nil {
					return
				}
				after = next
				for _, due := range items {
					if r, err := issuer.Table.Request(ctx, due.Org, due.Request); err == nil && r.State == portal.Pending {
						_, _ = issuer.Due(ctx, r, time.Now(), "test")
					}
				}
			}
		})
	}
	partitions.Wait()
}
