package approval_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"keydesk/infra/fixture"
	"keydesk/infra/trial"
	"keydesk/shared/approval"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/secret"
	"keydesk/shared/table"
)

// toEdit asks for a change of a key.
func toEdit(k table.IssuedKey, add, remove []string) portal.RequestInput {
	return portal.RequestInput{Key: &k.Shown, ByUser: &k.Developer, ApplyPolicies: add, RemovePolicies: remove}
}

// edit has a process of its own approve a request for a change of a key, and gives what it was told.
func edit(d *trial.Desk, t testing.TB, id string, act approval.Act, proof string) (approval.Grant, error) {
	t.Helper()
	ctx, issuer := d.Invocation(t.Context()), d.Issuer()
	r, err := issuer.Table.Request(ctx, fixture.Org, id)
	if err != nil {
		return approval.Grant{}, err
	}
	grant, err := issuer.Issue(ctx, r, act, proof)
	if !grant.Key.IsZero() {
		t.Error("a key was given for a change of one")
	}
	return grant, err
}

// TestEditIsGranted has a change of a key granted in each weather. Nothing is minted, and the change is made once.
func TestEditIsGranted(t *testing.T) {
	t.Parallel()
	desk := trial.Open(t)
	for weather, rules := range weathers {
		t.Run(weather, func(t *testing.T) {
			t.Parallel()
			d := desk.Again(t)
			who := d.Person(caller.Reviewer)
			first, k := d.Grant(who, portal.RequestInput{ApplyPolicies: []string{fixture.Payments, fixture.Petstore}})
			r := d.AskFor(who, toEdit(k, []string{fixture.Weather, fixture.Identity}, []string{fixture.Payments}))
			for _, rule := range rules {
				d.Add(rule)
			}
			proof := approval.Proof(who.Credential, "the key", 0, nil)
			act := who.Act("approved")
			grant, err := edit(d, t, r.ID, act, proof)
			if crashes(rules) {
				if err == nil {
					t.Error("a call that died said that all is well")
				}
				grant, err = edit(d, t, r.ID, act, proof)
			}
			if err != nil || grant.Edited == nil || slices.Contains(d.Calls(), "CreateSecret") {
				t.Fatalf("error %v, %+v; it called %v", err, grant.Edited, d.Calls())
			}
			if again, err := edit(d, t, r.ID, act, proof); err != nil || again.Edited == nil || !slices.Equal(again.Edited.Policies, grant.Edited.Policies) {
				t.Errorf("the same call again: %v, %+v", err, again.Edited)
			}
			act.At = act.At.Add(approval.Again + time.Second)
			_, err = edit(d, t, r.ID, act, proof)
			if said := meta(err); trial.Kind(err) != portal.Conflict || said["delivered"] != false || said["remedy"] != "The key's policies were changed; there is nothing to deliver." {
				t.Errorf("too late: %v, %v", err, said)
			}
			isEdited(t, d, who, first, d.Audit(r.ID))
		})
	}
}

// isEdited holds that a key has the policies that it was to have, and their plans; that what was removed is free, and the rest is not.
func isEdited(t *testing.T, d *trial.Desk, who trial.Person, first table.Request, after trial.Record) {
	t.Helper()
	k := after.Edited
	if !slices.Equal(k.Policies, []string{fixture.Petstore, fixture.Weather, fixture.Identity}) || k.Holds[fixture.Petstore] != first.ID || k.Holds[fixture.Weather] != after.ID || len(k.Holds) != 2 {
		t.Errorf("it is for %v, and has the plans %v", k.Policies, k.Holds)
	}
	d.Audit(first.ID)
	if err := ask(t, d, who, first.ByUser, portal.RequestInput{ApplyPolicies: []string{fixture.Payments}}); err != nil {
		t.Errorf("the plan that was removed: %v", err)
	}
	for _, policy := range []string{fixture.Petstore, fixture.Weather} {
		if err := ask(t, d, who, first.ByUser, portal.RequestInput{ApplyPolicies: []string{policy}}); trial.Kind(err) != portal.Conflict {
			t.Errorf("the plan %s: %v", policy, err)
		}
	}
}

