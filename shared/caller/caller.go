// Package caller knows who is asking and what they may do. A call names its caller by a credential, a text that only its
// holder has; the table keeps the credential's SHA-256 and never the text.
package caller

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"keydesk/shared/portal"
	"keydesk/shared/secret"
)

// Caller is who asks: the holder of a credential that the table knows.
type Caller struct {
	Org        string `json:"org"`
	Name       string `json:"name"`
	Role       Role   `json:"role"`
	Email      string `json:"email"`
	Expires    int64  `json:"expires"`    // Unix seconds; 0: never
	Credential string `json:"credential"` // SHA-256 of the credential's text, hexadecimal
	First      string `json:"first"`      // that of the first credential of its holder, if rotations have put this one in its place
}

// Holder names whoever holds the credential, however often it was rotated: by the hash of the first one. What a holder has done
// is written down under it, so that a rotation takes nothing from them.
func (c *Caller) Holder() string { return cmp.Or(c.First, c.Credential) }

// Presented is a credential as a call brings it: not yet found in the table, so nobody's.
type Presented struct {
	Org  string // the organisation that the credential names; true once its hash is found there
	Hash string // SHA-256 of the text: what the table looks up
}

// A credential's text is kd_<organisation>_<52 characters of chance>. It names its organisation so that a call's first read
// can go out beside the look-up of the credential instead of after it.
const (
	prefix        = "kd_"
	chanceLength  = 52
	organisation  = 24
	presentLength = len(prefix) + organisation + 1 + chanceLength
)

// Parse reads an Authorization header: the raw credential, as Tyk's clients send it, or "Bearer " and the credential. It
// says no to whatever cannot be a credential, so that rubbish costs no read.
func Parse(header string) (Presented, bool) {
	text, _ := portal.AfterScheme(header, "Bearer")
	if len(text) != presentLength || !strings.HasPrefix(text, prefix) {
		return Presented{}, false
	}
	org, rest, _ := strings.Cut(text[len(prefix):], "_")
	if !portal.ValidID(org) || strings.Trim(rest, "abcdefghijklmnopqrstuvwxyz234567") != "" {
		return Presented{}, false
	}
	return Presented{Org: org, Hash: Hash(text)}, true
}

// Mint makes a new credential of the organisation, and the hash by which the table will know it.
func Mint(org string) (credential secret.Value, hash string) {
	text := prefix + org + "_" + chance()
	return secret.New(text), Hash(text)
}

// Hash is how the table names a credential: SHA-256, which suffices for a text of 256 random bits.
func Hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func chance() string { return strings.ToLower(rand.Text() + rand.Text()) } // 26 base32 characters each, 128 bits and more
