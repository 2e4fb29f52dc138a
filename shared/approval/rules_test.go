package approval

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// states are all there are; allowed are the moves of the design, written down once more by hand.
var (
	states = []portal.State{
		portal.Pending, portal.Waiting, portal.Approved, portal.Declined, portal.Cancelled, portal.Expired, portal.Lapsed,
	}
	allowed = []string{
		"pending -> waiting", "pending -> approved", "pending -> declined", "pending -> cancelled", "pending -> expired",
		"waiting -> pending", "waiting -> approved", "waiting -> declined", "waiting -> cancelled", "waiting -> expired",
		"approved -> lapsed", "approved -> declined", "approved -> cancelled",
	}
)

func TestMay(t *testing.T) {
	for _, from := range states {
		for _, to := range states {
			move := string(from) + " -> " + string(to)
			if got, want := may(from, to), slices.Contains(allowed, move); got != want {
				t.Errorf("%s: %t, want %t", move, got, want)
			}
		}
	}
	if len(moves) != len(states) {
		t.Errorf("the rules know %d states, and there are %d", len(moves), len(states))
	}
}

func TestKnown(t *testing.T) {
	for _, s := range states {
		if !Known(s) {
			t.Errorf("%s is not known", s)
		}
	}
	for _, s := range []portal.State{"", "Pending", "approve"} {
		if Known(s) || may(s, portal.Approved) || may(portal.Pending, s) {
			t.Errorf("%q is taken for a state", s)
		}
	}
}

// desk is a few books: what an entry demands is in its policy's name.
func desk(organisation portal.Config) *table.Books {
	b := &table.Books{
		Policies:      map[string]portal.Policy{},
		Entries:       map[string]portal.Entry{},
		Configuration: portal.Configuration{Config: organisation},
	}
	for name, config := range map[string]portal.Config{
		"reviewed":    {Override: true, RequireKeyApproval: true},
		"claimed":     {Override: true, RequireKeyApproval: true, SecureKeyApproval: true},
		"automatic":   {Override: true},
		"secure only": {Override: true, SecureKeyApproval: true},
		"several":     {Override: true, RequireKeyApproval: true, EnableMultiSelection: true},
		"as usual":    {RequireKeyApproval: true, SecureKeyApproval: true, EnableMultiSelection: true}, // none of it counts
	} {
		b.Policies[name] = portal.Policy{ID: name, Active: true}
		b.Entries[name] = portal.Entry{PolicyID: name, AuthType: portal.AuthToken, Config: config}
	}
	b.Policies["no entry"] = portal.Policy{ID: "no entry", Active: true}
	b.Policies["not active"] = portal.Policy{ID: "not active"}
	b.Policies["inactive"] = portal.Policy{ID: "inactive", Active: true, IsInactive: true}
	b.Policies["oauth too"] = portal.Policy{ID: "oauth too", Active: true}
	b.Entries["oauth too"] = portal.Entry{PolicyID: "oauth too", AuthType: portal.OAuth}
	for _, kind := range []string{"basic", "oauth", "jwt", "mutualTLS", "hmac", "keyless", "multiAuth"} {
		b.Policies[kind] = portal.Policy{ID: kind, Active: true}
		b.Entries[kind] = portal.Entry{PolicyID: kind, AuthType: kind, Config: portal.Config{Override: true}}
	}
	return b
}

func TestGrantable(t *testing.T) {
	for _, c := range []struct {
		policies []string
		refusal  string // a part of it; empty: grantable
	}{
		{[]string{"reviewed"}, ""},
		{[]string{"no entry"}, ""},
		{[]string{"no entry", "automatic", "claimed"}, ""},
		{[]string{"gone"}, "there is no policy gone"},
		{[]string{"reviewed", "gone"}, "there is no policy gone"},
		{[]string{"not active"}, "the policy not active is not active"},
		{[]string{"reviewed", "inactive"}, "the policy inactive is not active"},
		{[]string{"basic"}, ""},
		{[]string{"reviewed", "basic"}, "one request is for one kind of key"},
		{[]string{"basic", "oauth"}, "one request is for one kind of key"},
		{[]string{"oauth", "no entry"}, "an OAuth client is for one policy"},
		{[]string{"oauth"}, ""},
		{[]string{"oauth", "oauth too"}, "an OAuth client is for one policy"},
		{[]string{"hmac"}, "keys of the kind hmac, which is not granted here"},
		{[]string{"keyless"}, "keys of the kind keyless"},
		{[]string{"multiAuth"}, "keys of the kind multiAuth"},
		{nil, ""},
	} {
		_, err := grantable(desk(portal.Config{}), c.policies)
		var refusal *portal.Error
		switch {
		case c.refusal == "" && err != nil:
			t.Errorf("%v: %v", c.policies, err)
		case c.refusal == "":
		case !errors.As(err, &refusal) || refusal.Kind != portal.Invalid || !strings.Contains(refusal.Message, c.refusal):
			t.Errorf("%v: %v, want a refusal that says %q", c.policies, err, c.refusal)
		}
	}
}

