package approval_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"keydesk/infra/fixture"
	"keydesk/infra/trial"
	"keydesk/shared/apikey"
	"keydesk/shared/approval"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// issue is an approve by a process of its own, which has read the request as it stands.
func issue(d *trial.Desk, t testing.TB, id string, act approval.Act, proof string) (apikey.Key, error) {
	t.Helper()
	ctx := d.Invocation(t.Context())
	issuer := d.Issuer()
	r, err := issuer.Table.Request(ctx, fixture.Org, id)
	if err != nil {
		return apikey.Key{}, err
	}
	grant, err := issuer.Issue(ctx, r, act, proof)
	return grant.Key, err
}

// refused holds that an act was refused, in this kind and with these words, and that no key was given.
func refused(t testing.TB, key apikey.Key, err error, kind portal.Kind, words string) {
	t.Helper()
	if trial.Kind(err) != kind || err == nil || !strings.Contains(err.Error(), words) {
		t.Errorf("error %v, want one of kind %d that says %q", err, kind, words)
	}
	if !key.Raw().IsZero() {
		t.Error("refused, and yet there is a key")
	}
}

// contains tells whether an error says the words.
func contains(err error, words string) bool {
	return err != nil && strings.Contains(err.Error(), words)
}

// meta is what a refusal tells beside its words.
func meta(err error) map[string]any {
	var refusal *portal.Error
	if !errors.As(err, &refusal) {
		return nil
	}
	said, _ := refusal.Meta.(map[string]any)
	return said
}

const processed = "Key request has already been processed."

func TestKeyOfAClaimIsGivenToNobody(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	reviewer := d.Person(caller.Reviewer)
	r := d.Ask(reviewer, fixture.Identity)
	act := reviewer.Act("approved")
	proof := approval.Proof(reviewer.Credential, "the key", 0, nil)
	for range 2 { // the second time, the first answer was lost
		key, err := issue(d, t, r.ID, act, proof)
		if err != nil || !key.Raw().IsZero() {
			t.Errorf("error %v, a key: %t; want neither", err, !key.Raw().IsZero())
		}
	}
	if slices.Contains(d.Calls(), "GetSecretValue") {
		t.Error("the box was opened")
	}
	after := d.Audit(r.ID)
	due, err := time.Parse(time.RFC3339Nano, after.DueAt)
	if wait := due.Sub(act.At); after.Delivery != nil || len(after.Keys) != 0 || len(after.Again) != 0 || err != nil || wait.Round(time.Second) != 5*24*time.Hour {
		t.Errorf("delivered %v, %d keys, given again %d times, the developer is reminded after %v", after.Delivery, len(after.Keys), len(after.Again), wait)
	}
	key, err := issue(d, t, r.ID, reviewer.Act("approved"), "")
	refused(t, key, err, portal.Conflict, processed)
	if said := meta(err); said["delivered"] != false || !strings.Contains(fmt.Sprint(said["remedy"]), "claims it") {
		t.Errorf("Meta %v", said)
	}
}

func TestKeyIsGivenAgainForTenMinutes(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	winner, other := d.Person(caller.Reviewer), d.Person(caller.Reviewer)
	r := d.Ask(winner, fixture.Payments)
	proof := approval.Proof(winner.Credential, "the key", 0, []byte("{}"))
	first := winner.Act("approved")
	want, err := issue(d, t, r.ID, first, proof)
	if err != nil {
		t.Fatal(err)
	}
	later := func(who trial.Person, d time.Duration) approval.Act {
		act := who.Act("approved")
		act.At = first.At.Add(d)
		return act
	}
	for _, wait := range []time.Duration{-time.Second, 0, time.Second, approval.Again - time.Second} { // clocks differ
		if key, err := issue(d, t, r.ID, later(winner, wait), proof); err != nil || key.Digest() != want.Digest() {
			t.Errorf("after %v: error %v, the same key %t", wait, err, key.Digest() == want.Digest())
		}
	}
	d.Reset()
	for name, c := range map[string]struct {
		act   approval.Act
		proof string
	}{
		"too late":         {later(winner, approval.Again+time.Second), proof},
		"no key":           {later(winner, 0), approval.Proof(winner.Credential, "", 0, []byte("{}"))},
		"another key":      {later(winner, 0), approval.Proof(winner.Credential, "another", 0, []byte("{}"))},
		"another If-Match": {later(winner, 0), approval.Proof(winner.Credential, "the key", 1, []byte("{}"))},
		"another body":     {later(winner, 0), approval.Proof(winner.Credential, "the key", 0, nil)},
		"another approver": {later(other, 0), approval.Proof(other.Credential, "the key", 0, []byte("{}"))},
	} {
		t.Run(name, func(t *testing.T) {
			key, err := issue(d, t, r.ID, c.act, c.proof)
			refused(t, key, err, portal.Conflict, processed)
		})
	}
	if calls := d.Calls(); slices.Contains(calls, "GetSecretValue") || slices.Contains(calls, "PutItem") {
		t.Errorf("refused, and yet it called %v", calls)
	}
	if after := d.Audit(r.ID); len(after.Again) != 4 || after.Again[0].Credential != winner.Credential || after.Again[0].Act != "delivered again" {
		t.Errorf("history tells of %d times that the key was given again: %+v", len(after.Again), after.Again)
	}
}