// What an edit asks for is its own while it is open, and nobody's once it is declined.
func TestDeclinedEditFreesItsPlans(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	who := d.Person(caller.Reviewer)
	first, k := d.Grant(who, portal.RequestInput{ApplyPolicies: []string{fixture.Payments}})
	r := d.AskFor(who, toEdit(k, []string{fixture.Weather}, []string{fixture.Payments}))
	if after := d.Audit(r.ID); !slices.Equal(after.Plans, []string{fixture.Weather}) || after.AuthType != portal.AuthToken {
		t.Errorf("it is for a key of the kind %s, and has the plans %v", after.AuthType, after.Plans)
	}
	second := portal.RequestInput{ApplyPolicies: []string{fixture.Weather}}
	refusedFor(t, ask(t, d, who, r.ByUser, second), inDecision, r.ID)
	if err := change(d, t, r, who.Act("declined"), ending(portal.Declined)); err != nil {
		t.Fatal(err)
	}
	if after := d.Audit(r.ID); len(after.Plans) != 0 || !slices.Equal(after.Edited.Policies, []string{fixture.Payments}) {
		t.Errorf("it has the plans %v, and the key is for %v", after.Plans, after.Edited.Policies)
	}
	if err := ask(t, d, who, r.ByUser, second); err != nil {
		t.Errorf("asked for after that: %v", err)
	}
	d.Audit(first.ID)
}

// Who may approve a change of a key, and whether anybody needs to be asked, is told by what is added.
func TestWhoMayEdit(t *testing.T) {
	t.Parallel()
	desk := trial.Open(t)
	reviewer, sender := desk.Person(caller.Reviewer), desk.Person(caller.Portal)
	for name, c := range map[string]struct {
		add, remove []string
		automatic   bool
	}{
		"one that is granted at once":  {[]string{fixture.Petstore}, nil, true},
		"one that a reviewer decides":  {[]string{fixture.Weather}, nil, false},
		"one of each":                  {[]string{fixture.Petstore, fixture.Weather}, nil, false},
		"one that the developer takes": {[]string{fixture.Identity}, nil, false},
		"none: one is removed":         {nil, []string{fixture.Payments}, true},
		"one for another":              {[]string{fixture.Petstore}, []string{fixture.Payments}, true},
		"one to decide for another":    {[]string{fixture.Weather}, []string{fixture.Payments}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := desk.Again(t)
			d.Offer("beside", portal.AuthToken, `{"override": true, "enable_multi_selection": true}`, 0)
			_, k := d.Grant(reviewer, portal.RequestInput{ApplyPolicies: []string{fixture.Payments, "beside"}})
			r := d.AskFor(sender, toEdit(k, c.add, c.remove))
			if (r.Task == table.Decide) != c.automatic {
				t.Errorf("the schedule is to %q", r.Task)
			}
			_, err := edit(d, t, r.ID, sender.Act("approved"), "")
			says := "requests:decide"
			if slices.Contains(c.add, fixture.Weather) {
				says = "the plan " + fixture.Weather + " has no entry in the catalogue"
			}
			if c.automatic != (err == nil) || !c.automatic && !contains(err, says) {
				t.Errorf("the portal approves it: %v", err)
			}
			if !c.automatic {
				if grant, err := edit(d, t, r.ID, reviewer.Act("approved"), ""); err != nil || grant.Request.Delivery != nil {
					t.Errorf("a reviewer approves it: %v, delivered %v", err, grant.Request.Delivery)
				}
			}
			d.Audit(r.ID)
		})
	}
}

