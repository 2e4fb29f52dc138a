package approval_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"keydesk/infra/faults"
	"keydesk/infra/fixture"
	"keydesk/infra/trial"
	"keydesk/shared/approval"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
)

// TestPatience has AWS refuse a call for as long as the function lives. It is said that nothing was done, nothing was, and the
// same call gives the key when AWS is well again.
func TestPatience(t *testing.T) {
	t.Parallel()
	desk := trial.Open(t)
	for name, c := range map[string]struct {
		operation string
		fault     faults.Fault
	}{
		"books throttled":      {"BatchGetItem", faults.Throttle},
		"box throttled":        {"CreateSecret", faults.Throttle},
		"box throttled, again": {"GetSecretValue", faults.Throttle},
		"box late":             {"GetSecretValue", faults.Late},
		"decision throttled":   {"TransactWriteItems", faults.Throttle},
		"an item throttled":    {"TransactWriteItems", faults.ThrottleItem},
		"decision in conflict": {"TransactWriteItems", faults.Conflict},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := desk.Again(t)
			reviewer := d.Person(caller.Reviewer)
			r := d.Ask(reviewer, fixture.Payments)
			if c.operation == "GetSecretValue" {
				fill(t, d, r.ID, reviewer)
			}
			failing := d.Again(t)
			sand := &hourglass{Context: t.Context()}
			rule := faults.Rule{Operation: c.operation, Fault: c.fault, Times: faults.Always}
			if c.operation == "TransactWriteItems" { // the call's own patience with the others ends before
				rule.If = func(any) bool { return sand.turn() }
			}
			failing.Add(rule)
			proof := approval.Proof(reviewer.Credential, "the key", 0, nil)
			tried := context.DeadlineExceeded
			for range 10 { // time that ends while a request is on the wire leaves its fate unknown, which is not what is tested
				sand.set()
				if _, tried = failing.Issuer().Issue(sand, r, reviewer.Act("approved"), proof); !errors.Is(tried, context.DeadlineExceeded) {
					break
				}
			}
			if trial.Kind(tried) != portal.Busy {
				t.Errorf("error %v, want one that says to try again", tried)
			}
			if after := d.Audit(r.ID); after.Revision != 1 {
				t.Errorf("the request is %s, revision %d", after.State, after.Revision)
			}
			key, err := issue(d, t, r.ID, reviewer.Act("approved"), proof)
			if after := d.Audit(r.ID); err != nil || key.Digest() != after.Box.Digest() || len(after.Keys) != 1 {
				t.Errorf("the same call again: error %v, the key in the box %t", err, key.Digest() == after.Box.Digest())
			}
		})
	}
}

// hourglass is a context with little time, which begins to run with the first attempt at a call: a slow machine comes so far
// all the same.
type hourglass struct {
	context.Context
	once *sync.Once
	over chan struct{}
}

func (h *hourglass) set() { h.once, h.over = new(sync.Once), make(chan struct{}) }

func (h *hourglass) turn() bool {
	over := h.over
	h.once.Do(func() { time.AfterFunc(200*time.Millisecond, func() { close(over) }) })
	return true
}

func (h *hourglass) Done() <-chan struct{} { return h.over }

func (h *hourglass) Err() error {
	select {
	case <-h.over:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

// Of what may have been done nothing is promised, but that there is a time when it was too late.
func TestOutOfTime(t *testing.T) {
	t.Parallel()
	desk := trial.Open(t)
	for _, fault := range []faults.Fault{faults.NeverSent, faults.AnswerLost} {
		t.Run(fault.String(), func(t *testing.T) {
			t.Parallel()
			d := desk.Again(t)
			reviewer := d.Person(caller.Reviewer)
			r := d.Ask(reviewer, fixture.Payments)
			failing := d.Again(t)
			sand := &hourglass{Context: t.Context()}
			sand.set()
			failing.Add(faults.Rule{Operation: "TransactWriteItems", Fault: fault, Times: faults.Always, If: func(any) bool { return sand.turn() }})
			proof := approval.Proof(reviewer.Credential, "the key", 0, nil)
			grant, err := failing.Issuer().Issue(sand, r, reviewer.Act("approved"), proof)
			if !errors.Is(err, context.DeadlineExceeded) || !grant.Key.IsZero() {
				t.Errorf("error %v, a key %t", err, !grant.Key.IsZero())
			}
			key, err := issue(d, t, r.ID, reviewer.Act("approved"), proof)
			if after := d.Audit(r.ID); err != nil || key.Digest() != after.Box.Digest() || len(after.Keys) != 1 {
				t.Errorf("the same call again: error %v, the key in the box %t", err, key.Digest() == after.Box.Digest())
			}
		})
	}
}

// The line of history that a replay leaves is one item alone, and can meet a transaction all the same.
func TestReplayMeetsAConflict(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	reviewer := d.Person(caller.Reviewer)
	r := d.Ask(reviewer, fixture.Payments)
	proof := approval.Proof(reviewer.Credential, "the key", 0, nil)
	want, err := issue(d, t, r.ID, reviewer.Act("approved"), proof)
	if err != nil {
		t.Fatal(err)
	}
	d.Add(faults.Rule{Operation: "PutItem", Fault: faults.Conflict, Times: 5})
	key, err := issue(d, t, r.ID, reviewer.Act("approved"), proof)
	if after := d.Audit(r.ID); err != nil || key.Digest() != want.Digest() || len(after.Again) != 1 {
		t.Errorf("error %v, the same key %t, %d lines of history", err, key.Digest() == want.Digest(), len(after.Again))
	}
}

// A try that was done though its answer was lost is known again by its attempt, even when the next try meets a conflict and
// goes on under another token.
func TestOwnAttemptIsKnownAgain(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	reviewer := d.Person(caller.Reviewer)
	r := d.Ask(reviewer, fixture.Payments)
	d.Add(faults.Rule{Operation: "TransactWriteItems", Fault: faults.AnswerLost})
	d.Add(faults.Rule{Operation: "TransactWriteItems", Fault: faults.Conflict, Nth: 2})
	key, err := issue(d, t, r.ID, reviewer.Act("approved"), "")
	if after := d.Audit(r.ID); err != nil || key.Digest() != after.Box.Digest() {
		t.Errorf("error %v, the key in the box %t", err, key.Digest() == after.Box.Digest())
	}
}
