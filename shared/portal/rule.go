package portal

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Outcome is what a rule says of a request.
type Outcome string

// The outcomes of a rule.
const (
	Approve Outcome = "approve"
	Decline Outcome = "decline"
	Ask     Outcome = "ask" // a person
)

// Rule decides in a reviewer's place, or says that a person has to. An entry of the catalogue and the organisation may carry
// some; package approval says how they are read.
type Rule struct {
	Name    string  `json:"name"` // decisions are recorded under it
	When    When    `json:"when"`
	Outcome Outcome `json:"outcome"`
	Reason  string  `json:"reason,omitempty"` // what the developer is told
}

// When is what a rule asks of a request: all of it has to hold, and of a list any one. It holds for every request where it is empty.
type When struct {
	EmailDomain []string            `json:"email_domain,omitempty"` // of the developer's address: "orchard.example", or "*.orchard.example" for those below
	Policy      []string            `json:"policy,omitempty"`
	Field       map[string][]string `json:"field,omitempty"`        // answers to the form, by its field's name; upper and lower case are the same
	FieldNotIn  map[string][]string `json:"field_not_in,omitempty"` // answers that are none of these
	KeysHeld    *Range              `json:"keys_held,omitempty"`
}

// Range is a span of whole numbers; a nil end is open.
type Range struct {
	AtLeast *int `json:"at_least,omitempty"`
	AtMost  *int `json:"at_most,omitempty"`
}

// Holds tells whether n is in the range.
func (r *Range) Holds(n int) bool {
	return (r.AtLeast == nil || n >= *r.AtLeast) && (r.AtMost == nil || n <= *r.AtMost)
}

// validate refuses a range that asks for nothing, or holds for nobody; none is well.
func (r *Range) validate(at string) error {
	if r == nil {
		return nil
	}
	for _, n := range []*int{r.AtLeast, r.AtMost} {
		if n != nil && (*n < 0 || *n > MostKeysCounted) {
			return Refuse(Invalid, "%s: %d is not from 0 to %d.", at, *n, MostKeysCounted)
		}
	}
	switch {
	case r.AtLeast == nil && r.AtMost == nil:
		return Refuse(Invalid, "%s: send at_least, at_most or both.", at)
	case r.AtLeast != nil && r.AtMost != nil && *r.AtLeast > *r.AtMost:
		return Refuse(Invalid, "%s: from %d to %d holds for nobody.", at, *r.AtLeast, *r.AtMost)
	}
	return nil
}

// Bounds of the rules of one place.
const (
	maxRules  = 50
	maxListed = 100
)

// MostKeysCounted is how many keys of a developer a rule can tell apart; a count goes no further.
const MostKeysCounted = 1000

// ParseRules reads the rules that a client sends in the member of that path. What a rule does not know is refused: a condition that is
// misspelt must not hold for everybody.
func ParseRules(path string, sent []byte) ([]Rule, error) {
	var texts []json.RawMessage
	if err := json.Unmarshal(sent, &texts); err != nil {
		return nil, Refuse(Invalid, "%s: a list of rules is expected.", path)
	}
	if len(texts) > maxRules {
		return nil, Refuse(Invalid, "%s: there are %d rules; at most %d are read.", path, len(texts), maxRules)
	}
	rules := make([]Rule, 0, len(texts))
	for i, text := range texts {
		at := path + "[" + strconv.Itoa(i) + "]"
		rule, err := parseRule(at, text)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(rules, func(r Rule) bool { return r.Name == rule.Name }) {
			return nil, Refuse(Invalid, "%s.name: there is another rule %q here; decisions are told apart by the names.", at, clip(rule.Name))
		}
		rules = append(rules, rule)
	}
	return rules, nil
}

func parseRule(at string, text []byte) (Rule, error) {
	rule, err := readRule(at, text)
	if err != nil {
		return rule, err
	}
	if err := rule.validate(at); err != nil {
		return rule, err
	}
	return rule, filled(at, text)
}

