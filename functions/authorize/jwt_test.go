package main

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"keydesk/shared/secret"
	"keydesk/shared/table"
)

func TestJWT(t *testing.T) {
	d := open(t)
	for algorithm, pair := range map[string]string{
		"RS256": "RSA", "RS384": "RSA", "RS512": "RSA", "ES256": "P-256", "ES384": "P-384", "ES512": "P-521",
		"PS256": "RSA", "PS384": "RSA", "PS512": "RSA", "EdDSA": "Ed25519",
	} {
		t.Run(algorithm, func(t *testing.T) {
			d := d.in(t)
			kid, k := jwtKey(t, pair)
			k.Developer = d.developer.ID
			k = d.grant(k)
			token := signed(t, algorithm, map[string]any{"kid": kid}, claims(), pairs()[pair])
			for _, header := range []string{token, "Bearer " + token, " bearer \t" + token + " "} {
				d.memory = newMemory(1)
				got := d.ask(event(header))
				d.want(good, got)
				if got.Context["auth_type"] != "jwt" || got.Context["key"] != k.ID || got.Context["sub"] != "" {
					t.Errorf("it says %v", got.Context)
				}
			}
			d.want(good, d.plainly(map[string]string{"key": token, "org": org}))
			d.want(wrongOrganisation, d.plainly(map[string]string{"key": token, "org": otherOrg}))
		})
	}
}

// Each way of writing and of signing a token that opens nothing.
func TestJWTRefused(t *testing.T) {
	s := newSigner(t)
	otherKid, _ := jwtKey(t, "RSA")
	kids := map[string]any{"kid": s.kid}
	fine := s.sign(kids, claims())
	parts := strings.Split(fine, ".")
	headed := func(header map[string]any) string { return encoded(t, header) + "." + parts[1] + "." + parts[2] }
	stating := func(claims any) string { return parts[0] + "." + encoded(t, claims) + "." + parts[2] }
	none := signed(t, "none", kids, claims(), jwt.UnsafeAllowNoneSignatureType)
	s.want(map[string]string{"fine": fine}, good)
	s.want(map[string]string{
		"not signed": none + "AAAA",
		"signed with the public key for a secret": signed(t, "HS256", kids, claims(), []byte(public(t, "RSA"))),
		"the same, without the last line end":     signed(t, "HS512", kids, claims(), []byte(strings.TrimSpace(public(t, "RSA")))),
		"signed by another pair":                  signed(t, "RS256", kids, claims(), pairs()["RSA too"]),
		"signed by a pair of another sort":        signed(t, "ES256", kids, claims(), pairs()["P-256"]),
		"signed by Ed25519":                       signed(t, "EdDSA", kids, claims(), pairs()["Ed25519"]),
		"called PSS, and signed otherwise":        headed(map[string]any{"alg": "PS256", "kid": s.kid}),
		"called Ed25519":                          headed(map[string]any{"alg": "EdDSA", "kid": s.kid}),
		"called another way of signing":           headed(map[string]any{"alg": "RS512", "kid": s.kid}),
		"an unknown way of signing":               headed(map[string]any{"alg": "XS256", "kid": s.kid}),
		"no way of signing":                       headed(map[string]any{"kid": s.kid}),
		"another header":                          headed(map[string]any{"alg": "RS256", "kid": s.kid, "typ": "at+jwt"}),
		"other claims":                            stating(map[string]any{"exp": noon.Unix() + 7200}),
		"claims that are a list":                  stating([]int{1}),
		"no claims":                               stating(nil),
		"a header that is no JSON":                "eyJ." + parts[1] + "." + parts[2],
		"no key id":                               s.sign(nil, claims()),
		"a key id that is none":                   s.sign(map[string]any{"kid": "key-1"}, claims()),
		"a key id that is a number":               s.sign(map[string]any{"kid": 1}, claims()),
		"a pair for a key id":                     s.sign(map[string]any{"kid": pair("abcdefghij", "abcdefghijklmnopqrstuvwx")}, claims()),
		"something that must be understood":       s.sign(map[string]any{"kid": s.kid, "crit": []string{"exp"}}, claims()),
		"another spelling of the signature":       fine[:len(fine)-1] + next(fine[len(fine)-1]),
	}, tokenInvalid)
	s.want(map[string]string{
		"another key id":           s.sign(map[string]any{"kid": otherKid}, claims()),
		"the key id with a scheme": s.sign(map[string]any{"kid": "Bearer " + s.kid}, claims()),
	}, unknown)
	s.want(map[string]string{
		"without a signature": none, "padded": fine + "=", "with a line end": fine[:50] + "\n" + fine[50:],
		"four parts": fine + ".AAAA", "two parts": parts[0] + "." + parts[1],
	}, malformed)
}

