package portal_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"keydesk/shared/portal"
)

// asking makes a request whose body has a jwt_secret, as JSON.
func asking(t *testing.T, sent string) (portal.Request, error) {
	t.Helper()
	var in portal.RequestInput
	if err := portal.Unmarshal([]byte(`{"by_user": "`+developer+`", "for_plan": "p", "jwt_secret": `+sent+`}`), &in); err != nil {
		return portal.Request{}, err
	}
	return portal.NewRequest(org, &in, time.Now())
}

// TestJWKObject sends JWKs as the JSON objects that they are. Each is read as its text is.
func TestJWKObject(t *testing.T) {
	for _, jwk := range []string{
		rfcRSA, rfcEdwards, setOf(rfcEdwards), setOf(rfcEC, rfcRSA), "{\n  " + strings.TrimPrefix(rfcRSA, "{"), with(rfcRSA, `"x5c": ["a", {"b": []}]`),
	} {
		text, err := json.Marshal(jwk)
		if err != nil {
			t.Fatal(err)
		}
		object, err := asking(t, jwk)
		same, textErr := asking(t, string(text))
		if err != nil || textErr != nil || object.JWTSecret == "" || object.JWTSecret != same.JWTSecret {
			t.Errorf("%.60s: %v, %v; kept %q, as a text %q", jwk, err, textErr, object.JWTSecret, same.JWTSecret)
		}
	}
	if r, err := asking(t, `""`); err != nil || r.JWTSecret != "" {
		t.Errorf("an empty text: %v, kept %q", err, r.JWTSecret)
	}
}

// TestNoJWKObject sends objects that are no public key, or are more than that. The words are those of a text, and quote nothing.
func TestNoJWKObject(t *testing.T) {
	for _, jwk := range []string{
		`{}`, rfcPrivate, rfcOct, setOf(rfcRSA, rfcOct), setOf(rfcRSA, rfcEdwards), setOf(), `{"keys": {}}`, `{"keys": [5]}`,
		strings.Replace(rfcRSA, `"kty"`, `"Kty"`, 1), strings.Replace(rfcRSA, `"e"`, `"E"`, 1), `{"Keys": [` + rfcRSA + `]}`, with(rfcRSA, `"keys": []`),
		with(rfcRSA, `"D": "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"`), strings.Replace(rfcRSA, `"AQAB"`, `65537`, 1),
		with(rfcRSA, `"x": "`+strings.Repeat("x", 16<<10)+`"`), with(rfcEdwards, `"use": "enc"`), `{"jwks_uri": "https://id.example/jwks"}`,
	} {
		text, err := json.Marshal(jwk)
		if err != nil {
			t.Fatal(err)
		}
		_, err = asking(t, jwk)
		_, textErr := asking(t, string(text))
		refused(t, jwk[:min(60, len(jwk))], err, portal.Invalid, "jwt_secret")
		if fmt.Sprint(err) != fmt.Sprint(textErr) || strings.Contains(fmt.Sprint(err), "870MB6gfuTJ4") {
			t.Errorf("%.60s: %v\nas a text: %v", jwk, err, textErr)
		}
	}
	for body, words := range map[string]string{
		strings.Replace(rfcRSA, `"e":`, `"n": "AQAB", "e":`, 1):             "the member stands there twice",
		`{"kty": {"kty": {}, "kty": {}}}`:                                   "the member stands there twice",
		strings.Repeat(`{"a":`, 10_001) + "1" + strings.Repeat("}", 10_001): "malformed",
	} {
		if _, err := asking(t, body); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%.60s: %v; want %s", body, err, words)
		}
	}
	_, err := asking(t, "null")
	refused(t, "null", err, portal.Invalid, "jwt_secret: a string is expected, not null;")
	for _, wrong := range []string{`[` + rfcRSA + `]`, `5`, `true`} {
		var in portal.RequestInput
		err := portal.Unmarshal([]byte(`{"jwt_secret": `+wrong+`}`), &in)
		if err == nil || strings.Contains(err.Error(), base64.RawURLEncoding.EncodeToString([]byte("0vx7"))) || in.JWTSecret != nil && !in.JWTSecret.IsZero() {
			t.Errorf("%.40s: %v", wrong, err)
		}
	}
}
