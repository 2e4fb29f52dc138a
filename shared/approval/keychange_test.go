package approval_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"keydesk/infra/faults"
	"keydesk/infra/fixture"
	"keydesk/infra/trial"
	"keydesk/shared/approval"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// acts are what is done to keys, and the state that comes of each.
var acts = map[string]table.KeyState{"suspended": table.Suspended, "resumed": table.Active, "revoked": table.Revoked}

// changeKey has a process of its own put the key, as it was read, into the act's state.
func changeKey(d *trial.Desk, t testing.TB, k table.IssuedKey, act approval.Act) error {
	t.Helper()
	return stateOf(d.Invocation(t.Context()), d.Issuer().Table, k, act)
}

// stateOf puts a key into the state that comes of an act.
func stateOf(ctx context.Context, books *table.Table, k table.IssuedKey, act approval.Act) error {
	if acts[act.Name] == table.Revoked {
		_, err := approval.Revoke(ctx, books, k, act)
		return err
	}
	return approval.ChangeKey(ctx, books, k, act, approval.KeyTo(act, acts[act.Name]))
}

// linesOf is how many lines of a key's history tell of an act.
func linesOf(k *trial.Key, act string) int {
	return len(slices.DeleteFunc(slices.Clone(k.History), func(line table.KeyHistory) bool { return line.Act != act }))
}

// TestKeyIsChangedOnce loses the answer to a change, or the change. It is done once, and said to be done.
func TestKeyIsChangedOnce(t *testing.T) {
	t.Parallel()
	desk := trial.Open(t)
	for weather, rules := range weathers {
		if weather == "no books at once" { // they are not read
			continue
		}
		for _, name := range []string{"suspended", "revoked"} {
			t.Run(name+", "+weather, func(t *testing.T) {
				t.Parallel()
				d := desk.Again(t)
				who := d.Person(caller.Reviewer)
				r, k := d.Grant(who, portal.RequestInput{ApplyPolicies: []string{fixture.Payments}})
				for _, rule := range rules {
					d.Add(rule)
				}
				err := changeKey(d, t, k, who.Act(name))
				if crashes(rules) == (err == nil) {
					t.Errorf("error %v", err)
				}
				if crashes(rules) {
					done := d.Key(k).Revision == 2
					if err = changeKey(d, t, d.Key(k), who.Act(name)); done == (err == nil) {
						t.Errorf("done by who died: %t; in the end: %v", done, err)
					}
				}
				after := d.Audit(r.ID)
				if k := after.Keys[0]; k.State != acts[name] || k.Revision != 2 || (len(after.Plans) == 0) != (name == "revoked") {
					t.Errorf("it is %s at revision %d, and has the plans %v", k.State, k.Revision, after.Plans)
				}
			})
		}
	}
}

// TestKeyIsChangedAtOnce has many people change one key in the same moment, all of whom read it before. Each change is done as often as was
// told, and what is revoked stays so.
func TestKeyIsChangedAtOnce(t *testing.T) {
	t.Parallel()
	desk := trial.Open(t)
	for name, all := range map[string][]string{
		"suspended":          slices.Repeat([]string{"suspended"}, many),
		"revoked":            slices.Repeat([]string{"revoked"}, many),
		"back and forth":     slices.Repeat([]string{"suspended", "resumed"}, 10),
		"and revoked in all": slices.Concat(slices.Repeat([]string{"suspended", "resumed"}, 10), []string{"revoked", "revoked"}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := desk.Again(t)
			who := d.Person(caller.Reviewer)
			r, k := d.Grant(who, portal.RequestInput{ApplyPolicies: []string{fixture.Payments}})
			d.Add(faults.Rule{Operation: "TransactWriteItems", Fault: faults.Conflict, Nth: 5, Times: len(all) / 2})
			d.Add(faults.Rule{Operation: "TransactWriteItems", Fault: faults.ThrottleItem, Times: 3})
			told := atOnce(len(all), func(n int) error { return changeKey(d, t, k, who.Act(all[n])) })
			after := d.Audit(r.ID)
			for act := range acts {
				done := 0
				for n, err := range told {
					kind := trial.Kind(err)
					switch {
					case all[n] != act:
					case err == nil:
						done++
					case kind != portal.Conflict && kind != portal.NotFound:
						t.Errorf("%s: %v", act, err)
					}
				}
				if lines := linesOf(&after.Keys[0], act); lines != done {
					t.Errorf("history has %d of %q, and %d were told that it was done", lines, act, done)
				}
			}
			if slices.Contains(all, "revoked") && (linesOf(&after.Keys[0], "revoked") != 1 || after.Keys[0].State != table.Revoked || len(after.Plans) != 0) {
				t.Errorf("it is %s, and has the plans %v", after.Keys[0].State, after.Plans)
			}
		})
	}
}

