package apikey

import (
	"bytes"
	"crypto/sha256"
	"strings"

	"keydesk/shared/portal"
)

// Presented is a key as a call to an API brings it: well-formed, and not yet found in the table, so nobody's.
type Presented struct {
	Digest [sha256.Size]byte // what it is looked up by; of a JWT: what this very token is remembered by
	Kind   string
	org    [orgLength]byte
	names  bool // an organisation, org
}

// MayBeOf tells whether the key can be one of the organisation's: a token names its own, other kinds name none.
func (p *Presented) MayBeOf(org string) bool { return !p.names || string(p.org[:]) == org }

// longestJWT is what API Gateway lets through in all headers together.
const longestJWT = 10 << 10

// Read reads a header's value: a token or a JWT, raw or after "Bearer ", or the pair of a user or an OAuth client after "Basic ".
// It says no to whatever cannot be a key, at no cost in memory.
func Read(header string) (Presented, bool) {
	text := strings.TrimSpace(header)
	if pair, is := afterScheme(text, "Basic "); is {
		return readPair(pair)
	}
	if bearer, is := afterScheme(text, "Bearer "); is {
		text = bearer
	}
	if read, ok := readToken(text); ok {
		return Presented{Digest: digestOf(text), Kind: portal.AuthToken, org: read.org, names: true}, true
	}
	if len(text) <= longestJWT && isJWT(text) {
		return Presented{Digest: digestOf(text), Kind: portal.JWT}, true
	}
	return Presented{}, false
}

// afterScheme cuts a scheme, whatever its case (RFC 9110, 11.1), off a header.
func afterScheme(text, scheme string) (string, bool) {
	if len(text) <= len(scheme) || !strings.EqualFold(text[:len(scheme)], scheme) {
		return "", false
	}
	return strings.TrimSpace(text[len(scheme):]), true
}

func readPair(text string) (Presented, bool) {
	var space [longestToken]byte
	if len(text) > (longestPair+2)/3*4 {
		return Presented{}, false
	}
	pair, ok := decode(space[:], text)
	colon := bytes.IndexByte(pair, ':')
	if !ok || colon < 0 {
		return Presented{}, false
	}
	switch name, password := pair[:colon], pair[colon+1:]; {
	case isUserName(name) && isPassword(password):
		return Presented{Digest: sha256.Sum256(pair), Kind: portal.Basic}, true
	case isHex(name, idLength) && isClientSecret(password):
		return Presented{Digest: sha256.Sum256(pair), Kind: portal.OAuth}, true
	}
	return Presented{}, false
}

// inJWT are the characters of which a JWT's parts are: base64url.
var inJWT = func() (table [256]bool) {
	for _, c := range alphabet + "-_" {
		table[c] = true
	}
	return table
}()

// isJWT tells whether the text has the look of one: three parts of base64url, of which the first is a JSON object.
func isJWT(text string) bool {
	if !strings.HasPrefix(text, "ey") {
		return false
	}
	dots, last := 0, len(text)-1
	for i := range len(text) {
		if inJWT[text[i]] {
			continue
		}
		if text[i] != '.' || i == last || text[i+1] == '.' { // a part without anything in it
			return false
		}
		dots++
	}
	return dots == 2
}

// digestOf takes the digest of a text, piece by piece: the whole of a JWT would have to be copied onto the heap.
func digestOf(text string) (digest [sha256.Size]byte) {
	var piece [256]byte
	hash := sha256.New()
	for text != "" {
		n := copy(piece[:], text)
		hash.Write(piece[:n])
		text = text[n:]
	}
	hash.Sum(digest[:0])
	return digest
}