// A token says when it ends, and may say when it begins.
func TestJWTTimes(t *testing.T) {
	s, now := newSigner(t), noon.Unix()
	kids := map[string]any{"kid": s.kid}
	s.want(map[string]string{
		"ends in a second":        s.claiming("exp", now+1),
		"ends at the end of time": s.claiming("exp", 253402300799), // 31 December 9999
		"has begun":               s.claiming("nbf", now-1),
		"begins in half a minute": s.claiming("nbf", now+30),
	}, good)
	s.want(map[string]string{
		"ends now":                s.claiming("exp", now),
		"ends within this second": s.claiming("exp", float64(now)+0.9),
		"ended before all time":   s.claiming("exp", -1e300),
	}, tokenExpired)
	s.want(map[string]string{
		"never ends":            s.sign(kids, map[string]any{"sub": "whoever"}),
		"ends in words":         s.claiming("exp", "tomorrow"),
		"ends at nothing":       s.claiming("exp", nil),
		"ends after all time":   s.claiming("exp", 253402300800),
		"ends in milliseconds":  s.claiming("exp", (now+3600)*1000),
		"ends in no time":       s.claiming("exp", 1e300),
		"ends, in capitals":     s.sign(kids, map[string]any{"EXP": now + 3600}),
		"begins a second later": s.claiming("nbf", now+31),
		"begins in words":       s.claiming("nbf", "now"),
		"begins at nothing":     s.claiming("nbf", nil),
	}, tokenInvalid)
}

// next is the character that follows in base64url: as the last of a 256-byte signature it differs in bits that count for nothing.
func next(c byte) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return string(alphabet[strings.IndexByte(alphabet, c)+1])
}

// A key of one curve takes no token of another's way of signing.
func TestJWTCurves(t *testing.T) {
	ways := map[string]string{"P-256": "ES256", "P-384": "ES384", "P-521": "ES512", "RSA": "RS256", "RSA too": "PS256", "Ed25519": "EdDSA"}
	for pair := range ways {
		kid, k := jwtKey(t, pair)
		a := inMemory(&k)
		for other, way := range ways {
			want := tokenInvalid
			if other == pair {
				want = good
			}
			token := signed(t, way, map[string]any{"kid": kid}, claims(), pairs()[other])
			if d, err := a.decide(t.Context(), &question{org: org, key: secret.New(token)}); err != nil || d.reason != want {
				t.Errorf("a token of %s for a key of %s: %q, %v", way, pair, d.reason, err)
			}
		}
	}
}

// Nor one that its own pair has signed so.
func TestJWTOfACurveAndAnothersWay(t *testing.T) {
	kid, k := jwtKey(t, "P-256")
	text := encoded(t, map[string]any{"alg": "ES384", "kid": kid}) + "." + encoded(t, claims())
	hash := crypto.SHA384.New()
	hash.Write([]byte(text))
	r, s, err := ecdsa.Sign(rand.Reader, pairs()["P-256"].(*ecdsa.PrivateKey), hash.Sum(nil))
	if err != nil {
		t.Fatal(err)
	}
	const half = 48 // of a signature in the way of ES384
	signature := append(r.FillBytes(make([]byte, half)), s.FillBytes(make([]byte, half))...)
	token := text + "." + base64.RawURLEncoding.EncodeToString(signature)
	if d, err := inMemory(&k).decide(t.Context(), &question{org: org, key: secret.New(token)}); err != nil || d.reason != tokenInvalid {
		t.Errorf("reason %q, %v", d.reason, err)
	}
}

