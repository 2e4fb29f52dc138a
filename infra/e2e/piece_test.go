package e2e

import (
	"encoding/base64"
	"encoding/pem"
	"slices"
	"strings"
	"testing"
)

// piece is a part of what presents a key, in which each letter can be changed: it looks like a key still.
type piece struct {
	name    string
	size    int
	changed func(at int) string // the whole credential
	reasons []string            // of which the check has one to refuse it
}

var (
	notThere = []string{"unknown"}
	foreign  = []string{"wrong_organisation"}
	notRead  = []string{"unknown", "malformed"}
	unsigned = []string{"token_invalid"}
)

// pieces are those of the key's credential.
func (g grant) pieces(t *testing.T) []piece {
	t.Helper()
	switch g.kind {
	case basic:
		return []piece{
			{"user name", len(g.name), func(at int) string { return pairOf(another(g.name, at), g.key) }, notThere},
			{"password", len(g.key), func(at int) string { return pairOf(g.name, another(g.key, at)) }, notThere},
		}
	case oauth:
		return []piece{
			{"client id", len(g.name), func(at int) string { return pairOf(another(g.name, at), g.key) }, notThere},
			{"secret", 36, func(at int) string { return pairOf(g.name, inside(t, g.key, at)) }, notRead}, // a UUID, of which letters are hyphens
		}
	case jwt:
		return signedPieces(g.pair.token(t, g.key))
	case mutualTLS:
		block, _ := pem.Decode([]byte(g.certificate))
		return []piece{{"certificate", len(block.Bytes), func(at int) string { return reissued(block, at) }, notRead}}
	}
	return g.tokenPieces(t)
}

// signedPieces are the three of a JSON Web Token. A change in the first may be one of the key's id.
func signedPieces(token string) []piece {
	cut := strings.Split(token, ".")
	all := make([]piece, len(cut))
	for i, name := range []string{"header", "claims", "signature"} {
		all[i] = piece{name, len(cut[i]), func(at int) string {
			parts := slices.Clone(cut)
			parts[i] = another(parts[i], at)
			return "Bearer " + strings.Join(parts, ".")
		}, unsigned}
	}
	all[0].reasons = slices.Concat(notRead, unsigned) // what changes may be the key id
	return all
}

// tokenPieces are those of a token, of either form.
func (g grant) tokenPieces(t *testing.T) []piece {
	t.Helper()
	if len(g.key) == 56 {
		return []piece{
			{"organisation", 24, func(at int) string { return another(g.key, at) }, foreign},
			{"id", 32, func(at int) string { return another(g.key, 24+at) }, notThere},
		}
	}
	plain, err := base64.StdEncoding.DecodeString(g.key)
	if err != nil {
		t.Fatal("the token is not base64")
	}
	hash := strings.Index(string(plain), `"h":"`) + len(`"h":"`)
	within := func(name string, begin, size int, reasons ...string) piece {
		return piece{name, size, func(at int) string { return inside(t, g.key, begin+at) }, reasons}
	}
	return []piece{
		within("organisation", len(`{"org":"`), len(g.org), foreign...),
		within("id", len(`{"org":"","id":"`)+len(g.org), 32, notThere...),
		within("hash", hash, len(plain)-hash-len(`"}`), "malformed"),
	}
}

// reissued is a certificate of which one byte is another one.
func reissued(block *pem.Block, at int) string {
	der := slices.Clone(block.Bytes)
	der[at] ^= 1
	return string(pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: der}))
}

// another is the text with another digit or letter in one place.
func another(text string, at int) string {
	letter := "a"
	if text[at:at+1] == letter {
		letter = "b"
	}
	return text[:at] + letter + text[at+1:]
}

// inside is the base64 of the same text with another letter in one place.
func inside(t *testing.T, text string, at int) string {
	t.Helper()
	plain, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal("this is not base64")
	}
	return base64.StdEncoding.EncodeToString([]byte(another(string(plain), at)))
}
