package main

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"

	"keydesk/infra/faults"
)

// limited is a run that has so much time before it takes nothing more.
func (d *desk) limited(left time.Duration, options ...func(*aws.Config)) report {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), toFinish+left)
	defer cancel()
	got, err := d.by(d.Issuer(options...), 0).Invoke(d.Invocation(ctx))
	d.must(err)
	return got
}

// enough is time in which a run takes as many as it can do side by side.
const enough = 2 * time.Second

// untilLate has what a run has taken not be done before the run takes nothing more.
func untilLate(ctx context.Context) {
	end, _ := ctx.Deadline() // of what was taken, with toReport left
	time.Sleep(time.Until(end.Add(toReport-toFinish)) + 100*time.Millisecond)
}

// before has something happen before each transaction that a process writes, in the transaction's context.
func before(happens func(context.Context)) func(*aws.Config) {
	step := middleware.InitializeMiddlewareFunc("before", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (
		middleware.InitializeOutput, middleware.Metadata, error,
	) {
		if awsmiddleware.GetOperationName(ctx) == "TransactWriteItems" {
			happens(ctx)
		}
		return next.HandleInitialize(ctx, in)
	})
	return func(cfg *aws.Config) {
		cfg.APIOptions = append(cfg.APIOptions, func(stack *middleware.Stack) error { return stack.Initialize.Add(step, middleware.After) })
	}
}

// limits are those that transactions had, when they began.
type limits struct {
	mu  sync.Mutex
	all []limit
}

type limit struct {
	end  time.Time
	left time.Duration
}

func (l *limits) note(ctx context.Context) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if end, bounded := ctx.Deadline(); bounded {
		l.all = append(l.all, limit{end, time.Until(end)})
	}
}

// were holds that what began then had just so long.
func (l *limits) were(t *testing.T, began time.Time, long time.Duration) {
	t.Helper()
	if len(l.all) == 0 {
		t.Error("nothing had a limit")
	}
	for _, limit := range l.all {
		if limit.left > long || limit.end.Before(began.Add(long)) {
			t.Errorf("a limit %v after the run began, and %v after what it is for; want %v", limit.end.Sub(began), limit.left, long)
		}
	}
}

// A run that nears its time limit takes nothing more, finishes what it has taken, and counts what it leaves: the next run does that.
func TestNearTheTimeLimit(t *testing.T) {
	t.Parallel()
	d := open(t)
	const many = 40
	ids := d.asked(many, spread)
	first := d.limited(enough, before(untilLate))
	d.addsUp(first)
	d.same(first, report{Approved: aside, Left: many - aside})
	d.ran(0, report{Approved: many - aside})
	d.granted(ids)
}

// What stands on pages that were not read is left, too, and is not counted.
func TestMoreIsLeftThanIsCounted(t *testing.T) {
	t.Parallel()
	d := open(t)
	const more = 7
	ids := d.asked(2*fewAtATime+more, func(int) int { return 9 })
	d.same(d.limited(enough, before(untilLate)), report{Approved: aside, Left: 2*fewAtATime - aside, More: true})
	d.ran(0, report{Approved: len(ids) - aside})
}

// A run that begins too late reads nothing, and says that there may be something.
func TestNoTimeAtAll(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.asked(1, spread)
	d.Reset()
	d.same(d.limited(-time.Second), report{More: true})
	if calls := d.Calls(); len(calls) > 0 {
		t.Errorf("it called %v", calls)
	}
}

// What is still under way when the time is over is let go: it is left, not failed, and not put off.
func TestCutOff(t *testing.T) {
	t.Parallel()
	d := open(t)
	ids := d.asked(3, spread)
	d.Add(faults.Rule{Operation: "TransactWriteItems", Fault: faults.Conflict, Times: faults.Always}) // it is tried as long as there is time
	const taking = 200 * time.Millisecond
	began, had := time.Now(), limits{}
	d.same(d.limited(taking, before(had.note)), report{Left: len(ids)})
	had.were(t, began, taking+toFinish-toReport)
	for _, id := range ids {
		if r := d.Read(id); r.Revision != 1 {
			t.Errorf("request %s is at revision %d", id, r.Revision)
		}
	}
	reports := d.toTheEnd()
	d.same(reports[0], report{Approved: len(ids)})
}

// What is contended for without end is not waited for without end.
func TestOneThatTakesTooLong(t *testing.T) {
	t.Parallel()
	d := open(t)
	ids := d.asked(2, spread)
	d.Add(faults.Rule{Operation: "TransactWriteItems", Fault: faults.Conflict, Times: faults.Always, If: func(input any) bool { return writes(input, ids[0]) }})
	began, had := time.Now(), limits{}
	got, err := d.by(d.Issuer(before(had.note)), 0).Invoke(d.Invocation(t.Context()))
	d.must(err)
	d.same(got, report{Approved: 1, Failed: 1})
	had.were(t, began, forOne)
}