// TestNoEdit asks for changes that cannot be made.
func TestNoEdit(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	who := d.Person(caller.Admin)
	_, k := d.Grant(who, portal.RequestInput{ApplyPolicies: []string{fixture.Payments}})
	_, revoked := d.Grant(who, portal.RequestInput{ApplyPolicies: []string{fixture.Payments}})
	toState(t, d, who, revoked, "revoked", table.Revoked)
	_, rotated := d.Grant(who, portal.RequestInput{ApplyPolicies: []string{fixture.Payments}})
	if _, err := rotate(d, t, rotated, who.Act("rotated"), approval.Rotation{Grace: time.Hour}); err != nil {
		t.Fatal(err)
	}
	_, client := d.Grant(who, wish(t, portal.OAuth))
	elsewhere := k
	elsewhere.Developer = d.Developer()
	nobodys := k
	nobodys.Shown = "cac572e018c60de0"
	byID := k
	byID.Shown = k.ID
	for name, c := range map[string]struct {
		key         table.IssuedKey
		add, remove []string
		kind        portal.Kind
		words       string
	}{
		"another developer's":  {elsewhere, []string{fixture.Weather}, nil, portal.Invalid, "key: the developer has no key that is shown as " + k.Shown},
		"nobody's":             {nobodys, []string{fixture.Weather}, nil, portal.Invalid, "key: the developer has no key"},
		"revoked":              {revoked, []string{fixture.Weather}, nil, portal.Invalid, "key: the developer has no key"},
		"rotated":              {rotated, []string{fixture.Weather}, nil, portal.Conflict, "The key has been rotated; change its successor"},
		"a client":             {client, []string{fixture.Photos}, nil, portal.Conflict, "An OAuth client is for one policy"},
		"it has it":            {k, []string{fixture.Payments}, nil, portal.Conflict, "apply_policies: the key has the policy " + fixture.Payments + " already."},
		"it does not have it":  {k, nil, []string{fixture.Weather}, portal.Conflict, "remove_policies: the key does not have the policy"},
		"both":                 {k, []string{fixture.Weather}, []string{fixture.Weather}, portal.Invalid, "remove_policies: " + fixture.Weather + " is in apply_policies too;"},
		"none is left":         {k, nil, []string{fixture.Payments}, portal.Conflict, "A key without policies opens nothing;"},
		"of another kind":      {k, []string{fixture.Ledger}, nil, portal.Invalid, "apply_policies: " + fixture.Ledger + " gives basic, and the key is one of the kind authToken"},
		"not active":           {k, []string{fixture.Beta}, nil, portal.Invalid, "is not active"},
		"by its own id, again": {byID, []string{fixture.Payments}, nil, portal.Conflict, "the key has the policy"},
	} {
		if err := ask(t, d, who, c.key.Developer, toEdit(c.key, c.add, c.remove)); trial.Kind(err) != c.kind || !contains(err, c.words) {
			t.Errorf("%s: %v, want one of kind %d that says %q", name, err, c.kind, c.words)
		}
	}
	id, err := asked(t, d, who, k.Developer, toEdit(byID, []string{fixture.Weather}, nil))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := edit(d, t, id, who.Act("approved"), ""); err != nil || !slices.Contains(d.Key(k).Policies, fixture.Weather) {
		t.Errorf("by its own id: %v", err)
	}
	d.Audit(id)
}

// TestEditBringsNothing asks for a change of a key that brings what only a new key has a use for.
func TestEditBringsNothing(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	who := d.Person(caller.Admin)
	_, k := d.Grant(who, portal.RequestInput{ApplyPolicies: []string{fixture.Payments}})
	for words, in := range withMore(toEdit(k, []string{fixture.Weather}, nil)) {
		if err := ask(t, d, who, k.Developer, in); trial.Kind(err) != portal.Invalid || !contains(err, words) {
			t.Errorf("%v, want one that says %q", err, words)
		}
	}
}

// withMore is an edit that brings what only a new key has a use for, by what it is refused with.
func withMore(edit portal.RequestInput) map[string]portal.RequestInput {
	pair, certificate := edit, edit
	public := portal.SentKey{Value: secret.New(fixture.PublicKey())}
	pair.JWTSecret = &public
	fingerprint := strings.Repeat("0a", 32)
	certificate.Certificate = &fingerprint
	return map[string]portal.RequestInput{"jwt_secret: a request with key changes policies alone": pair, "certificate: a request with key changes policies alone": certificate}
}

// meantimes are what can become of a key while a change of it is being approved, and what of the change.
var meantimes = map[string]struct {
	happens func(t *testing.T, d *trial.Desk, who trial.Person, k table.IssuedKey)
	becomes portal.State
	words   string
}{
	"revoked":              {state("revoked", table.Revoked), portal.Declined, "is over: it was revoked, or not taken in time. The request is declined now"},
	"suspended":            {state("suspended", table.Suspended), portal.Approved, ""},
	"rotated":              {rotatedAway, portal.Approved, ""}, // it is the successor's
	"rotated, and revoked": {replaced, portal.Declined, "is over: it was revoked, or not taken in time. The request is declined now"},
	"another policy added": {put(fixture.Payments, fixture.Petstore), portal.Approved, ""},
	"the same added":       {put(fixture.Payments, "brief"), portal.Pending, "apply_policies: the key has the policy brief already."},
	"removed":              {put(fixture.Petstore), portal.Pending, "remove_policies: the key does not have the policy " + fixture.Payments},
	"inactive":             {developers("SET inactive = :yes"), portal.Pending, "is inactive"},
	"leaving":              {developers("SET deleting = :yes"), portal.Pending, "there is no developer"},
}

// rotatedAway rotates a key, past the plan.
func rotatedAway(t *testing.T, d *trial.Desk, who trial.Person, k table.IssuedKey) {
	if _, err := d.Unharmed().Rotate(t.Context(), k, who.Act("rotated"), approval.Rotation{Grace: time.Hour}); err != nil {
		t.Error(err)
	}
}