// The policy names the kind of key where its entry says authToken, as one does that was written without a kind. Else the entry counts.
func TestKindOfPolicyAndEntry(t *testing.T) {
	for _, c := range []struct{ entry, policy, want, refusal string }{
		{portal.AuthToken, portal.OAuth, portal.OAuth, ""},
		{portal.AuthToken, portal.JWT, portal.JWT, ""},
		{portal.AuthToken, "", portal.AuthToken, ""},
		{portal.AuthToken, portal.AuthToken, portal.AuthToken, ""},
		{portal.Basic, portal.OAuth, portal.Basic, ""},
		{"none", portal.MutualTLS, portal.MutualTLS, ""},
		{"none", "", portal.AuthToken, ""},
		{portal.AuthToken, "keyless", "", "keys of the kind keyless, which is not granted here"},
		{portal.AuthToken, "magic", "", "keys of the kind magic, which is not granted here"},
		{"keyless", portal.AuthToken, "", "keys of the kind keyless"},
	} {
		books := desk(portal.Config{})
		books.Policies["p"] = portal.Policy{ID: "p", Active: true, AuthType: c.policy}
		if c.entry != "none" {
			books.Entries["p"] = portal.Entry{PolicyID: "p", AuthType: c.entry}
		}
		kind, err := grantable(books, []string{"p"})
		if kind != c.want || (err != nil) != (c.refusal != "") || err != nil && !strings.Contains(err.Error(), c.refusal) {
			t.Errorf("entry %s, policy %q: %s, %v", c.entry, c.policy, kind, err)
		}
	}
	books := desk(portal.Config{OAuthUsageLimit: 5})
	books.Policies["reviewed"] = portal.Policy{ID: "reviewed", Active: true, AuthType: portal.OAuth}
	if _, err := grantable(books, []string{"automatic", "reviewed"}); err == nil || !strings.Contains(err.Error(), "one request is for one kind of key") {
		t.Errorf("of two kinds: %v", err)
	}
	for _, state := range []string{"draft", "deny"} {
		books.Policies["reviewed"] = portal.Policy{ID: "reviewed", Active: true, State: state}
		if _, err := grantable(books, []string{"reviewed"}); err == nil || !strings.Contains(err.Error(), "is not active") {
			t.Errorf("%s: %v", state, err)
		}
	}
}

func TestWhatEntriesDemand(t *testing.T) {
	nothing, everything := portal.Config{}, portal.Config{RequireKeyApproval: true, SecureKeyApproval: true, EnableMultiSelection: true}
	for _, c := range []struct {
		organisation       portal.Config
		policies           []string
		automatic, byClaim bool
		exclusive          []string
	}{
		{nothing, []string{"reviewed"}, false, false, []string{"reviewed"}},
		{nothing, []string{"claimed"}, false, true, []string{"claimed"}},
		{nothing, []string{"automatic"}, true, false, []string{"automatic"}},
		{nothing, []string{"secure only"}, true, false, []string{"secure only"}},
		{nothing, []string{"several"}, false, false, []string{}},
		{nothing, []string{"as usual"}, true, false, []string{"as usual"}},
		{nothing, []string{"no entry"}, false, false, []string{"no entry"}},
		{nothing, []string{"automatic", "reviewed"}, false, false, []string{"automatic", "reviewed"}},
		{nothing, []string{"several", "claimed", "automatic"}, false, true, []string{"claimed", "automatic"}},
		{everything, []string{"as usual"}, false, true, []string{}},
		{everything, []string{"automatic"}, true, false, []string{"automatic"}},
		{everything, []string{"no entry"}, false, false, []string{}},
	} {
		b := desk(c.organisation)
		policies := slices.Clone(c.policies)
		if got := automatic(b, policies); got != c.automatic {
			t.Errorf("%v: automatic %t, want %t", c.policies, got, c.automatic)
		}
		if got := byClaim(b, policies); got != c.byClaim {
			t.Errorf("%v: by claim %t, want %t", c.policies, got, c.byClaim)
		}
		if got := slices.DeleteFunc(slices.Clone(policies), func(p string) bool { return limitOf(b, p) != 1 }); !slices.Equal(got, c.exclusive) {
			t.Errorf("%v: exclusive %v, want %v", c.policies, got, c.exclusive)
		}
		if !slices.Equal(policies, c.policies) {
			t.Errorf("%v has become %v", c.policies, policies)
		}
	}
}

