package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"keydesk/infra/desktest"
	"keydesk/infra/fixture"
	"keydesk/infra/tabletest"
	"keydesk/shared/portal"
	"keydesk/shared/secret"
	"keydesk/shared/table"
)

// body writes a call's body.
func text(t *testing.T, members map[string]any) string {
	t.Helper()
	b, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// A key of each kind is granted at once and rotated: what was given is in its box, what the table looks it up by is its digest,
// and what of it is secret stands in neither the table nor any other answer.
func TestSecretsStandInTheirBoxesAlone(t *testing.T) {
	t.Parallel()
	for kind, body := range map[string]map[string]any{
		portal.AuthToken: {"apply_policies": []string{fixture.Petstore}},
		portal.Basic:     {"apply_policies": []string{fixture.Ledger}},
		portal.OAuth:     {"apply_policies": []string{fixture.Photos}, "oauth_info": map[string]string{"redirect_uri": "https://app.example.org/"}},
		portal.JWT:       {"apply_policies": []string{fixture.Parcels}, "jwt_secret": fixture.PublicKey()},
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			d := desktest.New(t, fixture.Desk)
			granted := gives(t, d, fixture.PortalCredential, path(fixture.Ada), text(t, body), "")
			older := listed(t, d, fixture.Ada)[0]
			rotated := gives(t, d, fixture.PortalCredential, path(fixture.Ada, older.Key, "rotate"), "", "")
			newer := listed(t, d, fixture.Ada)[0]
			if newer.Key != rotated.Key || newer.AuthType != kind || older.AuthType != kind {
				t.Errorf("the answer names %s; listed are %+v and %+v", rotated.Key, older, newer)
			}
			for _, c := range []struct {
				given given
				key   document
				box   string
			}{{granted, older, older.Request}, {rotated, newer, older.ID}} {
				key := c.given.key(t, kind)
				if key.Shown() != c.key.Key || key.Digest() != stored(t, d, c.key.Key).Digest {
					t.Errorf("what was given is shown as %s, and the key as %s", key.Shown(), c.key.Key)
				}
				inBox, err := d.Issuer.Vault.Open(t.Context(), fixture.Org, c.box, kind)
				if err != nil || inBox.Digest() != key.Digest() {
					t.Errorf("another key lies in the box (%v)", err)
				}
			}
			everything := fmt.Sprint(tabletest.Items(t, d.Table))
			for _, below := range []string{"", "/keys", "/keys/" + older.Key, "/keys/" + newer.Key} {
				everything += call(t, d, fixture.AdminCredential, http.MethodGet, "/api/portal/developers/"+fixture.Ada+below, "", status(below)).Text
			}
			for _, g := range []given{granted, rotated} {
				if strings.Contains(everything, g.secret(kind)) {
					t.Error("a secret stands in the table, or in another answer")
				}
			}
		})
	}
}

// status is the one with which this function answers a GET below a developer; the developer is another's to show.
func status(below string) int {
	if below == "" {
		return http.StatusNotFound
	}
	return http.StatusOK
}

