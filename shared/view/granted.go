package view

import (
	"time"

	"keydesk/shared/apikey"
	"keydesk/shared/approval"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// Granted is what whoever is given a key is answered: Tyk's document for the kind of key, and Keydesk's own members after it.
type Granted struct {
	*token
	*client
	Key           string   `json:"key,omitempty"`            // the hash that the key is shown by; of an edit and of a rotation
	ApplyPolicies []string `json:"apply_policies,omitempty"` // all that the key has now; of an edit
	GraceEnds     string   `json:"grace_ends,omitempty"`     // of a rotation: until then the older key is good
	Request       string   `json:"request,omitempty"`        // of a rotation by claim: the request by which the developer claims the new key
}

type token struct {
	RawKey   string `json:"RawKey"` // empty where the developer is to claim the key, and where there is none
	Password string `json:"Password"`
}

type client struct {
	ClientID    string `json:"client_id"`
	Secret      string `json:"secret"`
	PolicyID    string `json:"policy_id"`
	RedirectURI string `json:"redirect_uri"`
}

// show shows a key, once, to whom it is granted: RawKey is a token, a user's name, the key id that a JWT's header is to name, or a
// certificate's fingerprint.
func show(key apikey.Key, authType, policy, redirect string) Granted {
	if authType == portal.OAuth {
		return Granted{client: &client{ClientID: key.Name(), Secret: key.Raw().Reveal(), PolicyID: policy, RedirectURI: redirect}}
	}
	switch key.Kind() {
	case portal.Basic:
		return Granted{token: &token{RawKey: key.Name(), Password: key.Raw().Reveal()}}
	case portal.MutualTLS:
		return Granted{token: &token{RawKey: key.Name()}}
	}
	return Granted{token: &token{RawKey: key.Raw().Reveal()}}
}

// Approved shows what came of an approval.
func Approved(g approval.Grant) Granted {
	if g.Edited != nil {
		return Granted{token: &token{}, Key: g.Edited.Shown, ApplyPolicies: g.Edited.Policies} // nobody learns a key by a change of it
	}
	redirect := ""
	if g.Request.OAuthInfo != nil {
		redirect = g.Request.OAuthInfo.RedirectURI
	}
	granted := show(g.Key, g.Request.AuthType, g.Request.ForPlan, redirect)
	if g.Older != nil {
		granted.Key, granted.GraceEnds = g.Key.Shown(), graceEnds(g.Older)
	}
	return granted
}

// Rotated shows the key that took another's place; or no key, where the developer is to claim it.
func Rotated(r approval.Rotated) Granted {
	if r.Waits != nil {
		granted := Approved(approval.Grant{Request: *r.Waits})
		granted.Key, granted.Request = r.Older.Shown, r.Waits.ID
		return granted
	}
	redirect := ""
	if r.Newer.Client != nil {
		redirect = r.Newer.Client.RedirectURI
	}
	granted := show(r.Key, r.Newer.AuthType, r.Newer.Policies[0], redirect)
	granted.Key, granted.GraceEnds = r.Newer.Shown, graceEnds(&r.Older)
	return granted
}

func graceEnds(older *table.IssuedKey) string {
	return portal.Timestamp(time.Unix(older.Rotation.Ends, 0))
}
