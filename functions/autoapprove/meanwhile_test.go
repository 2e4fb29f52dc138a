package main

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"keydesk/infra/faults"
	"keydesk/infra/fixture"
	"keydesk/shared/approval"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// writes tells whether a transaction writes a request.
func writes(input any, request string) bool {
	for _, w := range input.(*dynamodb.TransactWriteItemsInput).TransactItems {
		if w.Put != nil && text(w.Put.Item["PK"]) == requestPK(request) {
			return true
		}
	}
	return false
}

// meanwhile is what may become of a request that is due while a run is on its way to it, and what is left of it for the schedule.
var meanwhile = map[string]struct {
	on      string // the run's call before which it happens
	happens func(d *desk, r table.Request)
	state   portal.State
	next    report // of the run after
}{
	"granted before it is read":  {"GetItem", (*desk).grant, portal.Approved, report{}},
	"granted while it is judged": {"BatchGetItem", (*desk).grant, portal.Approved, report{}},
	"granted before it is":       {"TransactWriteItems", (*desk).grant, portal.Approved, report{}},
	"declined before it is read": {"GetItem", end(portal.Declined), portal.Declined, report{}},
	"declined while it is":       {"TransactWriteItems", end(portal.Declined), portal.Declined, report{}},
	"deleted before it is read":  {"GetItem", end(portal.Cancelled), portal.Cancelled, report{}},
	"deleted while it is":        {"TransactWriteItems", end(portal.Cancelled), portal.Cancelled, report{}},
	"changed while it is":        {"TransactWriteItems", (*desk).change, portal.Pending, report{}}, // to a plan that needs a reviewer
	"told more while it is":      {"TransactWriteItems", (*desk).tell, portal.Pending, report{Approved: 1}},
}

func (d *desk) grant(r table.Request) {
	if _, err := d.Unharmed().Issue(d.t.Context(), r, d.sender.Act("approved"), ""); err != nil {
		d.t.Error(err)
	}
}

func end(state portal.State) func(*desk, table.Request) {
	return func(d *desk, r table.Request) {
		act := d.sender.Act("ended")
		if err := approval.Change(d.t.Context(), d.Books, r, act, approval.Close(act, state)); err != nil {
			d.t.Error(err)
		}
	}
}

func (d *desk) change(r table.Request) {
	books, err := d.Books.Books(d.t.Context(), fixture.Org, r.ByUser, []string{fixture.Payments})
	if err != nil {
		d.t.Error(err)
		return
	}
	act := d.sender.Act("updated")
	err = approval.Change(d.t.Context(), d.Books, r, act, func(r table.Request) (table.Request, error) {
		other := r
		other.ApplyPolicies = []string{fixture.Payments}
		return approval.AskInstead(d.t.Context(), d.Books, &books, r, other, act)
	})
	if err != nil {
		d.t.Error(err)
	}
}

func (d *desk) tell(r table.Request) {
	err := approval.Change(d.t.Context(), d.Books, r, d.sender.Act("updated"), func(r table.Request) (table.Request, error) {
		r.Fields = `{"usecase": "a better one"}`
		return r, nil
	})
	if err != nil {
		d.t.Error(err)
	}
}

// Whatever happens to a request while a run is on its way to it has happened: the run was overtaken, and harms nothing.
func TestOvertaken(t *testing.T) {
	t.Parallel()
	for name, c := range meanwhile {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			r := d.Ask(d.sender, fixture.Petstore)
			d.Meanwhile(c.on, func() { c.happens(d, r) })
			d.ran(0, report{Overtaken: 1})
			after := d.Audit(r.ID)
			if after.State != c.state || after.DecidedBy == "the schedule" {
				t.Errorf("it is %s, by %q", after.State, after.DecidedBy)
			}
			d.ran(0, c.next)
		})
	}
}

// A run that failed at what another has done meanwhile has not failed: there is nothing to put off.
func TestFailedAndOvertaken(t *testing.T) {
	t.Parallel()
	d := open(t)
	r := d.Ask(d.sender, fixture.Petstore)
	d.Meanwhile("BatchGetItem", func() { d.grant(r) })
	d.Add(faults.Rule{Operation: "TransactWriteItems", Fault: faults.NeverSent, Times: faults.Always})
	d.ran(0, report{Overtaken: 1})
	d.Audit(r.ID)
}

// An index that is behind names what is gone, and what is not due any more: neither is a fault.
func TestStaleIndex(t *testing.T) {
	t.Parallel()
	d := open(t)
	ids := d.asked(3, func(int) int { return 2 })
	d.Spoil(ids[0], "due_at", str(""))
	d.Spoil(ids[1], "due_at", str(portal.Timestamp(time.Now().Add(time.Hour))))
	d.Meanwhile("GetItem", func() { d.Remove(requestPK(ids[2]), "REQUEST") })
	d.ran(0, report{Overtaken: 3})
}