func TestMayApprove(t *testing.T) {
	const mine, first, another = "my credential", "the first of its line", "another's"
	for _, c := range []struct {
		role      caller.Role
		createdBy string
		policies  []string
		want      bool
	}{
		{caller.Admin, another, []string{"reviewed"}, true},
		{caller.Reviewer, another, []string{"reviewed"}, true},
		{caller.Reviewer, first, []string{"claimed"}, true},
		{caller.Portal, first, []string{"automatic"}, true},
		{caller.Portal, first, []string{"as usual"}, true},
		{caller.Portal, first, []string{"reviewed"}, false},
		{caller.Portal, first, []string{"claimed"}, false},
		{caller.Portal, first, []string{"no entry"}, false},
		{caller.Portal, first, []string{"reviewed", "no entry"}, false},
		{caller.Portal, another, []string{"no entry"}, false},
		{caller.Portal, first, []string{"automatic", "reviewed"}, false},
		{caller.Portal, another, []string{"automatic"}, false},
		{caller.Portal, "", []string{"automatic"}, false},
		{"", another, []string{"automatic"}, false},
		{"nobody", another, []string{"reviewed"}, false},
	} {
		who := caller.Caller{Role: c.role, Credential: mine, First: first}
		r := table.Request{CreatedBy: c.createdBy, Request: portal.Request{ApplyPolicies: c.policies}}
		err := (&Issuer{}).mayApprove(t.Context(), &Act{By: who}, &r, desk(portal.Config{}))
		says := "requests:decide"
		if c.createdBy == first && slices.Contains(c.policies, "no entry") { // no permission is missing
			says = "the plan no entry has no entry in the catalogue, so a reviewer decides. Let "
		}
		var refusal *portal.Error
		if err != nil && (!errors.As(err, &refusal) || refusal.Kind != portal.Forbidden || !strings.Contains(refusal.Message, says)) {
			t.Errorf("%q of %s: %v", c.role, c.createdBy, err)
		}
		if (err == nil) != c.want {
			t.Errorf("%q, created by %s, %v: %v, want %t", c.role, c.createdBy, c.policies, err, c.want)
		}
	}
}

// What is approved because nobody needs to decide it is not, once somebody does, whoever acts.
func TestMayApproveAutomatically(t *testing.T) {
	for _, c := range []struct {
		role     caller.Role
		policies []string
		want     error
	}{
		{caller.Admin, []string{"automatic"}, nil},
		{caller.Admin, []string{"reviewed"}, ErrToBeDecided},
		{caller.Reviewer, []string{"automatic", "no entry"}, ErrToBeDecided},
		{caller.Portal, []string{"automatic"}, nil},
		{caller.Portal, []string{"reviewed"}, ErrToBeDecided},
	} {
		who := caller.Caller{Role: c.role, Credential: "mine"}
		r := table.Request{CreatedBy: who.Holder(), Request: portal.Request{ApplyPolicies: c.policies}}
		if err := (&Issuer{}).mayApprove(t.Context(), &Act{By: who, Automatic: true}, &r, desk(portal.Config{})); !errors.Is(err, c.want) {
			t.Errorf("%s, %v: %v, want %v", c.role, c.policies, err, c.want)
		}
	}
}
