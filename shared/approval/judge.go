package approval

import (
	"fmt"
	"slices"
	"strings"

	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// Verdict is what the rules say of a request, and why.
type Verdict struct {
	Outcome portal.Outcome
	Rule    string // by whose word; empty: no rule spoke
	Why     string // for whoever wants to know how the rules were read
	Reason  string // the rule's own, for the developer
}

// Judge reads the rules over a request: those of each policy's entry, then the organisation's; the first that holds counts. Of
// several policies the strictest outcome counts. No rule lets pass what an entry keeps for a person: rules only narrow.
func Judge(books *table.Books, r *portal.Request, held int) Verdict {
	return judge(books, r, &form{fields: r.Fields}, held, keptForPerson)
}

// judge is Judge; kept says why a policy is not to be approved without anybody, if it is not.
func judge(books *table.Books, r *portal.Request, says *form, held int, kept func(*table.Books, string) string) Verdict {
	verdict := Verdict{Outcome: portal.Approve, Why: "No policy is added that needs a decision."}
	for i, policy := range r.ApplyPolicies {
		if v := judgePolicy(books, says, policy, held, kept(books, policy)); i == 0 || strictness(v) > strictness(verdict) {
			verdict = v
		}
	}
	return verdict
}

func strictness(v Verdict) int {
	return slices.Index([]portal.Outcome{portal.Approve, portal.Ask, portal.Decline}, v.Outcome)
}

func judgePolicy(books *table.Books, says *form, policy string, held int, kept string) Verdict {
	for _, rule := range slices.Concat(books.Entries[policy].Config.Rules, books.Configuration.Rules) {
		why, holds := matches(&rule, books, says, policy, held)
		switch {
		case holds == no:
		case holds == unclear:
			return Verdict{Outcome: portal.Ask, Rule: rule.Name, Why: fmt.Sprintf("The rule %q cannot tell: %s.", rule.Name, why)}
		case rule.Outcome == portal.Approve && kept != "":
			return Verdict{Outcome: portal.Ask, Rule: rule.Name, Why: fmt.Sprintf("The rule %q would approve, but %s.", rule.Name, kept)}
		default:
			return Verdict{Outcome: rule.Outcome, Rule: rule.Name, Why: fmt.Sprintf("By the rule %q: %s.", rule.Name, why), Reason: rule.Reason}
		}
	}
	if kept != "" {
		return Verdict{Outcome: portal.Ask, Why: "No rule says otherwise, and " + kept + "."}
	}
	return Verdict{Outcome: portal.Approve, Why: "The plan needs no approval, and no rule says otherwise."}
}

// keptForPerson says why the policy cannot be approved without anybody; empty: it can.
func keptForPerson(books *table.Books, policy string) string {
	_, known := books.Entries[policy]
	settings := books.Settings(policy)
	switch {
	case !known:
		return "the plan " + policy + " has no entry in the catalogue"
	case settings.Redirect:
		return "a third party decides on the plan " + policy
	case settings.RequireKeyApproval:
		return "the plan " + policy + " requires approval"
	}
	return ""
}

// keptDespiteYes is keptForPerson once a third party has said yes to what it decides on.
func keptDespiteYes(books *table.Books, policy string) string {
	if books.Settings(policy).Redirect {
		return ""
	}
	return keptForPerson(books, policy)
}

// matches tells whether all that a rule asks for holds, and says what that was; or what it is that the rule cannot tell.
func matches(rule *portal.Rule, books *table.Books, says *form, policy string, held int) (why string, holds holding) {
	w := &rule.When
	var because []string
	if len(w.EmailDomain) > 0 {
		email := ""
		if books.Developer != nil {
			email = books.Developer.Email
		}
		domain := portal.CanonicalDomain(email[strings.LastIndex(email, "@")+1:])
		if !slices.ContainsFunc(w.EmailDomain, func(pattern string) bool { return covers(pattern, domain) }) {
			return "", no
		}
		because = append(because, "the e-mail address is at "+domain)
	}
	if len(w.Policy) > 0 {
		if !slices.Contains(w.Policy, policy) {
			return "", no
		}
		because = append(because, "the plan is "+policy)
	}
	if w.KeysHeld != nil {
		if !w.KeysHeld.Holds(held) {
			return "", no
		}
		because = append(because, fmt.Sprintf("the developer holds %d keys", held))
	}
	answers, holds := matchesFields(rule, says)
	if holds != yes {
		return strings.Join(answers, ", "), holds
	}
	if because = append(because, answers...); len(because) == 0 {
		return "it is for every request", yes
	}
	slices.Sort(because)
	return strings.Join(because, ", "), yes
}

// matchesFields is matches of the answers to the form alone.
func matchesFields(rule *portal.Rule, says *form) (because []string, holds holding) {
	var doubts []string
	look := func(name string, holds holding, why, doubt string) bool {
		switch holds {
		case yes:
			because = append(because, "the field "+name+why)
		case unclear:
			doubts = append(doubts, "the field "+name+" "+doubt)
		}
		return holds != no
	}
	for name, values := range rule.When.Field {
		a := says.answer(name)
		if !look(name, a.among(values, rule.Outcome), " says so", a.unclear) {
			return nil, no
		}
	}
	for name, values := range rule.When.FieldNotIn {
		a := says.answer(name)
		if !look(name, a.notAmong(values, rule.Outcome), " is none of those listed", a.unclear) {
			return nil, no
		}
	}
	if len(doubts) > 0 {
		slices.Sort(doubts)
		return doubts, unclear
	}
	return because, yes
}

// covers tells whether a domain, in its canonical form, is the one of a pattern, or below it where the pattern begins with "*.".
func covers(pattern, domain string) bool {
	if parent, ok := strings.CutPrefix(pattern, "*."); ok {
		return strings.HasSuffix(domain, "."+portal.CanonicalDomain(parent))
	}
	return domain == portal.CanonicalDomain(pattern)
}

// CountsKeys tells whether a rule asks how many keys the developer holds: only then are they counted.
func CountsKeys(books *table.Books, policies []string) bool {
	counts := func(rule portal.Rule) bool { return rule.When.KeysHeld != nil }
	return slices.ContainsFunc(books.Configuration.Rules, counts) ||
		slices.ContainsFunc(policies, func(id string) bool { return slices.ContainsFunc(books.Entries[id].Config.Rules, counts) })
}

// judged tells whether the schedule has anything to say of a request for the policies.
func judged(books *table.Books, policies []string) bool {
	return automatic(books, policies) || len(books.Configuration.Rules) > 0 ||
		slices.ContainsFunc(policies, func(id string) bool { return len(books.Entries[id].Config.Rules) > 0 })
}
