package approval_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"

	"keydesk/infra/fixture"
	"keydesk/infra/trial"
	"keydesk/shared/approval"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// TestAskInstead has an open request ask for other policies. It keeps the places that it still needs, frees the rest, and takes new ones.
func TestAskInstead(t *testing.T) {
	t.Parallel()
	desk := trial.Open(t)
	offerClients(desk)
	for name, c := range map[string]struct {
		first     portal.RequestInput
		then      []string
		plans     []string
		automatic bool
		kind      portal.Kind
		words     string
	}{
		"another":             {wish(t, portal.AuthToken), []string{fixture.Weather}, []string{fixture.Weather}, false, 0, ""},
		"one more":            {wish(t, portal.AuthToken), []string{fixture.Payments, fixture.Weather}, []string{fixture.Payments, fixture.Weather}, false, 0, ""},
		"any number":          {wish(t, portal.AuthToken), []string{fixture.Identity}, nil, false, 0, ""},
		"at once":             {wish(t, portal.AuthToken), []string{fixture.Petstore}, []string{fixture.Petstore}, true, 0, ""},
		"no more at once":     {portal.RequestInput{ApplyPolicies: []string{fixture.Petstore}}, []string{fixture.Petstore, fixture.Payments}, []string{fixture.Payments, fixture.Petstore}, false, 0, ""},
		"another client":      {wish(t, portal.OAuth), []string{clients}, []string{clients}, false, 0, ""},
		"another kind":        {wish(t, portal.AuthToken), []string{fixture.Ledger}, nil, false, portal.Conflict, "apply_policies: the request is for a key of the kind authToken, and " + fixture.Ledger + " gives basic;"},
		"a kind of its own":   {wish(t, portal.JWT), []string{fixture.Clearing}, nil, false, portal.Conflict, "apply_policies: the request is for a key of the kind jwt,"},
		"kinds":               {wish(t, portal.AuthToken), []string{fixture.Payments, fixture.Ledger}, nil, false, portal.Invalid, "one request is for one kind of key"},
		"two for a client":    {wish(t, portal.OAuth), []string{fixture.Photos, clients}, nil, false, portal.Invalid, "an OAuth client is for one policy"},
		"one that nobody has": {wish(t, portal.AuthToken), []string{"gone"}, nil, false, portal.Invalid, "there is no policy gone"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := desk.Again(t)
			who := d.Person(caller.Reviewer)
			r := d.AskFor(who, c.first)
			before := d.Audit(r.ID).Plans
			err := instead(d, t, r, who.Act("updated"), c.then)
			after := d.Audit(r.ID)
			plans := plansOf(after.Plans)
			if c.words != "" {
				if trial.Kind(err) != c.kind || !contains(err, c.words) || !slices.Equal(after.Plans, before) {
					t.Errorf("error %v, want one that says %q; it has the plans %v", err, c.words, after.Plans)
				}
				return
			}
			want := slices.Sorted(slices.Values(c.plans))
			if err != nil || !slices.Equal(plans, want) || !slices.Equal(after.ApplyPolicies, c.then) || (after.Task == table.Decide) != c.automatic {
				t.Errorf("error %v; it has the plans %v, and the schedule is to %q", err, after.Plans, after.Task)
			}
			isGranted(d, t, r.ID, who.Act("approved"))
		})
	}
}

// isGranted grants a request, and holds that the key has the plans whose places are taken.
func isGranted(d *trial.Desk, t testing.TB, id string, act approval.Act) {
	t.Helper()
	if _, err := issue(d, t, id, act, ""); err != nil {
		t.Error(err)
	}
	after := d.Audit(id)
	holds := slices.Sorted(slices.Values(after.Holds))
	if len(after.Keys) > 0 { // else its developer is to claim it
		holds = slices.Sorted(maps.Keys(after.Keys[0].Holds))
	}
	if !slices.Equal(holds, after.Plans) {
		t.Errorf("the key has the plans %v, and %v are taken", holds, after.Plans)
	}
}

// plansOf are the policies that places are in.
func plansOf(places []string) []string {
	var plans []string
	for _, place := range places {
		plans = append(plans, table.PlanOf(place))
	}
	return plans
}

// instead has a process of its own change what a request asks for.
func instead(d *trial.Desk, t testing.TB, r table.Request, act approval.Act, policies []string) error {
	t.Helper()
	ctx, books := d.Invocation(t.Context()), d.Issuer().Table
	return approval.Change(ctx, books, r, act, func(r table.Request) (table.Request, error) {
		after := r
		after.ApplyPolicies, after.ForPlan = policies, policies[0]
		return insteadOf(ctx, books, r, after, act)
	})
}

func insteadOf(ctx context.Context, books *table.Table, before, r table.Request, act approval.Act) (table.Request, error) {
	found, err := books.Books(ctx, fixture.Org, r.ByUser, r.ApplyPolicies)
	if err != nil {
		return r, err
	}
	return approval.AskInstead(ctx, books, &found, before, r, act)
}

