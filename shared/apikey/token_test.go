package apikey_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"regexp"
	"testing"

	"keydesk/shared/apikey"
	"keydesk/shared/portal"
	"keydesk/shared/secret"
)

// document is what a token of base64 holds, as encoding/json reads and writes it.
type document struct {
	Org string `json:"org"`
	ID  string `json:"id"`
	H   string `json:"h"`
}

var (
	olderLook = regexp.MustCompile(`\A[0-9a-f]{56}\z`)
	orgLook   = regexp.MustCompile(`\A[0-9a-f]{24}\z`)
	idLook    = regexp.MustCompile(`\A[0-9a-f]{32}\z`)
	hLook     = regexp.MustCompile(`\A(murmur32|murmur64|murmur128|sha256)\z`)
)

// orgOf is the organisation of a token, read without any of this package: a token is what encoding/json reads as one and, printed by it
// again, gives to the byte. It is empty where there is no token.
func orgOf(text string) string {
	if olderLook.MatchString(text) {
		return text[:24]
	}
	var d document
	said, err := base64.StdEncoding.DecodeString(text)
	if err != nil || json.Unmarshal(said, &d) != nil || !orgLook.MatchString(d.Org) || !idLook.MatchString(d.ID) || !hLook.MatchString(d.H) {
		return ""
	}
	printed, err := json.Marshal(d)
	if err != nil || base64Of(string(printed)) != text {
		return ""
	}
	return d.Org
}

// boxOf is the box in which a token lies.
func boxOf(kind, raw string) secret.Value {
	text, _ := json.Marshal(map[string]string{"kind": kind, "raw_key": raw, "form": string(apikey.Base64)}) // texts alone
	return secret.New(string(text))
}

// TestPublishedKeys holds what is said of keys that others have made.
func TestPublishedKeys(t *testing.T) {
	for _, v := range readVectors(t).Keys {
		key, err := apikey.Unseal(orgOf(v.Raw), boxOf(portal.AuthToken, v.Raw))
		if err != nil || key.Raw().Reveal() != v.Raw || key.Digest() != v.Digest || key.Shown() != v.Shown {
			t.Errorf("%s: %v, looked up by %s, want %s; shown by %s, want %s", v.Name, err, key.Digest(), v.Digest, key.Shown(), v.Shown)
		}
		if read, ok := apikey.Read(v.Raw); !ok || hex.EncodeToString(read.Digest[:]) != v.Digest {
			t.Errorf("%s: read, it is looked up by %x, want %s", v.Name, read.Digest, v.Digest)
		}
	}
}

// No malformed token comes out of a box, and no error tells one from another.
func TestMalformedTokens(t *testing.T) {
	refusals := map[string]bool{}
	for name, raw := range readVectors(t).Malformed {
		key, err := apikey.Unseal(org, boxOf(portal.AuthToken, raw))
		if err == nil || !key.IsZero() || !key.Raw().IsZero() || orgOf(raw) != "" {
			t.Errorf("%s: taken for a key, %v", name, err)
			continue
		}
		refusals[err.Error()] = true
	}
	if len(refusals) != 1 {
		t.Errorf("they are told apart: %v", refusals)
	}
}

// documentsOf are what the vectors' tokens hold: all four hashes are among them.
func documentsOf(t testing.TB) []string {
	t.Helper()
	var documents []string
	for _, v := range readVectors(t).Keys {
		if said, err := base64.StdEncoding.DecodeString(v.Raw); err == nil && said[0] == '{' {
			documents = append(documents, string(said))
		}
	}
	if len(documents) != 4 {
		t.Fatalf("%d documents", len(documents))
	}
	return documents
}

// TestDocumentsNearby changes, leaves out and puts in each byte of a token's document.
func TestDocumentsNearby(t *testing.T) {
	taken := 0
	for _, good := range documentsOf(t) {
		read := func(before, changed, after string) {
			if kind, _ := readAsSlowly(t, base64Of(before+changed+after)); kind != "" && before+changed+after != good {
				taken++
			}
		}
		for at := range good {
			read(good[:at], "", good[at+1:])
			for b := range 256 {
				read(good[:at], string([]byte{byte(b)}), good[at+1:])
				read(good[:at], string([]byte{byte(b)}), good[at:])
			}
		}
		for b := range 256 {
			read(good, string([]byte{byte(b)}), "")
		}
	}
	if want := 4 * (24 + 32) * 15; taken != want { // each digit of organisation and id may be another
		t.Errorf("%d documents are taken, want %d", taken, want)
	}
}

// FuzzDocument looks for a document that is read otherwise than encoding/json reads it.
func FuzzDocument(f *testing.F) {
	for _, document := range documentsOf(f) {
		f.Add(document)
	}
	for _, raw := range readVectors(f).Malformed {
		if said, err := base64.StdEncoding.DecodeString(raw); err == nil {
			f.Add(string(said))
		}
	}
	f.Fuzz(func(t *testing.T, document string) { readAsSlowly(t, base64Of(document)) })
}
