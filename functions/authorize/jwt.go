package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"keydesk/shared/apikey"
	"keydesk/shared/portal"
)

// leeway is what a JWT's beginning may be ahead of our clock. Its end has none: the bound of a revocation would grow by it.
const leeway = 30 * time.Second

// algorithms are those of public keys, by the length of the curve; 0 stands for RSA. There is none of shared secrets among them, so that
// nobody can sign with the public key for one.
var algorithms = map[int][]string{0: {"RS256", "RS384", "RS512"}, 256: {"ES256"}, 384: {"ES384"}, 521: {"ES512"}}

// parser takes a token in its one spelling. Its claims are judged here: their leeways differ.
var parser = jwt.NewParser(jwt.WithStrictDecoding(), jwt.WithoutClaimsValidation(),
	jwt.WithValidMethods([]string{"RS256", "RS384", "RS512", "ES256", "ES384", "ES512"}))

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
	bits := 0
	switch key := key.(type) {
	case *rsa.PublicKey:
	case *ecdsa.PublicKey:
		bits = key.Params().BitSize
	default:
		return nil, fmt.Errorf("the stored public key is of the kind %T", key)
	}
	return &publicKey{digest: sha256.Sum256([]byte(text)), key: key, algorithms: algorithms[bits]}, nil
}

// token is what a JWT says that a key pair has signed. That it has is true for ever; what its key is worth is the key's verdict.
type token struct {
	key          apikey.Presented // that it names in its header, kid; the digest is what the key is looked up by
	signed       digest           // by this public key
	begins, ends time.Time
}

// findByJWT finds the key that a JWT names, and tells whether its key pair has signed the token, for now. What is read is the key's:
// one token after the other takes no more reads than the same one again.
func (c *check) findByJWT(ctx context.Context, p *presented, now time.Time) (found, error) {
	t, is := c.recallToken(p.id)
	if !is {
		return c.verify(ctx, p, now)
	}
	f, err := c.signer(ctx, p.org, &t.key, now)
	if err != nil || f.public == nil {
		return f, err
	}
	if f.public.digest != t.signed { // the key has got another one
		return c.verify(ctx, p, now)
	}
	f.refused = t.life(now)
	return f, nil
}

// verify reads a JWT and checks its signature.
func (c *check) verify(ctx context.Context, p *presented, now time.Time) (found, error) {
	f := found{verdict: nothing, refused: tokenInvalid}
	var read token
	var failed error
	org, claims := p.org, jwt.MapClaims{}
	words := strings.Fields(p.token.Reveal()) // of which the last is the token: there may be a scheme before it
	_, err := parser.ParseWithClaims(words[len(words)-1], claims, func(t *jwt.Token) (any, error) {
		var is bool
		if read.key, is = keyOf(t); !is {
			return nil, errNobody
		}
		f, failed = c.signer(ctx, org, &read.key, now)
		if failed != nil || f.public == nil || !slices.Contains(f.public.algorithms, t.Method.Alg()) {
			return nil, errNobody
		}
		read.signed = f.public.digest
		return f.public.key, nil
	})
	switch {
	case failed != nil:
		return found{}, failed
	case f.public == nil: // nobody can have signed it
		return f, nil
	case err != nil || !read.claim(claims):
		f.refused = tokenInvalid
		return f, nil //nolint:nilerr // the reason says it
	}
	c.rememberToken(p.id, &read)
	f.refused = read.life(now)
	return f, nil
}

// errNobody stops the parser: there is nobody who could have signed the token.
var errNobody = errors.New("nobody can have signed it")

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
		return found{verdict: nothing, refused: wrongOrganisation}, nil // true of the question only, and no verdict on the key
	}
	if v, is := c.recall(key.Digest, now); is {
		return found{verdict: v, id: key.Digest}, nil
	}
	return c.look(ctx, key.Digest, key.Digest, portal.JWT, now)
}

// claim reads for how long a JWT counts, and refuses one that does not say it. One that never ends could never be taken back by its
// developer; one that begins at no time never begins.
func (t *token) claim(claims jwt.MapClaims) bool {
	exp, is := claims["exp"].(float64)
	t.ends = second(exp)
	if begins, there := claims["nbf"]; there {
		nbf, is := begins.(float64)
		if !is {
			nbf = never
		}
		t.begins = second(nbf)
	}
	return is
}

// life tells whether a token counts now.
func (t *token) life(now time.Time) reason {
	switch {
	case !now.Before(t.ends):
		return tokenExpired
	case now.Add(leeway).Before(t.begins):
		return tokenInvalid
	}
	return good
}

// never is some thousand years ahead, in Unix seconds.
const never = 1 << 36

// second is the time that a claim names, in whole seconds.
func second(claim float64) time.Time { return time.Unix(int64(min(max(claim, 0), never)), 0) }