// What is wrong with the key itself is only told to whom it belongs.
func TestJWTOfABadKey(t *testing.T) {
	kid, k := jwtKey(t, "P-256")
	k.State = table.Revoked
	a := inMemory(&k)
	for pair, want := range map[string]reason{"P-256": revoked, "P-256 too": tokenInvalid} {
		token := signed(t, "ES256", map[string]any{"kid": kid}, claims(), pairs()[pair])
		if d, err := a.decide(t.Context(), &question{org: org, key: secret.New(token)}); err != nil || d.reason != want || d.key != k.ID {
			t.Errorf("%s: %+v, %v; want %q", pair, d, err, want)
		}
	}
}

// A token of another organisation's key costs no read, and is remembered for no other question.
func TestJWTOfAnotherOrganisation(t *testing.T) {
	kid, k := jwtKey(t, "P-256")
	a := inMemory(&k)
	reads := 0
	issued := a.issued
	a.issued = func(ctx context.Context, digest string) (*table.IssuedKey, error) {
		reads++
		return issued(ctx, digest)
	}
	token := secret.New(signed(t, "ES256", map[string]any{"kid": kid}, claims(), pairs()["P-256"]))
	for _, c := range []struct {
		org        string
		want       reason
		reads      int
		remembered bool
	}{{otherOrg, wrongOrganisation, 0, false}, {org, good, 1, false}, {otherOrg, wrongOrganisation, 1, false}, {org, good, 1, true}} {
		if d, err := a.decide(t.Context(), &question{org: c.org, key: token}); err != nil || d.reason != c.want || d.remembered != c.remembered || reads != c.reads {
			t.Errorf("%s: %+v, %v after %d reads; want %q after %d", c.org, d, err, reads, c.want, c.reads)
		}
	}
}

// What is remembered of a token ends with it, and costs no read.
func TestJWTEnds(t *testing.T) {
	kid, k := jwtKey(t, "P-256")
	a, clock := inMemory(&k), noon
	a.now = func() time.Time { return clock }
	token := secret.New(signed(t, "ES256", map[string]any{"kid": kid}, jwt.MapClaims{"exp": noon.Unix() + 3}, pairs()["P-256"]))
	for _, c := range []struct {
		at         time.Duration
		want       reason
		remembered bool
	}{{0, good, false}, {3*time.Second - 1, good, true}, {3 * time.Second, tokenExpired, true}, {4 * time.Second, tokenExpired, true}} {
		clock = noon.Add(c.at)
		if d, err := a.decide(t.Context(), &question{org: org, key: token}); err != nil || d.reason != c.want || d.remembered != c.remembered {
			t.Errorf("after %v: %+v, %v", c.at, d, err)
		}
	}
}

// A stored key that is none is a fault of ours, and lets nobody in.
func TestJWTWithAStoredKeyThatIsNone(t *testing.T) {
	x25519 := "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VuAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n"
	for _, stored := range []string{"", "a shared secret", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", x25519} {
		kid, k := jwtKey(t, "P-256")
		k.PublicKey = stored
		a := inMemory(&k)
		token := signed(t, "ES256", map[string]any{"kid": kid}, claims(), pairs()["P-256"])
		if d, err := a.decide(t.Context(), &question{org: org, key: secret.New(token)}); err == nil {
			t.Errorf("%.30q: decided %+v", stored, d)
		}
	}
}

// The log shows no token, and nothing of its claims.
func TestJWTIsNotLogged(t *testing.T) {
	d := open(t)
	kid, k := jwtKey(t, "P-256")
	k.Developer = d.developer.ID
	d.grant(k)
	token := signed(t, "ES256", map[string]any{"kid": kid}, claims(), pairs()["P-256"])
	d.ask(event(token))
	d.ask(event(token + "A"))
	for _, part := range append(strings.Split(token, "."), kid, "whoever") {
		if strings.Contains(d.logged.String(), part) {
			t.Errorf("the log says %s", d.logged)
		}
	}
	if !json.Valid([]byte(strings.Split(d.logged.String(), "\n")[0])) {
		t.Errorf("the log is no JSON: %s", d.logged)
	}
}
