package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"keydesk/infra/desktest"
	"keydesk/infra/fixture"
	"keydesk/infra/tabletest"
	"keydesk/shared/approval"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// say has the function answer a body of the portal's.
func say(t *testing.T, d *desktest.Desk, members map[string]any) desktest.Said {
	t.Helper()
	body, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	return d.Say(function, desktest.Call(fixture.PortalCredential, http.MethodPost, "/api/portal/requests", string(body)))
}

// The desk grants five kinds of key. An entry may name others, and then nobody waits for one in vain.
func TestKindsThatAreNotGranted(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	for document, kind := range map[string]string{
		`"auth_type": "hmac"`: "hmac", `"auth_type": "multiAuth"`: "multiAuth", `"auth_type": "keyless"`: "keyless", `"auth_type": "openid"`: "openid",
		`"auth_type": "custom"`: "custom", `"auth_type": "other"`: "other", `"auth_type": "authToken", "is_keyless": true`: "keyless",
	} {
		before, err := d.Table.Catalogue(t.Context(), fixture.Org)
		if err != nil {
			t.Fatal(err)
		}
		after, err := portal.NewCatalogue(fixture.Org, before.ID, portal.Object(`{"apis": [{"policy_id": "`+fixture.Radio+`", `+document+`}]}`))
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Table.WriteCatalogue(t.Context(), fixture.Org, before, after.Catalogue); err != nil {
			t.Fatal(err)
		}
		said := say(t, d, map[string]any{"by_user": fixture.Ben, "apply_policies": []string{fixture.Radio}})
		if want := "apply_policies: the policy " + fixture.Radio + " gives keys of the kind " + kind + ", which is not granted here."; said.Status != 400 || said.Message != want {
			t.Errorf("%d %s, want %s", said.Status, said.Message, want)
		}
	}
}

func inPEM(kind string, der []byte, err error) string {
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// People send their secrets where a public key, or a certificate, is asked for. They are refused in words that do not quote them,
// and nothing is stored.
func TestSecretsAreNotTaken(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	long, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	encode := func(kind string) func([]byte, error) string {
		return func(der []byte, err error) string { return inPEM(kind, der, err) }
	}
	public := encode("PUBLIC KEY")(x509.MarshalPKIXPublicKey(&ec.PublicKey))
	private := encode("EC PRIVATE KEY")(x509.MarshalECPrivateKey(ec))
	certificate := inPEM("CERTIFICATE", x509Of(t, ec), nil)
	before := tabletest.Items(t, d.Table)
	for name, c := range map[string]struct{ sent, says string }{
		"a shared secret":            {"correct horse battery staple", "a shared secret is not taken"},
		"a shared secret in base64":  {base64.StdEncoding.EncodeToString([]byte("correct horse battery staple")), "a shared secret is not taken"},
		"a private key":              {private, "there is a private key in it"},
		"a private key in base64":    {base64.StdEncoding.EncodeToString([]byte(private)), "there is a private key in it"},
		"a private key of PKCS #8":   {encode("PRIVATE KEY")(x509.MarshalPKCS8PrivateKey(ec)), "there is a private key in it"},
		"a private RSA key":          {inPEM("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(long), nil), "there is a private key in it"},
		"a pair, the public half":    {public + private, "there is a private key in it"},
		"a pair, the private half":   {private + public, "there is a private key in it"},
		"a private key as public":    {encode("PUBLIC KEY")(x509.MarshalECPrivateKey(ec)), "there is a private key in it"},
		"a pair and its certificate": {certificate + private, "there is a private key in it"},
	} {
		for policy, member := range map[string]string{fixture.Parcels: "jwt_secret", fixture.Payments: "jwt_secret", fixture.Clearing: "certificate", fixture.Weather: "certificate"} {
			said := say(t, d, map[string]any{"by_user": fixture.Ben, "apply_policies": []string{policy}, member: c.sent})
			if said.Status != http.StatusBadRequest || !strings.HasPrefix(said.Message, member+": ") || member == "jwt_secret" && !strings.Contains(said.Message, c.says) {
				t.Errorf("%s as %s for %s: %d %.60s", name, member, policy, said.Status, said.Message)
			}
			for line := range strings.Lines(c.sent) {
				if line = strings.TrimSpace(line); !strings.HasPrefix(line, "-----") && strings.Contains(said.Text, line) {
					t.Errorf("%s: the refusal quotes it", name)
				}
			}
		}
	}
	if after := tabletest.Items(t, d.Table); !reflect.DeepEqual(before, after) {
		t.Error("something is stored")
	}
}

// x509Of is a certificate that a key pair signs for itself.
func x509Of(t *testing.T, pair *ecdsa.PrivateKey) []byte {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &pair.PublicKey, pair)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// A public key is stored as PKIX in PEM, however it was sent.
func TestPublicKeyIsStored(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"kind-jwt", "kind-jwt-rsa"} {
		d := desktest.New(t, fixture.Desk)
		r := stored(t, d, desktest.Read(t, requests+name+".json"))
		block, rest := pem.Decode([]byte(r.JWTSecret))
		if block == nil || block.Type != "PUBLIC KEY" || len(rest) > 0 || r.AuthType != portal.JWT || r.Task != table.Decide {
			t.Errorf("%s: stored %q, of the kind %s, to %q", name, r.JWTSecret, r.AuthType, r.Task)
		}
	}
}

// A request to edit a key says which; it takes the places of the policies that it adds, and is due at once where nobody decides.
func TestEdits(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	k, err := d.Table.KeyNamed(t.Context(), fixture.Org, fixture.Ben, fixture.BensKey)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		members map[string]any
		add     []string
		holds   []string
		task    table.Task
	}{
		{map[string]any{"apply_policies": []string{fixture.Payments, fixture.Identity}}, []string{fixture.Payments, fixture.Identity}, []string{fixture.Payments}, ""},
		{map[string]any{"for_plan": fixture.Weather, "remove_policies": []string{fixture.Petstore}}, []string{fixture.Weather}, []string{fixture.Weather}, ""},
	} {
		c.members["by_user"], c.members["key"] = fixture.Ben, k.ID // by its id, as well as by its hash
		said := say(t, d, c.members)
		if said.Status != http.StatusOK {
			t.Fatalf("%d %s", said.Status, said.Message)
		}
		r, err := d.Table.Request(t.Context(), fixture.Org, said.Message)
		if err != nil {
			t.Fatal(err)
		}
		if r.Edits != k.Digest || r.AuthType != portal.AuthToken || r.Task != c.task || !reflect.DeepEqual(r.Holds, c.holds) || !reflect.DeepEqual(r.ApplyPolicies, c.add) {
			t.Errorf("stored %+v", r)
		}
	}
	if after, err := d.Table.IssuedKey(t.Context(), k.Digest); err != nil || !reflect.DeepEqual(after, k) {
		t.Errorf("the key is changed before anybody decides: %+v (%v)", after, err)
	}
	act := approval.Act{Name: "revoked", By: fixture.Clerk(), At: time.Now(), RequestID: "desktest"}
	if err := approval.ChangeKey(t.Context(), d.Table, *k, act, approval.KeyTo(act, table.Revoked)); err != nil {
		t.Fatal(err)
	}
	said := say(t, d, map[string]any{"by_user": fixture.Ben, "key": fixture.BensKey, "apply_policies": []string{fixture.Identity}})
	if said.Status != http.StatusBadRequest || !strings.HasPrefix(said.Message, "key: the developer has no key that is shown as ") {
		t.Errorf("of a revoked key: %d %s", said.Status, said.Message)
	}
}