// weather has the request ask for the weather instead.
func weather(r table.Request) (table.Request, error) {
	r.ApplyPolicies, r.ForPlan, r.Holds = []string{fixture.Weather}, fixture.Weather, []string{fixture.Weather}
	return r, nil
}

var matches = map[string]struct {
	ifMatch int
	changed string // "before" the approve reads the request, or "meanwhile": between its read and its write
	granted bool
}{
	"as seen":                          {1, "", true},
	"of the future":                    {2, "", false},
	"changed before":                   {1, "before", false},
	"changed before, seen":             {2, "before", true},
	"changed meanwhile":                {1, "meanwhile", false},
	"changed meanwhile, does not mind": {0, "meanwhile", true},
}

func TestIfMatch(t *testing.T) {
	t.Parallel()
	desk := trial.Open(t)
	for name, c := range matches {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := desk.Again(t)
			reviewer := d.Person(caller.Reviewer)
			r := d.Ask(reviewer, fixture.Payments)
			change := func() {
				if err := approval.Change(t.Context(), d.Books, r, reviewer.Act("updated"), weather); err != nil {
					t.Error(err)
				}
			}
			switch c.changed {
			case "before":
				change()
			case "meanwhile":
				d.Meanwhile("TransactWriteItems", change)
			}
			act := reviewer.Act("approved")
			act.IfMatch = c.ifMatch
			key, err := issue(d, t, r.ID, act, "the proof")
			after := d.Audit(r.ID)
			if c.changed != "" && (!slices.Equal(after.ApplyPolicies, []string{fixture.Weather}) || !slices.Equal(after.Plans, after.ApplyPolicies)) {
				t.Errorf("it asks for %v and holds %v", after.ApplyPolicies, after.Plans)
			}
			if !c.granted {
				refused(t, key, err, portal.Stale, "If-Match: the request is at revision")
				if said := meta(err); said["revision"] != after.Revision || said["state"] != portal.Pending {
					t.Errorf("Meta %v, want revision %d", said, after.Revision)
				}
				return
			}
			if err != nil || key.Digest() != after.Box.Digest() {
				t.Errorf("error %v, the key in the box %t", err, key.Digest() == after.Box.Digest())
			}
			if again, err := issue(d, t, r.ID, act, "the proof"); err != nil || again.Digest() != key.Digest() {
				t.Errorf("the same call again: %v, the same key %t", err, again.Digest() == key.Digest())
			}
		})
	}
}

// A client that deletes the request hides it from all but the caller whose answer was lost.
func TestKeyIsGivenAgainAfterADelete(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	reviewer := d.Person(caller.Reviewer)
	r := d.Ask(reviewer, fixture.Payments)
	proof := approval.Proof(reviewer.Credential, "the key", 0, nil)
	want, err := issue(d, t, r.ID, reviewer.Act("approved"), proof)
	if err != nil {
		t.Fatal(err)
	}
	granted, err := d.Books.Request(t.Context(), fixture.Org, r.ID)
	if err != nil {
		t.Fatal(err)
	}
	err = approval.Change(t.Context(), d.Books, granted, reviewer.Act("deleted"), func(r table.Request) (table.Request, error) {
		r.Hidden = true
		return r, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if key, err := issue(d, t, r.ID, reviewer.Act("approved"), proof); err != nil || key.Digest() != want.Digest() {
		t.Errorf("error %v, the same key %t", err, key.Digest() == want.Digest())
	}
	key, err := issue(d, t, r.ID, reviewer.Act("approved"), "")
	refused(t, key, err, portal.NotFound, "Could not retrieve")
}
