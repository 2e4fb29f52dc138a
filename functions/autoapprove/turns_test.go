package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go/middleware"
	"golang.org/x/sync/errgroup"

	"keydesk/infra/fixture"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// noticesDue has so many notices about a request of an organisation's fall due, one after the other from a time on.
func (d *desk) noticesDue(org, request string, n int, from time.Time) {
	d.t.Helper()
	writing := errgroup.Group{}
	writing.SetLimit(16)
	for i := range n {
		writing.Go(func() error {
			name := table.NoticeName{Subject: table.Subject{Org: org, Request: request}, Line: fmt.Sprintf("%010d", i+1), To: "webhook"}
			due := from.Add(time.Duration(i) * time.Millisecond)
			return d.Books.WriteNotice(d.t.Context(), name, table.Notice{}, table.Notice{
				ID: name.ID(due), Org: org, Event: "submitted", To: "webhook", State: table.Failed, Tries: 1, Error: "502",
				At: portal.Timestamp(due), DueAt: portal.Timestamp(due),
			})
		})
	}
	d.must(writing.Wait())
}

// order is the order in which runs take what is due, by whose it is.
type order struct {
	mu    sync.Mutex
	orgs  []string
	times []time.Time
}

// watch notes whose notices a process sends again.
func (o *order) watch(cfg *aws.Config) {
	step := middleware.InitializeMiddlewareFunc("watch", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (
		middleware.InitializeOutput, middleware.Metadata, error,
	) {
		if update, is := in.Parameters.(*dynamodb.UpdateItemInput); is {
			o.mu.Lock()
			o.times = append(o.times, time.Now())
			o.orgs = append(o.orgs, strings.Split(text(update.Key["PK"]), "#")[1])
			o.mu.Unlock()
		}
		return next.HandleInitialize(ctx, in)
	})
	cfg.APIOptions = append(cfg.APIOptions, func(stack *middleware.Stack) error { return stack.Initialize.Add(step, middleware.After) })
}

// lastOf is the number of the last item that was an organisation's, and how many of its there were.
func (o *order) lastOf(org string) (last, n int) {
	for i, each := range o.orgs {
		if each == org {
			last, n = i+1, n+1
		}
	}
	return last, n
}

// A flood of one organisation, all of it due longer than the little that is due for another, and more of it than a run reads at a time,
// delays the other by no run: what is the other's is done among the first, since the organisations take turns.
func TestFloodOfOneOrganisation(t *testing.T) {
	t.Parallel()
	d := open(t)
	const flood, few, page = 500, 3, 10
	d.noticesDue(fixture.Org, fixture.Pending, flood, time.Now().Add(-time.Hour))
	d.noticesDue(fixture.OtherOrg, fixture.Theirs, few, time.Now().Add(-time.Minute))
	o := &order{}
	s := d.by(d.Issuer(o.watch), 0)
	s.page = page
	got, err := s.Invoke(t.Context())
	d.must(err)
	d.same(got, report{SentAgain: flood + few})
	if last, n := o.lastOf(fixture.OtherOrg); n != few || last > 2*few+aside {
		t.Errorf("%d of the other organisation's were done, the last as number %d", n, last)
	}
	d.ran(0, report{})
}

// The same where the run has time for a few items only, and where the flood is more than a run reads.
func TestFloodAndARunCutShort(t *testing.T) {
	t.Parallel()
	d := open(t)
	const few = 3
	ids := d.asked(3*fewAtATime, func(int) int { return 5 })
	d.noticesDue(fixture.OtherOrg, fixture.Theirs, few, time.Now())
	got := d.limited(enough, before(untilLate))
	if d.addsUp(got); got.SentAgain != few || got.Approved != aside || got.Left < 2*fewAtATime-few-aside || !got.More {
		t.Errorf("of %d and %d it did %s", len(ids), few, got.text())
	}
	d.ran(0, report{Approved: len(ids) - aside})
}

// Two organisations take turns, each its longest due first, whoever has more, and whatever partition holds it.
func TestInTurns(t *testing.T) {
	t.Parallel()
	d := open(t)
	at := time.Now().Add(-time.Hour)
	d.noticesDue(fixture.Org, fixture.Pending, 7, at)
	d.noticesDue(fixture.OtherOrg, fixture.Theirs, 2, at.Add(time.Minute))
	r := d.by(d.Issuer(), 0).newRun(t.Context())
	items, unread := r.read(t.Context(), everyPartition(), time.Now())
	got := inTurns(items)
	var orgs, places []string
	for _, item := range got {
		orgs = append(orgs, item.Org)
		if item.Org == fixture.Org {
			places = append(places, item.Place())
		}
	}
	a, b := fixture.Org, fixture.OtherOrg
	if want := []string{a, b, a, b, a, a, a, a, a}; !slices.Equal(orgs, want) || len(unread) > 0 {
		t.Errorf("turns %v, want %v; unread %v", orgs, want, unread)
	}
	if !slices.IsSorted(places) {
		t.Errorf("one organisation's are done in the order %v", places)
	}
}
