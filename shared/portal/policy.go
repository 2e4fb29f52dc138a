package portal

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

var policyShape = shapeOf(`{
	"_id": "", "id": "", "org_id": "", "name": "",
	"rate": 0, "per": 0, "quota_max": 0, "quota_renewal_rate": 0,
	"throttle_interval": 0, "throttle_retry_limit": 0, "max_query_depth": 0,
	"access_rights": {},
	"hmac_enabled": false, "enable_http_signature_validation": false,
	"active": true, "is_inactive": false,
	"tags": [], "key_expires_in": 0,
	"partitions": {"quota": false, "rate_limit": false, "complexity": false, "acl": false, "per_api": false},
	"last_updated": "", "meta_data": {}, "date_created": ""
}`)

// Limits of a policy.
const (
	maxPolicyBytes = 128 << 10
	longestLife    = 100 * 365 * 24 * 60 * 60 // of a key, in seconds
)

// Policy is a plan that a key can be granted for. It is shown as its owner wrote it; the members below are those that the desk
// itself reads.
type Policy struct {
	ID           string
	Name         string
	Active       bool
	IsInactive   bool
	State        string // Tyk's, in lower case: active, draft or deny; empty: the policy does not say
	AuthType     string // the kind of key that the policy names itself; empty: it names none
	KeyExpiresIn int64  // seconds; 0 or less: never
	DateCreated  string
	Limits       Limits
	document     Object
}

// Limits are what a key of the policy may use of an API, each as its owner wrote the number.
type Limits struct{ Rate, Per, QuotaMax, QuotaRenewalRate string }

// longestLimit is more than any number has that means something.
const longestLimit = 32

func (l *Limits) short() bool {
	return max(len(l.Rate), len(l.Per), len(l.QuotaMax), len(l.QuotaRenewalRate)) <= longestLimit
}

// Usable tells whether keys may be granted for the policy, and whether its keys open anything. A state that is not known does not count
// as active: a policy is closed until it says that it is open.
func (p *Policy) Usable() bool {
	return p.Active && !p.IsInactive && (p.State == "" || p.State == "active")
}

// kindNames are the names that Tyk's policies have for kinds of key, and catalogue entries do not.
var kindNames = map[string]string{"ba": Basic, "basicauth": Basic, "token": AuthToken, "auth_token": AuthToken, "oauth2": OAuth, "mtls": MutualTLS}

// kindOfPolicy is the kind of key that a policy names. An unknown name stays: no key is granted for it.
func kindOfPolicy(name string) string {
	name = strings.TrimSpace(name)
	for _, known := range authTypes {
		if strings.EqualFold(name, known) {
			return known
		}
	}
	return cmp.Or(kindNames[strings.ToLower(name)], name)
}

// NewPolicy is the policy that a client sends, under the id that it sends with it, if any: _id, or id where that is missing.
func NewPolicy(org string, sent Object, now time.Time) (Policy, error) {
	d, err := readDocument("The policy", sent, policyShape)
	if err != nil {
		return Policy{}, err
	}
	field, id := "_id", d.getText("_id")
	if explicit := d.getText("id"); id == "" && explicit != "" { // a client of Tyk's with allow_explicit_policy_id
		field, id = "id", explicit
	}
	if id == "" {
		id = NewID(now)
	}
	if err := validPolicy(field, id); err != nil {
		return Policy{}, err
	}
	return finishPolicy(org, id, d, Timestamp(now))
}

// Replaced is the policy as a client would have it instead. Its id stays, and its date where the client names none.
func (p Policy) Replaced(org string, sent Object) (Policy, error) {
	d, err := readDocument("The policy", sent, policyShape)
	if err != nil {
		return Policy{}, err
	}
	return finishPolicy(org, p.ID, d, p.DateCreated)
}

