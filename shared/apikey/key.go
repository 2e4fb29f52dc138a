// Package apikey knows what a key looks like. Keys are Tyk's own, in the two forms that its documents show, so that a gateway
// takes what Keydesk grants, and so that clients of the Tyk portal find what they expect; the hashes by which keys are shown
// are Tyk's too, its odd one included. What Keydesk itself looks keys up by is SHA-256.
package apikey

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"keydesk/shared/secret"
)

// Form is what a new key looks like.
type Form string

// The two forms.
const (
	Base64 Form = "base64" // base64 of {"org":"<organisation>","id":"<id>","h":"murmur64"}
	OrgID  Form = "org-id" // organisation and id run together, as Tyk wrote keys before it had base64
)

const (
	orgLength   = 24
	idLength    = 32
	orgIDLength = orgLength + idLength
	// base64Length is that of the longest base64 form, the one with murmur128.
	base64Length = (len(`{"org":"","id":"","h":"murmur128"}`) + orgIDLength + 2) / 3 * 4
)

// errMalformed never quotes the key: it is one letter away from a good one.
var errMalformed = errors.New(`malformed key: want base64 of {"org":"<24 hex>","id":"<32 hex>","h":"<hash>"}, or 24 + 32 lower-case hexadecimal digits`)

// Key is a well-formed key. Only Raw shows it.
type Key struct {
	raw    secret.Value
	digest string
	shown  string
}

// ParseForm reads a form's name from a setting.
func ParseForm(s string) (Form, error) {
	switch form := Form(s); form {
	case Base64, OrgID:
		return form, nil
	}
	return "", fmt.Errorf("unknown form of key %q: want %s or %s", s, Base64, OrgID)
}

// Mint makes a new key of the organisation, its id a UUIDv4 drawn from random (crypto/rand.Reader outside of tests).
func Mint(random io.Reader, org string, form Form) (Key, error) {
	if !isHex(org, orgLength) {
		return Key{}, fmt.Errorf("mint a key: the organisation's id %q is not %d lower-case hexadecimal digits", org, orgLength)
	}
	var uuid [idLength / 2]byte
	if _, err := io.ReadFull(random, uuid[:]); err != nil {
		return Key{}, fmt.Errorf("mint a key: read %d random bytes: %w", len(uuid), err)
	}
	uuid[6] = uuid[6]&0x0f | 0x40 // version 4
	uuid[8] = uuid[8]&0x3f | 0x80 // the variant of RFC 9562
	id := hex.EncodeToString(uuid[:])
	switch form {
	case Base64:
		return newKey(encode(org, id, murmur64), murmur64), nil
	case OrgID:
		return newKey(org+id, murmur32), nil
	}
	return Key{}, fmt.Errorf("mint a key: unknown form %q", form)
}

// Parse reads a key of either form and takes it only as Mint and Tyk write it, to the byte, so that no two texts are one key.
func Parse(raw secret.Value) (Key, error) {
	text := raw.Reveal()
	if len(text) > base64Length {
		return Key{}, errMalformed
	}
	if isHex(text, orgIDLength) {
		return newKey(text, murmur32), nil
	}
	var parts struct{ Org, ID, H string }
	document, err := base64.StdEncoding.DecodeString(text)
	if err != nil || json.Unmarshal(document, &parts) != nil { // their messages would quote the key
		return Key{}, errMalformed
	}
	if !isHex(parts.Org, orgLength) || !isHex(parts.ID, idLength) || !known(algorithm(parts.H)) ||
		encode(parts.Org, parts.ID, algorithm(parts.H)) != text {
		return Key{}, errMalformed
	}
	return newKey(text, algorithm(parts.H)), nil
}

// Raw is the key itself.
func (k Key) Raw() secret.Value { return k.raw }

// Digest is the SHA-256 of the whole key in lower-case hexadecimal, by which Keydesk finds it.
func (k Key) Digest() string { return k.digest }

// Shown is the hash by which Tyk shows the key and lets it be revoked. Two keys may share a short one.
func (k Key) Shown() string { return k.shown }

func newKey(text string, shownBy algorithm) Key {
	digest := sha256.Sum256([]byte(text))
	return Key{raw: secret.New(text), digest: hex.EncodeToString(digest[:]), shown: shownBy.sum(text)}
}

// encode writes the base64 form: no spaces, in this order, as Tyk does.
func encode(org, id string, h algorithm) string {
	return base64.StdEncoding.EncodeToString([]byte(`{"org":"` + org + `","id":"` + id + `","h":"` + string(h) + `"}`))
}

// isHex tells whether s is exactly length lower-case hexadecimal digits.
func isHex(s string, length int) bool {
	if len(s) != length {
		return false
	}
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
