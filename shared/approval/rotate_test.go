package approval_test

import (
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"keydesk/infra/fixture"
	"keydesk/infra/trial"
	"keydesk/shared/approval"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// rotate has a process of its own rotate the key as it was read.
func rotate(d *trial.Desk, t testing.TB, k table.IssuedKey, act approval.Act, turn approval.Rotation) (approval.Rotated, error) {
	t.Helper()
	rotated, err := d.Issuer().Rotate(d.Invocation(t.Context()), k, act, turn)
	if err != nil && (!rotated.Key.IsZero() || rotated.Newer.Digest != "") {
		t.Error("refused, and yet there is a key")
	}
	return rotated, err
}

// turnTo is what somebody sends who rotates a key of a kind.
func turnTo(kind string, grace time.Duration) approval.Rotation {
	turn := approval.Rotation{Grace: grace}
	if kind == portal.MutualTLS {
		turn.Certificate = fingerprint()
	}
	return turn
}

// toState puts a key into a state, past the plan.
func toState(t testing.TB, d *trial.Desk, who trial.Person, k table.IssuedKey, name string, state table.KeyState) {
	t.Helper()
	act := who.Act(name)
	var err error
	if state == table.Revoked {
		_, err = approval.Revoke(t.Context(), d.Books, k, act)
	} else {
		err = approval.ChangeKey(t.Context(), d.Books, k, act, approval.KeyTo(act, state))
	}
	if err != nil {
		t.Error(err)
	}
}

// alreadyRotated holds that a rotation was refused since there was one before, and that it is said which key is the successor.
func alreadyRotated(t testing.TB, err error, successor string) {
	t.Helper()
	var refusal *portal.Error
	if !errors.As(err, &refusal) || refusal.Kind != portal.Conflict || refusal.Message != "The key has been rotated already." {
		t.Errorf("error %v, want that it has been rotated already", err)
		return
	}
	said, _ := refusal.Meta.(map[string]string)
	if said["successor"] != successor || said["grace_ends"] == "" || said["rotated_by"] == "" || said["remedy"] == "" {
		t.Errorf("Meta %v, want the successor %s", refusal.Meta, successor)
	}
}

// TestKindsAreRotated rotates a key of each kind in each weather. Whoever died says the very call again.
func TestKindsAreRotated(t *testing.T) {
	t.Parallel()
	desk := trial.Open(t)
	for kind := range kinds {
		for weather, rules := range weathersOf(kind) {
			t.Run(kind+", "+weather, func(t *testing.T) {
				t.Parallel()
				d := desk.Again(t)
				who := d.Person(caller.Admin)
				r, k := d.Grant(who, wish(t, kind))
				if err := d.Books.Used(t.Context(), k.Digest, "2026-11-22"); err != nil {
					t.Fatal(err)
				}
				k = d.Key(k)
				for _, rule := range rules {
					d.Add(rule)
				}
				turn := turnTo(kind, time.Hour)
				turn.Proof = approval.Proof(who.Credential, "the key", 0, nil)
				rotated, err := rotate(d, t, k, who.Act("rotated"), turn)
				if crashes(rules) {
					if err == nil {
						t.Error("a call that died said that all is well")
					}
					rotated, err = rotate(d, t, d.Key(k), who.Act("rotated"), turn)
				}
				after := d.Audit(r.ID)
				if err != nil || len(after.Keys) != 2 || rotated.Key.Kind() != kind {
					t.Fatalf("error %v, %d keys, given one of the kind %q", err, len(after.Keys), rotated.Key.Kind())
				}
				succeeds(t, k, after, rotated, turn)
				again, err := rotate(d, t, k, who.Act("rotated"), turn)
				if err != nil || again.Key.Digest() != rotated.Key.Digest() || again.Key.Name() != rotated.Key.Name() {
					t.Errorf("the same call again: %v, the same key %t", err, again.Key.Digest() == rotated.Key.Digest())
				}
				turn.Proof = approval.Proof(who.Credential, "another", 0, nil)
				_, err = rotate(d, t, k, who.Act("rotated"), turn)
				alreadyRotated(t, err, after.Keys[1].Shown)
			})
		}
	}
}

// succeeds holds that the second of two keys is what the first was before, but for its secret and its name, and that this is what was told.
func succeeds(t *testing.T, before table.IssuedKey, after trial.Record, told approval.Rotated, turn approval.Rotation) {
	t.Helper()
	older, newer := after.Keys[0].IssuedKey, after.Keys[1].IssuedKey
	want := before
	want.ID, want.Digest, want.Shown, want.Created, want.Attempt = newer.ID, newer.Digest, newer.Shown, newer.Created, newer.Attempt
	want.Before, want.Revision, want.LastUsed = older.Digest, 1, ""
	if before.Client != nil {
		client := *before.Client
		client.ClientID, client.DateCreated = newer.Shown, newer.Created
		want.Client = &client
	}
	if before.AuthType == portal.MutualTLS {
		want.Certificate = turn.Certificate
	}
	if !reflect.DeepEqual(newer, want) || newer.ID == before.ID || newer.Digest == before.Digest || newer.Shown == before.Shown {
		t.Errorf("the successor is %+v\nwant %+v", newer, want)
	}
	at, err := time.Parse(time.RFC3339, older.Rotation.At)
	if wait := time.Unix(older.Rotation.Ends, 0).Sub(at); err != nil || wait < turn.Grace || wait > turn.Grace+time.Second {
		t.Errorf("a grace of %v lasts %v", turn.Grace, wait)
	}
	if ending := after.Keys[0].Ending; (ending == nil) != (before.AuthType == portal.MutualTLS) {
		t.Errorf("the task that ends the successor's box is %+v", ending)
	}
	if told.Key.Digest() != newer.Digest || told.Newer.Digest != newer.Digest || told.Older.Rotation.Ends != older.Rotation.Ends {
		t.Errorf("told of %+v and %+v", told.Older, told.Newer)
	}
}

// No grace outlives the key that it is given.
func TestGraceEndsWithTheKey(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	who := d.Person(caller.Admin)
	r, k := d.Grant(who, wish(t, portal.JWT)) // for ninety days
	act := who.Act("rotated")
	act.At = act.At.Add(80 * 24 * time.Hour)
	rotated, err := rotate(d, t, k, act, approval.Rotation{Grace: approval.LongestGrace})
	if err != nil || rotated.Older.Rotation.Ends != k.Expires || rotated.Newer.Expires != k.Expires {
		t.Errorf("error %v; the older ends at %d, the newer at %d, want %d", err, rotated.Older.Rotation.Ends, rotated.Newer.Expires, k.Expires)
	}
	d.Audit(r.ID)
}

// A developer who rotates a key for tokens of their own may bring another key pair with it.
func TestRotationBringsAPublicKey(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	who := d.Person(caller.Portal)
	r, k := d.Grant(who, wish(t, portal.JWT))
	public := fixture.PublicKey()
	if _, err := rotate(d, t, k, who.Act("rotated"), approval.Rotation{PublicKey: public, Grace: time.Hour}); err != nil {
		t.Fatal(err)
	}
	if after := d.Audit(r.ID); after.Keys[1].PublicKey != public || after.Keys[0].PublicKey == public {
		t.Errorf("the successor's public key is %s", after.Keys[1].PublicKey)
	}
}

// A certificate's key is rotated by another certificate, which must be nobody's.
func TestRotationNeedsACertificate(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	who := d.Person(caller.Admin)
	r, k := d.Grant(who, wish(t, portal.MutualTLS))
	other, theirs := d.Grant(who, wish(t, portal.MutualTLS))
	for name, c := range map[string]struct {
		certificate string
		kind        portal.Kind
		words       string
	}{
		"none":      {"", portal.Invalid, "certificate is missing;"},
		"its own":   {k.Certificate, portal.Invalid, "certificate: this is the key's own;"},
		"another's": {theirs.Certificate, portal.Conflict, "there is or was a key for this certificate already"},
	} {
		_, err := rotate(d, t, k, who.Act("rotated"), approval.Rotation{Certificate: c.certificate, Grace: time.Hour})
		if trial.Kind(err) != c.kind || !contains(err, c.words) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if after := d.Audit(r.ID); len(after.Keys) != 1 || after.Keys[0].Revision != 1 {
		t.Errorf("%d keys, revision %d", len(after.Keys), after.Keys[0].Revision)
	}
	if _, err := rotate(d, t, k, who.Act("rotated"), turnTo(portal.MutualTLS, 0)); err != nil {
		t.Error(err)
	}
	if _, err := rotate(d, t, theirs, who.Act("rotated"), approval.Rotation{Certificate: k.Certificate}); !errors.Is(err, table.ErrCertificateTaken) {
		t.Errorf("by a certificate that was rotated away: %v", err)
	}
	if slices.Contains(d.Calls(), "CreateSecret") {
		t.Error("a box was filled for a certificate")
	}
	d.Audit(r.ID)
	d.Audit(other.ID)
}
