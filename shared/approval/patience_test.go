package approval_test

import (
	"context"
	"errors"
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
			failing.Add(faults.Rule{Operation: c.operation, Fault: c.fault, Times: faults.Always})
			proof := approval.Proof(reviewer.Credential, "the key", nil)
			wait := 10 * time.Second // the call's own patience ends before
			if c.operation == "TransactWriteItems" {
				wait = 200 * time.Millisecond
			}
			tried := patiently(t, wait, func(ctx context.Context) error {
				_, err := failing.Issuer().Issue(ctx, r, reviewer.Act("approved"), proof)
				return err
			})
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

// patiently acts within a time. When the time ends while a request is on the wire, its fate is unknown, whatever it would have
// been: then it acts again, since that is not what is tested.
func patiently(t testing.TB, wait time.Duration, act func(context.Context) error) error {
	t.Helper()
	var err error
	for range 10 {
		ctx, cancel := context.WithTimeout(t.Context(), wait)
		err = act(ctx)
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) {
			break
		}
	}
	return err
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
			failing.Add(faults.Rule{Operation: "TransactWriteItems", Fault: fault, Times: faults.Always})
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			proof := approval.Proof(reviewer.Credential, "the key", nil)
			key, err := failing.Issuer().Issue(ctx, r, reviewer.Act("approved"), proof)
			if !errors.Is(err, context.DeadlineExceeded) || !key.Raw().IsZero() {
				t.Errorf("error %v, a key %t", err, !key.Raw().IsZero())
			}
			key, err = issue(d, t, r.ID, reviewer.Act("approved"), proof)
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
	proof := approval.Proof(reviewer.Credential, "the key", nil)
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
