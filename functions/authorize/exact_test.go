package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/golang-jwt/jwt/v5"
)

// What is asked counts by its exact names: a member in another letter case is another member.
func TestQuestionsHaveExactNames(t *testing.T) {
	d := open(t)
	token, _ := d.token()
	for sent, want := range map[string]reason{
		`{"key": %[1]q, "org": %[2]q, "Org": %[3]q}`:            good,
		`{"Org": %[2]q, "key": %[1]q, "org": %[3]q}`:            wrongOrganisation,
		`{"key": %[1]q, "ORG": %[3]q}`:                          good, // and says nothing of whose it has to be
		`{"Key": %[1]q, "org": %[2]q}`:                          missing,
		`{"\u006bey": %[1]q, "org": %[2]q, "x": {"key": 1}}`:    good,
		`{"key": %[1]q, "org": %[2]q, "Version": 2, "TYPE": 1}`: good,
		`{"key": %[1]q, "org": %[2]q, "type": null}`:            good,
	} {
		d.want(want, d.plainly(json.RawMessage(fmt.Sprintf(sent, token, org, otherOrg))))
	}
	for sent, want := range map[string]reason{
		`{"version": "2.0", "type": "REQUEST", "headers": {"authorization": %q}, "stageVariables": {"keydesk_org": %q, "KEYDESK_ORG": %q}}`:        good,
		`{"version": "2.0", "type": "REQUEST", "headers": {"authorization": %q}, "Headers": {}, "org": %q, "StageVariables": {"keydesk_org": %q}}`: noOrganisation,
	} {
		d := d.in(t)
		d.org = ""
		d.want(want, d.ask(json.RawMessage(fmt.Sprintf(sent, token, org, otherOrg))))
	}
}

// A question that says one thing twice is not understood.
func TestQuestionsSayNothingTwice(t *testing.T) {
	d := open(t)
	token, _ := d.token()
	for _, sent := range []string{
		`{"key": %[1]q, "org": %[3]q, "org": %[2]q}`,
		`{"key": "", "key": %[1]q, "org": %[2]q}`,
		`{"key": %[1]q, "org": %[2]q, "x": [{"a": 1, "a": 1}]}`,
		`{"version": "2.0", "type": "REQUEST", "headers": {"authorization": %[1]q, "authorization": ""}, "stageVariables": {"keydesk_org": %[2]q, "x": %[3]q}}`,
		`{"key": %[1]q, "org": %[2]q} {"x": %[3]q}`,
		`{"key": %[1]q, "org": [%[2]q, %[3]q]}`,
		`{"key": [%[1]q], "org": %[2]q, "x": %[3]q}`,
	} {
		if text, err := d.Invoke(t.Context(), fmt.Appendf(nil, sent, token, org, otherOrg)); err == nil {
			t.Errorf("%s: %s", sent, text)
		}
	}
}

// A token says everything once, and by exact names.
func TestJWTSaysNothingTwice(t *testing.T) {
	s, exp := newSigner(t), noon.Unix()+3600
	token := func(header, claims string) string {
		text := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(claims))
		signature, err := jwt.SigningMethodRS256.Sign(text, pairs()["RSA"])
		if err != nil {
			t.Fatal(err)
		}
		return text + "." + base64.RawURLEncoding.EncodeToString(signature)
	}
	header := fmt.Sprintf(`{"alg": "RS256", "kid": %q}`, s.kid)
	s.want(map[string]string{
		"as it should be":                 token(header, fmt.Sprintf(`{"exp": %d}`, exp)),
		"another end in capitals":         token(header, fmt.Sprintf(`{"exp": %d, "Exp": 1, "EXP": 1}`, exp)),
		"another algorithm in capitals":   token(fmt.Sprintf(`{"alg": "RS256", "ALG": "none", "kid": %q, "Kid": "x"}`, s.kid), fmt.Sprintf(`{"exp": %d}`, exp)),
		"an inner claim of the same name": token(header, fmt.Sprintf(`{"exp": %d, "x": {"exp": 1}}`, exp)),
	}, good)
	s.want(map[string]string{
		"two ends":                 token(header, fmt.Sprintf(`{"exp": 1, "exp": %d}`, exp)),
		"two ends, one escaped":    token(header, fmt.Sprintf(`{"e\u0078p": 1, "exp": %d}`, exp)),
		"two keys":                 token(fmt.Sprintf(`{"alg": "RS256", "kid": "x", "kid": %q}`, s.kid), fmt.Sprintf(`{"exp": %d}`, exp)),
		"two algorithms":           token(fmt.Sprintf(`{"alg": "none", "alg": "RS256", "kid": %q}`, s.kid), fmt.Sprintf(`{"exp": %d}`, exp)),
		"two of what is not read":  token(header, fmt.Sprintf(`{"exp": %d, "x": {"a": 1, "a": 2}}`, exp)),
		"an end in capitals alone": token(header, fmt.Sprintf(`{"EXP": %d}`, exp)),
	}, tokenInvalid)
}