// A rotation gives the key again to whom it was given, for ten minutes, each time with a line of history; to nobody else.
func TestRotationSaidAgain(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	at := path(fixture.Ben, fixture.BensKey, "rotate")
	const grace = `{"grace_seconds": 60}`
	first := gives(t, d, fixture.PortalCredential, at, grace, "again")
	if ends, err := time.Parse(time.RFC3339, first.GraceEnds); err != nil || time.Until(ends) < 55*time.Second || time.Until(ends) > 61*time.Second {
		t.Errorf("the grace ends at %s", first.GraceEnds)
	}
	if again := gives(t, d, fixture.PortalCredential, at, grace, "again"); again != first {
		t.Error("said again, the call is answered another key")
	}
	rotated := d.Rotate(fixture.PortalCredential)
	if again := gives(t, d, rotated, at, grace, "again"); again != first {
		t.Error("said again after its credential was rotated, the call is answered another key")
	}
	refused := func(credential, body, idempotencyKey string) {
		t.Helper()
		said := d.Say(function, keyed(credential, at, body, idempotencyKey))
		var meta struct{ Successor, Remedy string }
		if err := json.Unmarshal(said.Meta, &meta); err != nil || said.Status != http.StatusConflict || said.Message != "The key has been rotated already." {
			t.Errorf("%d %s (%v)", said.Status, said.Message, err)
		}
		if meta.Successor != first.Key || !strings.Contains(meta.Remedy, "rotate the successor") {
			t.Errorf("Meta %s does not say what to do", said.Meta)
		}
	}
	refused(rotated, grace, "")
	refused(rotated, grace, "another")
	refused(rotated, `{"grace_seconds": 61}`, "again")
	refused(fixture.AdminCredential, grace, "again")
	k := stored(t, d, fixture.BensKey)
	if want := []string{"rotated by portal", "delivered again by portal", "delivered again by portal"}; !reflect.DeepEqual(d.History(k.Digest), want) {
		t.Errorf("history %v, want %v", d.History(k.Digest), want)
	}
	tamper(t, d, func(item map[string]types.AttributeValue) bool {
		rotation, is := item["rotation"].(*types.AttributeValueMemberM)
		if is {
			rotation.Value["at"] = &types.AttributeValueMemberS{Value: portal.Timestamp(time.Now().Add(-11 * time.Minute))}
		}
		return is
	})
	refused(rotated, grace, "again")
	if keys := listed(t, d, fixture.Ben); len(keys) != 2 {
		t.Errorf("%d keys", len(keys))
	}
}

// Whoever says a rotation again is not given a successor that was revoked meanwhile. With that ends the older key, if it was good yet.
func TestRevokedSuccessorIsNotGivenAgain(t *testing.T) {
	t.Parallel()
	for grace, status := range map[string]int{"0": http.StatusConflict, "60": http.StatusNotFound} {
		d := desktest.New(t, fixture.Desk)
		at, body := path(fixture.Ben, fixture.BensKey, "rotate"), `{"grace_seconds": `+grace+`}`
		first := gives(t, d, fixture.PortalCredential, at, body, "again")
		call(t, d, fixture.PortalCredential, http.MethodDelete, path(fixture.Ben, first.Key), "", http.StatusOK)
		said := d.Say(function, keyed(fixture.PortalCredential, at, body, "again"))
		if said.Status != status || status == http.StatusConflict && !strings.Contains(string(said.Meta), "ask for a new key") {
			t.Errorf("after a grace of %s s: %d %s %s", grace, said.Status, said.Message, said.Meta)
		}
		if holders := places(t, d, fixture.Ben); len(holders) != 0 {
			t.Errorf("after a grace of %s s the plans are held: %v", grace, holders)
		}
	}
}

// A successor is what the older key was, but for its secret; the older one goes on until its grace ends, and is shown then no more.
func TestSuccessor(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Keys)
	for shown, body := range map[string]map[string]any{
		fixture.FinnsKey:    {"grace_seconds": 0},
		fixture.FinnsClient: {"grace_seconds": 0},
		fixture.FinnsBank:   {"grace_seconds": 0, "certificate": strings.Repeat("5EA1ED00", 8)},
	} {
		before := stored(t, d, shown)
		newer := gives(t, d, fixture.PortalCredential, path(fixture.Finn, shown, "rotate"), text(t, body), "")
		older, successor := stored(t, d, shown), stored(t, d, newer.Key)
		want := following(before, successor, newer)
		if !reflect.DeepEqual(successor, want) || older.Digest == successor.Digest {
			t.Errorf("%s became\n%+v\nwant\n%+v", shown, successor, want)
		}
		if r := older.Rotation; len(older.Holds) != 0 || r == nil || r.Successor != successor.Digest || r.Ends > time.Now().Unix() || r.By != "portal" {
			t.Errorf("%s holds %v and was rotated %+v", shown, older.Holds, r)
		}
		if got := d.History(successor.Digest); len(got) != 0 {
			t.Errorf("the successor has a past: %v", got)
		}
		finn, _, err := d.Table.Developer(t.Context(), fixture.Org, fixture.Finn, 100, "")
		if err != nil {
			t.Fatal(err)
		}
		if all := fmt.Sprint(finn.Keys, finn.OAuthClients); strings.Contains(all, shown) || !strings.Contains(all, newer.Key) {
			t.Errorf("the developer has %s", all)
		}
	}
}