// An index that is late shows nothing yet. The next run sees it.
func TestLateIndex(t *testing.T) {
	t.Parallel()
	d := open(t)
	ids := d.asked(20, spread)
	d.Add(faults.Rule{Operation: "Query", Fault: faults.Late, Times: table.DuePartitions})
	d.ran(0, report{})
	d.ran(0, report{Approved: len(ids)})
	d.granted(ids)
}

// A key whose delivery secrets are due: they are deleted, and nothing of the key changes.
func TestBoxesOfKeys(t *testing.T) {
	t.Parallel()
	d := open(t)
	reviewer := d.Person(caller.Reviewer)
	_, rotated := d.Grant(reviewer, portal.RequestInput{ApplyPolicies: []string{fixture.Payments}})
	_, err := d.Unharmed().Rotate(t.Context(), rotated, reviewer.Act("rotated"), approval.Rotation{Grace: time.Hour})
	d.must(err)
	_, revoked := d.Grant(reviewer, portal.RequestInput{ApplyPolicies: []string{fixture.Weather}})
	_, err = approval.Revoke(t.Context(), d.Books, revoked, reviewer.Act("revoked"))
	d.must(err)
	certificate := strings.Repeat("ab", 32)
	ofCertificate, bank := d.Grant(reviewer, portal.RequestInput{ApplyPolicies: []string{fixture.Clearing}, Certificate: &certificate})
	if d.Box(rotated.ID).IsZero() || d.Box(rotated.Request).IsZero() {
		t.Error("nothing is in the boxes to begin with")
	}
	before := d.Key(rotated)
	d.ran(time.Minute, report{}) // a grant may yet be in flight
	d.Reset()
	d.ran(time.Hour, report{Emptied: 3}) // of two requests, and of one rotation; a certificate has none
	deletes := 0
	for _, call := range d.Calls() {
		if call == "DeleteSecret" {
			deletes++
		}
	}
	if deletes != 3 {
		t.Errorf("%d boxes were deleted; a certificate has none", deletes)
	}
	if !d.Box(rotated.ID).IsZero() || !d.Box(rotated.Request).IsZero() || !d.Box(revoked.Request).IsZero() {
		t.Error("a box is left")
	}
	after := d.Key(rotated)
	if after.Revision != before.Revision || after.State != before.State {
		t.Errorf("the key was %+v, and is %+v", before, after)
	}
	if d.Read(ofCertificate.ID).Task != "" || d.Key(bank).State != table.Active {
		t.Error("the certificate's request is still due, or its key has changed")
	}
	d.ran(48*time.Hour, report{})
}

// Emptying is done again where the process died after it: a box that is gone is empty.
func TestBoxIsEmptiedAgain(t *testing.T) {
	t.Parallel()
	d := open(t)
	reviewer := d.Person(caller.Reviewer)
	r, _ := d.Grant(reviewer, portal.RequestInput{ApplyPolicies: []string{fixture.Payments}})
	d.Add(faults.Rule{Operation: "DeleteSecret", Fault: faults.CrashAfter})
	if got, _ := d.run(t.Context(), time.Hour); got.Emptied > 0 {
		t.Errorf("who died reports %s", got.text())
	}
	d.ran(time.Hour, report{Emptied: 1})
	if !d.Box(r.ID).IsZero() {
		t.Error("the box is left")
	}
}

// A notice that failed is touched when its time comes, so that the stream brings it to deliver again; once, whatever overlaps.
func TestNoticeIsSentAgain(t *testing.T) {
	t.Parallel()
	d := open(t)
	name := table.NoticeName{Subject: table.Subject{Org: fixture.Org, Request: fixture.Pending}, Line: "0000000001", To: "webhook"}
	now := time.Now()
	notice := table.Notice{
		ID: name.ID(now), Org: fixture.Org, Event: "submitted", To: "webhook", State: table.Failed, Tries: 1, Error: "502", At: portal.Timestamp(now),
		DueAt: portal.Timestamp(now.Add(time.Minute)),
	}
	d.must(d.Books.WriteNotice(t.Context(), name, table.Notice{}, notice))
	d.ran(30*time.Second, report{})
	d.ran(61*time.Second, report{SentAgain: 1})
	d.ran(61*time.Second, report{})
	after, err := d.Books.Affair(t.Context(), name.Subject, []table.NoticeName{name})
	d.must(err)
	if got := after.Notices[name]; got.Again != 1 || got.Tries != 1 || got.State != table.Failed {
		t.Errorf("the notice is %+v", got)
	}
}
