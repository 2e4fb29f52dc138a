// Package claim makes and reads the link by which a developer takes a key. The link holds a token, an HMAC by a key of the stack:
// a notice that is repeated carries the same link, and the token has to be stored nowhere. The links of one request are numbered, and only
// the newest opens: the request stores its number. The token stands in the link's fragment and in the body of a POST, so that no access log
// ever has it.
package claim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"

	"keydesk/shared/portal"
	"keydesk/shared/secret"
)

// Key makes tokens.
type Key struct{ secret secret.Value }

// NewKey is the key that a secret of the stack gives.
func NewKey(s secret.Value) Key { return Key{s} }

// What a token holds in clear, before the HMAC.
const (
	orgBytes    = 12 // the organisation's id: without it the table could not be asked
	numberBytes = 4  // the link's number
)

// Token is what the developer shows to claim the key of a request. number is that of the link among the request's links, from 1 on.
func (k Key) Token(org, request string, number int) string {
	token, _ := hex.DecodeString(org)
	token = binary.BigEndian.AppendUint32(token, uint32(number)) //nolint:gosec // a link a minute
	return base64.RawURLEncoding.EncodeToString(append(token, k.sum(token, request)...))
}

func (k Key) sum(inClear []byte, request string) []byte {
	mac := hmac.New(sha256.New, []byte(k.secret.Reveal()))
	_, _ = mac.Write([]byte("claim\x00" + request + "\x00" + string(inClear))) // never fails
	return mac.Sum(nil)
}

// Read gives the organisation of a request and the number of the link whose token this is; false where the token is not of this request.
func (k Key) Read(request, token string) (org string, number int, ok bool) {
	whole, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(whole) != orgBytes+numberBytes+sha256.Size || !portal.ValidID(request) {
		return "", 0, false
	}
	org, number = hex.EncodeToString(whole[:orgBytes]), int(binary.BigEndian.Uint32(whole[orgBytes:]))
	return org, number, hmac.Equal([]byte(token), []byte(k.Token(org, request, number))) // as it is written: a decoder takes several texts for one token
}

// Link is the address of the claim page for a request.
func Link(publicURL, request, token string) string {
	return publicURL + "/console/claim#" + request + "." + token
}
