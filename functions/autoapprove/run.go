package main

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"keydesk/shared/approval"
	"keydesk/shared/table"
)

// Bounds of a run.
const (
	aside    = 4                // items at once: a grant or the emptying of a box takes a tenth of a second, and Secrets Manager has room for 50 a second
	atATime  = 1000             // items of a partition that are read at a time: a few hundred bytes each, so far under a megabyte
	toFinish = 5 * time.Second  // that a run has left of its time when it takes nothing more
	toReport = time.Second      // that it has left when it lets go of what it has taken
	forOne   = 10 * time.Second // that an item may take: what is contended for waits as long as it is let
)

// run does what is due at one time, and counts what became of it.
type run struct {
	issuer *approval.Issuer
	log    *slog.Logger
	now    func() time.Time
	id     string          // of the invocation, as the log names it
	page   int             // items of a partition that are read at a time
	late   <-chan struct{} // closed when the run takes nothing more
	slots  chan struct{}   // one for each item that may be looked at beside others
	tally
}

// all does what is due in all partitions, the organisations by turns. Without a time limit it goes to the end.
func (r *run) all(ctx context.Context, until time.Time) {
	if limit, limited := ctx.Deadline(); limited {
		taking, stop := context.WithDeadline(ctx, limit.Add(-toFinish))
		defer stop()
		r.late = taking.Done()
		ctx, stop = context.WithDeadline(ctx, limit.Add(-toReport))
		defer stop()
	}
	var taken sync.WaitGroup
	defer taken.Wait()
	for unread := everyPartition(); len(unread) > 0; {
		if r.isLate() {
			r.leave(0, true)
			return
		}
		var items []table.DueItem
		items, unread = r.read(ctx, unread, until)
		for i, item := range inTurns(items) {
			if !r.take() {
				r.leave(len(items)-i, len(unread) > 0)
				return
			}
			taken.Go(func() {
				defer func() { <-r.slots }()
				r.do(ctx, &item)
			})
		}
	}
}

func (r *run) isLate() bool {
	select {
	case <-r.late:
		return true
	default:
		return false
	}
}

// take waits for room to look at one more item; false when the run is to take nothing more.
func (r *run) take() bool {
	if r.isLate() {
		return false
	}
	select {
	case <-r.late:
		return false
	case r.slots <- struct{}{}:
		return true
	}
}

// do does what is due of one item. What fails is put off, further each time.
func (r *run) do(ctx context.Context, item *table.DueItem) {
	done, err := r.attempt(ctx, item)
	if err == nil {
		r.count(done)
		return
	}
	tries, refusal := r.issuer.Table.Postpone(ctx, *item, r.now())
	switch {
	case refusal != nil && ctx.Err() != nil: // the run was cut off; the item may be as good as any
		r.leave(1, false)
	case refusal != nil:
		r.fail(item.Name(), words(err)+"; nor could it be put off: "+words(refusal), true)
	case tries == 0: // it is not due there any more: another run was faster
		r.count(approval.Overtaken)
	default:
		r.fail(item.Name(), words(err), tries >= patience)
	}
}

// attempt does what is due of one item, within its own time. It dies alone.
func (r *run) attempt(ctx context.Context, item *table.DueItem) (done approval.Done, err error) {
	ctx, cancel := context.WithTimeout(ctx, forOne)
	defer cancel()
	defer func() {
		if fault := recover(); fault != nil {
			r.log.ErrorContext(ctx, "panic", "item", item.Name(), "panic", fmt.Sprint(fault), "stack", string(debug.Stack()), "request_id", r.id)
			err = fmt.Errorf("panic: %v", fault)
		}
	}()
	switch {
	case item.Request != "":
		return r.request(ctx, item)
	case item.Secret:
		return r.issuer.DueSecret(ctx, *item, r.now())
	case item.Leaves != "":
		return r.issuer.LeaveOn(ctx, item.Org, item.Leaves, r.now(), r.id)
	}
	return sentAgain, r.issuer.Table.SendAgain(ctx, *item)
}

func (r *run) request(ctx context.Context, item *table.DueItem) (approval.Done, error) {
	request, err := r.issuer.Table.Request(ctx, item.Org, item.Request)
	if err != nil { // one that is gone cannot be put off either: it is overtaken
		return "", err
	}
	return r.issuer.Due(ctx, request, r.now(), r.id)
}