// readRule takes a rule for what it says in exact letters, once: a condition must not count that its readers do not see.
func readRule(at string, text []byte) (rule Rule, err error) {
	err = unmarshal(at, text, &rule, ruleMembers)
	var wrongType *json.UnmarshalTypeError
	if errors.As(err, &wrongType) {
		return rule, Refuse(Invalid, "%s: %s is not what is expected there; a rule is {\"name\", \"when\", \"outcome\", \"reason\"}.", at+dotted(wrongType.Field), wrongType.Value)
	}
	return rule, err
}

// ruleMembers are those that a rule may have, in words.
const ruleMembers = "a rule has name, when {email_domain, policy, field, field_not_in, keys_held {at_least, at_most}}, outcome, reason"

// storedRules are rules that were parsed when they came. One that cannot be read as strictly now leaves its requests to a person: a
// version that read rules less strictly may have stored it, and to leave it out could approve what it declines.
func storedRules(text string) []Rule {
	if text == "[]" { // as in nearly all of a catalogue's entries
		return nil
	}
	var texts []json.RawMessage
	_ = json.Unmarshal([]byte(text), &texts) // of rules, valid JSON
	rules := make([]Rule, len(texts))
	for i, text := range texts {
		at := "rules[" + strconv.Itoa(i) + "]"
		rule, err := readRule(at, text)
		if err != nil {
			rule = Rule{Name: at + ", which cannot be read", Outcome: Ask}
		}
		rules[i] = rule
	}
	return rules
}

// filled refuses a condition that is there and says nothing: it would hold for everybody, or for nobody.
func filled(at string, rule []byte) error {
	var sent struct {
		When json.RawMessage `json:"when"`
	}
	var conditions map[string]json.RawMessage
	_ = json.Unmarshal(rule, &sent) // it was read before
	if len(sent.When) == 0 || string(sent.When) == "null" {
		return Refuse(Invalid, "%s.when is missing; send {} for a rule that is for every request.", at)
	}
	_ = json.Unmarshal(sent.When, &conditions)
	for _, name := range slices.Sorted(maps.Keys(conditions)) {
		if slices.Contains([]string{"null", "[]", "{}"}, string(bytes.Join(bytes.Fields(conditions[name]), nil))) {
			return Refuse(Invalid, "%s.when.%s says nothing; leave it out, or fill it.", at, name)
		}
	}
	return nil
}

func dotted(field string) string {
	if field == "" {
		return ""
	}
	return "." + field
}

func (r *Rule) validate(at string) error {
	switch {
	case strings.TrimSpace(r.Name) == "" || len(r.Name) > maxName:
		return Refuse(Invalid, "%s.name: a name of up to %d bytes is expected; decisions are recorded under it.", at, maxName)
	case !slices.Contains([]Outcome{Approve, Decline, Ask}, r.Outcome):
		return Refuse(Invalid, "%s.outcome: %q is none; send approve, decline or ask.", at, clip(string(r.Outcome)))
	case len(r.Reason) > LongestReason:
		return Refuse(Invalid, "%s.reason is %d bytes long; at most %d are kept.", at, len(r.Reason), LongestReason)
	}
	return r.When.validate(at + ".when")
}

func (w *When) validate(at string) error {
	for _, domain := range w.EmailDomain {
		if !isDomain(strings.TrimPrefix(domain, "*.")) {
			return Refuse(Invalid, "%s.email_domain: %q is no domain; send one like orchard.example, or *.orchard.example.", at, clip(domain))
		}
	}
	listed := len(w.EmailDomain) + len(w.Policy)
	for _, policy := range w.Policy {
		if err := validPolicy(at+".policy", policy); err != nil {
			return err
		}
	}
	for member, fields := range map[string]map[string][]string{"field": w.Field, "field_not_in": w.FieldNotIn} {
		for name, values := range fields {
			if len(values) == 0 {
				return Refuse(Invalid, "%s.%s.%s: name the values for which the rule is.", at, member, clip(name))
			}
			listed += len(values)
		}
	}
	if err := w.KeysHeld.validate(at + ".keys_held"); err != nil {
		return err
	}
	if listed > maxListed {
		return Refuse(Invalid, "%s lists %d values; at most %d are read.", at, listed, maxListed)
	}
	return nil
}
