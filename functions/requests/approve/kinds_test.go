package main

import (
	"maps"
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"keydesk/infra/desktest"
	"keydesk/infra/fixture"
	"keydesk/shared/portal"
	"keydesk/shared/secret"
	"keydesk/shared/table"
)

// fingerprint is that of a certificate which no key was granted for.
var fingerprint = strings.Repeat("5ea1ed00", 8)

const redirect = "https://app.example.org/callback"

// ask has the portal write down a wish of Ada's, and gives the request's id.
func ask(t *testing.T, d *desktest.Desk, policy string, more portal.RequestInput) string {
	t.Helper()
	return d.Wish(fixture.Wish{Developer: fixture.Ada, Policy: policy, More: more, Fields: `{"oauth_app_description": "Prints albums", "team": "blue"}`})
}

func approve(d *desktest.Desk, credential, id, idempotencyKey string) desktest.Said {
	event := desktest.Call(credential, http.MethodPut, "/api/portal/requests/approve/"+id, "")
	event.Headers["idempotency-key"] = idempotencyKey
	return d.Say(function, event)
}

// kind is how a key of a kind is asked for, answered and kept.
type kind struct {
	policy string
	more   portal.RequestInput
	looks  string // the whole answer
	holds  func(k table.IssuedKey, answer desktest.Said) bool
}

func kinds(t *testing.T) map[string]kind {
	t.Helper()
	public, certificate := fixture.PublicKey(), strings.ToUpper(fingerprint)
	sent := portal.SentKey{Value: secret.New(public)}
	const base64 = `{"RawKey":"[A-Za-z0-9+/]{100,}=*","Password":""}`
	plain := func(k table.IssuedKey, _ desktest.Said) bool {
		return k.PublicKey == "" && k.Certificate == "" && k.Client == nil
	}
	return map[string]kind{
		portal.AuthToken: {fixture.Petstore, portal.RequestInput{}, base64, plain},
		portal.Basic:     {fixture.Ledger, portal.RequestInput{}, `{"RawKey":"[A-Za-z0-9]{10}","Password":"[A-Za-z0-9]{24}"}`, plain},
		portal.OAuth: {
			fixture.Photos, portal.RequestInput{OAuthInfo: &portal.OAuthInfo{RedirectURI: redirect}},
			`{"client_id":"[0-9a-f]{32}","secret":"[A-Za-z0-9+/]{48}","policy_id":"` + fixture.Photos + `","redirect_uri":"` + redirect + `"}`,
			func(k table.IssuedKey, answer desktest.Said) bool {
				return strings.HasPrefix(answer.Text, `{"client_id":"`+k.Shown+`"`) && reflect.DeepEqual(k.Client, &portal.Client{
					ClientID: k.Shown, RedirectURI: redirect, Description: "Prints albums", DateCreated: k.Created,
				})
			},
		},
		portal.JWT: {
			fixture.Parcels, portal.RequestInput{JWTSecret: &sent}, base64,
			func(k table.IssuedKey, _ desktest.Said) bool {
				return k.PublicKey == public && time.Until(time.Unix(k.Expires, 0)).Round(time.Hour) == 90*24*time.Hour
			},
		},
		portal.MutualTLS: {
			fixture.Clearing, portal.RequestInput{Certificate: &certificate}, `{"RawKey":"` + fingerprint + `","Password":""}`,
			func(k table.IssuedKey, _ desktest.Said) bool { return k.Certificate == fingerprint },
		},
	}
}

