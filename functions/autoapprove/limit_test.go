package main

import (
	"context"
	"testing"
	"time"

	"keydesk/infra/faults"
)

// limited is a run that has so much time before it takes nothing more.
func (d *desk) limited(left time.Duration) report {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), toFinish+left)
	defer cancel()
	got, err := d.run(ctx, 0)
	d.must(err)
	return got
}

// A run that nears its time limit takes nothing more, finishes what it has taken, and counts what it leaves: the next run does that.
func TestNearTheTimeLimit(t *testing.T) {
	t.Parallel()
	d := open(t)
	const many = 40
	ids := d.asked(many, spread)
	d.Hold(100 * time.Millisecond) // half a second a request, and four at once
	first := d.limited(900 * time.Millisecond)
	d.addsUp(first)
	if first.Approved == 0 || first.Approved > 16 || first.Approved+first.Left != many || first.More || first.Failed > 0 {
		t.Errorf("%d are due: %s", many, first.text())
	}
	d.Hold(0)
	d.ran(0, report{Approved: many - first.Approved})
	d.granted(ids)
}

// What stands on pages that were not read is left, too, and is not counted.
func TestMoreIsLeftThanIsCounted(t *testing.T) {
	t.Parallel()
	d := open(t)
	const more = 7
	ids := d.asked(atATime+more, func(int) int { return 9 })
	d.Hold(100 * time.Millisecond)
	first := d.limited(500 * time.Millisecond)
	if first.Approved == 0 || first.Approved+first.Left != atATime || !first.More {
		t.Errorf("%d are due: %s", len(ids), first.text())
	}
	d.Hold(0)
	d.ran(0, report{Approved: len(ids) - first.Approved})
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
	began := time.Now()
	got := d.limited(200 * time.Millisecond)
	d.same(got, report{Left: len(ids)})
	if took := time.Since(began); took > toFinish+200*time.Millisecond {
		t.Errorf("it took %v, which is all the time there was", took)
	}
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
	began := time.Now()
	d.ran(0, report{Approved: 1, Failed: 1})
	if took := time.Since(began); took < forOne || took > forOne+5*time.Second {
		t.Errorf("the run took %v", took)
	}
}