// replaced rotates a key, and revokes both.
func replaced(t *testing.T, d *trial.Desk, who trial.Person, k table.IssuedKey) {
	rotatedAway(t, d, who, k)
	toState(t, d, who, d.Key(table.IssuedKey{Digest: d.Key(k).Rotation.Successor}), "revoked", table.Revoked)
}

// put gives a key a list of policies, past the plan.
func put(policies ...string) func(*testing.T, *trial.Desk, trial.Person, table.IssuedKey) {
	return func(t *testing.T, d *trial.Desk, who trial.Person, k table.IssuedKey) {
		books, err := d.Books.Books(t.Context(), fixture.Org, k.Developer, policies)
		if err != nil {
			t.Error(err)
		}
		act := who.Act("edited")
		if _, err := approval.SetPolicies(t.Context(), d.Books, k, act, &books, policies); err != nil {
			t.Error(err)
		}
	}
}

// TestKeyChangesBeforeItsEdit has something become of a key between the moment at which its change is asked for and that at which it is
// made: long before it, or while it is under way.
func TestKeyChangesBeforeItsEdit(t *testing.T) {
	t.Parallel()
	desk := trial.Open(t)
	desk.Offer("brief", portal.AuthToken, `{"override": true, "require_key_approval": true, "enable_multi_selection": true}`, time.Hour)
	for name, c := range meantimes {
		for _, when := range []string{"before", "meanwhile"} {
			t.Run(name+" "+when, func(t *testing.T) {
				t.Parallel()
				d := desk.Again(t)
				who := d.Person(caller.Admin)
				first, k := d.Grant(who, portal.RequestInput{ApplyPolicies: []string{fixture.Payments}})
				r := d.AskFor(who, toEdit(k, []string{"brief"}, []string{fixture.Payments}))
				if when == "before" {
					c.happens(t, d, who, k)
				} else {
					d.Meanwhile("TransactWriteItems", func() { c.happens(t, d, who, k) })
				}
				act := who.Act("approved")
				_, err := edit(d, t, r.ID, act, "")
				after := d.Audit(r.ID)
				granted := c.becomes == portal.Approved
				if granted != (err == nil) || !granted && !contains(err, c.words) || after.State != c.becomes {
					t.Errorf("error %v, want one that says %q; it is %s", err, c.words, after.State)
				}
				if ends := act.At.Unix() + 3600; granted && after.Edited.Expires != ends {
					t.Errorf("it ends at %d, want %d", after.Edited.Expires, ends)
				}
				d.Audit(first.ID)
			})
		}
	}
}

// TestScheduleDeclinesOutdated has the schedule decide on a change, which its rules would approve, of a key that was revoked: it is
// declined, and by no rule's word.
func TestScheduleDeclinesOutdated(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	who := d.Person(caller.Admin)
	c, err := portal.NewConfiguration(fixture.Org, fixture.Configuration, `{"auto_approve": true, "rules": [{"name": "all", "outcome": "approve", "when": {}}]}`)
	if err == nil {
		err = d.Books.PutConfiguration(t.Context(), fixture.Org, c)
	}
	if err != nil {
		t.Fatal(err)
	}
	_, k := d.Grant(who, portal.RequestInput{ApplyPolicies: []string{fixture.Payments}})
	r := d.AskFor(who, toEdit(k, []string{fixture.Petstore}, nil))
	toState(t, d, who, k, "revoked", table.Revoked)
	done, err := d.Issuer().Due(d.Invocation(t.Context()), r, time.Now().Add(time.Second), "the schedule's")
	if after := d.Audit(r.ID); err != nil || done != approval.Declined || after.State != portal.Declined || after.Rule != "" || after.Why != "" {
		t.Errorf("%s, %v; it is %s, by the rule %q: %s", done, err, after.State, after.Rule, after.Why)
	}
}

// TestGraceEndsWithTheSuccessor gives a rotated key's successor a policy that ends soon: the older key ends with it.
func TestGraceEndsWithTheSuccessor(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	d.Offer("brief", portal.AuthToken, `{"override": true, "require_key_approval": true, "enable_multi_selection": true}`, time.Minute)
	p := rotatedPair(t, d, time.Hour)
	put(fixture.Payments, "brief")(t, d, p.who, p.newer)
	if older, newer := d.Key(p.older), d.Key(p.newer); older.End() != newer.End() || newer.End() == 0 {
		t.Errorf("the older one ends at %d, its successor at %d", older.End(), newer.End())
	}
	d.Audit(p.request)
}
