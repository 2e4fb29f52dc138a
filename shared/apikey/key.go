// Package apikey knows what keys look like, in every kind that is granted. They are Tyk's own, as its documents show them, so
// that a gateway takes what Keydesk grants and clients of the Tyk portal find what they expect; the hashes by which keys are
// shown are Tyk's too, its odd one included. What Keydesk itself looks keys up by is SHA-256.
package apikey

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"keydesk/shared/portal"
	"keydesk/shared/secret"
)

// Key is a granted key of any kind. Only Raw and Seal show its secret.
//
//	kind       Name                  Raw                     looked up by SHA-256 of   shown by
//	authToken  -                     the token               the token                 Tyk's hash of the token
//	basic      user name             password                name:password             Tyk's hash of the token of the user name
//	oauth      client id             client secret           id:secret                 the client id
//	jwt        -                     key id, a token         jwt:<key id>              Tyk's hash of the key id
//	mutualTLS  fingerprint           -                       certificate:<org>:<fp>    Tyk's hash of the token of the fingerprint
type Key struct {
	kind   string
	name   string
	raw    secret.Value
	form   Form
	digest string
	shown  string
}

// Kind is the auth_type of the entries that give such keys.
func (k Key) Kind() string { return k.kind }

// Name is what of the key is no secret.
func (k Key) Name() string { return k.name }

// Raw is the secret itself.
func (k Key) Raw() secret.Value { return k.raw }

// Digest is the SHA-256 in lower-case hexadecimal by which Keydesk finds the key.
func (k Key) Digest() string { return k.digest }

// Shown is the hash by which Tyk shows the key and lets it be revoked. Two keys may share a short one.
func (k Key) Shown() string { return k.shown }

// IsZero tells whether there is no key.
func (k Key) IsZero() bool { return k.digest == "" }

// newKey makes a key of its parts.
func newKey(org, kind, name string, raw secret.Value, form Form) Key {
	k := Key{kind: kind, name: name, raw: raw, form: form}
	var digest [sha256.Size]byte
	switch text := raw.Reveal(); kind {
	case portal.Basic:
		digest, k.shown = sum(name+":"+text), hashes[form].sum(form.token(org, name))
	case portal.OAuth:
		digest, k.shown = sum(name+":"+text), name
	case portal.JWT:
		digest, k.shown = KidDigest(text), shownAs(text)
	case portal.MutualTLS:
		digest, k.shown = CertificateDigest(org, name), hashes[form].sum(form.token(org, name))
	default:
		digest, k.shown = sum(text), shownAs(text)
	}
	k.digest = hex.EncodeToString(digest[:])
	return k
}

// OfCertificate is the key that a client certificate is, in an organisation. There is nothing secret about it: what counts is the
// private key, which the developer never sends.
func OfCertificate(org, fingerprint string, form Form) Key {
	return newKey(org, portal.MutualTLS, fingerprint, secret.Value{}, form)
}

// KidDigest is what a token's key id, its header's kid, is looked up by. A key id by itself opens nothing: presented as a plain
// token it is looked up elsewhere.
func KidDigest(kid string) [sha256.Size]byte { return sum("jwt:" + kid) }

// CertificateDigest is what a client certificate is looked up by, in an organisation: a fingerprint is no secret, so that in another
// organisation it may be anybody's.
func CertificateDigest(org, fingerprint string) [sha256.Size]byte {
	return digestOf("certificate:", org, ":", fingerprint)
}

func sum(text string) [sha256.Size]byte { return sha256.Sum256([]byte(text)) }

// shownAs is the hash by which Tyk shows a token: the one that the token itself names.
func shownAs(text string) string {
	read, _ := readToken(text)
	return read.hash.sum(text)
}

// sealed is a key as it lies in its box.
type sealed struct {
	Kind   string `json:"kind"`
	Name   string `json:"name,omitempty"`
	RawKey string `json:"raw_key"`
	Form   Form   `json:"form"`
}

// Seal writes the key for its box.
func (k Key) Seal() (secret.Value, error) {
	text, err := json.Marshal(sealed{Kind: k.kind, Name: k.name, RawKey: k.raw.Reveal(), Form: k.form})
	if err != nil {
		return secret.Value{}, errors.New("seal a key") // the cause could quote it
	}
	return secret.New(string(text)), nil
}

// Unseal reads a key of the organisation's from its box.
func Unseal(org string, box secret.Value) (Key, error) {
	var s sealed
	if json.Unmarshal([]byte(box.Reveal()), &s) != nil { // the cause could quote the key
		return Key{}, errors.New("the box does not hold a key")
	}
	k := newKey(org, s.Kind, s.Name, secret.New(s.RawKey), s.Form)
	if !k.wellFormed(org) {
		return Key{}, fmt.Errorf("the box of a key of the kind %.20q holds none", s.Kind)
	}
	return k, nil
}

// wellFormed tells whether the key's parts look as Mint makes them.
func (k Key) wellFormed(org string) bool {
	text := k.raw.Reveal()
	switch k.kind {
	case portal.AuthToken, portal.JWT:
		read, ok := readToken(text)
		return ok && string(read.org[:]) == org
	case portal.Basic:
		return isUserName(k.name) && isPassword(text)
	case portal.OAuth:
		return isHex(k.name, idLength) && isClientSecret(text)
	}
	return false
}
