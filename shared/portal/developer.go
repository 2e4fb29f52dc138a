package portal

import (
	"cmp"
	"time"

	"golang.org/x/text/unicode/norm"

	"keydesk/shared/secret"
)

// Developer is a person who asks for keys, as the wire shows them. Members that hold a secret in Tyk (nonce, PWHistory) are
// there, and empty, for clients that expect them; no answer holds a password. The sso_key is no secret: it names the developer
// in the portal's single sign-on.
type Developer struct {
	ID              string              `json:"id"`
	Email           string              `json:"email"`
	DateCreated     string              `json:"date_created"`
	Inactive        bool                `json:"inactive"`
	OrgID           string              `json:"org_id"`
	Keys            map[string][]string `json:"keys"`          // shown hash of a key -> its policies
	Subscriptions   map[string]string   `json:"subscriptions"` // policy -> shown hash of its newest key
	OAuthClients    map[string][]Client `json:"oauth_clients,omitempty"`
	Fields          Object              `json:"fields"`
	Nonce           string              `json:"nonce"`
	SSOKey          string              `json:"sso_key"`
	PasswordMaxDays int                 `json:"password_max_days"` // 0: a password does not age
	PasswordUpdated string              `json:"password_updated"`
	PWHistory       []string            `json:"PWHistory"`
	LastLoginDate   string              `json:"last_login_date"`
	KeysTruncated   bool                `json:"keys_truncated,omitempty"` // there are more keys than this view shows
	Deleting        bool                `json:"deleting,omitempty"`       // its deletion stopped half-way, to be gone on with
}

// Never is the time of what has not happened, as Tyk writes it: clients in Go cannot read an empty time.
const Never = "0001-01-01T00:00:00Z"

// NoDeveloper has every member of a developer, and nobody in them.
func NoDeveloper() Developer {
	return Developer{
		DateCreated: Never, PasswordUpdated: Never, LastLoginDate: Never,
		Keys: map[string][]string{}, Subscriptions: map[string]string{}, PWHistory: []string{},
	}
}

// maxDeveloperFields is how long a developer's own fields may be.
const maxDeveloperFields = 64 << 10

// DeveloperInput is what a client may say of a developer, on create and on update. Whatever else it sends (id, keys and
// subscriptions, the api_keys of older versions, nonce, PWHistory) is read by nobody: it would forge keys. A nil member was
// not sent.
type DeveloperInput struct {
	Email           *string       `json:"email"`
	Inactive        *bool         `json:"inactive"`
	Fields          *Object       `json:"fields"` // answers to the configuration's signup_fields
	DateCreated     *string       `json:"date_created"`
	PasswordMaxDays *int          `json:"password_max_days"`
	Password        *secret.Value `json:"password"` // the text, or its bcrypt hash
	SSOKey          *string       `json:"sso_key"`  // empty: none
}

// oldestPassword is the greatest password_max_days.
const oldestPassword = 3650

// Validate checks what needs no look into the table.
func (in *DeveloperInput) Validate() error {
	switch {
	case in.Fields != nil && len(*in.Fields) > maxDeveloperFields:
		return Refuse(Invalid, "fields is %d bytes long; at most %d are kept.", len(*in.Fields), maxDeveloperFields)
	case in.PasswordMaxDays != nil && (*in.PasswordMaxDays < 0 || *in.PasswordMaxDays > oldestPassword):
		return Refuse(Invalid, "password_max_days: %d is not a number of days from 1 to %d, nor 0 for a password that does not age.", *in.PasswordMaxDays, oldestPassword)
	}
	if _, err := date("date_created", text(in.DateCreated)); err != nil {
		return err
	}
	if in.Email != nil {
		if err := ValidEmail("email", *in.Email); err != nil {
			return err
		}
	}
	if err := validSSOKey(text(in.SSOKey)); err != nil {
		return err
	}
	if in.Fields != nil {
		return in.Fields.readable("fields")
	}
	return nil
}

// NewDeveloper makes the developer that the input asks for.
func NewDeveloper(org string, in *DeveloperInput, now time.Time) (Developer, error) {
	if err := in.Validate(); err != nil {
		return Developer{}, err
	}
	if text(in.Email) == "" {
		return Developer{}, Refuse(Invalid, "email is missing; send the developer's e-mail address.")
	}
	created, _ := date("date_created", text(in.DateCreated)) // seen by Validate
	d := NoDeveloper()
	d.ID, d.OrgID, d.DateCreated = NewID(now), org, cmp.Or(created, Timestamp(now))
	d.take(in)
	return d, nil
}

// Revise gives the developer as the input would have it. What the input leaves out stays as it is.
func (d Developer) Revise(in *DeveloperInput) Developer {
	d.take(in)
	return d
}

func (d *Developer) take(in *DeveloperInput) {
	if in.Email != nil {
		d.Email = norm.NFC.String(*in.Email)
	}
	if in.SSOKey != nil {
		d.SSOKey = norm.NFC.String(*in.SSOKey)
	}
	keep(&d.Inactive, in.Inactive)
	keep(&d.Fields, in.Fields)
	keep(&d.PasswordMaxDays, in.PasswordMaxDays)
}
