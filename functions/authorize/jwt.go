package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"keydesk/shared/apikey"
	"keydesk/shared/portal"
)

// leeway is what a JWT's beginning may be ahead of our clock. Its end has none: the bound of a revocation would grow by it.
const leeway = 30 * time.Second

// The ways in which key pairs sign, for a pair of RSA, by the length of a curve, and for Ed25519. There is none of shared secrets among them, so that
// nobody can sign with the public key for one.
var (
	ofRSA     = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}
	ofCurves  = map[int][]string{256: {"ES256"}, 384: {"ES384"}, 521: {"ES512"}}
	ofEdwards = []string{"EdDSA"}
)

// parser takes a token in its one spelling.
var parser = jwt.NewParser(jwt.WithStrictDecoding())

// publicKey is what a developer's tokens are checked by.
type publicKey struct {
	digest     digest // of how it is stored
	key        any
	algorithms []string // its own
}

// readPublic reads a stored public key.
func readPublic(text string) (*publicKey, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("the stored public key is not PEM")
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("the stored public key: %w", err)
	}
	public := publicKey{digest: sha256.Sum256([]byte(text)), key: key}
	switch key := key.(type) {
	case *rsa.PublicKey:
		public.algorithms = ofRSA
	case *ecdsa.PublicKey:
		public.algorithms = ofCurves[key.Params().BitSize]
	case ed25519.PublicKey:
		public.algorithms = ofEdwards
	default:
		return nil, fmt.Errorf("the stored public key is of the kind %T", key)
	}
	return &public, nil
}

// signedToken is what a JWT says that a key pair has signed. That it has is true for ever; what its key is worth is the key's verdict.
type signedToken struct {
	key          apikey.Presented // that it names in its header, kid; the digest is what the key is looked up by
	by           digest           // the public key of those who signed it
	begins, ends time.Time
}

// findByJWT finds the key that a JWT names, and tells whether its key pair has signed the token, for now. What is read is the key's:
// one token after the other takes no more reads than the same one again.
func (c *check) findByJWT(ctx context.Context, p *candidate, now time.Time) (found, error) {
	t, is := c.recallToken(p.id)
	if !is {
		return c.verify(ctx, p, now)
	}
	f, err := c.signer(ctx, p.org, &t.key, now)
	if err != nil || f.public == nil {
		return f, err
	}
	if f.public.digest != t.by { // the key has got another one
		return c.verify(ctx, p, now)
	}
	f.refused = t.life(now)
	return f, nil
}

// verify reads a JWT, finds the key that it names, and checks that the key pair has signed the token.
func (c *check) verify(ctx context.Context, p *candidate, now time.Time) (found, error) {
	text, _ := portal.AfterScheme(p.header.Reveal(), "Bearer")
	claims := jwt.MapClaims{}
	read, parts, err := parser.ParseUnverified(text, claims)
	if err != nil {
		return found{verdict: noVerdict, refused: tokenInvalid}, nil //nolint:nilerr // the reason says it
	}
	key, is := keyOf(read)
	if !is {
		return found{verdict: noVerdict, refused: tokenInvalid}, nil
	}
	f, err := c.signer(ctx, p.org, &key, now)
	if err != nil || f.public == nil { // nobody can have signed it
		return f, err
	}
	t := signedToken{key: key, by: f.public.digest}
	if !f.public.signed(read, parts) || !exact(parts[:2]) || !t.claim(claims) {
		f.refused = tokenInvalid
		return f, nil
	}
	c.rememberToken(p.id, &t)
	f.refused = t.life(now)
	return f, nil
}

// signed tells whether the key pair has signed a token, in a way that is its own: never in one that the token makes up.
func (k *publicKey) signed(t *jwt.Token, parts []string) bool {
	return slices.Contains(k.algorithms, t.Method.Alg()) && t.Method.Verify(parts[0]+"."+parts[1], t.Signature, k.key) == nil
}

// exact tells whether a token's header and claims name everything once: what another program reads of them is what is read here.
func exact(parts []string) bool {
	return !slices.ContainsFunc(parts, func(part string) bool {
		text, err := base64.RawURLEncoding.DecodeString(part)
		return err != nil || portal.Unmarshal(text, new(portal.Object)) != nil
	})
}

// keyOf reads the key id in a JWT's header. It is a token of the organisation's, too.
func keyOf(t *jwt.Token) (apikey.Presented, bool) {
	kid, _ := t.Header["kid"].(string)
	key, is := apikey.Read(kid)
	_, critical := t.Header["crit"] // extensions that must be understood; none is here
	key.Digest = apikey.KidDigest(kid)
	return key, is && key.Kind == portal.AuthToken && !critical
}

// signer finds the key that a JWT names.
func (c *check) signer(ctx context.Context, org string, key *apikey.Presented, now time.Time) (found, error) {
	if org != "" && !key.MayBeOf(org) {
		return found{verdict: noVerdict, refused: wrongOrganisation}, nil // true of the question only, and no verdict on the key
	}
	if v, is := c.recall(key.Digest, now); is {
		return found{verdict: v, id: key.Digest}, nil
	}
	return c.readKey(ctx, key.Digest, key.Digest, portal.JWT, now)
}

// claim reads for how long a JWT counts, and refuses one that does not say it. One that never ends could never be taken back by its
// developer, and one that ends after all time says no more (in milliseconds, as a rule); one that begins at no time never begins.
func (t *signedToken) claim(claims jwt.MapClaims) bool {
	exp, is := claims["exp"].(float64)
	t.ends = second(exp)
	if begins, there := claims["nbf"]; there {
		nbf, is := begins.(float64)
		if !is {
			nbf = never
		}
		t.begins = second(nbf)
	}
	return is && exp < never
}

// life tells whether a token counts now.
func (t *signedToken) life(now time.Time) reason {
	switch {
	case !now.Before(t.ends):
		return tokenExpired
	case now.Add(leeway).Before(t.begins):
		return tokenInvalid
	}
	return good
}

// never is the end of the year 9999, in Unix seconds. In milliseconds it is in 1978.
const never = 253402300800

// second is the time that a claim names, in whole seconds.
func second(claim float64) time.Time { return time.Unix(int64(min(max(claim, 0), never)), 0) }
