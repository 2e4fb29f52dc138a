package apikey_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"

	"keydesk/shared/apikey"
	"keydesk/shared/portal"
)

const org = "5e9d9544a1dcd60001d0ed20"

// vectors are keys as the four documents show them and hashes as Tyk's own library computes them; those which nobody
// published come from a second implementation.
type vectors struct {
	Keys []struct {
		Name, Raw, Digest, Shown string
	}
	Kinds     []kindVector
	Malformed map[string]string
}

// kindVector is a key of one kind and form, with all that it says.
type kindVector struct {
	Kind                     string
	Form                     apikey.Form
	Name, Raw, Digest, Shown string
}

func readVectors(t testing.TB) vectors {
	t.Helper()
	text, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	if len(v.Keys) == 0 || len(v.Kinds) == 0 || len(v.Malformed) == 0 {
		t.Fatal("testdata/vectors.json holds no vectors")
	}
	return v
}

// The id of the documents' key is a UUIDv4: as chance it must give that very key.
func TestMintGivesTheDocumentsKeys(t *testing.T) {
	id, err := hex.DecodeString("d47239e128754c0c9148363286b8ed46")
	if err != nil {
		t.Fatal(err)
	}
	for form, want := range map[apikey.Form]string{
		apikey.Base64: readVectors(t).Keys[0].Raw,
		apikey.OrgID:  org + "d47239e128754c0c9148363286b8ed46",
	} {
		key, err := apikey.Mint(bytes.NewReader(id), org, portal.AuthToken, form)
		if err != nil {
			t.Fatal(err)
		}
		if got := key.Raw().Reveal(); got != want {
			t.Errorf("%s: %s, want %s", form, got, want)
		}
	}
}

func TestMint(t *testing.T) {
	const uuid = `[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}`
	forms := map[apikey.Form]*regexp.Regexp{
		apikey.Base64:          regexp.MustCompile(`^\{"org":"` + org + `","id":"` + uuid + `","h":"murmur64"\}$`),
		apikey.Base64Murmur128: regexp.MustCompile(`^\{"org":"` + org + `","id":"` + uuid + `","h":"murmur128"\}$`),
		apikey.Base64SHA256:    regexp.MustCompile(`^\{"org":"` + org + `","id":"` + uuid + `","h":"sha256"\}$`),
		apikey.OrgID:           regexp.MustCompile(`^` + org + uuid + `$`),
	}
	for form, pattern := range forms {
		seen := map[string]bool{}
		for range 10_000 {
			minted, err := apikey.Mint(rand.Reader, org, portal.AuthToken, form)
			if err != nil {
				t.Fatal(err)
			}
			text := []byte(minted.Raw().Reveal())
			if form != apikey.OrgID {
				text, err = base64.StdEncoding.DecodeString(string(text))
			}
			if err != nil || !pattern.Match(text) {
				t.Fatalf("%s: minted %s (%v), want %s", form, text, err, pattern)
			}
			read, ok := apikey.Read(minted.Raw().Reveal())
			if !ok || hex.EncodeToString(read.Digest[:]) != minted.Digest() || !read.MayBeOf(org) || read.MayBeOf(anotherOrg) {
				t.Fatalf("%s: minted %+v, read %+v", form, minted, read)
			}
			if seen[minted.Digest()] {
				t.Fatalf("%s: minted twice", form)
			}
			seen[minted.Digest()] = true
		}
	}
}

func TestMintRefuses(t *testing.T) {
	broken := errors.New("no entropy")
	for _, c := range []struct {
		name, org, want string
		form            apikey.Form
		random          []byte
	}{
		{name: "no organisation", org: "", form: apikey.Base64, want: `organisation's id ""`},
		{name: "organisation too short", org: org[1:], form: apikey.OrgID, want: "24 lower-case hexadecimal digits"},
		{name: "organisation in upper case", org: strings.ToUpper(org), form: apikey.OrgID, want: "24 lower-case"},
		{name: "organisation that closes the quotes", org: `","id":"00000000","h":"x`, form: apikey.Base64, want: "24 lower-case"},
		{name: "unknown form", org: org, form: "jwt", random: make([]byte, 16), want: `unknown form "jwt"`},
		{name: "no chance", org: org, form: apikey.Base64, want: "read 16 random bytes: no entropy"},
		{name: "too little chance", org: org, form: apikey.Base64, random: make([]byte, 15), want: "read 16 random bytes: no entropy"},
	} {
		t.Run(c.name, func(t *testing.T) {
			random := io.MultiReader(bytes.NewReader(c.random), iotest.ErrReader(broken))
			key, err := apikey.Mint(random, c.org, portal.AuthToken, c.form)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one that says %q", err, c.want)
			}
			if !key.Raw().IsZero() {
				t.Error("refused, and yet there is a key")
			}
		})
	}
}

func TestParseForm(t *testing.T) {
	for _, form := range forms {
		if got, err := apikey.ParseForm(string(form)); got != form || err != nil {
			t.Errorf("ParseForm(%q) = %q, %v", form, got, err)
		}
	}
	for _, s := range []string{"", "Base64", "orgid"} {
		if _, err := apikey.ParseForm(s); err == nil || !strings.Contains(err.Error(), "want base64, base64-murmur128") {
			t.Errorf("ParseForm(%q): error %v does not say what it wants", s, err)
		}
	}
}

func TestPrintedKeyHidesIt(t *testing.T) {
	raw := readVectors(t).Keys[0].Raw
	key, err := apikey.Unseal(org, boxOf(portal.AuthToken, raw))
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
		text := fmt.Sprintf(verb, key)
		if strings.Contains(text, raw) || strings.Contains(text, hex.EncodeToString([]byte(raw))) {
			t.Errorf("printed with %s: %s", verb, text)
		}
	}
	if text, err := json.Marshal([]any{key}); err != nil || string(text) != "[{}]" {
		t.Errorf("JSON: %s, %v", text, err)
	}
}

func BenchmarkMint(b *testing.B) {
	for _, form := range []apikey.Form{apikey.Base64, apikey.OrgID} {
		b.Run(string(form), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := apikey.Mint(rand.Reader, org, portal.AuthToken, form); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkRead(b *testing.B) {
	for _, v := range readVectors(b).Keys[:2] {
		b.Run(v.Name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, ok := apikey.Read(v.Raw); !ok {
					b.Fatal("refused")
				}
			}
		})
	}
}
