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
	if pair, is := portal.AfterScheme(header, "Basic"); is {
		return readPair(pair)
	}
	text, _ := portal.AfterScheme(header, "Bearer")
	if read, ok := readToken(text); ok {
		return Presented{Digest: digestOf(text), Kind: portal.AuthToken, org: read.org, names: true}, true
	}
	if len(text) <= longestJWT && isJWT(text) {
		return Presented{Digest: digestOf(text), Kind: portal.JWT}, true
	}
	return Presented{}, false
}

func readPair(text string) (Presented, bool) {
	var space [longestToken]byte
	pair, ok := decode(&space, text)
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

// isJWT tells whether the text has the look of one: three parts of base64url, of which the first is a JSON object. Dots are counted
// first, which takes a tenth of the time that a look at each character does.
func isJWT(text string) bool {
	if !strings.HasPrefix(text, "ey") || strings.Count(text, ".") != 2 {
		return false
	}
	last := len(text) - 1
	for i := range len(text) {
		if inJWT[text[i]] {
			continue
		}
		if text[i] != '.' || i == last || text[i+1] == '.' { // a part without anything in it
			return false
		}
	}
	return true
}

// digestOf takes the digest of texts that follow one another, piece by piece: the whole of a JWT, or of a certificate, would have to be
// copied onto the heap.
func digestOf(texts ...string) (digest [sha256.Size]byte) {
	var piece [256]byte
	hash := sha256.New()
	for _, text := range texts {
		for text != "" {
			n := copy(piece[:], text)
			hash.Write(piece[:n])
			text = text[n:]
		}
	}
	hash.Sum(digest[:0])
	return digest
}
