package view_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"keydesk/infra/fixture"
	"keydesk/shared/apikey"
	"keydesk/shared/approval"
	"keydesk/shared/portal"
	"keydesk/shared/table"
	"keydesk/shared/view"
)

// keyOf is a key of a kind that came of no chance at all.
func keyOf(t *testing.T, kind string) apikey.Key {
	t.Helper()
	if kind == portal.MutualTLS {
		sum := sha256.Sum256(nil)
		return apikey.OfCertificate(fixture.Org, hex.EncodeToString(sum[:]), apikey.Base64)
	}
	key, err := apikey.Mint(bytes.NewReader(make([]byte, 64)), fixture.Org, kind, apikey.Base64)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// documents are what each kind of key is answered as, to the byte.
func documents(t *testing.T) map[string]string {
	t.Helper()
	token, user, client := keyOf(t, portal.AuthToken), keyOf(t, portal.Basic), keyOf(t, portal.OAuth)
	return map[string]string{
		portal.AuthToken: fmt.Sprintf(`"RawKey":%q,"Password":""`, token.Raw().Reveal()),
		portal.JWT:       fmt.Sprintf(`"RawKey":%q,"Password":""`, token.Raw().Reveal()),
		portal.Basic:     fmt.Sprintf(`"RawKey":%q,"Password":%q`, user.Name(), user.Raw().Reveal()),
		portal.OAuth:     fmt.Sprintf(`"client_id":%q,"secret":%q,"policy_id":"p","redirect_uri":"https://a.example"`, client.Name(), client.Raw().Reveal()),
		portal.MutualTLS: fmt.Sprintf(`"RawKey":%q,"Password":""`, keyOf(t, portal.MutualTLS).Name()),
	}
}

// answered is a document as it goes on the wire.
func answered(t *testing.T, g view.Granted) string {
	t.Helper()
	text, err := json.Marshal(g)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestApproved(t *testing.T) {
	for kind, want := range documents(t) {
		r := table.Request{AuthType: kind, Request: portal.Request{ForPlan: "p", ApplyPolicies: []string{"p"}, OAuthInfo: &portal.OAuthInfo{RedirectURI: "https://a.example"}}}
		if got := answered(t, view.Approved(approval.Grant{Key: keyOf(t, kind), Request: r})); got != "{"+want+"}" {
			t.Errorf("%s: %s, want {%s}", kind, got, want)
		}
	}
	for kind, want := range map[string]string{ // that the developer is to claim
		portal.AuthToken: `{"RawKey":"","Password":""}`, portal.Basic: `{"RawKey":"","Password":""}`, portal.JWT: `{"RawKey":"","Password":""}`,
		portal.OAuth: `{"client_id":"","secret":"","policy_id":"p","redirect_uri":""}`,
	} {
		r := table.Request{AuthType: kind, Request: portal.Request{ForPlan: "p"}}
		if got := answered(t, view.Approved(approval.Grant{Request: r})); got != want {
			t.Errorf("%s to claim: %s, want %s", kind, got, want)
		}
	}
	edited := approval.Grant{Edited: &table.IssuedKey{Shown: "cac572e018c60de0", Policies: []string{"a", "b"}, AuthType: portal.Basic}}
	if got := answered(t, view.Approved(edited)); got != `{"RawKey":"","Password":"","key":"cac572e018c60de0","apply_policies":["a","b"]}` {
		t.Errorf("a change of a key: %s", got)
	}
}

func TestRotated(t *testing.T) {
	ends := time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)
	for kind, want := range documents(t) {
		key := keyOf(t, kind)
		r := approval.Rotated{
			Key: key, Older: table.IssuedKey{Rotation: &table.Rotation{Ends: ends.Unix()}},
			Newer: table.IssuedKey{Shown: key.Shown(), AuthType: kind, Policies: []string{"p"}},
		}
		if kind == portal.OAuth {
			r.Newer.Client = &portal.Client{RedirectURI: "https://a.example"}
		}
		want = "{" + want + `,"key":"` + key.Shown() + `","grace_ends":"2026-11-23T06:00:00.000Z"}`
		if got := answered(t, view.Rotated(r)); got != want {
			t.Errorf("%s: %s, want %s", kind, got, want)
		}
	}
}
