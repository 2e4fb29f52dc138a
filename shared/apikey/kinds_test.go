package apikey_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"keydesk/shared/apikey"
	"keydesk/shared/portal"
	"keydesk/shared/secret"
)

// The parts that the documents show: a token's id, which is a client's id too, and the UUID in a client's secret.
const (
	sampleID     = "d47239e128754c0c9148363286b8ed46"
	sampleUUID   = "de89def5304546949ca642f864eb55e3"
	sampleDashed = "ZGU4OWRlZjUtMzA0NS00Njk0LTljYTYtNDJmODY0ZWI1NWUz"
)

// anotherOrg is the documents' older one.
const anotherOrg = "53ac07777cbb8c2d53000002"

var (
	forms = []apikey.Form{apikey.Base64, apikey.Base64Murmur128, apikey.Base64SHA256, apikey.OrgID}
	kinds = []string{portal.AuthToken, portal.JWT, portal.Basic, portal.OAuth} // that are minted
)

// chance is what random bytes are said to be.
func chance(t testing.TB, digits string) io.Reader {
	t.Helper()
	text, err := hex.DecodeString(digits)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.NewReader(text)
}

// lettersOf is the chance that becomes the letters and digits of a text.
func lettersOf(text string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	digits := ""
	for _, c := range text {
		digits += fmt.Sprintf("%02x", strings.IndexRune(alphabet, c))
	}
	return digits
}

// TestKinds mints each kind of key, in each form, from chance that is known, and holds all that it says against the vectors.
func TestKinds(t *testing.T) {
	seen := map[string]bool{}
	for _, v := range readVectors(t).Kinds {
		t.Run(v.Kind+" "+string(v.Form), func(t *testing.T) {
			seen[v.Kind+" "+string(v.Form)] = true
			if v.Kind == portal.MutualTLS {
				v.equals(t, apikey.OfCertificate(org, v.Name, v.Form))
				return
			}
			random := map[string]string{
				portal.AuthToken: sampleID, portal.JWT: sampleID, portal.OAuth: sampleID + sampleUUID, portal.Basic: lettersOf(v.Name + v.Raw),
			}[v.Kind]
			rest := chance(t, random+"ff").(*bytes.Reader)
			key, err := apikey.Mint(rest, org, v.Kind, v.Form)
			if err != nil {
				t.Fatal(err)
			}
			if rest.Len() != 1 {
				t.Errorf("%d bytes of chance are left of 1", rest.Len())
			}
			v.equals(t, key)
			box, err := key.Seal()
			if err != nil {
				t.Fatal(err)
			}
			again, err := apikey.Unseal(org, box)
			if err != nil {
				t.Fatal(err)
			}
			v.equals(t, again)
			if twice, err := again.Seal(); err != nil || twice.Reveal() != box.Reveal() {
				t.Errorf("sealed again it is another: %v", err)
			}
		})
	}
	if want := (len(kinds) + 1) * len(forms); len(seen) != want {
		t.Errorf("vectors of %d kinds and forms, want %d", len(seen), want)
	}
}

// equals holds that a key is the vector's.
func (v kindVector) equals(t *testing.T, key apikey.Key) {
	t.Helper()
	for what, c := range map[string][2]string{
		"Kind": {key.Kind(), v.Kind}, "Name": {key.Name(), v.Name}, "Raw": {key.Raw().Reveal(), v.Raw},
		"Digest": {key.Digest(), v.Digest}, "Shown": {key.Shown(), v.Shown},
	} {
		if c[0] != c[1] {
			t.Errorf("%s = %s, want %s", what, c[0], c[1])
		}
	}
	if key.IsZero() {
		t.Error("it is said to be no key")
	}
}

// Every letter comes of as many bytes of chance as any other: those that would favour some are thrown away.
func TestLettersAreFair(t *testing.T) {
	var all []byte
	for b := range 256 {
		all = append(all, byte(b))
	}
	random := bytes.NewReader(bytes.Repeat(all, 34)) // 248 of each 256 count, so that 248 keys of 34 letters come of it
	counts := map[rune]int{}
	for range 248 {
		key, err := apikey.Mint(random, org, portal.Basic, apikey.Base64)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range key.Name() + key.Raw().Reveal() {
			counts[c]++
		}
	}
	if len(counts) != 62 {
		t.Errorf("%d letters", len(counts))
	}
	for c, n := range counts {
		if n != 34*4 {
			t.Errorf("%c came %d times, want %d", c, n, 34*4)
		}
	}
	if _, err := apikey.Mint(random, org, portal.Basic, apikey.Base64); err == nil {
		t.Error("chance is left over: bytes were thrown away that need not be, or taken twice")
	}
}

// TestTooLittleChance ends the chance at every byte of what a kind takes.
func TestTooLittleChance(t *testing.T) {
	broken := errors.New("no entropy")
	for kind, takes := range map[string]int{portal.AuthToken: 16, portal.JWT: 16, portal.OAuth: 32, portal.Basic: 34} {
		for n := range takes {
			random := io.MultiReader(bytes.NewReader(make([]byte, n)), iotest.ErrReader(broken))
			if key, err := apikey.Mint(random, org, kind, apikey.Base64); !errors.Is(err, broken) || !key.IsZero() || !key.Raw().IsZero() {
				t.Errorf("%s of %d bytes: %v, a key %t", kind, n, err, !key.IsZero())
			}
		}
		if _, err := apikey.Mint(bytes.NewReader(make([]byte, takes)), org, kind, apikey.Base64); err != nil {
			t.Errorf("%s of %d bytes: %v", kind, takes, err)
		}
	}
}

