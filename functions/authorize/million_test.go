package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"keydesk/shared/apikey"
	"keydesk/shared/portal"
	"keydesk/shared/secret"
	"keydesk/shared/table"
)

// TestMillion tries a million texts at a table that has one key of each kind: made up, and made of the good ones by little changes. None
// opens anything, and some get as far as the table.
func TestMillion(t *testing.T) {
	m := mutator{rand.New(rand.NewPCG(1, 2))} //nolint:gosec // it comes again
	chance := rand.NewChaCha8([32]byte{})
	reads, different := 0, map[string]bool{}
	for range 100 { // little changes to one key are soon the same again
		a, keys := allKinds(t, chance)
		issued := a.issued
		a.issued = func(ctx context.Context, digest string) (*table.IssuedKey, error) {
			reads++
			return issued(ctx, digest)
		}
		for kind, good := range keys {
			if s := tried(t, a, good); s != "" {
				t.Fatalf("a good key of the kind %s is refused: %s", kind, s)
			}
		}
		for _, c := range []struct { // in this order, as chance goes on
			kind  string
			texts int
		}{{"", 2_000}, {portal.AuthToken, 4_000}, {"the older form", 1_500}, {portal.Basic, 1_000}, {portal.OAuth, 1_000}, {portal.JWT, 500}} {
			for range c.texts {
				text := m.madeUp()
				if c.kind != "" {
					text = m.changed(keys[c.kind])
				}
				if text != keys[c.kind] && tried(t, a, text) == "" {
					t.Fatalf("of a key of the kind %q this was made, and it opens the API: %q", c.kind, text)
				}
				different[text] = true
			}
		}
		if a.good.Len() != len(keys) {
			t.Fatalf("%d good keys are remembered, of %d", a.good.Len(), len(keys))
		}
	}
	if len(different) < 500_000 || reads < 100_000 {
		t.Errorf("of a million texts %d were different; %d reads", len(different), reads)
	}
}

// tried is the reason why a text opens nothing.
func tried(t *testing.T, a *authorizer, text string) reason {
	t.Helper()
	d, err := a.decide(t.Context(), &question{org: org, key: secret.New(text)})
	if err != nil {
		t.Fatal(err)
	}
	return d.reason
}

// allKinds is an authorizer that knows one key of each kind, and those keys as headers carry them: made from chance that may come
// again, but for the JWT, whose key pair takes none of ours.
func allKinds(t testing.TB, chance io.Reader) (*authorizer, map[string]string) {
	t.Helper()
	d := desk{t: t}
	keys := map[string]string{}
	var stored []*table.IssuedKey
	for _, kind := range []string{portal.AuthToken, portal.Basic, portal.OAuth} {
		key, k := d.mintOf(chance, kind, apikey.Base64)
		keys[kind], stored = sent(key), append(stored, &k)
	}
	older, k := d.mintOf(chance, portal.AuthToken, apikey.OrgID)
	keys["the older form"], stored = sent(older), append(stored, &k)
	kid, jwtKey := jwtKey(t, "P-256")
	keys[portal.JWT] = signed(t, "ES256", map[string]any{"kid": kid}, claims(), pairs()["P-256"])
	return inMemory(append(stored, &jwtKey)...), keys
}

// mutator makes bad keys.
type mutator struct{ *rand.Rand }

const (
	hexadecimal = "0123456789abcdef"
	printable   = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_=.:,{}\" \t\r\n\x00\x7f\xff"
)

// madeUp is a text of chance, or one with the looks of a key.
func (m mutator) madeUp() string {
	switch m.IntN(4) {
	case 0:
		return m.text(printable, m.IntN(200))
	case 1:
		return m.text(printable[:64], 4*m.IntN(40))
	case 2:
		return org + m.text(hexadecimal, 32)
	}
	return base64.StdEncoding.EncodeToString([]byte(`{"org":"` + org + `","id":"` + m.text(hexadecimal, 32) + `","h":"murmur64"}`))
}

func (m mutator) text(of string, length int) string {
	text := make([]byte, length)
	for i := range text {
		text[i] = of[m.IntN(len(of))]
	}
	return string(text)
}

// changed is the key with a little change to it: never to the scheme before it, whose case does not count, nor white space around it.
func (m mutator) changed(header string) string {
	scheme := ""
	if strings.HasPrefix(header, "Basic ") {
		scheme = "Basic "
	}
	key := header[len(scheme):]
	at := m.IntN(len(key))
	switch m.IntN(9) {
	case 0: // a bit
		return scheme + key[:at] + string([]byte{key[at] ^ 1<<m.IntN(8)}) + key[at+1:]
	case 1: // cut off
		return scheme + key[:at]
	case 2:
		return scheme + key[at+1:]
	case 3: // the case of one letter
		return scheme + key[:at] + swapped(key[at:at+1]) + key[at+1:]
	case 4: // one character more
		return scheme + key[:at] + m.text(printable[:68], 1) + key[at:]
	case 5:
		return scheme + m.respelt(key)
	case 6: // inside of base64
		return scheme + m.inside(key)
	case 7: // two neighbours change places
		if at+1 < len(key) && key[at] != key[at+1] {
			return scheme + key[:at] + key[at+1:at+2] + key[at:at+1] + key[at+2:]
		}
	}
	return scheme + key + "," + key
}

