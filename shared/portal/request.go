package portal

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// State is where a key request stands.
type State string

// The states of a request; package approval says which may follow which, and who acts next.
const (
	Pending   State = "pending"
	Waiting   State = "waiting"
	Approved  State = "approved"
	Declined  State = "declined"
	Cancelled State = "cancelled"
	Expired   State = "expired"
	Lapsed    State = "lapsed"
)

// Request is a key request, as it stands on the wire. The members up to OAuthInfo are Tyk's; those after it are Keydesk's.
type Request struct {
	ID             string     `json:"id"`
	OrgID          string     `json:"org_id"`
	Key            string     `json:"key"` // shown hash of an existing key that is to be edited
	ForAPI         string     `json:"for_api"`
	ForPlan        string     `json:"for_plan"` // the first of ApplyPolicies; older clients know only this one
	ApplyPolicies  []string   `json:"apply_policies"`
	RemovePolicies []string   `json:"remove_policies"`
	ByUser         string     `json:"by_user"` // the developer's id
	Fields         Object     `json:"fields"`  // answers to the catalogue entry's key_request_fields
	Approved       bool       `json:"approved"`
	DateCreated    string     `json:"date_created"` // the client's, else the server's time
	Version        string     `json:"version"`
	JWTSecret      string     `json:"jwt_secret"`  // the developer's public key, PEM
	Certificate    string     `json:"certificate"` // fingerprint of the developer's client certificate
	OAuthInfo      *OAuthInfo `json:"oauth_info,omitempty"`

	State     State     `json:"state"`
	Revision  int       `json:"revision"` // grows with every change; If-Match compares it
	DecidedBy string    `json:"decided_by,omitempty"`
	DecidedAt string    `json:"decided_at,omitempty"`
	Rule      string    `json:"rule,omitempty"` // by whose word it was decided, or left to a person
	Reason    string    `json:"reason,omitempty"`
	Why       string    `json:"why,omitempty"` // how the rules were read
	Delivery  *Delivery `json:"delivery,omitempty"`
}

// Delivery says to whom a request's key was handed, and when. A key is handed over once.
type Delivery struct {
	To        string `json:"to"`
	At        string `json:"at"`
	RefusedAt string `json:"refused_at,omitempty"` // when somebody else last tried to claim it
}

// RequestInput is what a client may say of a request, on create and on update. Whatever else it sends (id, approved, the
// embedded views) is read by nobody. A nil member was not sent.
type RequestInput struct {
	Key            *string    `json:"key"`
	ForAPI         *string    `json:"for_api"`
	ForPlan        *string    `json:"for_plan"`
	ApplyPolicies  []string   `json:"apply_policies"`
	RemovePolicies []string   `json:"remove_policies"`
	ByUser         *string    `json:"by_user"`
	Fields         *Object    `json:"fields"`
	DateCreated    *string    `json:"date_created"`
	Version        *string    `json:"version"`
	JWTSecret      *SentKey   `json:"jwt_secret"`
	Certificate    *string    `json:"certificate"`
	OAuthInfo      *OAuthInfo `json:"oauth_info"`
}

// Limits of one request, so that a page of them stays short: the largest has some 40 KB. Its fields have 16, all that a redirect_uri names
// has 8, the names of its policies 8, and a public key 2; a certificate is kept as its fingerprint.
const (
	MaxPolicies    = 20
	maxFieldsBytes = 16 << 10 // of what is asked about a request
	maxText        = 16 << 10
	LongestReason  = 2000 // bytes of what is said of a decision: a sentence or two
	maxName        = 200
)

// Policies are the plans that the input asks for, whichever of Tyk's two members names them; nil when neither does.
func (in *RequestInput) Policies() ([]string, error) {
	plan := text(in.ForPlan)
	switch {
	case len(in.ApplyPolicies) == 0 && plan == "":
		return nil, nil
	case len(in.ApplyPolicies) == 0:
		return []string{plan}, validPolicy("for_plan", plan)
	}
	if err := ValidPolicies("apply_policies", in.ApplyPolicies); err != nil {
		return nil, err
	}
	if plan != "" && !slices.Contains(in.ApplyPolicies, plan) {
		return nil, Refuse(Invalid, "for_plan and apply_policies disagree; send apply_policies alone.")
	}
	return in.ApplyPolicies, nil
}

// ValidPolicies refuses a list of policies, of the member called field, that names one twice or what cannot be one.
func ValidPolicies(field string, policies []string) error {
	if len(policies) > MaxPolicies {
		return Refuse(Invalid, "%s names %d policies; at most %d are taken.", field, len(policies), MaxPolicies)
	}
	for i, policy := range policies {
		if err := validPolicy(field, policy); err != nil {
			return err
		}
		if slices.Contains(policies[:i], policy) {
			return Refuse(Invalid, "%s names the policy %s twice; name it once.", field, policy)
		}
	}
	return nil
}

// validate checks what needs no look into the table. Create asks for more: see NewRequest.
func (in *RequestInput) validate() error {
	switch {
	case text(in.Key) != "" && !ValidKeyName(*in.Key):
		return Refuse(Invalid, "key is not the hash that a key is shown by; send one of the developer's keys, or leave it empty to ask for a new one.")
	case len(text(in.ForAPI)) > maxName:
		return Refuse(Invalid, "for_api is longer than %d bytes; leave it empty.", maxName)
	case in.Fields != nil && len(*in.Fields) > maxFieldsBytes:
		return Refuse(Invalid, "fields is %d bytes long; at most %d are kept. Send shorter answers, or a link to the rest.", len(*in.Fields), maxFieldsBytes)
	case len(text(in.Version)) > maxName:
		return Refuse(Invalid, "version is longer than %d bytes; send \"v2\" or nothing.", maxName)
	}
	if _, err := date("date_created", text(in.DateCreated)); err != nil {
		return err
	}
	if err := ValidPolicies("remove_policies", in.RemovePolicies); err != nil {
		return err
	}
	if in.OAuthInfo != nil {
		if err := in.OAuthInfo.validate(); err != nil {
			return err
		}
	}
	if in.Fields != nil {
		return in.Fields.readable("fields")
	}
	return nil
}