func finishPolicy(org, id string, d document, created string) (Policy, error) {
	for _, name := range []string{"auth_type", "state"} { // no part of the shape: they are not added where they are missing
		m := d.find(name)
		switch {
		case m == nil || kindOf(m.value) == textWord:
		case m.value == "null":
			return Policy{}, isNull(name, textWord)
		default:
			return Policy{}, Refuse(Invalid, "%s: a string is expected, not %s.", name, kindOf(m.value))
		}
	}
	d = d.set("_id", quote(id)).set("org_id", quote(org))
	sent, err := date("date_created", d.getText("date_created"))
	if err != nil {
		return Policy{}, err
	}
	updated, err := lastUpdated(d.getText("last_updated"))
	if err != nil {
		return Policy{}, err
	}
	d = d.set("date_created", quote(cmp.Or(sent, created))).set("last_updated", quote(updated))
	p, err := policyOf(d)
	switch {
	case err != nil:
		return Policy{}, err
	case strings.TrimSpace(p.Name) == "":
		return Policy{}, Refuse(Invalid, "name is missing; say what developers shall read of the policy.")
	case len(p.Name) > maxName:
		return Policy{}, Refuse(Invalid, "name is longer than %d bytes.", maxName)
	case p.KeyExpiresIn > longestLife:
		return Policy{}, Refuse(Invalid, "key_expires_in: at most %d seconds are taken, a hundred years; send 0 for keys that never end.", longestLife)
	case !p.Limits.short():
		return Policy{}, Refuse(Invalid, "rate, per, quota_max, quota_renewal_rate: one is longer than %d digits; every API is told them with every call.", longestLimit)
	case len(p.document) > maxPolicyBytes:
		return Policy{}, Refuse(Invalid, "The policy is %d bytes long; at most %d are kept.", len(p.document), maxPolicyBytes)
	}
	return p, nil
}

func policyOf(d document) (Policy, error) {
	expires, err := strconv.ParseInt(d.get("key_expires_in"), 10, 64)
	if err != nil {
		return Policy{}, Refuse(Invalid, "key_expires_in: a whole number of seconds is expected, not %.20s.", d.get("key_expires_in"))
	}
	return Policy{
		ID: d.getText("_id"), Name: d.getText("name"), Active: d.getBool("active"), IsInactive: d.getBool("is_inactive"),
		State: strings.ToLower(strings.TrimSpace(textOf(d, "state"))), AuthType: kindOfPolicy(textOf(d, "auth_type")),
		KeyExpiresIn: expires, DateCreated: d.getText("date_created"),
		Limits:   Limits{d.get("rate"), d.get("per"), d.get("quota_max"), d.get("quota_renewal_rate")},
		document: Object(d.text()),
	}, nil
}

// textOf is the text of a member that may be missing; empty where it holds no text.
func textOf(d document, name string) string {
	if kindOf(d.get(name)) != "a string" {
		return ""
	}
	return d.getText(name)
}

// UnmarshalJSON reads a policy, and completes it with what it lacks.
func (p *Policy) UnmarshalJSON(text []byte) error {
	var sent Object
	if err := json.Unmarshal(text, &sent); err != nil {
		return err
	}
	d, err := complete(sent, policyShape)
	if err == nil {
		*p, err = policyOf(d)
	}
	return err
}

// Equal tells whether two policies are the same document.
func (p *Policy) Equal(other *Policy) bool { return p.document == other.document }

// MarshalJSON gives the document back as it came.
func (p Policy) MarshalJSON() ([]byte, error) { return p.document.MarshalJSON() }

// ErrPolicyID is the answer to a path that names what cannot be a policy.
var ErrPolicyID = Refuse(Invalid, "Invalid policy ID. %s.", strings.ToUpper(policyIDRule[:1])+policyIDRule[1:])

const policyIDRule = "send 1 to 200 bytes without #, /, ? and control characters"

// reservedIDs are paths of their own where a policy's id would stand.
var reservedIDs = []string{"search", ".", ".."}

// ValidPolicyID tells whether a policy can have the id: it has to fit a path and the table's keys.
func ValidPolicyID(id string) bool { return validPolicy("", id) == nil }

// validPolicy refuses what cannot be a policy's id. Field is where it stands.
func validPolicy(field, id string) error {
	switch {
	case slices.Contains(reservedIDs, id):
		return Refuse(Invalid, "%s: %q is reserved, a path of its own; choose another id.", field, id)
	case id == "" || len(id) > maxName || strings.ContainsFunc(id, unfitForPath):
		return Refuse(Invalid, "%s: %q cannot be a policy's id; %s.", field, clip(id), policyIDRule)
	}
	return nil
}

func unfitForPath(c rune) bool {
	return c == '#' || c == '/' || c == '?' || unicode.IsControl(c) || c == unicode.ReplacementChar
}
