package portal

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// The kinds of key that the desk grants, as an entry's auth_type names them. AuthToken is that of an entry that names none, and of
// a policy without an entry.
const (
	AuthToken = "authToken"
	Basic     = "basic"
	OAuth     = "oauth"
	JWT       = "jwt"
	MutualTLS = "mutualTLS"
)

// keyless is the kind of an entry that is_keyless, whatever else its auth_type says: its API wants no key.
const keyless = "keyless"

// authTypes are all that an entry may name. Those after the first five are kept, and nobody is granted a key for them.
var authTypes = []string{
	AuthToken, Basic, OAuth, JWT, MutualTLS, "hmac", "openid", keyless, "multiAuth", "custom", "other",
}

// Granted tells whether the desk grants keys of the kind.
func Granted(authType string) bool {
	return slices.Contains(authTypes[:5], authType)
}

// configMembers are what an entry's config and the organisation's configuration have in common.
const configMembers = `
	"id": "", "org_id": "",
	"signup_fields": [], "key_request_fields": [],
	"require_key_approval": false, "secure_key_approval": false,
	"redirect_on_key_request": false, "redirect_to": "",
	"enable_multi_selection": false,
	"disable_login": false, "disable_signup": false, "disable_auto_login": false, "catalogue_login_only": false,
	"email": "",
	"mail_options": {
		"mail_from_name": "", "mail_from_email": "",
		"email_copy": {
			"welcome_email": {"enabled": false, "subject": "", "body": "", "sign_off": "", "hide_token_data": false},
			"key_email": {"enabled": false, "subject": "", "body": "", "sign_off": "", "hide_token_data": false},
			"reset_password_email": {"enabled": false, "subject": "", "body": "", "sign_off": "", "hide_token_data": false}
		}
	},
	"enable_dcr": false,
	"dcr_options": {
		"idp_host": "", "access_token": "", "registration_endpoint": "", "provider": "",
		"grant_types": [], "response_types": [], "token_endpoint_auth_method": ""
	},
	"override": false, "HashKeys": false,
	"rules": [], "remind_after": 0, "expire_after": 0, "callback_within": 0, "callback_default": ""`

var entryShape = shapeOf(`{
	"name": "", "short_description": "", "long_description": "", "show": true, "api_id": "", "policy_id": "",
	"documentation": "", "version": "v2", "is_keyless": false,
	"config": {` + configMembers + `, "oauth_usage_limit": -1},
	"fields": {}, "auth_type": "` + AuthToken + `"
}`)

// maxEntryBytes is how long an entry may be.
const maxEntryBytes = 64 << 10

// Entry is an entry of the catalogue: what a developer can ask for. It is shown as the API owner wrote it, unknown members
// and all; the members below are those that the desk itself reads.
type Entry struct {
	PolicyID string
	AuthType string
	Config   Config
	document Object
}

// Config holds the settings that an entry and the organisation's configuration have in common.
type Config struct {
	Override             bool
	RequireKeyApproval   bool
	SecureKeyApproval    bool
	EnableMultiSelection bool
	OAuthUsageLimit      int // OAuth clients that a developer may have of a plan; 0 or less: any number
	Redirect             bool
	RedirectTo           string // where developers are sent, for a third party to decide

	Rules           []Rule
	RemindAfter     time.Duration // until reviewers are reminded of what they have not decided; 0: they are not
	ExpireAfter     time.Duration // until nobody needs to decide any more; 0: that never comes
	CallbackWithin  time.Duration // that a third party has to decide
	CallbackDefault Outcome       // what comes of its silence: Ask or Decline
}

// usualCallback is how long a third party has where no setting says.
const usualCallback = 24 * time.Hour

func configOf(d document) Config {
	return Config{
		Override: d.getBool("override"), RequireKeyApproval: d.getBool("require_key_approval"),
		SecureKeyApproval: d.getBool("secure_key_approval"), EnableMultiSelection: d.getBool("enable_multi_selection"),
		OAuthUsageLimit: d.getInt("oauth_usage_limit"),
		Redirect:        d.getBool("redirect_on_key_request"), RedirectTo: d.getText("redirect_to"),
		Rules:       storedRules(d.get("rules")),
		RemindAfter: seconds(d, "remind_after"), ExpireAfter: seconds(d, "expire_after"),
		CallbackWithin:  cmp.Or(seconds(d, "callback_within"), usualCallback),
		CallbackDefault: cmp.Or(Outcome(d.getText("callback_default")), Ask),
	}
}

