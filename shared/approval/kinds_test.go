package approval_test

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"keydesk/infra/faults"
	"keydesk/infra/fixture"
	"keydesk/infra/trial"
	"keydesk/shared/approval"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/secret"
	"keydesk/shared/table"
)

// kinds are all that are granted, and the policies that give them.
var kinds = map[string]string{
	portal.AuthToken: fixture.Payments, portal.Basic: fixture.Ledger, portal.OAuth: fixture.Photos, portal.JWT: fixture.Parcels,
	portal.MutualTLS: fixture.Clearing,
}

// fingerprint is that of a certificate which nobody else has.
func fingerprint() string {
	var digest [32]byte
	_, _ = rand.Read(digest[:])
	return hex.EncodeToString(digest[:])
}

const callback = "https://app.example.org/callback,https://app.example.org/other"

// wish is what a developer sends who asks for a key of a kind.
func wish(t testing.TB, kind string) portal.RequestInput {
	t.Helper()
	fields := portal.Object(`{"team": "blue", "size": 12, "beta": true, "oauth_app_description": "Prints albums", "oauth_use_case": "Holidays"}`)
	in := portal.RequestInput{ApplyPolicies: []string{kinds[kind]}, Fields: &fields}
	switch kind {
	case portal.OAuth:
		in.OAuthInfo = &portal.OAuthInfo{RedirectURI: callback}
	case portal.JWT:
		in.JWTSecret = &portal.SentKey{Value: secret.New(fixture.PublicKey())}
	case portal.MutualTLS:
		in.Certificate = new(fingerprint())
	}
	return in
}

// weathers are what may befall the calls of an approve or a rotation.
var weathers = map[string][]faults.Rule{
	"fair":             nil,
	"lost":             {{Operation: "TransactWriteItems", Fault: faults.AnswerLost, Times: 3}},
	"never sent":       {{Operation: "TransactWriteItems", Fault: faults.NeverSent, Times: 3}},
	"lost, conflict":   {{Operation: "TransactWriteItems", Fault: faults.AnswerLost}, {Operation: "TransactWriteItems", Fault: faults.Conflict, Nth: 2}},
	"conflict, lost":   {{Operation: "TransactWriteItems", Fault: faults.Conflict}, {Operation: "TransactWriteItems", Fault: faults.AnswerLost, Nth: 2}},
	"dies before":      {{Operation: "TransactWriteItems", Fault: faults.CrashBefore}},
	"dies after":       {{Operation: "TransactWriteItems", Fault: faults.CrashAfter}},
	"items throttled":  {{Operation: "TransactWriteItems", Fault: faults.ThrottleItem, Times: 3}},
	"no books at once": {{Operation: "BatchGetItem", Fault: faults.Throttle, Times: 2}},
}

// weathersOf are those that keys of a kind are tried in: tokens in all, the others in those that tell them apart.
func weathersOf(kind string) map[string][]faults.Rule {
	some := maps.Clone(weathers)
	if kind != portal.AuthToken {
		maps.DeleteFunc(some, func(name string, _ []faults.Rule) bool {
			return !slices.Contains([]string{"fair", "lost, conflict", "dies before", "dies after"}, name)
		})
	}
	return some
}

// crashes tells whether who acts in the weather dies of it.
func crashes(weather []faults.Rule) bool {
	return slices.ContainsFunc(weather, func(r faults.Rule) bool { return r.Fault == faults.CrashBefore || r.Fault == faults.CrashAfter })
}

// TestKindsAreGranted has a key of each kind granted in each weather. Whoever died says the very call again. It is one key, the one
// that the desk keeps, and whoever repeats the call is given the same.
func TestKindsAreGranted(t *testing.T) {
	t.Parallel()
	desk := trial.Open(t)
	for kind := range kinds {
		for weather, rules := range weathersOf(kind) {
			t.Run(kind+", "+weather, func(t *testing.T) {
				t.Parallel()
				d := desk.Again(t)
				who := d.Person(caller.Reviewer)
				asked := wish(t, kind)
				r := d.AskFor(who, asked)
				for _, rule := range rules {
					d.Add(rule)
				}
				proof := approval.Proof(who.Credential, "the key", 0, nil)
				key, err := issue(d, t, r.ID, who.Act("approved"), proof)
				if crashes(rules) {
					refused(t, key, err, 0, "crashed")
					key, err = issue(d, t, r.ID, who.Act("approved"), proof)
				}
				after := d.Audit(r.ID)
				if err != nil || len(after.Keys) != 1 || key.Digest() != after.Keys[0].Digest || key.Kind() != kind {
					t.Fatalf("error %v, a key of the kind %q; %d keys", err, key.Kind(), len(after.Keys))
				}
				saysAll(t, after, asked)
				for range 2 {
					if again, err := issue(d, t, r.ID, who.Act("approved"), proof); err != nil || again.Digest() != key.Digest() || again.Kind() != kind || again.Name() != key.Name() {
						t.Errorf("the same call again: %v, the same key %t", err, again.Digest() == key.Digest())
					}
				}
				other, err := issue(d, t, r.ID, who.Act("approved"), approval.Proof(who.Credential, "another", 0, nil))
				refused(t, other, err, portal.Conflict, processed)
			})
		}
	}
}