// following is the successor as it should be: what was before, with what every key has for itself.
func following(before, successor table.IssuedKey, given given) table.IssuedKey {
	want := before
	want.ID, want.Digest, want.Shown, want.Created = successor.ID, successor.Digest, given.Key, successor.Created
	want.Revision, want.Attempt = 1, successor.Attempt
	if before.Shown != fixture.FinnsKey { // before which there is one that is good yet
		want.Before = before.Digest
	}
	if before.Client != nil {
		client := *before.Client
		client.ClientID, client.DateCreated, want.Client = given.ClientID, successor.Created, &client
	}
	if before.Certificate != "" {
		want.Certificate = strings.Repeat("5ea1ed00", 8)
	}
	return want
}

// The developer's own key pair stays, unless a rotation brings another.
func TestPublicKeyOfASuccessor(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	first, second := fixture.PublicKey(), fixture.PublicKey()
	const jwk = `{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`
	third, err := portal.PublicKey(secret.New(jwk))
	if err != nil {
		t.Fatal(err)
	}
	gives(t, d, fixture.PortalCredential, path(fixture.Ada), text(t, map[string]any{"apply_policies": []string{fixture.Parcels}, "jwt_secret": first}), "")
	key := listed(t, d, fixture.Ada)[0]
	const atOnce = `{"grace_seconds": 0}`
	for _, c := range []struct{ body, want string }{
		{atOnce, first}, {text(t, map[string]any{"grace_seconds": 0, "jwt_secret": second}), second}, {atOnce, second},
		{`{"grace_seconds": 0, "jwt_secret": ` + jwk + `}`, third},
	} {
		key.Key = gives(t, d, fixture.PortalCredential, path(fixture.Ada, key.Key, "rotate"), c.body, "").Key
		if got := stored(t, d, key.Key).PublicKey; got != c.want {
			t.Errorf("tokens are checked by\n%swant\n%s", got, c.want)
		}
	}
	for sent, words := range map[string]string{
		`[` + jwk + `]`: "a string, or a JWK as an object is expected, not a list.", `5`: "a string, or a JWK as an object is expected, not a number.",
		`{}`: "the JWK cannot be read", `null`: "a string is expected, not null;",
	} {
		said := call(t, d, fixture.PortalCredential, http.MethodPost, path(fixture.Ada, key.Key, "rotate"), `{"jwt_secret": `+sent+`}`, http.StatusBadRequest)
		if !strings.HasPrefix(said.Message, "jwt_secret: "+words) {
			t.Errorf("%s: %s; want %s", sent, said.Message, words)
		}
	}
}

// A certificate that is, or was, a key takes the place of none.
func TestCertificateOfAnotherKey(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Keys)
	next := strings.Repeat("5ea1ed00", 8)
	newer := gives(t, d, fixture.PortalCredential, path(fixture.Finn, fixture.FinnsBank, "rotate"), `{"certificate": "`+next+`"}`, "")
	call(t, d, fixture.PortalCredential, http.MethodDelete, path(fixture.Finn, fixture.FinnsBank), "", http.StatusOK)
	said := call(t, d, fixture.PortalCredential, http.MethodPost, path(fixture.Finn, newer.Key, "rotate"), `{"certificate": "`+fixture.FinnsCertificate+`"}`, http.StatusConflict)
	if said.Message != table.ErrCertificateTaken.Error() {
		t.Error(said.Message)
	}
	if keys := listed(t, d, fixture.Finn); keys[0].Key != newer.Key || keys[0].State != "active" || keys[0].Certificate != next {
		t.Errorf("it became %+v", keys[0])
	}
}
