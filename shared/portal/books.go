package portal

import "encoding/json"

// Developer is a person who asks for keys, as the wire shows them. Members that hold a secret in Tyk (nonce, sso_key) are
// there, and empty, for clients that expect them; no answer holds a password.
type Developer struct {
	ID              string              `json:"id"`
	Email           string              `json:"email"`
	DateCreated     string              `json:"date_created"`
	Inactive        bool                `json:"inactive"`
	OrgID           string              `json:"org_id"`
	Keys            map[string][]string `json:"keys"`          // shown hash of a key -> its policies
	Subscriptions   map[string]string   `json:"subscriptions"` // policy -> shown hash of its newest key
	Fields          Object              `json:"fields"`
	Nonce           string              `json:"nonce"`
	SSOKey          string              `json:"sso_key"`
	PasswordMaxDays int                 `json:"password_max_days"`
	PasswordUpdated string              `json:"password_updated"`
	PWHistory       []string            `json:"PWHistory"`
	LastLoginDate   string              `json:"last_login_date"`
	KeysTruncated   bool                `json:"keys_truncated,omitempty"` // there are more keys than this view shows
}

// Policy is a plan that a key can be granted for.
type Policy struct {
	ID           string `json:"_id"`
	OrgID        string `json:"org_id"`
	Name         string `json:"name"`
	Active       bool   `json:"active"`
	IsInactive   bool   `json:"is_inactive"`
	KeyExpiresIn int64  `json:"key_expires_in"` // seconds; 0 or less: never
}

// Usable tells whether keys may be granted for the policy.
func (p *Policy) Usable() bool { return p.Active && !p.IsInactive }

// AuthToken is the kind of key of an entry that names none, and of a policy without an entry.
const AuthToken = "authToken"

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
	Override             bool `json:"override"`
	RequireKeyApproval   bool `json:"require_key_approval"`
	SecureKeyApproval    bool `json:"secure_key_approval"`
	EnableMultiSelection bool `json:"enable_multi_selection"`
}

// Configuration is an organisation's portal configuration and its own switches of Keydesk's.
type Configuration struct {
	Config
	AutoApprove bool
	document    Object
}

// UnmarshalJSON reads the members that the desk knows and keeps the document.
func (e *Entry) UnmarshalJSON(text []byte) error {
	var known struct {
		PolicyID string `json:"policy_id"`
		AuthType string `json:"auth_type"`
		Config   Config `json:"config"`
	}
	if err := json.Unmarshal(text, &known); err != nil {
		return err
	}
	if known.AuthType == "" {
		known.AuthType = AuthToken
	}
	*e = Entry{PolicyID: known.PolicyID, AuthType: known.AuthType, Config: known.Config}
	return e.document.UnmarshalJSON(text)
}

// MarshalJSON gives the document back as it came.
func (e Entry) MarshalJSON() ([]byte, error) { return e.document.MarshalJSON() }

// UnmarshalJSON reads the members that the desk knows and keeps the document.
func (c *Configuration) UnmarshalJSON(text []byte) error {
	var known struct {
		Config
		AutoApprove bool `json:"auto_approve"`
	}
	if err := json.Unmarshal(text, &known); err != nil {
		return err
	}
	*c = Configuration{Config: known.Config, AutoApprove: known.AutoApprove}
	return c.document.UnmarshalJSON(text)
}

// MarshalJSON gives the document back as it came.
func (c Configuration) MarshalJSON() ([]byte, error) { return c.document.MarshalJSON() }

// Effective are the settings that count for the entry: its own with override, else the organisation's.
func (e *Entry) Effective(c *Configuration) Config {
	if e.Config.Override {
		return e.Config
	}
	return c.Config
}