// saysAll holds that a new key says of itself what its request, its policy and its kind have it say.
func saysAll(t *testing.T, after trial.Record, asked portal.RequestInput) {
	t.Helper()
	k := after.Keys[0].IssuedKey
	if want := map[string]string{"team": "blue", "size": "12", "beta": "true", "oauth_app_description": "Prints albums", "oauth_use_case": "Holidays"}; !maps.Equal(k.Fields, want) {
		t.Errorf("APIs are told %v, want %v", k.Fields, want)
	}
	ends := int64(0)
	created, err := time.Parse(time.RFC3339, k.Created)
	if k.AuthType == portal.JWT {
		ends = created.Unix() + 90*24*60*60
	}
	if err != nil || k.Expires != ends || k.Created != after.DecidedAt {
		t.Errorf("created at %s, ends at %d, want %d; granted at %s", k.Created, k.Expires, ends, after.DecidedAt)
	}
	switch k.AuthType {
	case portal.OAuth:
		want := portal.Client{ClientID: after.Box.Name(), RedirectURI: callback, Description: "Prints albums", UseCase: "Holidays", DateCreated: k.Created}
		if *k.Client != want {
			t.Errorf("the client is %+v, want %+v", *k.Client, want)
		}
	case portal.JWT:
		if k.PublicKey != asked.JWTSecret.Reveal() {
			t.Errorf("the public key is %s", k.PublicKey)
		}
	case portal.MutualTLS:
		if k.Certificate != *asked.Certificate || !after.Box.IsZero() {
			t.Errorf("the certificate is %s, and a box was filled: %t", k.Certificate, !after.Box.IsZero())
		}
	}
	if after.Delivery == nil || after.Delivery.To != after.DecidedBy {
		t.Errorf("delivered %+v", after.Delivery)
	}
}

// Nobody claims a certificate of their own: it is delivered at once, though the entry says that keys are claimed.
func TestCertificatesAreNotClaimed(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	const settings = `{"override": true, "require_key_approval": true, "secure_key_approval": true}`
	d.Offer("certificates in person", portal.MutualTLS, settings, 0)
	d.Offer("tokens in person", portal.JWT, settings, 0)
	who := d.Person(caller.Reviewer)
	in := wish(t, portal.MutualTLS)
	in.ApplyPolicies = []string{"certificates in person"}
	r := d.AskFor(who, in)
	if key, err := issue(d, t, r.ID, who.Act("approved"), ""); err != nil || key.Name() != *in.Certificate {
		t.Errorf("error %v, %s", err, key.Name())
	}
	if after := d.Audit(r.ID); after.Delivery == nil || after.Task != "" {
		t.Errorf("delivered %v, to do: %q", after.Delivery, after.Task)
	}
	in = wish(t, portal.JWT)
	in.ApplyPolicies = []string{"tokens in person"}
	r = d.AskFor(who, in)
	if key, err := issue(d, t, r.ID, who.Act("approved"), ""); err != nil || !key.IsZero() {
		t.Errorf("error %v, a key: %t", err, !key.IsZero())
	}
	if after := d.Audit(r.ID); after.Delivery != nil || after.Task != table.Remind {
		t.Errorf("delivered %v, to do: %q", after.Delivery, after.Task)
	}
}

// TestKindOfAnEntryChanges has the owner change what an entry gives, between the wish and its grant: what was asked for is not what
// would come of it.
func TestKindOfAnEntryChanges(t *testing.T) {
	t.Parallel()
	desk := trial.Open(t)
	for kind, next := range map[string]string{
		portal.AuthToken: portal.Basic, portal.Basic: portal.OAuth, portal.OAuth: portal.JWT, portal.JWT: portal.MutualTLS, portal.MutualTLS: portal.AuthToken,
	} {
		const settings = `{"override": true, "require_key_approval": true}`
		desk.Offer(kind, kind, settings, 0)
		t.Run(kind+" to "+next, func(t *testing.T) {
			d := desk.Again(t)
			who := d.Person(caller.Reviewer)
			in := wish(t, kind)
			in.ApplyPolicies = []string{kind}
			r := d.AskFor(who, in)
			if kind != portal.MutualTLS {
				fill(t, d, r.ID, who)
			}
			d.Offer(kind, next, settings, 0)
			key, err := issue(d, t, r.ID, who.Act("approved"), "")
			words := fmt.Sprintf("The catalogue gave keys of the kind %s when this was asked for, and gives %s now;", kind, next)
			refused(t, key, err, portal.Conflict, words)
			if after := d.Audit(r.ID); after.Revision != 1 || len(after.Keys) != 0 {
				t.Errorf("revision %d, %d keys", after.Revision, len(after.Keys))
			}
		})
	}
}
