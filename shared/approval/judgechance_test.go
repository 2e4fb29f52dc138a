package approval

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// drawnRules are rules by chance, each with a name of its own.
func drawnRules(rt *rapid.T, of string) []portal.Rule {
	var rules []portal.Rule
	for n := range rapid.IntRange(0, 4).Draw(rt, "rules of "+of) {
		rules = append(rules, portal.Rule{
			Name:    fmt.Sprint(of, " ", n),
			Outcome: rapid.SampledFrom([]portal.Outcome{portal.Approve, portal.Decline, portal.Ask}).Draw(rt, "outcome"),
			When:    rapid.SampledFrom(conditions).Draw(rt, "when").when,
		})
	}
	return rules
}

// drawnCase is a request by chance, with its books.
func drawnCase(rt *rapid.T) (*table.Books, portal.Request, int) {
	b := books()
	plans := []string{"automatic", "as usual", "secure only", "reviewed", "claimed", "several", "elsewhere", "no entry"}
	b.Configuration.Config = portal.Config{RequireKeyApproval: rapid.Bool().Draw(rt, "organisation requires approval")}
	for _, plan := range plans[:7] {
		with(b, plan, drawnRules(rt, plan)...)
	}
	with(b, "", drawnRules(rt, "all")...)
	like := rapid.SampledFrom(conditions).Draw(rt, "request")
	b.Developer = &portal.Developer{Email: like.email}
	r := portal.Request{ApplyPolicies: rapid.SliceOfNDistinct(rapid.SampledFrom(plans), 1, 4, rapid.ID[string]).Draw(rt, "policies")}
	if like.field != "" {
		r.Fields = portal.Object(`{"usecase": ` + like.field + `}`)
	}
	return b, r, like.held
}

// However the rules stand: the first that holds counts, the strictest policy counts, what is kept is never approved, and one rule more
// that approves makes no approval of what was kept.
func TestRulesOnlyNarrow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		b, r, held := drawnCase(rt)
		got := Judge(b, &r, held)
		strictest := portal.Approve
		for _, plan := range r.ApplyPolicies {
			outcome, rule := plainly(b, &r, plan, held)
			one := Judge(b, &portal.Request{ApplyPolicies: []string{plan}, Fields: r.Fields}, held)
			if one.Outcome != outcome || one.Rule != rule {
				rt.Fatalf("%s: %+v, want %s by %q", plan, one, outcome, rule)
			}
			if outcome == portal.Decline || outcome == portal.Ask && strictest == portal.Approve {
				strictest = outcome
			}
		}
		if got.Outcome != strictest {
			rt.Fatalf("%v: %+v, want %s", r.ApplyPolicies, got, strictest)
		}
		kept := slices.ContainsFunc(r.ApplyPolicies, func(plan string) bool { return isKept(b, plan) })
		approve := portal.Rule{Name: "one more", Outcome: portal.Approve}
		place := rapid.SampledFrom(append(slices.Clone(r.ApplyPolicies), "")).Draw(rt, "place")
		if _, there := b.Entries[place]; there || place == "" {
			rules := b.Configuration.Rules
			if place != "" {
				rules = b.Entries[place].Config.Rules
			}
			at := rapid.IntRange(0, len(rules)).Draw(rt, "at")
			with(b, place, slices.Insert(slices.Clone(rules), at, approve)...)
		}
		if more := Judge(b, &r, held); kept && (got.Outcome == portal.Approve || more.Outcome == portal.Approve) {
			rt.Fatalf("%v is kept, and is approved: %+v, with one rule more %+v", r.ApplyPolicies, got, more)
		}
	})
}

// isKept is who keeps a plan, told once more in other words.
func isKept(b *table.Books, plan string) bool {
	entry, there := b.Entries[plan]
	settings := entry.Config
	if !settings.Override {
		settings = b.Configuration.Config
	}
	return !there || settings.RequireKeyApproval || settings.Redirect
}

// plainly judges one plan as a person would, rule by rule.
func plainly(b *table.Books, r *portal.Request, plan string, held int) (outcome portal.Outcome, rule string) {
	for _, rules := range [][]portal.Rule{b.Entries[plan].Config.Rules, b.Configuration.Rules} {
		for _, rule := range rules {
			switch _, holds := matches(&rule, b, &form{fields: r.Fields}, plan, held); holds {
			case no:
				continue
			case unclear:
				return portal.Ask, rule.Name
			}
			if rule.Outcome == portal.Approve && isKept(b, plan) {
				return portal.Ask, rule.Name
			}
			return rule.Outcome, rule.Name
		}
	}
	if isKept(b, plan) {
		return portal.Ask, ""
	}
	return portal.Approve, ""
}
