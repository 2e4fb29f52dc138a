package portal_test

import (
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"keydesk/shared/portal"
)

// aRule has every member that a rule can have.
const aRule = `{
	"name": "own staff",
	"when": {
		"email_domain": ["orchard.example", "*.orchard.example"], "policy": ["554c789030c55e4ca0101002"],
		"field": {"usecase": ["demo", ""]}, "keys_held": {"at_least": 0, "at_most": 5}
	},
	"outcome": "ask", "reason": "Somebody looks at it."
}`

func TestRulesAreRead(t *testing.T) {
	want := []portal.Rule{
		{
			Name: "own staff", Outcome: portal.Ask, Reason: "Somebody looks at it.",
			When: portal.When{
				EmailDomain: []string{"orchard.example", "*.orchard.example"}, Policy: []string{"554c789030c55e4ca0101002"},
				Field: map[string][]string{"usecase": {"demo", ""}}, KeysHeld: &portal.Range{AtLeast: new(0), AtMost: new(5)},
			},
		},
		{Name: "all the others", Outcome: portal.Decline},
	}
	got, err := portal.ParseRules("rules", []byte(`[`+aRule+`, {"name": "all the others", "when": {}, "outcome": "decline"}]`))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("read %+v, %v\nwant %+v", got, err, want)
	}
	text := written(t, got)
	if again, err := portal.ParseRules("rules", []byte(text)); err != nil || written(t, again) != text {
		t.Errorf("read again: %+v, %v", again, err)
	}
	for _, none := range []string{"[]", "null"} {
		if got, err := portal.ParseRules("rules", []byte(none)); err != nil || len(got) != 0 {
			t.Errorf("%s: %+v, %v", none, got, err)
		}
	}
}

// rule is one that is well but for what is put in the place of a member.
func rule(t *testing.T, path, value string) string {
	t.Helper()
	var whole map[string]any
	if err := json.Unmarshal([]byte(aRule), &whole); err != nil {
		t.Fatal(err)
	}
	into := whole
	names := strings.Split(path, ".")
	for _, name := range names[:len(names)-1] {
		into = into[name].(map[string]any)
	}
	into[names[len(names)-1]] = json.RawMessage(value)
	return written(t, whole)
}

// unknownMember is the refusal of a member that no rule has.
func unknownMember(path string) string {
	return "." + path + ": this member is unknown; a rule has name, when {email_domain, policy, field, field_not_in, keys_held {at_least, at_most}}, outcome, reason."
}

// manyDomains is a list of so many domains.
func manyDomains(n int) string { return `["` + strings.Repeat(`a.example","`, n-1) + `a.example"]` }

const ruleShape = `; a rule is {"name", "when", "outcome", "reason"}.`

// rulesRefused are values that a member of a rule cannot have, with what the refusal of each says.
var rulesRefused = []struct{ path, value, words string }{
	{"called", `"x"`, unknownMember("called")},
	{"when.emial_domain", `["x.example"]`, unknownMember("when.emial_domain")},
	{"when.keys_held.atleast", `1`, unknownMember("when.keys_held.atleast")},
	{"when.fields", `{"usecase": ["demo"]}`, unknownMember("when.fields")},
	{"name", `5`, ".name: number is not what is expected there" + ruleShape},
	{"when", `[]`, ".when: array is not what is expected there" + ruleShape},
	{"when.policy", `"p"`, ".when.policy: string is not what is expected there" + ruleShape},
	{"when.field", `{"usecase": "demo"}`, ".when.field: string is not what is expected there" + ruleShape},
	{"when.keys_held.at_least", `1.5`, ".when.keys_held.at_least: number 1.5 is not what is expected there" + ruleShape},
	{"name", `""`, ".name: a name of up to 200 bytes is expected; decisions are recorded under it."},
	{"name", `"` + strings.Repeat("x", 201) + `"`, ".name: a name of up to 200 bytes is expected"},
	{"outcome", `"Approve"`, `.outcome: "Approve" is none; send approve, decline or ask.`},
	{"outcome", `null`, ".outcome: a string is expected, not null; send one, or leave the member out."},
	{"name", `null`, ".name: a string is expected, not null;"},
	{"reason", `null`, ".reason: a string is expected, not null;"},
	{"when.policy", `[null]`, ".when.policy[0]: a string is expected, not null;"},
	{"when.field", `{"usecase": [null]}`, ".when.field.usecase[0]: a string is expected, not null;"},
	{"when.field", `{"usecase": null}`, ".when.field.usecase: a list is expected, not null;"},
	{"reason", `"` + strings.Repeat("x", 2001) + `"`, ".reason is 2001 bytes long; at most 2000 are kept."},
	{"when.email_domain", `[]`, ".when.email_domain says nothing; leave it out, or fill it."},
	{"when.policy", `[]`, ".when.policy says nothing"},
	{"when.policy", `[""]`, `.when.policy: "" cannot be a policy's id`},
	{"when.field", `{"usecase": []}`, ".when.field.usecase: name the values for which the rule is."},
	{"when.field_not_in", `{"usecase": []}`, ".when.field_not_in.usecase: name the values for which the rule is."},
	{"when.keys_held", `{}`, ".when.keys_held: send at_least, at_most or both."},
	{"when.keys_held", `{"at_least": -1}`, ".when.keys_held: -1 is not from 0 to 1000."},
	{"when.keys_held", `{"at_most": 1001}`, ".when.keys_held: 1001 is not from 0 to 1000."},
	{"when", `null`, ".when: an object is expected, not null; send one, or leave the member out."},
	{"when.email_domain", `null`, ".when.email_domain: a list is expected, not null;"},
	{"when.field", `{ }`, ".when.field says nothing"},
	{"when.keys_held", `null`, ".when.keys_held: an object is expected, not null;"},
	{"when.keys_held", `{"at_least": null}`, ".when.keys_held.at_least: a whole number is expected, not null;"},
	{"when.keys_held", `{"at_least": 2, "at_most": 1}`, ".when.keys_held: from 2 to 1 holds for nobody."},
	{"when.email_domain", manyDomains(98), ".when lists 101 values; at most 100 are read."},
	{"when.email_domain", `["@orchard.example"]`, `.when.email_domain: "@orchard.example" is no domain; send one like orchard.example, or *.orchard.example.`},
	{"when.email_domain", `[""]`, `.when.email_domain: "" is no domain`},
	{"when.email_domain", `["*"]`, `.when.email_domain: "*" is no domain`},
	{"when.email_domain", `["*."]`, `.when.email_domain: "*." is no domain`},
	{"when.email_domain", `["a.*.example"]`, `.when.email_domain: "a.*.example" is no domain`},
	{"when.email_domain", `["orchard.example "]`, `.when.email_domain: "orchard.example " is no domain`},
	{"when.email_domain", `["orchard\u200b.example"]`, `.when.email_domain: "orchard\u200b.example" is no domain`},
	{"when.email_domain", `["-orchard.example"]`, `.when.email_domain: "-orchard.example" is no domain`},
	{"when.email_domain", `["https://orchard.example"]`, `.when.email_domain: "https://orchard.example" is no domain`},
}

