package main

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"keydesk/infra/fixture"
	"keydesk/infra/trial"
	"keydesk/shared/approval"
	"keydesk/shared/caller"
	"keydesk/shared/table"
)

// desk is a trial's, on which nothing is due but what the test adds.
type desk struct {
	*trial.Desk
	t      testing.TB
	sender trial.Person // asks for keys
	log    io.Writer    // of the schedule; nil: nobody looks at it
}

func open(t testing.TB) *desk {
	t.Helper()
	d := &desk{Desk: trial.Open(t), t: t}
	for _, id := range []string{fixture.Approved, fixture.Declined, fixture.Automatic} {
		d.must(d.Books.Done(t.Context(), d.Read(id)))
	}
	d.Remove(requestPK(fixture.Approved), "SECRET")
	d.sender = d.Person(caller.Portal)
	return d
}

func (d *desk) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

// run is a run of a process of its own, under the plan, as if it were so much later.
func (d *desk) run(ctx context.Context, later time.Duration) (report, error) {
	return d.by(d.Issuer(), later).Invoke(d.Invocation(ctx))
}

func (d *desk) by(issuer *approval.Issuer, later time.Duration) *schedule {
	now := func() time.Time { return time.Now().Add(later) }
	return &schedule{issuer: issuer, page: fewAtATime, log: slog.New(slog.NewJSONHandler(cmp.Or[io.Writer](d.log, io.Discard), nil)), now: now}
}

// ran is run, which must report so much and nothing else.
func (d *desk) ran(later time.Duration, want report) {
	d.t.Helper()
	got, err := d.run(d.t.Context(), later)
	if err != nil {
		d.t.Errorf("the run failed: %v", err)
	}
	d.same(got, want)
}

// same compares reports. What is looked at need not be told; why things failed is compared elsewhere.
func (d *desk) same(got, want report) {
	d.t.Helper()
	want.LookedAt, want.Why = want.Failed, got.Why
	for _, n := range want.figures() {
		want.LookedAt += *n
	}
	if got.text() != want.text() {
		d.t.Errorf("reported\n%s, want\n%s", got.text(), want.text())
	}
}

// fewAtATime is how many items of a partition the runs of tests read at a time, so that few are many.
const fewAtATime = 100

// asked has so many developers ask for the Petstore, which is granted at once, and gives the requests' ids.
func (d *desk) asked(n int, partition func(i int) int) []string {
	d.t.Helper()
	return d.Crowd(d.sender, fixture.Petstore, n, partition)
}

// spread is the partition that an id would be in.
func spread(i int) int {
	hash := fnv.New32a()
	_, _ = fmt.Fprint(hash, i)
	return int(hash.Sum32() % table.DuePartitions)
}

func str(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func text(v types.AttributeValue) string {
	if s, is := v.(*types.AttributeValueMemberS); is {
		return s.Value
	}
	return ""
}

func requestPK(id string) string { return "ORG#" + fixture.Org + "#REQUEST#" + id }