// TestRevokedIsFinal tries all that can be done to a key, after it was revoked: by who read it since, and by who read it before.
func TestRevokedIsFinal(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	who := d.Person(caller.Admin)
	r, before := d.Grant(who, portal.RequestInput{ApplyPolicies: []string{fixture.Payments}})
	toState(t, d, who, before, "revoked", table.Revoked)
	books, err := d.Books.Books(t.Context(), fixture.Org, r.ByUser, []string{fixture.Weather})
	if err != nil {
		t.Fatal(err)
	}
	for which, k := range map[string]table.IssuedKey{"read before": before, "read since": d.Key(before)} {
		told := map[string]error{}
		for act := range acts {
			told[act] = changeKey(d, t, k, who.Act(act))
		}
		delete(told, map[string]string{"read before": "resumed"}[which]) // which it is, as far as is known
		_, told["rotated"] = rotate(d, t, k, who.Act("rotated"), approval.Rotation{Grace: time.Hour})
		act := who.Act("edited")
		_, told["edited"] = approval.SetPolicies(t.Context(), d.Books, k, act, &books, []string{fixture.Weather})
		for act, err := range told {
			if trial.Kind(err) != portal.NotFound {
				t.Errorf("%s, %s: %v", act, which, err)
			}
		}
	}
	if err := d.Books.Used(t.Context(), before.Digest, "2026-11-22"); err != nil {
		t.Error(err)
	}
	if k := d.Key(before); k.State != table.Revoked || k.Revision != 2 {
		t.Errorf("it is %s at revision %d", k.State, k.Revision)
	}
	d.Audit(r.ID)
	again := d.AskFor(who, portal.RequestInput{ApplyPolicies: []string{fixture.Payments}, ByUser: &r.ByUser}) // the plan is free
	if k, err := issue(d, t, again.ID, who.Act("approved"), ""); err != nil || k.Digest() == before.Digest {
		t.Errorf("another key: %v", err)
	}
	d.Audit(again.ID)
}

// Whoever ends, or changes, the key that they saw is told when it was rotated in between: what they meant to end goes on under another
// name.
func TestRotatedMeanwhile(t *testing.T) {
	t.Parallel()
	desk := trial.Open(t)
	for act := range acts {
		t.Run(act, func(t *testing.T) {
			t.Parallel()
			d := desk.Again(t)
			who := d.Person(caller.Admin)
			r, k := d.Grant(who, portal.RequestInput{ApplyPolicies: []string{fixture.Payments}})
			if act == "resumed" {
				toState(t, d, who, k, "suspended", table.Suspended)
				k = d.Key(k)
			}
			d.Meanwhile("TransactWriteItems", func() {
				now := k
				if act == "resumed" {
					toState(t, d, who, k, "resumed", table.Active)
					now = d.Key(k)
				}
				if _, err := d.Unharmed().Rotate(t.Context(), now, who.Act("rotated"), approval.Rotation{Grace: time.Hour}); err != nil {
					t.Error(err)
				}
			})
			err := changeKey(d, t, k, who.Act(act))
			after := d.Audit(r.ID)
			alreadyRotated(t, err, after.Keys[1].Shown)
			if err := changeKey(d, t, d.Key(k), who.Act("revoked")); err != nil {
				t.Errorf("once it is known: %v", err)
			}
			if after := d.Audit(r.ID); after.Keys[1].State != table.Active || len(after.Keys[1].Holds) != 1 {
				t.Errorf("the successor is %s, and has the plans %v", after.Keys[1].State, after.Keys[1].Holds)
			}
		})
	}
}

// What would change nothing is said to be done, and leaves no line of history.
func TestNothingChanges(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	who := d.Person(caller.Portal)
	r, k := d.Grant(d.Person(caller.Admin), portal.RequestInput{ApplyPolicies: []string{fixture.Payments, fixture.Weather}})
	put := func(policies ...string) error {
		books, err := d.Books.Books(t.Context(), fixture.Org, r.ByUser, policies)
		if err != nil {
			t.Fatal(err)
		}
		act := who.Act("edited")
		_, err = approval.SetPolicies(d.Invocation(t.Context()), d.Issuer().Table, d.Key(k), act, &books, policies)
		return err
	}
	if err := put(fixture.Payments, fixture.Weather); err != nil || len(d.Calls()) > 0 {
		t.Errorf("the same: %v, and it called %v", err, d.Calls())
	}
	if err := put(fixture.Weather, fixture.Payments); err != nil {
		t.Errorf("the same, turned round: %v", err)
	}
	if now := d.Key(k); fmt.Sprint(now.Policies) != fmt.Sprint([]string{fixture.Weather, fixture.Payments}) || now.Revision != 2 {
		t.Errorf("it is for %v at revision %d", now.Policies, now.Revision)
	}
	d.Audit(r.ID)
}