// Each kind of key has an answer of its own, the same when the call is said again, with the members that its clients know, no more and
// no fewer. The key is stored as what it is, and what of it is secret lies in a box of its kind.
func TestKinds(t *testing.T) {
	t.Parallel()
	for name, c := range kinds(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := desktest.New(t, fixture.Desk)
			id := ask(t, d, c.policy, c.more)
			said := approve(d, fixture.ReviewerCredential, id, "again")
			if said.Status != http.StatusOK || !regexp.MustCompile(`\A`+c.looks+`\z`).MatchString(said.Text) {
				t.Errorf("%d %s; an answer of %d characters that does not look like %s", said.Status, said.Message, len(said.Text), c.looks)
			}
			if again := approve(d, fixture.ReviewerCredential, id, "again"); again.Text != said.Text {
				t.Error("said again, the call is answered otherwise")
			}
			keys, _, err := d.Table.KeysOf(t.Context(), fixture.Org, fixture.Ada, "", 10)
			if err != nil || len(keys) != 1 {
				t.Fatalf("%d keys, %v", len(keys), err)
			}
			k, fields := keys[0], map[string]string{"oauth_app_description": "Prints albums", "team": "blue"}
			if k.AuthType != name || k.Request != id || k.State != table.Active || !maps.Equal(k.Fields, fields) || !c.holds(k, said) {
				t.Errorf("stored as %+v", k)
			}
			if name == portal.MutualTLS { // nothing secret
				if boxes := d.Boxes(); len(boxes) != 1 {
					t.Errorf("boxes %v", boxes)
				}
				return
			}
			inBox(t, d, k)
		})
	}
}

// inBox holds that the key lies in the box of its request.
func inBox(t *testing.T, d *desktest.Desk, k table.IssuedKey) {
	t.Helper()
	key, err := d.Issuer.Vault.Open(t.Context(), fixture.Org, k.Request, k.AuthType)
	if err != nil || key.Digest() != k.Digest || key.Shown() != k.Shown {
		t.Errorf("another key lies in the box (%v)", err)
	}
}

// Two may ask for a key for one certificate; one of them is granted it, and the other can be declined.
func TestOneKeyACertificate(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	first := ask(t, d, fixture.Clearing, portal.RequestInput{Certificate: &fingerprint})
	second := d.Wish(fixture.Wish{Developer: fixture.Ben, Policy: fixture.Clearing, More: portal.RequestInput{Certificate: &fingerprint}})
	if said := approve(d, fixture.ReviewerCredential, first, ""); said.Status != http.StatusOK {
		t.Fatalf("%d %s", said.Status, said.Message)
	}
	said := approve(d, fixture.ReviewerCredential, second, "")
	if said.Status != http.StatusConflict || said.Message != table.ErrCertificateTaken.Error() {
		t.Errorf("%d %s", said.Status, said.Message)
	}
	if r, err := d.Table.Request(t.Context(), fixture.Org, second); err != nil || r.State != portal.Pending || len(d.Issued(second)) != 0 {
		t.Errorf("the other request is %s (%v)", r.State, err)
	}
}

// What the catalogue says of a policy may change before the request is decided: no key of another kind comes of it.
func TestKindThatChanged(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	before, err := d.Table.Catalogue(t.Context(), fixture.Org)
	if err != nil {
		t.Fatal(err)
	}
	for gives, want := range map[string]string{
		portal.Basic: "The catalogue gave keys of the kind authToken when this was asked for, and gives basic now; decline it, and ask anew.",
		"keyless":    "apply_policies: the policy " + fixture.Payments + " gives keys of the kind keyless, which is not granted here.",
	} {
		after, err := portal.NewCatalogue(fixture.Org, before.ID, portal.Object(`{"apis": [{"policy_id": "`+fixture.Payments+`", "auth_type": "`+gives+`"}]}`))
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Table.WriteCatalogue(t.Context(), fixture.Org, before, after.Catalogue); err != nil {
			t.Fatal(err)
		}
		if said := approve(d, fixture.ReviewerCredential, fixture.Pending, ""); said.Status < 400 || said.Message != want {
			t.Errorf("%d %s, want %s", said.Status, said.Message, want)
		}
		if before, err = d.Table.Catalogue(t.Context(), fixture.Org); err != nil {
			t.Fatal(err)
		}
	}
	if boxes := d.Boxes(); len(boxes) != 1 {
		t.Errorf("boxes %v", boxes)
	}
}
