package apikey

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"

	"keydesk/shared/portal"
	"keydesk/shared/secret"
)

// Form is what a new token looks like.
type Form string

// The forms: base64 of {"org":"<organisation>","id":"<id>","h":"<hash>"}, and organisation and id run together, as Tyk wrote
// tokens before it had base64. The hash is the one by which Tyk shows the token; that of the older form is murmur32.
const (
	Base64          Form = "base64" // with murmur64, what Tyk comes with
	Base64Murmur128 Form = "base64-murmur128"
	Base64SHA256    Form = "base64-sha256"
	OrgID           Form = "org-id"
)

var hashes = map[Form]algorithm{Base64: murmur64, Base64Murmur128: murmur128, Base64SHA256: sha2, OrgID: murmur32}

// ParseForm reads a form's name from a setting.
func ParseForm(s string) (Form, error) {
	if _, known := hashes[Form(s)]; known {
		return Form(s), nil
	}
	return "", fmt.Errorf("unknown form of key %q: want %s, %s, %s or %s", s, Base64, Base64Murmur128, Base64SHA256, OrgID)
}

// token is the text of the form for an id.
func (f Form) token(org, id string) string {
	if f == OrgID {
		return org + id
	}
	return encode(org, id, hashes[f])
}

// encode writes the base64 form: no spaces, in this order, as Tyk does.
func encode(org, id string, h algorithm) string {
	return base64.StdEncoding.EncodeToString([]byte(partOrg + org + partID + id + partHash + string(h) + partEnd))
}

// The parts of a base64 token around what it says.
const (
	partOrg  = `{"org":"`
	partID   = `","id":"`
	partHash = `","h":"`
	partEnd  = `"}`
)

const (
	orgLength   = 24
	idLength    = 32
	orgIDLength = orgLength + idLength
	// longestDocument is that of the base64 form with murmur128.
	longestDocument = len(partOrg) + orgLength + len(partID) + idLength + len(partHash) + len(murmur128) + len(partEnd)
	longestToken    = (longestDocument + 2) / 3 * 4
)

// Mint makes a new key of a kind and organisation from chance (crypto/rand.Reader outside of tests): 122 bits of it and more.
func Mint(random io.Reader, org, kind string, form Form) (Key, error) {
	if !isHex(org, orgLength) {
		return Key{}, fmt.Errorf("mint a key: the organisation's id %q is not %d lower-case hexadecimal digits", org, orgLength)
	}
	if _, known := hashes[form]; !known {
		return Key{}, fmt.Errorf("mint a key: unknown form %q", form)
	}
	var name, raw string
	var err error
	switch kind {
	case portal.AuthToken, portal.JWT:
		var id string
		id, err = uuid(random)
		raw = form.token(org, id)
	case portal.Basic:
		if name, err = letters(random, userNameLength); err == nil {
			raw, err = letters(random, passwordLength)
		}
	case portal.OAuth:
		if name, err = uuid(random); err == nil {
			raw, err = clientSecret(random)
		}
	default:
		return Key{}, fmt.Errorf("mint a key: none can be made of the kind %q", kind)
	}
	if err != nil {
		return Key{}, fmt.Errorf("mint a key: %w", err)
	}
	return newKey(org, kind, name, secret.New(raw), form), nil
}

// uuid is a UUIDv4 of chance, without its dashes.
func uuid(random io.Reader) (string, error) {
	var id [idLength / 2]byte
	if _, err := io.ReadFull(random, id[:]); err != nil {
		return "", fmt.Errorf("read %d random bytes: %w", len(id), err)
	}
	id[6] = id[6]&0x0f | 0x40 // version 4
	id[8] = id[8]&0x3f | 0x80 // the variant of RFC 9562
	return hex.EncodeToString(id[:]), nil
}

// token is what a token says.
type token struct {
	org  [orgLength]byte
	hash algorithm
}

// readToken reads a token of either form and takes it only as Mint and Tyk write it, to the byte, so that no two texts are one
// key. It is the first thing that any text at an API owner's door meets: it takes nothing from the heap.
func readToken(text string) (t token, ok bool) {
	if isHex(text, orgIDLength) {
		copy(t.org[:], text)
		t.hash = murmur32
		return t, true
	}
	var space [longestToken]byte
	rest, ok := decode(&space, text)
	if !ok {
		return t, false
	}
	org, rest, ok := field(rest, partOrg, orgLength)
	if !ok {
		return t, false
	}
	copy(t.org[:], org)
	if _, rest, ok = field(rest, partID, idLength); !ok {
		return t, false
	}
	for _, t.hash = range named {
		if string(rest) == partHash+string(t.hash)+partEnd {
			return t, true
		}
	}
	return t, false
}

// named are the hashes that a base64 token can name; for a setting that it does not know Tyk writes murmur64.
var named = []algorithm{murmur64, murmur128, sha2, murmur32}

// field takes a name and the hexadecimal digits after it off the beginning of a document.
func field(document []byte, name string, length int) (value, rest []byte, ok bool) {
	end := len(name) + length
	if len(document) < end || string(document[:len(name)]) != name {
		return nil, nil, false
	}
	value = document[len(name):end]
	return value, document[end:], isHex(value, length)
}

// decode reads standard base64 into the space, in the one spelling that there is of it, and nothing that is longer than a token.
func decode[T bytestring](space *[longestToken]byte, text T) ([]byte, bool) {
	var source [longestToken]byte
	if len(text) > len(source) {
		return nil, false
	}
	n, err := base64.StdEncoding.Strict().Decode(space[:], source[:copy(source[:], text)])
	if err != nil || base64.StdEncoding.EncodedLen(n) != len(text) { // Decode passes over line ends
		return nil, false
	}
	return space[:n], true
}

// bytestring is what may be read as it lies there, without a copy.
type bytestring interface{ string | []byte }

// isHex tells whether s is exactly length lower-case hexadecimal digits.
func isHex[T bytestring](s T, length int) bool {
	if len(s) != length {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
