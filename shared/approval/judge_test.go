package approval

import (
	"fmt"
	"strings"
	"testing"

	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// of is a rule whose name says what it does.
func of(outcome portal.Outcome, when portal.When) portal.Rule {
	return portal.Rule{Name: "to " + string(outcome), When: when, Outcome: outcome, Reason: "for " + string(outcome)}
}

// everyRequest is what a rule asks for that is for all.
var everyRequest = portal.When{}

// noRequest is what a rule asks for that is for none of these tests.
var noRequest = portal.When{EmailDomain: []string{"nobody.example"}}

// with gives the rules to an entry of the books ("": to the organisation).
func with(b *table.Books, entry string, rules ...portal.Rule) *table.Books {
	if entry == "" {
		b.Configuration.Rules = rules
		return b
	}
	e := b.Entries[entry]
	e.Config.Rules = rules
	b.Entries[entry] = e
	return b
}

// books are desk's, with an entry whose third party decides.
func books() *table.Books {
	b := desk(portal.Config{})
	b.Entries["elsewhere"] = portal.Entry{PolicyID: "elsewhere", AuthType: portal.AuthToken, Config: portal.Config{Override: true, Redirect: true}}
	return b
}

// Every kind of plan under every outcome, from the entry's rule and from the organisation's: what is kept for somebody is approved by
// no rule, and a rule may always decline or ask.
func TestJudgeNarrows(t *testing.T) {
	plans := map[string]string{ // and who keeps it
		"automatic": "", "as usual": "", "secure only": "", "reviewed": "requires approval", "claimed": "requires approval",
		"several": "requires approval", "elsewhere": "a third party decides", "no entry": "has no entry",
	}
	for plan, kept := range plans {
		free := portal.Approve
		if kept != "" {
			free = portal.Ask
		}
		check := func(name string, b *table.Books, want Verdict, words string) {
			t.Helper()
			got := Judge(b, &portal.Request{ApplyPolicies: []string{plan}}, 0)
			if why := got.Why; !strings.Contains(why, words) || !strings.Contains(why, kept) && got.Outcome != portal.Decline && want.Rule != "to ask" {
				t.Errorf("%s, %s: because %q, want %q and %q in it", plan, name, why, words, kept)
			}
			if got.Why = ""; got != want {
				t.Errorf("%s, %s: %+v, want %+v", plan, name, got, want)
			}
		}
		check("no rule", books(), Verdict{Outcome: free}, "o rule says otherwise")
		for _, carrier := range []string{"", plan} {
			if carrier == "no entry" {
				continue
			}
			check("a rule for others", with(books(), carrier, of(portal.Decline, noRequest)), Verdict{Outcome: free}, "o rule says otherwise")
			for _, said := range []portal.Outcome{portal.Approve, portal.Ask, portal.Decline} {
				want := Verdict{Outcome: said, Rule: "to " + string(said), Reason: "for " + string(said)}
				words := `By the rule "to ` + string(said) + `": it is for every request.`
				if said == portal.Approve && kept != "" {
					want.Outcome, want.Reason, words = portal.Ask, "", `The rule "to approve" would approve, but `
				}
				check(fmt.Sprintf("%q says %s", carrier, said), with(books(), carrier, of(said, everyRequest)), want, words)
			}
		}
	}
}

// An entry's own rules come before the organisation's, whether or not it overrides; of one place, the first that holds.
func TestFirstRuleThatHolds(t *testing.T) {
	ask, decline, approve := of(portal.Ask, everyRequest), of(portal.Decline, everyRequest), of(portal.Approve, everyRequest)
	never := of(portal.Decline, noRequest)
	for _, c := range []struct {
		name                string
		entry, organisation []portal.Rule
		want                string
	}{
		{"one place", nil, []portal.Rule{ask, decline}, "to ask"},
		{"one place, the other way", nil, []portal.Rule{decline, ask}, "to decline"},
		{"the first does not hold", nil, []portal.Rule{never, approve, ask}, "to approve"},
		{"the entry first", []portal.Rule{approve}, []portal.Rule{decline}, "to approve"},
		{"the entry's does not hold", []portal.Rule{never}, []portal.Rule{ask}, "to ask"},
		{"none holds", []portal.Rule{never}, []portal.Rule{never}, ""},
	} {
		for _, plan := range []string{"automatic", "as usual"} { // one that overrides the organisation's settings, and one that does not
			b := with(with(books(), plan, c.entry...), "", c.organisation...)
			if got := Judge(b, &portal.Request{ApplyPolicies: []string{plan}}, 0); got.Rule != c.want {
				t.Errorf("%s, %s: by %q, want %q", c.name, plan, got.Rule, c.want)
			}
		}
	}
}

func TestStrictestOfSeveralPolicies(t *testing.T) {
	b := with(with(with(books(), "automatic", of(portal.Approve, everyRequest)), "as usual", of(portal.Ask, everyRequest)), "several", of(portal.Decline, everyRequest))
	for _, c := range []struct {
		policies []string
		want     portal.Outcome
		rule     string
	}{
		{nil, portal.Approve, ""},
		{[]string{"automatic", "secure only"}, portal.Approve, "to approve"},
		{[]string{"secure only", "automatic"}, portal.Approve, ""},
		{[]string{"automatic", "as usual"}, portal.Ask, "to ask"},
		{[]string{"as usual", "automatic"}, portal.Ask, "to ask"},
		{[]string{"automatic", "reviewed"}, portal.Ask, ""},
		{[]string{"automatic", "no entry"}, portal.Ask, ""},
		{[]string{"as usual", "several"}, portal.Decline, "to decline"},
		{[]string{"several", "as usual", "automatic"}, portal.Decline, "to decline"},
	} {
		got := Judge(b, &portal.Request{ApplyPolicies: c.policies}, 0)
		if got.Outcome != c.want || got.Rule != c.rule || got.Why == "" {
			t.Errorf("%v: %+v, want %s by %q", c.policies, got, c.want, c.rule)
		}
	}
}

// conditions are what rules ask for, and requests for which they hold or do not.
var conditions = []struct {
	name  string
	when  portal.When
	email string
	field string
	held  int
	holds bool
}{
	{"nothing", portal.When{}, "", "", 0, true},
	{"domain", portal.When{EmailDomain: []string{"orchard.example"}}, "ada@orchard.example", "", 0, true},
	{"domain, other letters", portal.When{EmailDomain: []string{"Orchard.EXAMPLE"}}, "ada@oRCHARD.example", "", 0, true},
	{"one of several domains", portal.When{EmailDomain: []string{"a.example", "orchard.example"}}, "ada@orchard.example", "", 0, true},
	{"another domain", portal.When{EmailDomain: []string{"orchard.example"}}, "ada@meadow.example", "", 0, false},
	{"domain below", portal.When{EmailDomain: []string{"orchard.example"}}, "ada@north.orchard.example", "", 0, false},
	{"domain that ends alike", portal.When{EmailDomain: []string{"orchard.example"}}, "ada@myorchard.example", "", 0, false},
	{"domain that begins alike", portal.When{EmailDomain: []string{"orchard.example"}}, "ada@orchard.example.evil", "", 0, false},
	{"domain in the name", portal.When{EmailDomain: []string{"orchard.example"}}, "ada@orchard.example@evil.example", "", 0, false},
	{"domain after a quoted @", portal.When{EmailDomain: []string{"orchard.example"}}, `"ada@evil.example"@orchard.example`, "", 0, true},
	{"below the domain", portal.When{EmailDomain: []string{"*.orchard.example"}}, "ada@north.orchard.example", "", 0, true},
	{"far below the domain", portal.When{EmailDomain: []string{"*.Orchard.example"}}, "ada@a.B.orchard.example", "", 0, true},
	{"below means not itself", portal.When{EmailDomain: []string{"*.orchard.example"}}, "ada@orchard.example", "", 0, false},
	{"below ends alike", portal.When{EmailDomain: []string{"*.orchard.example"}}, "ada@myorchard.example", "", 0, false},
	{"nobody's domain", portal.When{EmailDomain: []string{"orchard.example"}}, "", "", 0, false},
	{"domain in other writing", portal.When{EmailDomain: []string{"bücher.example"}}, "ada@xn--bcher-kva.example", "", 0, true},
	{"domain in other writing, turned round", portal.When{EmailDomain: []string{"XN--bcher-kva.example"}}, "ada@Bücher.example", "", 0, true},
	{"domain taken apart", portal.When{EmailDomain: []string{"bu\u0308cher.example"}}, "ada@b\u00fccher.example", "", 0, true},
	{"below a domain in other writing", portal.When{EmailDomain: []string{"*.bücher.example"}}, "ada@north.xn--bcher-kva.example", "", 0, true},
	{"domain that looks alike", portal.When{EmailDomain: []string{"orchard.example"}}, "ada@оrchard.example", "", 0, false},
	{"the plan", portal.When{Policy: []string{"reviewed", "automatic"}}, "", "", 0, true},
	{"another plan", portal.When{Policy: []string{"reviewed"}}, "", "", 0, false},
	{"a field", portal.When{Field: map[string][]string{"usecase": {"demo"}}}, "", `"demo"`, 0, true},
	{"a field, other letters", portal.When{Field: map[string][]string{"usecase": {"DEMO"}}}, "", `" Demo "`, 0, true},
	{"one of several values", portal.When{Field: map[string][]string{"usecase": {"test", "demo"}}}, "", `"demo"`, 0, true},
	{"a number", portal.When{Field: map[string][]string{"usecase": {"5"}}}, "", `5`, 0, true},
	{"true", portal.When{Field: map[string][]string{"usecase": {"true"}}}, "", `true`, 0, true},
	{"another value", portal.When{Field: map[string][]string{"usecase": {"demo"}}}, "", `"demonstration"`, 0, false},
	{"an object", portal.When{Field: map[string][]string{"usecase": {"demo"}}}, "", `{"demo": "demo"}`, 0, false},
	{"another field", portal.When{Field: map[string][]string{"purpose": {"demo"}}}, "", `"demo"`, 0, false},
	{"two fields, one there", portal.When{Field: map[string][]string{"usecase": {"demo"}, "purpose": {"demo"}}}, "", `"demo"`, 0, false},
	{"at least, just", portal.When{KeysHeld: span(2, -1)}, "", "", 2, true},
	{"at least, not", portal.When{KeysHeld: span(2, -1)}, "", "", 1, false},
	{"at most, just", portal.When{KeysHeld: span(-1, 2)}, "", "", 2, true},
	{"at most, not", portal.When{KeysHeld: span(-1, 2)}, "", "", 3, false},
	{"none at all", portal.When{KeysHeld: span(-1, 0)}, "", "", 0, true},
	{"between", portal.When{KeysHeld: span(1, 3)}, "", "", 2, true},
	{"below what is between", portal.When{KeysHeld: span(1, 3)}, "", "", 0, false},
	{"all of it", portal.When{
		EmailDomain: []string{"orchard.example"}, Policy: []string{"automatic"}, Field: map[string][]string{"usecase": {"demo"}}, KeysHeld: span(1, 1),
	}, "ada@orchard.example", `"demo"`, 1, true},
	{"all but the domain", portal.When{EmailDomain: []string{"meadow.example"}, Policy: []string{"automatic"}}, "ada@orchard.example", "", 0, false},
	{"all but the plan", portal.When{EmailDomain: []string{"orchard.example"}, Policy: []string{"reviewed"}}, "ada@orchard.example", "", 0, false},
	{"all but the field", portal.When{Policy: []string{"automatic"}, Field: map[string][]string{"usecase": {"demo"}}}, "", `"test"`, 0, false},
	{"all but the keys", portal.When{Policy: []string{"automatic"}, KeysHeld: span(1, -1)}, "", "", 0, false},
}

// span is a range; a negative end is open.
func span(least, most int) *portal.Range {
	var r portal.Range
	if least >= 0 {
		r.AtLeast = &least
	}
	if most >= 0 {
		r.AtMost = &most
	}
	return &r
}

func TestConditions(t *testing.T) {
	for _, c := range conditions {
		b := with(books(), "", of(portal.Decline, c.when))
		if c.email != "" {
			b.Developer = &portal.Developer{Email: c.email}
		}
		r := portal.Request{ApplyPolicies: []string{"automatic"}}
		if c.field != "" {
			r.Fields = portal.Object(`{"usecase": ` + c.field + `}`)
		}
		if got := Judge(b, &r, c.held); (got.Outcome == portal.Decline) != c.holds {
			t.Errorf("%s: %+v, want that it holds: %t", c.name, got, c.holds)
		}
		if got, want := CountsKeys(b, nil), c.when.KeysHeld != nil; got != want {
			t.Errorf("%s: keys are counted %t, want %t", c.name, got, want)
		}
	}
}

// What the schedule has anything to say of: what nobody needs to be asked about, and what a rule may decline.
func TestJudged(t *testing.T) {
	ask := of(portal.Ask, portal.When{KeysHeld: span(1, -1)})
	for _, c := range []struct {
		name           string
		books          *table.Books
		policies       []string
		judged, counts bool
	}{
		{"automatic", books(), []string{"automatic"}, true, false},
		{"reviewed", books(), []string{"reviewed"}, false, false},
		{"no entry", books(), []string{"no entry"}, false, false},
		{"a rule of its own", with(books(), "reviewed", ask), []string{"reviewed"}, true, true},
		{"a rule of the other plan", with(books(), "reviewed", ask), []string{"claimed"}, false, false},
		{"a rule of the second plan", with(books(), "reviewed", ask), []string{"claimed", "reviewed"}, true, true},
		{"a rule of all", with(books(), "", ask), []string{"no entry"}, true, true},
	} {
		if got := judged(c.books, c.policies); got != c.judged {
			t.Errorf("%s: judged %t, want %t", c.name, got, c.judged)
		}
		if got := CountsKeys(c.books, c.policies); got != c.counts {
			t.Errorf("%s: keys are counted %t, want %t", c.name, got, c.counts)
		}
	}
}