// respelt is base64 that stands for the same, or nearly, in another spelling.
func (m mutator) respelt(key string) string {
	at := 1 + m.IntN(len(key)-1)
	switch m.IntN(5) {
	case 0:
		return key[:at] + "\r\n"[m.IntN(2):] + key[at:]
	case 1:
		return strings.TrimRight(key, "=") + strings.Repeat("=", 1+m.IntN(4)) + "="
	case 2:
		return strings.NewReplacer("+", "-", "/", "_", "-", "+", "_", "/").Replace(key[:at]) + "-" + key[at:]
	case 3: // bits that count for nothing, where there are any
		bare := strings.TrimRight(key, "=")
		last := strings.IndexByte(printable[:66], bare[len(bare)-1])
		return bare[:len(bare)-1] + string(printable[(last^1)%64]) + key[len(bare):]
	}
	return swapped(key)
}

// inside changes one byte of what the base64 stands for, or one character.
func (m mutator) inside(key string) string {
	raw, err := base64.StdEncoding.DecodeString(key)
	if err != nil || len(raw) == 0 {
		at := m.IntN(len(key))
		return key[:at] + m.text(hexadecimal, 1) + key[at+1:]
	}
	raw[m.IntN(len(raw))] = hexadecimal[m.IntN(len(hexadecimal))]
	return base64.StdEncoding.EncodeToString(raw)
}

// FuzzInvoke sends anything at all to an authorizer that knows no key: it is refused or not understood, in JSON, and never let in.
func FuzzInvoke(f *testing.F) {
	files, err := filepath.Glob("../../events/authorize/*.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(`{"version":"2.0","type":"REQUEST","headers":{"authorization":"Bearer x","Authorization":"y"},"stageVariables":null}`))
	f.Add([]byte(`{"version":"2.0","type":"REQUEST","headers":null,"requestContext":{"authentication":{"clientCert":{"clientCertPem":"x"}}}}`))
	f.Add([]byte(`{"key":"` + org + `0123456789abcdef0123456789abcdef","org":"` + org + `"}`))
	f.Add([]byte(`null`))
	a := inMemory()
	f.Fuzz(func(t *testing.T, payload []byte) {
		text, err := a.Invoke(t.Context(), payload)
		if err != nil {
			if err.Error() != errNotUnderstood.Error() {
				t.Errorf("an error of another kind: %v", err)
			}
			return
		}
		var answer struct {
			IsAuthorized, Allowed bool
			Reason                string
			Context               map[string]string
		}
		if err := json.NewDecoder(bytes.NewReader(text)).Decode(&answer); err != nil {
			t.Fatalf("the answer is no JSON: %v", err)
		}
		if answer.IsAuthorized || answer.Allowed || answer.Reason+answer.Context["reason"] == "" {
			t.Errorf("answered %s", text)
		}
	})
}

// What a hit costs: the answer, and nothing else. What cannot be a key costs no more.
func TestAllocations(t *testing.T) {
	a, keys := allKinds(t, rand.NewChaCha8([32]byte{}))
	questions := map[string]question{"malformed": {org: org, key: secret.New(keys[portal.AuthToken][1:])}}
	for kind, key := range keys {
		questions[kind] = question{org: org, key: secret.New(key)}
	}
	client := (&desk{t: t}).make(portal.MutualTLS, apikey.Base64)
	held := a.issued
	a.issued = func(ctx context.Context, digest string) (*table.IssuedKey, error) {
		if digest == client.key.Digest {
			return &client.key, nil
		}
		return held(ctx, digest)
	}
	questions[portal.MutualTLS] = question{org: org, certificate: client.text()}
	const most = 2 // one of them is the answer
	for kind, q := range questions {
		once := func() []byte {
			d, err := a.decide(t.Context(), &q)
			if err != nil {
				t.Fatal(err)
			}
			return d.answer(false)
		}
		once()
		if n := testing.AllocsPerRun(100, func() { once() }); n > most {
			t.Errorf("%s: %v allocations, want %d at the most", kind, n, most)
		}
	}
}

// largestContext is the largest that there is: the bounds of what goes into it are those of the desk, before JSON stretches it.
func largestContext(t testing.TB) string {
	t.Helper()
	const stretched = "<>&\x01\x02\x03\x04\x05\x06\x07\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f" // \u003c and such
	k := table.IssuedKey{ID: portal.NewID(noon), OrgID: org, Developer: portal.NewID(noon), AuthType: portal.MutualTLS, Fields: map[string]string{}}
	policies := map[string]portal.Policy{}
	limit := strings.Repeat("9", 32)
	for i := range portal.MaxPolicies {
		id := strings.Repeat("<", 199) + string(rune('a'+i))
		k.Policies = append(k.Policies, id)
		policies[id] = portal.Policy{Limits: portal.Limits{Rate: limit, Per: limit, QuotaMax: limit, QuotaRenewalRate: limit}}
	}
	for _, first := range stretched { // as many fields as fit, for what each takes beside its name
		k.Fields[string(first)] = ""
		for _, second := range stretched {
			k.Fields[string(first)+string(second)] = ""
		}
	}
	left := 4<<10 - len(stretched) - 2*len(stretched)*len(stretched)
	for i := 0; left >= 3; left -= 3 {
		k.Fields[string(stretched[i/28/28])+string(stretched[i/28%28])+string(stretched[i%28])] = ""
		i++
	}
	text, err := contextOf(&k, policies)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// What cache.go reckons with.
func TestLargestContext(t *testing.T) {
	if n := len(largestContext(t)); n < 70_000 || n > 72_000 {
		t.Errorf("%d bytes", n)
	}
}
