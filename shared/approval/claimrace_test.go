package approval_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"keydesk/infra/faults"
	"keydesk/infra/fixture"
	"keydesk/infra/trial"
	"keydesk/shared/apikey"
	"keydesk/shared/approval"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// The proofs of two browsers.
var mine, another = strings.Repeat("m", 43), strings.Repeat("a", 43)

// waitingKey is a request whose key waits for its developer: its creator may fetch it, if the schedule has granted it.
func waitingKey(t testing.TB, d *trial.Desk, by trial.Person) table.Request {
	t.Helper()
	r := d.Ask(by, fixture.Identity)
	if _, err := d.Unharmed().Issue(t.Context(), r, by.Act("approved"), ""); err != nil {
		t.Fatal(err)
	}
	return d.Read(r.ID)
}

// claims is a claim by a process of its own.
func claims(d *trial.Desk, t testing.TB, id, proof string, at time.Time) (apikey.Key, error) {
	t.Helper()
	ctx, issuer := d.Invocation(t.Context()), d.Issuer()
	r, err := issuer.Table.Request(ctx, fixture.Org, id)
	if err != nil {
		return apikey.Key{}, err
	}
	grant, err := issuer.Claim(ctx, r, approval.Act{By: approval.Developer(fixture.Org), At: at, RequestID: "claim"}, proof, r.LinkNumber)
	return grant.Key, err
}

// lapses has the schedule look at a request after all its time.
func lapses(d *trial.Desk, t testing.TB, id string) (done approval.Done, err error) {
	t.Helper()
	for range 2 { // first it reminds
		ctx, issuer := d.Invocation(t.Context()), d.Issuer()
		r, err := issuer.Table.Request(ctx, fixture.Org, id)
		if err != nil {
			return "", err
		}
		if done, err = issuer.Due(ctx, r, time.Now().Add(8*24*time.Hour), "the schedule's"); err != nil || done != approval.Reminded {
			return done, err
		}
	}
	return done, nil
}

// TestTwoClaims has two browsers claim in the same moment: one has the key, and the same again; the other is told that it was claimed.
func TestTwoClaims(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	r := waitingKey(t, d, d.Person(caller.Reviewer))
	d.Gate("TransactWriteItems", 2)
	proofs, keys, errs := []string{mine, another}, make([]apikey.Key, 2), make([]error, 2)
	var racing sync.WaitGroup
	for n, proof := range proofs {
		racing.Go(func() { keys[n], errs[n] = claims(d, t, r.ID, proof, time.Now()) })
	}
	racing.Wait()
	first := 0
	if errs[0] != nil {
		first = 1
	}
	after := d.Audit(r.ID)
	if errs[first] != nil || keys[first].Digest() != after.Box.Digest() || after.Delivery == nil || after.Delivery.To != "the developer" {
		t.Errorf("error %v, delivered %v", errs[first], after.Delivery)
	}
	refused(t, keys[1-first], errs[1-first], portal.Conflict, "The key was already claimed at ")
	if after.Delivery != nil && after.Delivery.RefusedAt == "" {
		t.Error("the reviewer does not see that somebody else has tried")
	}
	if again, err := claims(d, t, r.ID, proofs[first], time.Now()); err != nil || again.Digest() != keys[first].Digest() {
		t.Errorf("the same again: %v", err)
	}
	key, err := claims(d, t, r.ID, proofs[first], time.Now().Add(approval.Again+time.Second))
	refused(t, key, err, portal.Conflict, "The key was already claimed at ")
	if after := d.Audit(r.ID); len(after.Again) != 1 || after.Approvals() != 1 {
		t.Errorf("given again %d times", len(after.Again))
	}
}

// TestLostClaims loses each call that a claim makes, or its answer, or has the process die there. The same browser comes again, and has the
// key; then another does, and has not.
func TestLostClaims(t *testing.T) {
	t.Parallel()
	desk := trial.Open(t)
	reviewer := desk.Person(caller.Reviewer)
	for _, operation := range []string{"GetItem", "BatchGetItem", "PutItem", "CreateSecret", "TransactWriteItems"} {
		for _, fault := range []faults.Fault{faults.NeverSent, faults.AnswerLost, faults.CrashBefore, faults.CrashAfter} {
			t.Run(fmt.Sprint(operation, " ", fault), func(t *testing.T) {
				t.Parallel()
				d := desk.Again(t)
				r := waitingKey(t, d, reviewer)
				d.Add(faults.Rule{Operation: operation, Fault: fault})
				_, lost := claims(d, t, r.ID, mine, time.Now())
				if crashed := fault == faults.CrashBefore || fault == faults.CrashAfter; crashed != (lost != nil) {
					t.Errorf("the first: %v", lost)
				}
				key, err := claims(d, t, r.ID, mine, time.Now())
				if after := d.Audit(r.ID); err != nil || key.Digest() != after.Box.Digest() || len(after.Keys) != 1 {
					t.Errorf("the same again: %v", err)
				}
				key, err = claims(d, t, r.ID, another, time.Now())
				refused(t, key, err, portal.Conflict, "The key was already claimed at ")
			})
		}
	}
}

