package approval_test

import (
	"crypto/rand"
	"slices"
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

// secretsDue has the schedule delete the secrets that are due at a time, and gives how many there were.
func secretsDue(d *trial.Desk, t testing.TB, at time.Time) (deleted int) {
	t.Helper()
	for n := range table.DuePartitions {
		items, _, err := d.Books.Due(t.Context(), n, at, 100, "")
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range items {
			if !item.Secret {
				continue
			}
			done, err := d.Unharmed().DueSecret(t.Context(), item, at)
			if err != nil {
				t.Error(err)
			}
			if done == approval.Emptied {
				deleted++
			}
		}
	}
	return deleted
}

// afterwards is when no call that runs now is in flight any more.
func afterwards() time.Time { return time.Now().Add(table.SecretLives + time.Second) }

// TestNothingIsMintedBeforeTheClaim grants by claim: until the claim there is no secret, no task that ends one, and no key; after it, one.
func TestNothingIsMintedBeforeTheClaim(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	reviewer := d.Person(caller.Reviewer)
	secure, asked := d.Ask(reviewer, fixture.Identity), d.Ask(reviewer, fixture.Payments)
	byClaim := reviewer.Act("approved")
	byClaim.ByClaim = true
	for id, act := range map[string]approval.Act{secure.ID: reviewer.Act("approved"), asked.ID: byClaim} {
		d.Reset()
		if key, err := issue(d, t, id, act, ""); err != nil || !key.IsZero() {
			t.Errorf("error %v, a key %t", err, !key.IsZero())
		}
		if calls := d.Calls(); slices.Contains(calls, "CreateSecret") || slices.Contains(calls, "PutItem") {
			t.Errorf("the grant called %v", calls)
		}
		after := d.Audit(id)
		if len(after.Keys) != 0 || !after.Box.IsZero() || after.Ending != nil || after.KeyID != "" || !slices.Equal(after.Plans, after.Holds) {
			t.Errorf("%d keys, a secret %t, ended by %+v, key %q, plans %v", len(after.Keys), !after.Box.IsZero(), after.Ending, after.KeyID, after.Plans)
		}
		countsOneKey(d, t, after.ByUser, "once it is granted")
		key, err := claims(d, t, id, mine, time.Now())
		if after = d.Audit(id); err != nil || len(after.Keys) != 1 || after.Keys[0].Digest != key.Digest() {
			t.Errorf("claimed: %v, %d keys", err, len(after.Keys))
		}
		countsOneKey(d, t, after.ByUser, "once it is claimed")
	}
}

// countsOneKey holds that a rule counts one key of a developer's.
func countsOneKey(d *trial.Desk, t testing.TB, developer, when string) {
	t.Helper()
	if n, err := d.Books.KeysHeld(t.Context(), fixture.Org, developer); err != nil || n != 1 {
		t.Errorf("%s, a rule counts %d keys of the developer's, %v", when, n, err)
	}
}

// TestKeysTimeCountsFromItsClaim grants a key that lives an hour, and claims it a day later.
func TestKeysTimeCountsFromItsClaim(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	reviewer := d.Person(caller.Reviewer)
	d.Offer("brief", portal.AuthToken, `{"override": true, "require_key_approval": true, "secure_key_approval": true}`, time.Hour)
	r := d.Ask(reviewer, "brief")
	act := reviewer.Act("approved")
	act.At = act.At.Add(-24 * time.Hour)
	if _, err := issue(d, t, r.ID, act, ""); err != nil {
		t.Fatal(err)
	}
	at := time.Now()
	if _, err := claims(d, t, r.ID, mine, at); err != nil {
		t.Fatal(err)
	}
	if after := d.Audit(r.ID); after.Keys[0].Expires != at.Unix()+3600 {
		t.Errorf("it ends at %d, want %d", after.Keys[0].Expires, at.Unix()+3600)
	}
}

// TestNotGrantableAtTheClaim has a policy switched off between the grant and the claim: refused in words, and claimed once it is on again.
func TestNotGrantableAtTheClaim(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	reviewer := d.Person(caller.Reviewer)
	const settings = `{"override": true, "require_key_approval": true, "secure_key_approval": true}`
	d.Offer("by claim", portal.AuthToken, settings, 0)
	r := d.Ask(reviewer, "by claim")
	if _, err := issue(d, t, r.ID, reviewer.Act("approved"), ""); err != nil {
		t.Fatal(err)
	}
	d.Retire("by claim")
	key, err := claims(d, t, r.ID, mine, time.Now())
	refused(t, key, err, portal.Conflict, "The key cannot be handed over as things stand: apply_policies: the policy by claim is not active.")
	if after := d.Audit(r.ID); !after.Claimable() || !after.Box.IsZero() {
		t.Errorf("it is %s, a secret %t", after.State, !after.Box.IsZero())
	}
	d.Offer("by claim", portal.AuthToken, settings, 0)
	if _, err := claims(d, t, r.ID, mine, time.Now()); err != nil {
		t.Error(err)
	}
	d.Audit(r.ID)
}

// TestWithdrawnGrant has a reviewer decline a grant whose key is not claimed: its plan is free, its link opens nothing. One whose key is
// claimed is not withdrawn.
func TestWithdrawnGrant(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	reviewer := d.Person(caller.Reviewer)
	r := waitingKey(t, d, reviewer)
	if err := approval.Decline(t.Context(), d.Books, r, portal.Configuration{}, reviewer.Act("declined")); err != nil {
		t.Fatal(err)
	}
	after := d.Audit(r.ID)
	if after.State != portal.Declined || after.Approved || len(after.Plans) != 0 || after.DueAt != "" {
		t.Errorf("it is %s, approved %t, with the plans %v, due %q", after.State, after.Approved, after.Plans, after.DueAt)
	}
	key, err := claims(d, t, r.ID, mine, time.Now())
	refused(t, key, err, portal.Conflict, processed)
	d.AskFor(reviewer, portal.RequestInput{ByUser: &r.ByUser, ApplyPolicies: []string{fixture.Identity}})
	claimed := waitingKey(t, d, reviewer)
	if _, err := claims(d, t, claimed.ID, mine, time.Now()); err != nil {
		t.Fatal(err)
	}
	err = approval.Decline(t.Context(), d.Books, d.Read(claimed.ID), portal.Configuration{}, reviewer.Act("declined"))
	refused(t, apikey.Key{}, err, portal.Conflict, processed)
}

// TestSecretOfADeadCall has a grant, a claim and a rotation die once the secret is made. The schedule deletes the secret, by its task, though
// the request stays open and the key as it is; without a list of secrets.
func TestSecretOfADeadCall(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	secretsDue(d, t, time.Now()) // the fixture's
	who := d.Person(caller.Admin)
	granted, claimed := d.Ask(who, fixture.Payments), waitingKey(t, d, who)
	r, k := d.Grant(who, portal.RequestInput{ApplyPolicies: []string{fixture.Weather}})
	dies := func() { d.Add(faults.Rule{Operation: "TransactWriteItems", Fault: faults.CrashBefore}) }
	fill(t, d, granted.ID, who)
	dies()
	if _, err := claims(d, t, claimed.ID, mine, time.Now()); err == nil {
		t.Error("a claim that died said that all is well")
	}
	dies()
	if _, err := rotate(d, t, k, who.Act("rotated"), approval.Rotation{}); err == nil {
		t.Error("a rotation that died said that all is well")
	}
	if d.Audit(claimed.ID).Box.IsZero() || d.Audit(r.ID).Keys[0].Next.IsZero() {
		t.Error("nothing was made to begin with")
	}
	if n := secretsDue(d, t, time.Now().Add(time.Minute)); n != 0 {
		t.Errorf("%d secrets were deleted while the calls may be in flight", n)
	}
	if n := secretsDue(d, t, afterwards()); n != 4 { // and that of the key which was granted
		t.Errorf("%d secrets were deleted", n)
	}
	for _, id := range []string{granted.ID, claimed.ID, r.ID} {
		if after := d.Audit(id); !after.Box.IsZero() || after.Ending != nil {
			t.Errorf("a secret is left %t, and the task %+v", !after.Box.IsZero(), after.Ending)
		}
	}
	if after := d.Audit(r.ID).Keys[0]; !after.Next.IsZero() || after.Ending != nil {
		t.Errorf("the rotation's secret is left %t, and the task %+v", !after.Next.IsZero(), after.Ending)
	}
	if _, err := issue(d, t, granted.ID, who.Act("approved"), ""); err != nil {
		t.Errorf("granted later: %v", err)
	}
	if _, err := claims(d, t, claimed.ID, mine, time.Now()); err != nil {
		t.Errorf("claimed later: %v", err)
	}
	d.Audit(granted.ID)
	d.Audit(claimed.ID)
}

// TestSecretDeletedUnderAGrant has the schedule delete a secret, and another call make it once more, while a grant is between the secret and
// its write. The grant gives the key that it has written; said again it is refused, since the secret holds another.
func TestSecretDeletedUnderAGrant(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	secretsDue(d, t, time.Now()) // the fixture's
	who := d.Person(caller.Reviewer)
	r := d.Ask(who, fixture.Payments)
	d.Meanwhile("TransactWriteItems", func() {
		if n := secretsDue(d, t, afterwards()); n != 1 {
			t.Errorf("%d secrets were deleted", n)
		}
		other, err := apikey.Mint(rand.Reader, fixture.Org, portal.AuthToken, apikey.Base64)
		if err == nil {
			_, err = d.Unharmed().Vault.Keep(t.Context(), fixture.Org, r.ID, other)
		}
		if err != nil {
			t.Error(err)
		}
	})
	key, err := issue(d, t, r.ID, who.Act("approved"), "proof")
	if keys := d.Keys(r.ByUser); err != nil || len(keys) != 1 || keys[0].Digest != key.Digest() {
		t.Fatalf("error %v, keys %v", err, keys)
	}
	again, err := issue(d, t, r.ID, who.Act("approved"), "proof")
	refused(t, again, err, portal.Conflict, "The key cannot be shown again.")
}

// TestSecretGoesAtOnce has a developer say that the key is saved: its secret goes with the next run, and once more when no call that might
// make it again is in flight.
func TestSecretGoesAtOnce(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	secretsDue(d, t, time.Now()) // the fixture's
	r := waitingKey(t, d, d.Person(caller.Reviewer))
	if _, err := claims(d, t, r.ID, mine, time.Now()); err != nil {
		t.Fatal(err)
	}
	act := approval.Act{By: approval.Developer(fixture.Org), At: time.Now(), RequestID: "saved"}
	if err := d.Unharmed().Saved(t.Context(), d.Read(r.ID), act, mine); err != nil {
		t.Fatal(err)
	}
	if n := secretsDue(d, t, time.Now()); n != 1 || !d.Audit(r.ID).Box.IsZero() {
		t.Errorf("%d secrets were deleted", n)
	}
	if after := d.Audit(r.ID); after.Ending == nil || after.Ending.DueAt != after.Ending.Until {
		t.Errorf("the task is %+v", after.Ending)
	}
	if n := secretsDue(d, t, time.Now().Add(time.Second)); n != 0 {
		t.Errorf("%d secrets were deleted once more at once", n)
	}
	if n := secretsDue(d, t, afterwards()); n != 1 || d.Audit(r.ID).Ending != nil {
		t.Errorf("%d secrets were deleted in the end", n)
	}
}

// TestReplayOfARevokedKey says a grant and a claim again once the key is revoked: refused, without a trace of a delivery.
func TestReplayOfARevokedKey(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	who := d.Person(caller.Admin)
	granted, claimed := d.Ask(who, fixture.Payments), waitingKey(t, d, who)
	certificate := fingerprint()
	ofCertificate := d.AskFor(who, portal.RequestInput{ApplyPolicies: []string{fixture.Clearing}, Certificate: &certificate})
	for _, r := range []table.Request{granted, ofCertificate} {
		if _, err := issue(d, t, r.ID, who.Act("approved"), "proof"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := claims(d, t, claimed.ID, mine, time.Now()); err != nil {
		t.Fatal(err)
	}
	for _, r := range []table.Request{granted, claimed, ofCertificate} {
		if _, err := approval.Revoke(t.Context(), d.Books, d.Keys(r.ByUser)[0], who.Act("revoked")); err != nil {
			t.Fatal(err)
		}
	}
	key, err := issue(d, t, granted.ID, who.Act("approved"), "proof")
	refused(t, key, err, portal.Conflict, "The key is over: it was revoked")
	key, err = issue(d, t, ofCertificate.ID, who.Act("approved"), "proof")
	refused(t, key, err, portal.Conflict, "The key is over: it was revoked")
	key, err = claims(d, t, claimed.ID, mine, time.Now())
	refused(t, key, err, portal.Conflict, "The key is over: it was revoked")
	for _, id := range []string{granted.ID, claimed.ID, ofCertificate.ID} {
		if after := d.Audit(id); len(after.Again) != 0 {
			t.Errorf("history says that it was given again: %+v", after.Again)
		}
	}
}
