package approval_test

import (
	"errors"
	"strings"
	"testing"

	"keydesk/infra/fixture"
	"keydesk/infra/trial"
	"keydesk/shared/approval"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

const (
	oneClient  = "one client"
	keyInUse   = "There is already an API key for this Plan associated with this account."
	inDecision = "is waiting for a decision. Change that request, or wait for the decision."
	toBeTaken  = "waits for its developer, who claims it. POST /api/portal/requests/"
)

// standing is a desk on which a developer's request stands, and another credential that asks after it.
type standing struct {
	d             *trial.Desk
	first, second trial.Person
	r             table.Request
}

// answering is an input for a policy, with answers.
func answering(policy, fields string) portal.RequestInput {
	in := portal.RequestInput{ApplyPolicies: []string{policy}}
	if fields != "" {
		in.Fields = new(portal.Object(fields))
	}
	return in
}

// approves grants the request that stands, in the given way.
func approves(byClaim, hidden bool) func(*testing.T, standing) {
	return func(t *testing.T, s standing) {
		t.Helper()
		act := s.first.Act("approved")
		act.ByClaim = byClaim
		if _, err := issue(s.d, t, s.r.ID, act, ""); err != nil {
			t.Fatal(err)
		}
		if !hidden {
			return
		}
		err := approval.Change(t.Context(), s.d.Books, s.d.Read(s.r.ID), s.first.Act("deleted"), func(r table.Request) (table.Request, error) {
			r.Hidden = true
			return r, nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// A plan that is taken is refused by what has it, and the request that stands is named. The same wish again is that request.
func TestSecondRequestForAPlan(t *testing.T) {
	t.Parallel()
	desk := trial.Open(t)
	desk.Offer(oneClient, portal.OAuth, `{"override": true, "require_key_approval": true, "oauth_usage_limit": 1}`, 0)
	dated := answering(fixture.Payments, `{"a": 1, "b": "x"}`)
	dated.DateCreated = new("2019-06-04T07:21:35Z")
	for name, c := range map[string]struct {
		first   portal.RequestInput
		happens func(*testing.T, standing)
		second  portal.RequestInput
		words   string // of the refusal; empty: it is the request that stands
		named   bool   // whether the refusal names the request
	}{
		"the same":                   {answering(fixture.Payments, `{"a": 1}`), nil, answering(fixture.Payments, `{"a": 1}`), "", true},
		"in another order and later": {answering(fixture.Payments, `{"b": "x", "a": 1}`), nil, dated, "", true},
		"another answer":             {answering(fixture.Payments, `{"a": 1}`), nil, answering(fixture.Payments, `{"a": 2}`), inDecision, true},
		"one plan more": {
			answering(fixture.Payments, ""), nil, portal.RequestInput{ApplyPolicies: []string{fixture.Weather, fixture.Payments}},
			"A request for the plan " + fixture.Payments + " " + inDecision, true,
		},
		"a key in use":             {answering(fixture.Payments, ""), approves(false, false), answering(fixture.Payments, ""), keyInUse, false},
		"a key to be claimed":      {answering(fixture.Payments, ""), approves(true, false), answering(fixture.Payments, ""), toBeTaken, true},
		"its request is deleted":   {answering(fixture.Payments, ""), approves(true, true), answering(fixture.Payments, ""), keyInUse, false},
		"the only client, again":   {answering(oneClient, ""), nil, answering(oneClient, ""), "", true},
		"the only client, another": {answering(oneClient, ""), nil, answering(oneClient, `{"a": 1}`), inDecision, true},
		"the only client, claimed": {answering(oneClient, ""), approves(true, false), answering(oneClient, ""), toBeTaken, true},
		"the only client, in use":  {answering(oneClient, ""), approves(false, false), answering(oneClient, ""), "The developer has or has asked for 1 OAuth clients", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := desk.Again(t)
			s := standing{d: d, first: d.Person(caller.Admin), second: d.Person(caller.Portal)}
			s.r = d.AskFor(s.first, c.first)
			if c.happens != nil {
				c.happens(t, s)
			}
			before := d.Read(s.r.ID).Revision
			id, err := asked(t, d, s.second, s.r.ByUser, c.second)
			if c.words == "" {
				if err != nil || id != s.r.ID {
					t.Errorf("%s, %v; want the request %s", id, err, s.r.ID)
				}
			} else {
				refusedFor(t, err, c.words, map[bool]string{true: s.r.ID}[c.named])
			}
			if after := d.Audit(s.r.ID); after.Revision != before {
				t.Errorf("revision %d, want %d", after.Revision, before)
			}
		})
	}
}

// refusedFor wants a conflict in these words that names the request, or none.
func refusedFor(t testing.TB, err error, words, request string) {
	t.Helper()
	var refusal *portal.Error
	if !errors.As(err, &refusal) || refusal.Kind != portal.Conflict || !strings.Contains(refusal.Message, words) {
		t.Errorf("error %v, want a conflict that says %q", err, words)
		return
	}
	said, _ := refusal.Meta.(map[string]string)
	if said["request"] != request {
		t.Errorf("%q: it names %v, want %q", refusal.Message, refusal.Meta, request)
	}
}

// A request for a change of a key is not the request for a new key, though it asks for the same plan. A PUT is never another request, and
// a key is not given by hand what a request waits for.
func TestOtherWaysToATakenPlan(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	who := d.Person(caller.Admin)
	_, k := d.Grant(who, answering(fixture.Payments, ""))
	edits := d.AskFor(who, toEdit(k, []string{fixture.Weather}, nil))
	wants := answering(fixture.Weather, "")
	refusedFor(t, ask(t, d, who, k.Developer, wants), inDecision, edits.ID)
	if id, err := asked(t, d, who, k.Developer, toEdit(k, []string{fixture.Weather}, nil)); id != edits.ID || err != nil {
		t.Errorf("the same edit: %s, %v; want %s", id, err, edits.ID)
	}
	wants.ByUser = &k.Developer
	other := d.AskFor(who, portal.RequestInput{ByUser: &k.Developer, ApplyPolicies: []string{fixture.Petstore}})
	refusedFor(t, inPlaces(t, d, other, who.Act("updated"), fixture.Weather), inDecision, edits.ID)
	books, err := d.Books.Books(t.Context(), fixture.Org, k.Developer, []string{fixture.Payments, fixture.Weather})
	if err != nil {
		t.Fatal(err)
	}
	_, err = approval.SetPolicies(t.Context(), d.Books, k, who.Act("edited"), &books, []string{fixture.Payments, fixture.Weather})
	refusedFor(t, err, inDecision, edits.ID)

	if err := change(d, t, edits, who.Act("declined"), ending(portal.Declined)); err != nil {
		t.Fatal(err)
	}
	put(fixture.Payments, fixture.Weather)(t, d, who, k)
	refusedFor(t, ask(t, d, who, k.Developer, wants), keyInUse, "") // the key has it by itself
	d.Audit(edits.ID)
}

// inPlaces changes the policies of a request as a PUT does.
func inPlaces(t testing.TB, d *trial.Desk, r table.Request, act approval.Act, policy string) error {
	t.Helper()
	books, err := d.Books.Books(t.Context(), fixture.Org, r.ByUser, []string{policy})
	if err != nil {
		t.Fatal(err)
	}
	_, err = approval.ChangeInPlaces(t.Context(), d.Books, &books, r, act, func(r table.Request) (table.Request, error) {
		after := r
		after.ApplyPolicies, after.ForPlan = []string{policy}, policy
		return approval.AskInstead(t.Context(), d.Books, &books, r, after, act)
	})
	return err
}

// The request that stood may end between the refused write and the look at it. What is said then is true as well.
func TestHolderEndsMeanwhile(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	who := d.Person(caller.Admin)
	r := d.Ask(who, fixture.Payments)
	d.Meanwhile("GetItem", func() {
		if err := approval.Change(t.Context(), d.Books, r, who.Act("declined"), approval.Close(who.Act("declined"), portal.Declined)); err != nil {
			t.Error(err)
		}
	})
	refusedFor(t, ask(t, d, who, r.ByUser, answering(fixture.Payments, "")), "has just ended. Try again.", r.ID)
	if err := ask(t, d, who, r.ByUser, answering(fixture.Payments, "")); err != nil {
		t.Errorf("tried again: %v", err)
	}
}