// claimEvents are what happens between the minting of a claimed key and its write, and what the claim is told.
var claimEvents = map[string]struct {
	happens func(t *testing.T, d *trial.Desk, r table.Request, by trial.Person)
	words   string
	state   portal.State
}{
	"lapsed": {func(t *testing.T, d *trial.Desk, r table.Request, _ trial.Person) {
		for range 2 {
			if _, err := d.Unharmed().Due(t.Context(), d.Read(r.ID), time.Now().Add(8*24*time.Hour), "the schedule's"); err != nil {
				t.Error(err)
			}
		}
	}, "it has lapsed", portal.Lapsed},
	"withdrawn": {func(t *testing.T, d *trial.Desk, r table.Request, by trial.Person) {
		if err := approval.Decline(t.Context(), d.Books, r, portal.Configuration{}, by.Act("declined")); err != nil {
			t.Error(err)
		}
	}, processed, portal.Declined},
	"link sent": {func(t *testing.T, d *trial.Desk, r table.Request, by trial.Person) {
		if err := approval.SendLink(t.Context(), d.Books, r, by.Act("link sent")); err != nil {
			t.Error(err)
		}
	}, "A newer link was sent", portal.Approved},
	"developer inactive": {func(_ *testing.T, d *trial.Desk, r table.Request, _ trial.Person) {
		d.ChangeDeveloper(r.ByUser, "SET inactive = :yes")
	}, "is inactive", portal.Approved},
}

func TestMeanwhileClaimed(t *testing.T) {
	t.Parallel()
	desk := trial.Open(t)
	for name, c := range claimEvents {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := desk.Again(t)
			reviewer := d.Person(caller.Reviewer)
			r := waitingKey(t, d, reviewer)
			d.Meanwhile("TransactWriteItems", func() { c.happens(t, d, r, reviewer) })
			key, err := claims(d, t, r.ID, mine, time.Now())
			after := d.Audit(r.ID)
			if after.State != c.state {
				t.Errorf("it is %s, want %s", after.State, c.state)
			}
			if !contains(err, c.words) || !key.IsZero() || after.Delivery != nil {
				t.Errorf("error %v, a key %t, delivered %v; want %q", err, !key.IsZero(), after.Delivery, c.words)
			}
		})
	}
}

// TestLapse holds that a grant whose key was not claimed frees its plan, which can be asked for again; and that there never was a key.
func TestLapse(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	reviewer := d.Person(caller.Reviewer)
	d.Offer("taken in person", portal.AuthToken, `{"override": true, "require_key_approval": true, "secure_key_approval": true}`, 0)
	r := d.Ask(reviewer, "taken in person")
	if _, err := d.Unharmed().Issue(t.Context(), r, reviewer.Act("approved"), ""); err != nil {
		t.Fatal(err)
	}
	for range 2 { // however often it is looked at
		if done, err := lapses(d, t, r.ID); err != nil || done != approval.Lapsed && done != approval.Overtaken {
			t.Errorf("%s, %v", done, err)
		}
	}
	after := d.Audit(r.ID)
	if after.State != portal.Lapsed || after.Approved || !after.Box.IsZero() || after.DueAt != "" || len(after.Plans) != 0 || len(after.Keys) != 0 {
		t.Errorf("it is %s, a key in its box %t, due %q, with the plans %v; %d keys", after.State, !after.Box.IsZero(), after.DueAt, after.Plans, len(after.Keys))
	}
	key, err := claims(d, t, r.ID, mine, time.Now())
	refused(t, key, err, portal.Conflict, "it has lapsed")
	d.AskFor(reviewer, portal.RequestInput{ByUser: &r.ByUser, ApplyPolicies: []string{"taken in person"}})
}

// TestCreatorAgainstDeveloper has the creator approve and the developer claim in the same moment what the schedule has granted: one of
// them has the key.
func TestCreatorAgainstDeveloper(t *testing.T) {
	t.Parallel()
	desk := trial.Open(t)
	c, err := portal.NewConfiguration(fixture.Org, fixture.Configuration, `{"auto_approve": true, "mail_options": {"mail_from_email": "us@example.org"}}`)
	if err == nil {
		err = desk.Books.PutConfiguration(t.Context(), fixture.Org, c)
	}
	if err != nil {
		t.Fatal(err)
	}
	sender := desk.Person(caller.Portal)
	for n := range 4 {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			d := desk.Again(t)
			r := d.Ask(sender, fixture.Petstore)
			if done, err := d.Unharmed().Due(t.Context(), r, time.Now().Add(time.Second), "the schedule's"); err != nil || done != approval.Approved {
				t.Fatalf("%s, %v", done, err)
			}
			d.Gate("TransactWriteItems", 2)
			var fetched, claimed apikey.Key
			var notFetched, notClaimed error
			var racing sync.WaitGroup
			racing.Go(func() { fetched, notFetched = issue(d, t, r.ID, sender.Act("approved"), "") })
			racing.Go(func() { claimed, notClaimed = claims(d, t, r.ID, mine, time.Now()) })
			racing.Wait()
			after := d.Audit(r.ID)
			if notFetched == nil {
				refused(t, claimed, notClaimed, portal.Conflict, "The key was already claimed at ")
			} else {
				refused(t, fetched, notFetched, portal.Conflict, processed)
				fetched = claimed
			}
			if fetched.Digest() != after.Box.Digest() || after.Delivery == nil || after.Approvals() != 1 {
				t.Errorf("the key in the box %t, delivered %v", fetched.Digest() == after.Box.Digest(), after.Delivery)
			}
		})
	}
}
