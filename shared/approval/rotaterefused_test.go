package approval_test

import (
	"testing"
	"time"

	"keydesk/infra/fixture"
	"keydesk/infra/trial"
	"keydesk/shared/approval"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// obstacles are what keeps a key from being rotated: what somebody is told who meets it, and who meets it when the box is filled.
var obstacles = map[string]struct {
	happens         func(t *testing.T, d *trial.Desk, who trial.Person, k table.IssuedKey)
	told, meanwhile portal.Kind
	words           string
}{
	"suspended": {state("suspended", table.Suspended), portal.Conflict, portal.Conflict, "The key is suspended; resume it before you rotate it"},
	"revoked":   {state("revoked", table.Revoked), portal.NotFound, portal.NotFound, "Could not retrieve"},
	"inactive":  {developers("SET inactive = :yes"), portal.Conflict, portal.Invalid, "inactive; activate the developer first."},
	"leaving":   {developers("SET deleting = :yes"), portal.Conflict, portal.Invalid, ""},
	"gone":      {developers(""), portal.Conflict, portal.Invalid, ""},
}

func state(name string, to table.KeyState) func(*testing.T, *trial.Desk, trial.Person, table.IssuedKey) {
	return func(t *testing.T, d *trial.Desk, who trial.Person, k table.IssuedKey) {
		toState(t, d, who, k, name, to)
	}
}

func developers(expression string) func(*testing.T, *trial.Desk, trial.Person, table.IssuedKey) {
	return func(_ *testing.T, d *trial.Desk, _ trial.Person, k table.IssuedKey) {
		d.ChangeDeveloper(k.Developer, expression)
	}
}

// TestRotationIsRefused tries keys that may not be rotated, and developers who may have none. Of none of them comes a successor, nor,
// where it was known before, a box.
func TestRotationIsRefused(t *testing.T) {
	t.Parallel()
	desk := trial.Open(t)
	for name, c := range obstacles {
		for _, when := range []string{"before", "meanwhile"} {
			t.Run(name+" "+when, func(t *testing.T) {
				t.Parallel()
				d := desk.Again(t)
				who := d.Person(caller.Admin)
				r, k := d.Grant(who, portal.RequestInput{ApplyPolicies: []string{fixture.Payments}})
				kind := c.told
				if when == "before" {
					c.happens(t, d, who, k)
					k = d.Key(k)
				} else {
					kind = c.meanwhile
					d.Meanwhile("TransactWriteItems", func() { c.happens(t, d, who, k) })
				}
				_, err := rotate(d, t, k, who.Act("rotated"), approval.Rotation{Grace: time.Hour})
				if trial.Kind(err) != kind || !contains(err, c.words) {
					t.Errorf("error %v, want one of kind %d that says %q", err, kind, c.words)
				}
				after := d.Audit(r.ID)
				if len(after.Keys) != 1 || after.Keys[0].Rotation != nil || when == "before" && !after.Keys[0].Next.IsZero() {
					t.Errorf("%d keys, rotated: %t, a box: %t", len(after.Keys), after.Keys[0].Rotation != nil, !after.Keys[0].Next.IsZero())
				}
			})
		}
	}
}

// A key whose time is over is not rotated, nor one of a kind that has no such thing.
func TestRotationThatMakesNoSense(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	who := d.Person(caller.Admin)
	_, brief := d.Grant(who, wish(t, portal.JWT))
	_, token := d.Grant(who, wish(t, portal.AuthToken))
	d.Offer("over", portal.AuthToken, `{"override": true}`, 0)
	_, over := d.Grant(who, portal.RequestInput{ApplyPolicies: []string{fixture.Payments, "over"}})
	d.Retire("over")
	for name, c := range map[string]struct {
		key   table.IssuedKey
		later time.Duration
		turn  approval.Rotation
		kind  portal.Kind
		words string
	}{
		"expired":                      {brief, 90*24*time.Hour + time.Second, approval.Rotation{Grace: time.Hour}, portal.Conflict, "The key has expired;"},
		"its policy is over":           {over, 0, approval.Rotation{}, portal.Conflict, "The key's policy over is not active, so that a new key would open nothing either."},
		"a certificate for a token":    {token, 0, approval.Rotation{Certificate: fingerprint()}, portal.Invalid, "certificate: the key is one of the kind authToken,"},
		"a public key for a token":     {token, 0, approval.Rotation{PublicKey: fixture.PublicKey()}, portal.Invalid, "jwt_secret: the key is one of the kind authToken,"},
		"a certificate for public key": {brief, 0, approval.Rotation{Certificate: fingerprint()}, portal.Invalid, "certificate: the key is one of the kind jwt,"},
	} {
		act := who.Act("rotated")
		act.At = act.At.Add(c.later)
		if _, err := rotate(d, t, c.key, act, c.turn); trial.Kind(err) != c.kind || !contains(err, c.words) {
			t.Errorf("%s: %v, want one that says %q", name, err, c.words)
		}
		if after := d.Audit(c.key.Request); len(after.Keys) != 1 || !after.Keys[0].Next.IsZero() {
			t.Errorf("%s: %d keys, a box: %t", name, len(after.Keys), !after.Keys[0].Next.IsZero())
		}
	}
}