// ValidKeyName tells whether a key can be named so: by the hash it is shown by, an OAuth client's id, or the key's own id.
func ValidKeyName(name string) bool {
	switch len(name) { // murmur32, murmur64, an id, murmur128 and a client's id, SHA-256: no length that a whole key has
	case 8, 16, idLength, 32, 64:
		return strings.Trim(name, "0123456789abcdef") == ""
	}
	return false
}

// ErrNothingToEdit refuses a request for a change of a key that says of no change.
var ErrNothingToEdit = Refuse(Invalid, "key is to be edited; name policies in apply_policies to add, in remove_policies to take away.")

// NewRequest makes the pending request that the input asks for.
func NewRequest(org string, in *RequestInput, now time.Time) (Request, error) {
	if err := in.validate(); err != nil {
		return Request{}, err
	}
	policies, err := in.Policies()
	switch edits := text(in.Key) != ""; {
	case err != nil:
		return Request{}, err
	case !edits && len(in.RemovePolicies) > 0:
		return Request{}, Refuse(Invalid, "remove_policies takes policies from a key; name it in key, by the hash it is shown by.")
	case edits && len(policies) == 0 && len(in.RemovePolicies) == 0:
		return Request{}, ErrNothingToEdit
	case !edits && len(policies) == 0 && text(in.ForAPI) != "":
		return Request{}, Refuse(Invalid, "for_api alone is the flow of version 1, which is gone; name the policies in apply_policies.")
	case !edits && len(policies) == 0:
		return Request{}, Refuse(Invalid, "apply_policies is missing; name the policy that the key is for.")
	case text(in.ByUser) == "":
		return Request{}, Refuse(Invalid, "by_user is missing; send the developer's id.")
	case !ValidID(*in.ByUser):
		return Request{}, Refuse(Invalid, "by_user is not an id; send the developer's id, 24 hexadecimal digits.")
	}
	created, _ := date("date_created", text(in.DateCreated)) // seen by validate
	r := Request{
		ID: NewID(now), OrgID: org, ByUser: *in.ByUser, Key: text(in.Key), RemovePolicies: []string{}, ApplyPolicies: []string{},
		DateCreated: cmp.Or(created, Timestamp(now)), State: Pending, Revision: 1,
	}
	err = r.take(in, policies)
	return r, err
}

// ValidReason refuses a reason for a decision that is too long to be kept.
func ValidReason(reason string) error {
	if len(reason) > LongestReason {
		return Refuse(Invalid, "reason is %d bytes long; at most %d are kept.", len(reason), LongestReason)
	}
	return nil
}

// Revise gives the request as the input would have it. What the input leaves out stays as it is.
func (r Request) Revise(in *RequestInput) (Request, error) {
	if err := in.validate(); err != nil {
		return Request{}, err
	}
	if by := text(in.ByUser); by != "" && by != r.ByUser {
		return Request{}, Refuse(Invalid, "by_user cannot be changed; delete the request and create one for the other developer.")
	}
	switch key := text(in.Key); {
	case key != "" && key != r.Key:
		return Request{}, Refuse(Invalid, "key cannot be changed; delete the request and create another.")
	case r.Key == "" && len(in.RemovePolicies) > 0:
		return Request{}, Refuse(Invalid, "remove_policies takes policies from a key, and this request asks for a new one.")
	}
	policies, err := in.Policies()
	if err != nil {
		return Request{}, err
	}
	switch {
	case len(policies) > 0:
	case r.Key != "" && in.ApplyPolicies != nil: // it is to take away alone
		r.ApplyPolicies = []string{}
	default:
		policies = r.ApplyPolicies
	}
	err = r.take(in, policies)
	return r, err
}

func (r *Request) take(in *RequestInput, policies []string) error {
	r.ForPlan = ""
	if len(policies) > 0 {
		r.ApplyPolicies, r.ForPlan = policies, policies[0]
	}
	if in.RemovePolicies != nil {
		r.RemovePolicies = in.RemovePolicies
	}
	keep(&r.ForAPI, in.ForAPI)
	keep(&r.Fields, in.Fields)
	keep(&r.Version, in.Version)
	if sent := text(in.Certificate); sent != "" {
		fingerprint, err := Fingerprint(r.OrgID, sent)
		if err != nil {
			return err
		}
		if len(sent) > longestFingerprint || !isASCII(sent) { // a whole certificate, or one with marks that nobody sees
			in.Certificate = &fingerprint
		}
	}
	keep(&r.Certificate, in.Certificate)
	if in.OAuthInfo != nil {
		r.OAuthInfo = in.OAuthInfo
	}
	if in.JWTSecret == nil {
		return nil
	}
	if r.JWTSecret = ""; in.JWTSecret.IsZero() {
		return nil
	}
	var err error
	r.JWTSecret, err = PublicKey(in.JWTSecret.Value)
	return err
}

// Open tells whether the request still waits for somebody's decision.
func (r *Request) Open() bool { return r.State == Pending || r.State == Waiting }

func clip(s string) string {
	const longest = 40
	if len(s) > longest {
		return s[:longest] + "..."
	}
	return s
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func keep[T any](into *T, sent *T) {
	if sent != nil {
		*into = *sent
	}
}
