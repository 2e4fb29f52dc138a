// Package claim makes and reads the link by which a developer takes a key. The link holds a token, an HMAC by a key of the stack:
// a notice that is repeated carries the same link, and nothing has to be stored. The token stands in the link's fragment and in the
// body of a POST, so that no access log ever has it.
package claim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"

	"keydesk/shared/portal"
	"keydesk/shared/secret"
)

// Key makes tokens.
type Key struct{ secret secret.Value }

// NewKey is the key that a secret of the stack gives.
func NewKey(s secret.Value) Key { return Key{s} }

// orgBytes is how long an organisation's id is in a token: without it the table could not be asked.
const orgBytes = 12

// Token is what whoever claims the key of a request has to show.
func (k Key) Token(org, request string) string {
	id, _ := hex.DecodeString(org)
	return base64.RawURLEncoding.EncodeToString(append(id, k.sum(org, request)...))
}

func (k Key) sum(org, request string) []byte {
	mac := hmac.New(sha256.New, []byte(k.secret.Reveal()))
	_, _ = mac.Write([]byte("claim\x00" + org + "\x00" + request)) // never fails
	return mac.Sum(nil)
}

// Org is the organisation of a request whose token this is; false where it is not.
func (k Key) Org(request, token string) (org string, ok bool) {
	whole, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(whole) != orgBytes+sha256.Size || !portal.ValidID(request) {
		return "", false
	}
	org = hex.EncodeToString(whole[:orgBytes])
	return org, hmac.Equal([]byte(token), []byte(k.Token(org, request))) // as it is written: a decoder takes several texts for one token
}

// Link is the address of the claim page for a request.
func Link(publicURL, request, token string) string {
	return publicURL + "/console/claim#" + request + "." + token
}