func seconds(d document, name string) time.Duration {
	return time.Duration(d.getInt(name)) * time.Second
}

// longestWait bounds the times that a setting gives.
const longestWait = 366 * 24 * time.Hour

// validate refuses settings that cannot be; path is that of the document which holds them.
func (c *Config) validate(path string, d document) error {
	if _, err := ParseRules(path+"rules", []byte(d.get("rules"))); err != nil {
		return err
	}
	for _, name := range []string{"remind_after", "expire_after", "callback_within"} {
		if n := d.getInt(name); n < 0 || time.Duration(n) > longestWait/time.Second {
			return Refuse(Invalid, "%s%s: %d is not a number of seconds from 0 to %d, a year.", path, name, n, longestWait/time.Second)
		}
	}
	if c.CallbackDefault != Ask && c.CallbackDefault != Decline {
		return Refuse(Invalid, "%scallback_default: %q is none; send ask or decline. Silence never approves.", path, clip(string(c.CallbackDefault)))
	}
	return c.validRedirect(path)
}

// newEntry reads an entry as a client sends it, without white space; place is where it stands in the catalogue, "apis[3]".
func newEntry(place, sent string) (Entry, error) {
	d, err := readCompact(place, place+".", sent, entryShape)
	if err != nil {
		return Entry{}, err
	}
	e := entryOf(d)
	switch authType := d.getText("auth_type"); {
	case authType != "" && !slices.Contains(authTypes, authType):
		return Entry{}, Refuse(Invalid, "%s.auth_type: %q is none; send one of %s.", place, clip(authType), strings.Join(authTypes, ", "))
	case len(e.document) > maxEntryBytes:
		return Entry{}, Refuse(Invalid, "%s is %d bytes long; at most %d are kept.", place, len(e.document), maxEntryBytes)
	case e.PolicyID != "":
		if err := validPolicy(place+".policy_id", e.PolicyID); err != nil {
			return Entry{}, err
		}
	}
	return e, e.Config.validate(place+".config.", d.getObject("config"))
}

func entryOf(d document) Entry {
	if d.getText("auth_type") == "" {
		d = d.set("auth_type", quote(AuthToken))
	}
	e := Entry{
		PolicyID: d.getText("policy_id"), AuthType: d.getText("auth_type"), Config: configOf(d.getObject("config")),
		document: Object(d.text()),
	}
	if d.getBool("is_keyless") {
		e.AuthType = keyless
	}
	return e
}

// UnmarshalJSON reads an entry, and completes it with what it lacks.
func (e *Entry) UnmarshalJSON(text []byte) error {
	var kept Object
	if err := json.Unmarshal(text, &kept); err != nil {
		return err
	}
	d, err := complete(kept, entryShape)
	if err == nil {
		*e = entryOf(d)
	}
	return err
}

// MarshalJSON gives the document back as it came.
func (e Entry) MarshalJSON() ([]byte, error) { return e.document.MarshalJSON() }

// Document is the entry's, complete.
func (e Entry) Document() Object { return e.document }

// Known is the document without the members that are unknown here, for those who read it by encoding/json: to that, a member of a
// known name in other letter case is the known one.
func (e Entry) Known() Object {
	known := slices.DeleteFunc(takeApart(string(e.document)), func(m member) bool { return entryShape.find(m.name) == nil })
	return Object(known.text())
}

// WithoutToken is the entry for those who may not write the catalogue: the token that logs in to somebody's identity provider
// is blank.
func (e Entry) WithoutToken() Entry {
	if e.document != "" {
		e.document = Object(takeApart(string(e.document)).blank("config", "dcr_options", "access_token").text())
	}
	return e
}

// Effective are the settings that count for the entry: its own with override, else the organisation's.
func (e *Entry) Effective(c *Configuration) Config {
	if e.Config.Override {
		return e.Config
	}
	return c.Config
}
