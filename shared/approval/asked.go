package approval

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// Digest names what a request asks for: all that a PUT can change, for which developer and which key. A decision that another
// system signs is bound to it, and a PUT that leaves it as it is writes nothing.
func Digest(r *table.Request) string {
	text, _ := json.Marshal(struct { //nolint:gosec // texts and lists of them: it cannot fail, and the key is a public one
		Developer, Key, ForAPI, Version string
		Policies, RemovePolicies        []string
		Fields                          string
		JWTSecret, Certificate          string
		OAuth                           portal.OAuthInfo
	}{
		r.ByUser, r.Edits, r.ForAPI, r.Version, list(r.ApplyPolicies), list(r.RemovePolicies), r.Fields.Canonical(),
		r.JWTSecret, r.Certificate, oauth(r.OAuthInfo),
	})
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// list and oauth have one form for what was left out and for what is empty.
func list(policies []string) []string { return append([]string{}, policies...) }

func oauth(info *portal.OAuthInfo) portal.OAuthInfo {
	if info == nil {
		return portal.OAuthInfo{}
	}
	return *info
}

// sameAsked tells whether two revisions of a request ask for the same.
func sameAsked(a, b *table.Request) bool { return Digest(a) == Digest(b) }