func TestNoneIsMinted(t *testing.T) {
	for _, kind := range []string{"", portal.MutualTLS, "hmac", "keyless", "multiAuth", "openid", "AuthToken"} {
		key, err := apikey.Mint(bytes.NewReader(make([]byte, 64)), org, kind, apikey.Base64)
		if err == nil || !strings.Contains(err.Error(), "none can be made of the kind") || !key.IsZero() {
			t.Errorf("%q: %v, a key %t", kind, err, !key.IsZero())
		}
	}
}

// What opens one thing opens no other: each kind is looked up in a place of its own.
func TestPlacesAreApart(t *testing.T) {
	vectors := readVectors(t).Kinds
	kid := vectors[0].Raw
	if d := apikey.KidDigest(kid); hex.EncodeToString(d[:]) != digestOf(t, vectors, portal.JWT) || hex.EncodeToString(d[:]) == digestOf(t, vectors, portal.AuthToken) {
		t.Errorf("a key id is looked up by %x", d)
	}
	if p, ok := apikey.Read(kid); !ok || hex.EncodeToString(p.Digest[:]) == digestOf(t, vectors, portal.JWT) {
		t.Error("a key id that is presented as a token opens what its tokens open")
	}
	fingerprint := strings.Repeat("0f", 32)
	here, there := apikey.CertificateDigest(org, fingerprint), apikey.CertificateDigest(anotherOrg, fingerprint)
	if here == there {
		t.Error("a certificate is the same key in two organisations")
	}
	for _, form := range forms {
		if key := apikey.OfCertificate(org, fingerprint, form); key.Digest() != hex.EncodeToString(here[:]) {
			t.Errorf("%s: a certificate's key is looked up by %s, and was put at %x", form, key.Digest(), here)
		}
	}
}

// digestOf is what the vectors say that a kind is looked up by, in the first form.
func digestOf(t *testing.T, vectors []kindVector, kind string) string {
	t.Helper()
	for _, v := range vectors {
		if v.Kind == kind {
			return v.Digest
		}
	}
	t.Fatalf("no vector of %s", kind)
	return ""
}

// TestBoxesThatHoldNoKey spoils boxes in one way each. None is taken for a key, and no error quotes it.
func TestBoxesThatHoldNoKey(t *testing.T) {
	for name, box := range map[string]string{
		"nothing":                      "",
		"no JSON":                      "almost-a-key",
		"no kind":                      spoilt(t, portal.AuthToken, portal.AuthToken, ""),
		"a kind that nobody knows":     spoilt(t, portal.AuthToken, portal.AuthToken, "hmac"),
		"a certificate":                spoilt(t, portal.AuthToken, portal.AuthToken, portal.MutualTLS),
		"a token said to be basic":     spoilt(t, portal.AuthToken, portal.AuthToken, portal.Basic),
		"a pair said to be oauth":      spoilt(t, portal.Basic, portal.Basic, portal.OAuth),
		"a client said to be jwt":      spoilt(t, portal.OAuth, portal.OAuth, portal.JWT),
		"a letter short of a name":     spoilt(t, portal.Basic, `"AAAAAAAAAA"`, `"AAAAAAAAA"`),
		"a colon in a name":            spoilt(t, portal.Basic, `"AAAAAAAAAA"`, `"AAAA:AAAAA"`),
		"a letter short of a password": spoilt(t, portal.Basic, strings.Repeat("A", 24), strings.Repeat("A", 23)),
		"a secret without a dash":      spoilt(t, portal.OAuth, "MDAwMDAwMDAt", "MDAwMDAwMDAw"),
	} {
		key, err := apikey.Unseal(org, secret.New(box))
		if err == nil || !key.IsZero() || !key.Raw().IsZero() {
			t.Errorf("%s: taken for a key, %v", name, err)
		}
		if err != nil && (strings.Contains(err.Error(), "almost") || strings.Contains(err.Error(), "AAAA")) {
			t.Errorf("%s: the error quotes the box: %v", name, err)
		}
	}
	for _, kind := range []string{portal.AuthToken, portal.JWT} {
		if key, err := apikey.Unseal(anotherOrg, secret.New(spoilt(t, kind, "", ""))); err == nil || !key.IsZero() {
			t.Errorf("%s: another organisation's key is taken, %v", kind, err)
		}
	}
}

// spoilt is the box of a key that came of no chance at all, with a part of it replaced.
func spoilt(t *testing.T, kind, part, by string) string {
	t.Helper()
	key, err := apikey.Mint(bytes.NewReader(make([]byte, 64)), org, kind, apikey.Base64)
	if err != nil {
		t.Fatal(err)
	}
	box, err := key.Seal()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(box.Reveal(), part) {
		t.Errorf("the box of %s does not hold what is to be replaced", kind)
	}
	return strings.Replace(box.Reveal(), part, by, 1)
}
