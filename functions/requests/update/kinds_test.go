package main

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"keydesk/infra/desktest"
	"keydesk/infra/fixture"
	"keydesk/shared/portal"
	"keydesk/shared/secret"
	"keydesk/shared/table"
)

// Two public keys of nobody's.
const (
	before = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEK7tdzioAKkEaR34GDnzahIYZq07z\n" +
		"/nhmWQdQVSXOZarif1umGuBTvTWvFtCgfkqGZWioku11ZgheeZbjBtWQLA==\n-----END PUBLIC KEY-----\n"
	after = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEoq1SQ6H8RUSb2SXv/LzLiCBmAZcH\n" +
		"ORckhmM8JYdVeeG5HfK//ksvMtaQyJPZCq0iJXkGB24OclFUuq/eVP2ptg==\n-----END PUBLIC KEY-----\n"
)

// wish writes down what Ben wishes for, and gives the request's id.
func wish(t *testing.T, d *desktest.Desk, policy string, more portal.RequestInput) string {
	t.Helper()
	return d.Wish(fixture.Wish{Developer: fixture.Ben, Policy: policy, More: more})
}

// put has the function answer the portal's change of a request, and gives the request as it is then.
func put(t *testing.T, d *desktest.Desk, id string, members map[string]any) (desktest.Said, table.Request) {
	t.Helper()
	body, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	said := d.Say(function, desktest.Call(fixture.PortalCredential, http.MethodPut, "/api/portal/requests/"+id, string(body)))
	r, err := d.Table.Request(t.Context(), fixture.Org, id)
	if err != nil {
		t.Fatal(err)
	}
	return said, r
}

// What a kind of key is made of can be sent anew, and not be taken away.
func TestWhatKeysAreMadeOf(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	sent, certificate := portal.SentKey{Value: secret.New(before)}, strings.Repeat("5ea1ed00", 8)
	for policy, c := range map[string]struct {
		asked   portal.RequestInput
		made    func(table.Request) string
		first   string
		better  map[string]any
		second  string
		refused map[string]string // by what was sent
		member  string
	}{
		fixture.Parcels: {
			portal.RequestInput{JWTSecret: &sent}, func(r table.Request) string { return r.JWTSecret }, before,
			map[string]any{"jwt_secret": after}, after,
			map[string]string{
				"":     "jwt_secret is missing; send the public key by which the developer's tokens are checked, in PEM or as a JWK.",
				"hush": "jwt_secret: a shared secret is not taken, and it was not stored; send the developer's public key in PEM or as a JWK, RSA of 2048 bits or more, EC on P-256, P-384 or P-521, or Ed25519.",
			}, "jwt_secret",
		},
		fixture.Clearing: {
			portal.RequestInput{Certificate: &certificate}, func(r table.Request) string { return r.Certificate }, certificate,
			map[string]any{"certificate": strings.Repeat("0b5e55ed", 8)}, strings.Repeat("0b5e55ed", 8),
			map[string]string{
				"":     "certificate: send the SHA-256 fingerprint of the client certificate, 64 hexadecimal digits, or the certificate in PEM.",
				"bank": "certificate: send the SHA-256 fingerprint of the client certificate, 64 hexadecimal digits, or the certificate in PEM.",
			}, "certificate",
		},
	} {
		id := wish(t, d, policy, c.asked)
		if said, r := put(t, d, id, map[string]any{"fields": map[string]string{"a": "b"}}); said.Status != http.StatusOK || c.made(r) != c.first {
			t.Errorf("%s: %d %s, made of %q", policy, said.Status, said.Message, c.made(r))
		}
		for sent, want := range c.refused {
			if said, r := put(t, d, id, map[string]any{c.member: sent}); said.Status != http.StatusBadRequest || said.Message != want || c.made(r) != c.first {
				t.Errorf("%s: %d %s, made of %q", policy, said.Status, said.Message, c.made(r))
			}
		}
		if said, r := put(t, d, id, c.better); said.Status != http.StatusOK || c.made(r) != c.second {
			t.Errorf("%s: %d %s, made of %q, want %q", policy, said.Status, said.Message, c.made(r), c.second)
		}
	}
}

// A request to edit a key stays one for that key. The places of what it adds follow; the kind of key does not change.
func TestEdit(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	key := fixture.BensKey
	id := wish(t, d, fixture.Payments, portal.RequestInput{Key: &key})
	_, first := put(t, d, id, map[string]any{})
	said, r := put(t, d, id, map[string]any{"apply_policies": []string{fixture.Weather}, "remove_policies": []string{fixture.Petstore}, "key": key})
	if said.Status != http.StatusOK || r.Edits != first.Edits || r.Edits == "" || !reflect.DeepEqual(r.ApplyPolicies, []string{fixture.Weather}) ||
		!reflect.DeepEqual(r.RemovePolicies, []string{fixture.Petstore}) || !reflect.DeepEqual(r.Holds, []string{fixture.Weather}) {
		t.Errorf("%d %s, stored %+v", said.Status, said.Message, r)
	}
	for policy, holder := range map[string]string{fixture.Petstore: fixture.Approved, fixture.Payments: "", fixture.Weather: id} {
		if got := d.Holder(fixture.Ben, policy); got != holder {
			t.Errorf("%s is held by %q, want %q", policy, got, holder)
		}
	}
	if said, _ := put(t, d, id, map[string]any{"apply_policies": []string{fixture.Ledger}}); said.Status != http.StatusConflict || !strings.Contains(said.Message, "the request is for a key of the kind authToken") {
		t.Errorf("%d %s", said.Status, said.Message)
	}
	if said, _ := put(t, d, id, map[string]any{"key": strings.Repeat("0", 16)}); said.Status != http.StatusBadRequest || !strings.HasPrefix(said.Message, "key cannot be changed") {
		t.Errorf("%d %s", said.Status, said.Message)
	}
}

// A key that is to be changed may be named again by any of its names, and by no other key's.
func TestNamesOfTheKey(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	shown := fixture.BensKey
	id := wish(t, d, fixture.Weather, portal.RequestInput{Key: &shown})
	keys, _, err := d.Table.KeysOf(t.Context(), fixture.Org, fixture.Ben, "", 1)
	if err != nil {
		t.Fatal(err)
	}
	for name, status := range map[string]int{shown: http.StatusOK, keys[0].ID: http.StatusOK, "5efdbdb749960c0001370000": http.StatusBadRequest} {
		said, r := put(t, d, id, map[string]any{"key": name, "apply_policies": []string{fixture.Weather}})
		if said.Status != status || r.Key != shown {
			t.Errorf("%s: %d %s; the key is %s", name, said.Status, said.Message, r.Key)
		}
	}
}
