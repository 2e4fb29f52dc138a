package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"sync"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"keydesk/shared/portal"
	"keydesk/shared/secret"
	"keydesk/shared/table"
)

// pairs are a developer's key pairs, by what they are.
var pairs = sync.OnceValue(func() map[string]crypto.Signer {
	must := func(s crypto.Signer, err error) crypto.Signer {
		if err != nil {
			panic(err)
		}
		return s
	}
	all := map[string]crypto.Signer{"RSA": must(rsa.GenerateKey(rand.Reader, 2048)), "RSA too": must(rsa.GenerateKey(rand.Reader, 2048))}
	for name, curve := range map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-256 too": elliptic.P256(), "P-384": elliptic.P384(), "P-521": elliptic.P521()} {
		all[name] = must(ecdsa.GenerateKey(curve, rand.Reader))
	}
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	all["Ed25519"] = must(edwards, err)
	return all
})

// public is the pair's public key, as it is stored.
func public(t testing.TB, pair string) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(pairs()[pair].Public())
	if err != nil {
		t.Fatal(err)
	}
	text, err := portal.PublicKey(secret.New(string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// claims are those of a token that is good at noon, and for an hour.
func claims() jwt.MapClaims { return jwt.MapClaims{"exp": noon.Unix() + 3600, "sub": "whoever"} }

// signed is a token. Key is whatever the algorithm signs with.
func signed(t testing.TB, algorithm string, header, claims map[string]any, key any) string {
	t.Helper()
	token := jwt.NewWithClaims(jwt.GetSigningMethod(algorithm), jwt.MapClaims(claims))
	for name, value := range header {
		token.Header[name] = value
	}
	text, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// jwtKey makes a key of a pair's, and gives its id.
func jwtKey(t testing.TB, pair string) (kid string, k table.IssuedKey) {
	t.Helper()
	d := desk{t: t}
	key, k := d.mint(portal.JWT)
	k.PublicKey = public(t, pair)
	return key.Raw().Reveal(), k
}

// signer signs as the owner of a key does, with one known to an authorizer.
type signer struct {
	t   *testing.T
	a   *authorizer
	kid string
}

func newSigner(t *testing.T) signer {
	t.Helper()
	kid, k := jwtKey(t, "RSA")
	return signer{t, inMemory(&k), kid}
}

func (s signer) sign(header, claims map[string]any) string {
	s.t.Helper()
	return signed(s.t, "RS256", header, claims, pairs()["RSA"])
}

// claiming signs with these claims beside the usual ones.
func (s signer) claiming(name string, value any) string {
	s.t.Helper()
	all := claims()
	all[name] = value
	return s.sign(map[string]any{"kid": s.kid}, all)
}

func (s signer) want(tokens map[string]string, want reason) {
	s.t.Helper()
	for name, token := range tokens {
		if d, err := s.a.decide(s.t.Context(), &question{org: org, key: secret.New(token)}); err != nil || d.reason != want {
			s.t.Errorf("%s: reason %q, %v; want %q", name, d.reason, err, want)
		}
	}
}

func encoded(t *testing.T, v any) string {
	t.Helper()
	return base64.RawURLEncoding.EncodeToString(payload(t, v))
}
