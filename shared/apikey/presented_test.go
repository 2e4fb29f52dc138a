package apikey_test

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"keydesk/shared/apikey"
	"keydesk/shared/portal"
)

// Pairs and a token as clients send them.
const (
	userPair   = "ffeLySpZR5:XJSm3gZIeDdkffeLySpZR5XJ"
	clientPair = sampleID + ":" + sampleDashed
	aJWT       = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsifQ.eyJleHAiOjE3MDAwMDAwMDB9.c2lnbmF0dXJl-_"
)

// longestJWT is what API Gateway lets through in all headers together.
const longestJWT = 10 << 10

func base64Of(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

func TestRead(t *testing.T) {
	token, older := readVectors(t).Keys[0].Raw, readVectors(t).Keys[1].Raw
	for header, want := range map[string]struct{ kind, lookedUpBy string }{
		token:               {portal.AuthToken, token},
		older:               {portal.AuthToken, older},
		"  " + older + "\t": {portal.AuthToken, older},
		"Bearer " + token:   {portal.AuthToken, token},
		"bearer   " + older: {portal.AuthToken, older},
		"BEARER " + aJWT:    {portal.JWT, aJWT},
		aJWT:                {portal.JWT, aJWT},
		"eyJ.a.b":           {portal.JWT, "eyJ.a.b"},
		"ey" + strings.Repeat("a", longestJWT-6) + ".b.c": {portal.JWT, "ey" + strings.Repeat("a", longestJWT-6) + ".b.c"},
		"Basic " + base64Of(userPair):                     {portal.Basic, userPair},
		"bAsIc  " + base64Of(userPair) + " ":              {portal.Basic, userPair},
		"Basic " + base64Of(clientPair):                   {portal.OAuth, clientPair},
	} {
		p, ok := apikey.Read(header)
		if !ok || p.Kind != want.kind || p.Digest != sha256.Sum256([]byte(want.lookedUpBy)) {
			t.Errorf("%.80q: %t, %s, looked up by %x", header, ok, p.Kind, p.Digest)
		}
	}
	for _, header := range malformed(t) {
		if p, ok := apikey.Read(header); ok || p != (apikey.Presented{}) {
			t.Errorf("%.80q is taken for %s", header, p.Kind)
		}
	}
}

// malformed is what cannot be a key, however it is presented.
func malformed(t testing.TB) []string {
	t.Helper()
	v := readVectors(t)
	token, older, short := v.Keys[0].Raw, v.Keys[1].Raw, v.Keys[5].Raw // of sha256, so that four line ends would fit
	user, client := base64Of(userPair), base64Of(clientPair)
	none := []string{
		"Bearer", "Bearer ", "Basic", "Basic ", "Basic  ", "Bearer " + "Bearer " + older, "Basic " + "Basic " + user, "Bearer" + older,
		short[:8] + "\r\n\r\n" + short[8:], "Bearer\t" + older, "Token " + older, older + " " + older, token + ", " + token, token + token,
		"Basic " + token, "Basic " + older, "Basic " + aJWT, "Bearer " + user, "Bearer " + client, user, client,
		"\u00a0" + older, older + "\n", "\v" + token, "Bearer \u3000" + older, "Basic " + user + "\n", // white space, but not a header's
		"Basic " + userPair, "Basic " + user[1:], "Basic " + user + "=", "Basic " + user[:8] + "\n" + user[8:], "Basic " + user[:8] + "\n\n\n\n" + user[8:],
		"Basic " + client + "\n====", "Basic " + strings.TrimRight(user, "="), "Basic " + loosened(user), "Basic " + base64Of(userPair+"\n"), "Basic " + base64Of("\n"+userPair),
		"Basic " + strings.NewReplacer("+", "-", "/", "_").Replace(base64Of("????????>>:"+userPair[11:])), // the URL's alphabet
	}
	for _, pair := range []string{
		"", ":", "::", userPair[1:], userPair[:len(userPair)-1], userPair + "A", userPair + ":", ":" + userPair, "A" + userPair,
		strings.Replace(userPair, ":", "", 1), strings.Replace(userPair, ":", "A", 1), strings.Replace(userPair, "f", "-", 1), strings.Replace(userPair, "X", "é", 1),
		clientPair[1:], clientPair + "A", clientPair[:len(clientPair)-1], strings.ToUpper(sampleID) + ":" + sampleDashed,
		sampleID + ":" + base64Of("de89def5-3045-4694-9ca6-42f864eb55eg"), sampleID + ":" + base64Of("DE89DEF5-3045-4694-9CA6-42F864EB55E3"),
		sampleID + ":" + base64Of("de89def5x3045-4694-9ca6-42f864eb55e3"), sampleID + ":" + base64Of(sampleUUID),
		sampleID + ":" + userPair[11:], userPair[:10] + ":" + sampleDashed, userPair + "\x00", strings.Repeat("A", 1<<20),
	} {
		none = append(none, "Basic "+base64Of(pair))
	}
	for _, jwt := range []string{
		"ey", "ey.", "ey..", "ey.a.", "ey..a", "eyJ.a", "eyJ.a.b.c", ".ey.a.b", "ey.a.b.", "eyJ.a.b=", "eyJ.a+.b", "eyJ.a/.b", "eyJ.é.b", "eyJ.a .b",
		"Ey.a.b", "xeyJ.a.b", "ey" + strings.Repeat("a", longestJWT-5) + ".b.c", strings.Repeat("ey.a.b", 1<<18),
	} {
		none = append(none, jwt, "Bearer "+jwt)
	}
	for name, raw := range v.Malformed {
		if name != "a scheme before" && name != "a space after" { // these are the header's
			none = append(none, raw, "Bearer "+raw)
		}
	}
	return none
}

// loosened is another spelling of the same base64: the bits that stand for nothing are set.
func loosened(text string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	last := strings.TrimRight(text, "=")
	next := alphabet[strings.IndexByte(alphabet, last[len(last)-1])+1]
	return last[:len(last)-1] + string(next) + text[len(last):]
}

// What malformed has for another spelling of a pair is one indeed: a reader that is less strict takes it.
func TestLoosened(t *testing.T) {
	user := base64Of(userPair)
	if text, err := base64.StdEncoding.DecodeString(loosened(user)); err != nil || string(text) != userPair || loosened(user) == user {
		t.Errorf("%s, %v", text, err)
	}
}

// TestOneByteChanged changes each byte of a good header into every other one: what is still taken is so by right, and is another key.
func TestOneByteChanged(t *testing.T) {
	headers := []string{aJWT, "Basic " + base64Of(userPair), "Basic " + base64Of(clientPair)}
	for _, v := range readVectors(t).Keys {
		headers = append(headers, v.Raw)
	}
	for _, header := range headers {
		_, good := readAsSlowly(t, header)
		if good == "" {
			t.Fatalf("%s is refused", header)
		}
		scheme := strings.Index(header, " ") + 1 // which may be spelt otherwise
		for at := scheme; at < len(header); at++ {
			changed := []byte(header)
			for b := range 256 {
				changed[at] = byte(b)
				if _, lookedUpBy := readAsSlowly(t, string(changed)); lookedUpBy == good && byte(b) != header[at] {
					t.Errorf("%q opens what %q does", changed, header)
				}
			}
		}
	}
}

// A token says whose it is. What says nothing may be anybody's.
func TestMayBeOf(t *testing.T) {
	for header, want := range map[string][2]bool{ // of the organisation, and of the older one
		readVectors(t).Keys[0].Raw:      {true, false},
		readVectors(t).Keys[1].Raw:      {false, true},
		aJWT:                            {true, true},
		"Basic " + base64Of(userPair):   {true, true},
		"Basic " + base64Of(clientPair): {true, true},
	} {
		p, ok := apikey.Read(header)
		if got := [2]bool{p.MayBeOf(org), p.MayBeOf(anotherOrg)}; !ok || got != want {
			t.Errorf("%s: %v, want %v", header, got, want)
		}
		if p.MayBeOf("") && !want[1] {
			t.Errorf("%s: it may be of no organisation", header)
		}
	}
}

// What stands at the door of every API takes nothing from the heap: neither a good token, pair or JWT, nor anything that is none.
func TestReadAllocatesNothing(t *testing.T) {
	headers := append(malformed(t), "Basic "+base64Of(userPair), "Basic "+base64Of(clientPair), aJWT, "ey"+strings.Repeat("a", longestJWT-6)+".b.c")
	for _, v := range readVectors(t).Keys {
		headers = append(headers, v.Raw, "Bearer "+v.Raw)
	}
	for _, header := range headers {
		if n := testing.AllocsPerRun(10, func() { _, _ = apikey.Read(header) }); n != 0 {
			t.Errorf("%.80q (%d bytes): %v allocations", header, len(header), n)
		}
	}
}

var (
	jwtLook  = regexp.MustCompile(`^ey[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$`)
	pairLook = map[string]*regexp.Regexp{
		portal.Basic: regexp.MustCompile(`\A[A-Za-z0-9]{10}:[A-Za-z0-9]{24}\z`),
		portal.OAuth: regexp.MustCompile(`\A[0-9a-f]{32}:[A-Za-z0-9+/]{48}\z`),
	}
	uuidLook = regexp.MustCompile(`\A[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\z`)
)

// readSlowly is Read once more, of what the standard library has ready.
func readSlowly(header string) (kind, lookedUpBy string) {
	text := strings.Trim(header, " \t")
	scheme, rest, _ := strings.Cut(text, " ")
	switch rest = strings.Trim(rest, " \t"); {
	case strings.EqualFold(scheme, "basic") && rest != "":
		pair, err := base64.StdEncoding.DecodeString(rest)
		if err != nil || base64Of(string(pair)) != rest {
			return "", ""
		}
		for kind, look := range pairLook {
			if look.Match(pair) {
				id, err := base64.StdEncoding.DecodeString(string(pair[strings.Index(string(pair), ":")+1:]))
				if kind == portal.Basic || err == nil && uuidLook.Match(id) {
					return kind, string(pair)
				}
			}
		}
		return "", ""
	case strings.EqualFold(scheme, "bearer") && rest != "":
		text = rest
	}
	if orgOf(text) != "" {
		return portal.AuthToken, text
	}
	if len(text) <= longestJWT && jwtLook.MatchString(text) {
		return portal.JWT, text
	}
	return "", ""
}

// readAsSlowly holds Read against the slow reader: the same verdict, the same place to look, and the organisation that a token names.
func readAsSlowly(t *testing.T, header string) (kind, lookedUpBy string) {
	t.Helper()
	p, ok := apikey.Read(header)
	kind, lookedUpBy = readSlowly(header)
	switch {
	case ok != (kind != "") || p.Kind != kind:
		t.Errorf("%q is read as %q, %t; slowly as %q", header, p.Kind, ok, kind)
	case ok && p.Digest != sha256.Sum256([]byte(lookedUpBy)):
		t.Errorf("%q is looked up by %x, want SHA-256 of %q", header, p.Digest, lookedUpBy)
	case kind == portal.AuthToken && !p.MayBeOf(orgOf(lookedUpBy)):
		t.Errorf("%q is of another organisation than it says", header)
	}
	return kind, lookedUpBy
}

// FuzzRead holds Read against the slow reader, and that what it has read shows nothing of a key.
func FuzzRead(f *testing.F) {
	for _, header := range slices.Concat(malformed(f), []string{aJWT, "Basic " + base64Of(userPair), "bAsIc " + base64Of(clientPair)}) {
		if len(header) < 1<<16 {
			f.Add(header)
		}
	}
	for _, key := range readVectors(f).Keys {
		f.Add("Bearer " + key.Raw)
		f.Add(" " + key.Raw)
	}
	f.Fuzz(func(t *testing.T, header string) {
		kind, lookedUpBy := readAsSlowly(t, header)
		p, _ := apikey.Read(header)
		if text := fmt.Sprintf("%+v", p); kind != "" && strings.Contains(text, lookedUpBy) {
			t.Errorf("printed: %s", text)
		}
	})
}