// TestRulesRefused holds that what a rule does not know is refused and not left out: a condition that is misspelt would hold for
// everybody.
func TestRulesRefused(t *testing.T) {
	for _, c := range rulesRefused {
		text := rule(t, c.path, c.value)
		_, err := portal.ParseRules("rules", []byte(`[`+aRule+`, `+strings.Replace(text, "own staff", "another", 1)+`]`))
		refused(t, c.path+" "+c.value, err, portal.Invalid, "rules[1]"+c.words)
	}
	if _, err := portal.ParseRules("rules", []byte(`[`+rule(t, "when.email_domain", manyDomains(97))+`]`)); err != nil {
		t.Errorf("a hundred values: %v", err)
	}
}

// TestRulesHaveExactNames holds that no member of a rule counts under another spelling of its name.
func TestRulesHaveExactNames(t *testing.T) {
	for _, c := range []struct{ path, value, known string }{
		{"OUTCOME", `"approve"`, "outcome"},
		{"Name", `"x"`, "name"},
		{"When", `{}`, "when"},
		{"when.Policy", `["p"]`, "policy"},
		{"when.\u212aeys_held", `{"at_least": 1}`, "keys_held"},
		{"when.keys_held.At_Least", `1`, "at_least"},
	} {
		_, err := portal.ParseRules("rules", []byte(`[`+rule(t, c.path, c.value)+`]`))
		refused(t, c.path, err, portal.Invalid, "rules[0]."+c.path+": a name counts in its exact letter case; send \""+c.known+"\".")
	}
}

// TestRulesSayNothingTwice holds that no member of a rule can be read as its first or as its last value.
func TestRulesSayNothingTwice(t *testing.T) {
	for sent, at := range map[string]string{
		`{"name": "a", "when": {}, "outcome": "decline", "outcome": "approve"}`:                                "outcome",
		`{"name": "a", "when": {}, "when": {"policy": ["p"]}, "outcome": "approve"}`:                           "when",
		`{"name": "a", "when": {"policy": ["p"], "p\u006flicy": ["q"]}, "outcome": "approve"}`:                 "when.policy",
		`{"name": "a", "when": {"field": {"usecase": ["demo"], "usecase": ["resale"]}}, "outcome": "approve"}`: "when.field.usecase",
	} {
		_, err := portal.ParseRules("rules", []byte("["+sent+"]"))
		refused(t, sent, err, portal.Invalid, "rules[0]."+at+": the member stands there twice; send it once.")
	}
}

