package main

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"keydesk/infra/faults"
	"keydesk/infra/tabletest"
	"keydesk/shared/table"
)

// atOnce has three runs begin in the same moment, each a process of its own.
func (d *desk) atOnce() (reports [3]report) {
	d.t.Helper()
	var running sync.WaitGroup
	for i := range reports {
		running.Go(func() {
			var err error
			if reports[i], err = d.run(d.t.Context(), 0); err != nil {
				d.t.Logf("run %d: %v", i, err)
			}
		})
	}
	running.Wait()
	return reports
}

// toTheEnd runs, past the plan and ever later, until nothing is due.
func (d *desk) toTheEnd() (reports []report) {
	d.t.Helper()
	for later := time.Duration(0); later < time.Hour; later += 10 * time.Minute {
		r, err := d.by(d.Unharmed(), later).Invoke(d.t.Context())
		d.must(err)
		reports = append(reports, r)
	}
	if last := reports[len(reports)-1]; last.LookedAt > 0 {
		d.t.Errorf("an hour later: %s", last.text())
	}
	return reports
}

// granted holds that one key came of each of the requests, by one approval of the schedule, and was given to nobody.
func (d *desk) granted(ids []string) {
	d.t.Helper()
	keys, approvals, requests := map[string]int{}, map[string]int{}, map[string]tabletest.Item{}
	for _, it := range tabletest.Items(d.t, d.Books) {
		switch pk := fmt.Sprint(it["PK"]); {
		case it["SK"] == "KEY":
			keys[fmt.Sprint(it["request"])]++
		case it["SK"] == "REQUEST":
			requests[fmt.Sprint(it["id"])] = it
		case it["act"] == "approved" && it["by"] == "the schedule":
			approvals[pk]++
		}
	}
	for _, id := range ids {
		r := requests[id]
		said := fmt.Sprint(r["state"], " ", r["delivery"], " ", r["task"], " ", r["revision"], " ", r["decided_by"])
		if want := "approved <nil> " + string(table.Remind) + " 2 the schedule"; keys[id] != 0 || approvals[requestPK(id)] != 1 || said != want {
			d.t.Errorf("request %s: %d keys, %d approvals; %s, want %s", id, keys[id], approvals[requestPK(id)], said, want)
		}
	}
	for i := 0; i < len(ids); i += 1 + len(ids)/3 { // the audit reads all of the table for each
		d.Audit(ids[i])
	}
}

// addsUp holds that a report's figures do.
func (d *desk) addsUp(r report) {
	d.t.Helper()
	sum := r.Failed
	for _, n := range r.figures() {
		sum += *n
	}
	if r.LookedAt != sum || len(r.Why) != min(r.Failed, mostTold) {
		d.t.Errorf("it does not add up: %s", r.text())
	}
}

// A thousand requests are due, three runs overlap, and AWS does what it may: each request is granted once, and the reports say so.
func TestThousandAndThreeRuns(t *testing.T) {
	t.Parallel()
	d := open(t)
	const many = 1000
	ids := d.asked(many, spread)
	d.Storm(7, 0.04)
	for _, r := range []faults.Rule{
		{Operation: "TransactWriteItems", Fault: faults.Conflict, Nth: 100, Times: 100},
		{Operation: "TransactWriteItems", Fault: faults.AnswerLost, Nth: 300, Times: 50},
		{Operation: "BatchGetItem", Fault: faults.NeverSent, Nth: 200, Times: 60}, // some are tried in vain as often as a call is
		{Operation: "GetItem", Fault: faults.Throttle, Nth: 400, Times: 60},
	} {
		d.Add(r)
	}
	reports := d.atOnce()
	d.Calm()
	approved, looks := 0, 0
	for _, r := range append(reports[:], d.toTheEnd()...) {
		t.Log(r.text())
		d.addsUp(r)
		approved += r.Approved
		looks += r.LookedAt
		if r.Approved+r.Overtaken+r.Failed != r.LookedAt || r.Left > 0 || r.More {
			t.Errorf("there was nothing but to approve, and time enough: %s", r.text())
		}
	}
	if approved != many || looks < 3*many {
		t.Errorf("%d are reported as approved, of %d; %d looks", approved, many, looks)
	}
	d.granted(ids)
}

// The same where runs die on the way: what they had done is done, and what they had not another run does.
func TestRunsThatDie(t *testing.T) {
	t.Parallel()
	d := open(t)
	const many = 200
	ids := d.asked(many, spread)
	for _, r := range []faults.Rule{
		{Operation: "TransactWriteItems", Fault: faults.CrashAfter, Nth: 30},
		{Operation: "TransactWriteItems", Fault: faults.CrashBefore, Nth: 90},
		{Operation: "BatchGetItem", Fault: faults.CrashBefore, Nth: 150},
	} {
		d.Add(r)
	}
	approved := 0
	for _, r := range d.atOnce() { // nobody hears of what a dead process reports
		approved += r.Approved
	}
	for _, r := range d.toTheEnd() {
		d.addsUp(r)
		approved += r.Approved
	}
	if approved > many || approved < many-20 {
		t.Errorf("%d are reported as approved, of %d", approved, many)
	}
	d.granted(ids)
}