// What is asked for instead may be another's: nothing is changed then.
func TestAskInsteadForATakenPlan(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	offerClients(d)
	who := d.Person(caller.Reviewer)
	r := d.AskFor(who, wish(t, portal.AuthToken))
	other := d.AskFor(who, portal.RequestInput{ByUser: &r.ByUser, ApplyPolicies: []string{fixture.Weather}})
	if err := instead(d, t, r, who.Act("updated"), []string{fixture.Weather}); !errors.Is(err, table.ErrPlanTaken) {
		t.Errorf("a plan that is asked for: %v", err)
	}
	for range 3 {
		d.AskFor(who, portal.RequestInput{ByUser: &r.ByUser, ApplyPolicies: []string{clients}})
	}
	client := d.AskFor(who, portal.RequestInput{ByUser: &r.ByUser, ApplyPolicies: []string{fixture.Photos}})
	if err := instead(d, t, client, who.Act("updated"), []string{clients}); !contains(err, "The developer has or has asked for 3 OAuth clients") {
		t.Errorf("a fourth client: %v", err)
	}
	for _, id := range []string{r.ID, other.ID, client.ID} {
		if after := d.Audit(id); after.Revision != 1 || len(after.Plans) != 1 {
			t.Errorf("revision %d, plans %v", after.Revision, after.Plans)
		}
	}
}

// TestAskInsteadOfAKey has a request for a change of a key ask for another change. What could not come of the key as it stands is refused.
func TestAskInsteadOfAKey(t *testing.T) {
	t.Parallel()
	desk := trial.Open(t)
	for name, c := range map[string]struct {
		happens     func(*testing.T, *trial.Desk, trial.Person, table.IssuedKey)
		add, remove []string
		plans       []string
		kind        portal.Kind
		words       string
	}{
		"another is added":       {nil, []string{fixture.Identity}, []string{fixture.Payments}, nil, 0, ""},
		"one more is added":      {nil, []string{fixture.Weather, fixture.Petstore}, []string{fixture.Payments}, []string{fixture.Weather, fixture.Petstore}, 0, ""},
		"none is added":          {nil, []string{}, []string{fixture.Payments, fixture.Petstore}, nil, portal.Conflict, "remove_policies: the key does not have the policy"},
		"nothing at all":         {nil, []string{}, []string{}, nil, portal.Invalid, "key is to be edited; name policies"},
		"none is removed":        {nil, []string{fixture.Weather}, []string{}, []string{fixture.Weather}, 0, ""},
		"one that it has not":    {nil, []string{fixture.Weather}, []string{fixture.Petstore}, nil, portal.Conflict, "remove_policies: the key does not have the policy"},
		"one that it has":        {nil, []string{fixture.Payments}, []string{}, nil, portal.Conflict, "apply_policies: the key has the policy"},
		"one both ways":          {nil, []string{fixture.Weather}, []string{fixture.Weather}, nil, portal.Invalid, "remove_policies: " + fixture.Weather + " is in apply_policies too;"},
		"one of another kind":    {nil, []string{fixture.Ledger}, []string{}, nil, portal.Conflict, "apply_policies: the request is for a key of the kind authToken,"},
		"of one that is rotated": {rotatedAway, []string{fixture.Petstore}, []string{}, []string{fixture.Petstore}, 0, ""}, // it is the successor's
		"of one that is revoked": {state("revoked", table.Revoked), []string{fixture.Petstore}, []string{}, nil, portal.Conflict, "is over: it was revoked, or not taken in time."},
		"removed, of a revoked":  {state("revoked", table.Revoked), []string{fixture.Weather}, []string{}, nil, portal.Conflict, "is over: it was revoked, or not taken in time."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := desk.Again(t)
			who := d.Person(caller.Admin)
			_, k := d.Grant(who, portal.RequestInput{ApplyPolicies: []string{fixture.Payments}})
			r := d.AskFor(who, toEdit(k, []string{fixture.Weather}, []string{fixture.Payments}))
			if c.happens != nil {
				c.happens(t, d, who, k)
			}
			err := approval.Change(d.Invocation(t.Context()), d.Issuer().Table, r, who.Act("updated"), func(r table.Request) (table.Request, error) {
				after := r
				after.ApplyPolicies, after.RemovePolicies = c.add, c.remove
				return insteadOf(t.Context(), d.Books, r, after, who.Act("updated"))
			})
			after := d.Audit(r.ID)
			if c.words != "" {
				if trial.Kind(err) != c.kind || !contains(err, c.words) || after.Revision != 1 {
					t.Errorf("error %v, want one of kind %d that says %q; revision %d", err, c.kind, c.words, after.Revision)
				}
				return
			}
			_, granted := edit(d, t, r.ID, who.Act("approved"), "")
			if err != nil || granted != nil || !slices.Equal(after.Plans, c.plans) {
				t.Errorf("errors %v, %v; it has the plans %v, want %v", err, granted, after.Plans, c.plans)
			}
			d.Audit(r.ID)
		})
	}
}

// A request for a key of a certificate may bring another certificate, but none that is taken.
func TestAskInsteadForACertificate(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	who := d.Person(caller.Reviewer)
	_, theirs := d.Grant(who, wish(t, portal.MutualTLS))
	r := d.AskFor(who, wish(t, portal.MutualTLS))
	bring := func(certificate string) error {
		return approval.Change(t.Context(), d.Books, d.Read(r.ID), who.Act("updated"), func(r table.Request) (table.Request, error) {
			after := r
			after.Certificate = certificate
			return insteadOf(t.Context(), d.Books, r, after, who.Act("updated"))
		})
	}
	another := fingerprint()
	if err := bring(theirs.Certificate); !errors.Is(err, table.ErrCertificateTaken) {
		t.Errorf("another's: %v", err)
	}
	if err := bring(another); err != nil {
		t.Errorf("a new one: %v", err)
	}
	if err := bring(""); trial.Kind(err) != portal.Invalid {
		t.Errorf("none: %v", err)
	}
	if key, err := issue(d, t, r.ID, who.Act("approved"), ""); err != nil || key.Name() != another {
		t.Errorf("granted: %v, for %s", err, key.Name())
	}
	d.Audit(r.ID)
}