// TestStoredRulesThatTwoReadDifferently holds that a rule which an earlier version stored as it came is left to a person, where its
// readers see one outcome or condition and encoding/json reads another.
func TestStoredRulesThatTwoReadDifferently(t *testing.T) {
	for _, rule := range []string{
		`{"name": "a", "when": {}, "outcome": "decline", "OUTCOME": "approve"}`,
		`{"name": "a", "when": {}, "OUTCOME": "approve", "outcome": "decline"}`,
		`{"name": "a", "when": {}, "outcome": "decline", "outcome": "approve"}`,
		`{"name": "a", "when": {"policy": ["p"]}, "When": {}, "outcome": "approve"}`,
		`{"name": "a", "when": {"policy": ["p"], "if": 1}, "outcome": "approve"}`,
		`{"Name": "a", "when": {}, "outcome": "approve"}`,
	} {
		stored := `{"rules": [` + aRule + `,` + rule + `,{"name": "z", "when": {}, "outcome": "approve"}]}`
		var c portal.Configuration
		if err := json.Unmarshal([]byte(stored), &c); err != nil {
			t.Fatal(err)
		}
		var e portal.Entry
		if err := json.Unmarshal([]byte(`{"config": `+stored+`}`), &e); err != nil {
			t.Fatal(err)
		}
		for where, rules := range map[string][]portal.Rule{"configuration": c.Rules, "entry": e.Config.Rules} {
			want := portal.Rule{Name: "rules[1], which cannot be read", Outcome: portal.Ask}
			if len(rules) != 3 || rules[0].Name != "own staff" || !reflect.DeepEqual(rules[1], want) || rules[2].Outcome != portal.Approve {
				t.Errorf("%s, %s: %+v", where, rule, rules)
			}
		}
	}
}

// TestListsOfRulesRefused is about what is no list of them, and about too long a one.
func TestListsOfRulesRefused(t *testing.T) {
	several := func(n int) string {
		var rules []string
		for i := range n {
			rules = append(rules, strings.Replace(aRule, "own staff", strconv.Itoa(i), 1))
		}
		return "[" + strings.Join(rules, ",") + "]"
	}
	for sent, words := range map[string]string{
		`{}`:                            "rules: a list of rules is expected.",
		`"approve"`:                     "rules: a list of rules is expected.",
		`[null]`:                        "rules[0]: an object is expected, not null;",
		`["approve"]`:                   "rules[0]: string is not what is expected there",
		`[[]]`:                          "rules[0]: array is not what is expected there",
		`[` + aRule + `,` + aRule + `]`: `rules[1].name: there is another rule "own staff" here; decisions are told apart by the names.`,
		several(51):                     "rules: there are 51 rules; at most 50 are read.",
	} {
		_, err := portal.ParseRules("rules", []byte(sent))
		refused(t, sent[:min(len(sent), 40)], err, portal.Invalid, words)
	}
	if rules, err := portal.ParseRules("rules", []byte(several(50))); err != nil || len(rules) != 50 {
		t.Errorf("fifty: %d, %v", len(rules), err)
	}
}

func TestRange(t *testing.T) {
	for _, c := range []struct {
		r     portal.Range
		holds []int
		not   []int
	}{
		{portal.Range{AtLeast: new(1)}, []int{1, 2, 1000}, []int{0}},
		{portal.Range{AtMost: new(1)}, []int{0, 1}, []int{2, 1000}},
		{portal.Range{AtLeast: new(2), AtMost: new(3)}, []int{2, 3}, []int{0, 1, 4}},
		{portal.Range{AtLeast: new(0), AtMost: new(0)}, []int{0}, []int{1}},
	} {
		for _, n := range c.holds {
			if !c.r.Holds(n) {
				t.Errorf("%s does not hold for %d", written(t, c.r), n)
			}
		}
		for _, n := range c.not {
			if c.r.Holds(n) {
				t.Errorf("%s holds for %d", written(t, c.r), n)
			}
		}
	}
}

// An entry and the organisation carry rules, which are read again from the document as it was stored.
func TestRulesOfAnEntryAndAConfiguration(t *testing.T) {
	sent := `{"rules": [` + aRule + `]}`
	c, err := portal.NewConfiguration(org, another, portal.Object(sent))
	if err != nil || len(c.Rules) != 1 || c.Rules[0].Name != "own staff" {
		t.Fatalf("read %+v, %v", c.Rules, err)
	}
	var stored portal.Configuration
	if err := json.Unmarshal([]byte(written(t, c)), &stored); err != nil || !reflect.DeepEqual(stored.Rules, c.Rules) {
		t.Errorf("stored %+v, %v", stored.Rules, err)
	}
	if e := entry(t, `{"policy_id": "p", "config": `+sent+`}`); !reflect.DeepEqual(e.Config.Rules, c.Rules) {
		t.Errorf("of an entry: %+v", e.Config.Rules)
	}
	for where, words := range map[string]string{"config": "apis[0].config.rules[0].if: this member is unknown; a rule has name", "": "rules[0].if: this member is unknown; a rule has name"} {
		wrong := `{"rules": [{"name": "x", "if": {}, "outcome": "approve"}]}`
		var err error
		if where == "" {
			_, err = portal.NewConfiguration(org, another, portal.Object(wrong))
		} else {
			_, err = portal.NewCatalogue(org, another, portal.Object(`{"apis": [{"policy_id": "p", "config": `+wrong+`}]}`))
		}
		refused(t, "in "+where, err, portal.Invalid, words)
	}
}
