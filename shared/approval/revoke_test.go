package approval_test

import (
	"errors"
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

// pair is a key that was rotated, and its successor.
type pair struct {
	d            *trial.Desk
	who          trial.Person
	request      string
	older, newer table.IssuedKey
}

func rotatedPair(t testing.TB, d *trial.Desk, grace time.Duration) pair {
	t.Helper()
	who := d.Person(caller.Admin)
	r, k := d.Grant(who, portal.RequestInput{ApplyPolicies: []string{fixture.Payments}})
	rotated, err := d.Unharmed().Rotate(t.Context(), k, who.Act("rotated"), approval.Rotation{Grace: grace})
	if err != nil {
		t.Fatal(err)
	}
	return pair{d, who, r.ID, rotated.Older, rotated.Newer}
}

// revoke has a process of its own revoke a key, and gives the other one that ended with it, if any did.
func (p *pair) revoke(t testing.TB, k table.IssuedKey) (other string, err error) {
	t.Helper()
	older, err := approval.Revoke(p.d.Invocation(t.Context()), p.d.Issuer().Table, k, p.who.Act("revoked"))
	if older != nil {
		other = older.Shown
	}
	return other, err
}

// TestRevokedWithItsPredecessor revokes a key whose predecessor is good yet: what was granted once ends as one, whatever befalls the call.
func TestRevokedWithItsPredecessor(t *testing.T) {
	t.Parallel()
	desk := trial.Open(t)
	for weather, rules := range weathers {
		if weather == "no books at once" { // they are not read
			continue
		}
		t.Run(weather, func(t *testing.T) {
			t.Parallel()
			p := rotatedPair(t, desk.Again(t), time.Hour)
			for _, rule := range rules {
				p.d.Add(rule)
			}
			other, err := p.revoke(t, p.newer)
			if crashes(rules) {
				if err == nil {
					t.Error("a call that died said that all is well")
				}
				done := p.d.Key(p.newer).State == table.Revoked
				if other, err = p.revoke(t, p.d.Key(p.newer)); done {
					if trial.Kind(err) != portal.NotFound {
						t.Errorf("revoked by who died: %v", err)
					}
					other, err = p.older.Shown, nil
				}
			}
			after := p.d.Audit(p.request)
			if err != nil || other != p.older.Shown || after.Keys[0].State != table.Revoked || after.Keys[1].State != table.Revoked || len(after.Plans) != 0 {
				t.Errorf("error %v, %q ended with it; they are %s and %s, with the plans %v", err, other, after.Keys[0].State, after.Keys[1].State, after.Plans)
			}
		})
	}
}

// TestRevokedAlone revokes keys that have no predecessor which is good, and predecessors: the successor lives on.
func TestRevokedAlone(t *testing.T) {
	t.Parallel()
	desk := trial.Open(t)
	for name, c := range map[string]struct {
		grace        time.Duration
		before       func(t *testing.T, p *pair)
		older        bool // it is that one which is revoked
		states       [2]table.KeyState
		other, taken bool
	}{
		"the older":                       {time.Hour, nil, true, [2]table.KeyState{table.Revoked, table.Active}, false, true},
		"its grace is over":               {0, nil, false, [2]table.KeyState{table.Active, table.Revoked}, false, false},
		"the older, its grace is over":    {0, nil, true, [2]table.KeyState{table.Revoked, table.Active}, false, true},
		"the older is revoked":            {time.Hour, func(t *testing.T, p *pair) { toState(t, p.d, p.who, p.older, "revoked", table.Revoked) }, false, [2]table.KeyState{table.Revoked, table.Revoked}, false, false},
		"the older is suspended":          {time.Hour, func(t *testing.T, p *pair) { toState(t, p.d, p.who, p.older, "suspended", table.Suspended) }, false, [2]table.KeyState{table.Revoked, table.Revoked}, true, false},
		"the older is suspended and left": {time.Hour, func(t *testing.T, p *pair) { toState(t, p.d, p.who, p.older, "suspended", table.Suspended) }, true, [2]table.KeyState{table.Revoked, table.Active}, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := rotatedPair(t, desk.Again(t), c.grace)
			if c.before != nil {
				c.before(t, &p)
			}
			k := p.newer
			if c.older {
				k = p.d.Key(p.older)
			}
			other, err := p.revoke(t, k)
			after := p.d.Audit(p.request)
			if states := [2]table.KeyState{after.Keys[0].State, after.Keys[1].State}; err != nil || states != c.states || (other != "") != c.other {
				t.Errorf("error %v, %q ended with it; they are %v, want %v", err, other, states, c.states)
			}
			err = ask(t, p.d, p.who, k.Developer, portal.RequestInput{ApplyPolicies: []string{fixture.Payments}})
			if taken := trial.Kind(err) == portal.Conflict; taken != c.taken {
				t.Errorf("the plan is asked for: %v", err)
			}
		})
	}
}

// TestRevokedWhileItChanges has something become of the one or the other key while both are being revoked.
func TestRevokedWhileItChanges(t *testing.T) {
	t.Parallel()
	desk := trial.Open(t)
	for name, c := range map[string]struct {
		happens func(t *testing.T, p *pair)
		told    portal.Kind
		states  []table.KeyState
	}{
		"the older is suspended": {func(t *testing.T, p *pair) { toState(t, p.d, p.who, p.older, "suspended", table.Suspended) }, 0, []table.KeyState{table.Revoked, table.Revoked}},
		"the older is revoked":   {func(t *testing.T, p *pair) { toState(t, p.d, p.who, p.older, "revoked", table.Revoked) }, 0, []table.KeyState{table.Revoked, table.Revoked}},
		"it is suspended":        {func(t *testing.T, p *pair) { toState(t, p.d, p.who, p.newer, "suspended", table.Suspended) }, 0, []table.KeyState{table.Revoked, table.Revoked}},
		"it is revoked":          {func(t *testing.T, p *pair) { toState(t, p.d, p.who, p.newer, "revoked", table.Revoked) }, portal.NotFound, []table.KeyState{table.Revoked, table.Revoked}},
		"both change": {func(t *testing.T, p *pair) {
			toState(t, p.d, p.who, p.newer, "suspended", table.Suspended)
			toState(t, p.d, p.who, p.older, "suspended", table.Suspended)
		}, 0, []table.KeyState{table.Revoked, table.Revoked}},
		"it is rotated": {func(t *testing.T, p *pair) {
			if _, err := p.d.Unharmed().Rotate(t.Context(), p.newer, p.who.Act("rotated"), approval.Rotation{}); err != nil {
				t.Error(err)
			}
		}, portal.Conflict, []table.KeyState{table.Active, table.Active, table.Active}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := rotatedPair(t, desk.Again(t), time.Hour)
			p.d.Meanwhile("TransactWriteItems", func() { c.happens(t, &p) })
			_, err := p.revoke(t, p.newer)
			var states []table.KeyState
			after := p.d.Audit(p.request)
			for _, k := range after.Keys {
				states = append(states, k.State)
			}
			if trial.Kind(err) != c.told || !slices.Equal(states, c.states) {
				t.Errorf("error %v, they are %v", err, states)
			}
			if name == "it is rotated" {
				alreadyRotated(t, err, after.Keys[2].Shown)
			}
		})
	}
}

// TestBothAreRevokedAtOnce has many people revoke both keys in the same moment: each is revoked once, by whoever.
func TestBothAreRevokedAtOnce(t *testing.T) {
	t.Parallel()
	p := rotatedPair(t, trial.Open(t), time.Hour)
	p.d.Add(faults.Rule{Operation: "TransactWriteItems", Fault: faults.Conflict, Nth: 3, Times: 10})
	told := atOnce(20, func(n int) error {
		_, err := p.revoke(t, []table.IssuedKey{p.older, p.newer}[n%2])
		return err
	})
	done := count(t, told, portal.NotFound, "Could not retrieve")
	after := p.d.Audit(p.request)
	if done < 1 || done > 2 || after.Keys[0].State != table.Revoked || after.Keys[1].State != table.Revoked || len(after.Plans) != 0 {
		t.Errorf("%d were told that it was done; they are %s and %s", done, after.Keys[0].State, after.Keys[1].State)
	}
	for n := range after.Keys {
		if lines := linesOf(&after.Keys[n], "revoked"); lines != 1 {
			t.Errorf("history tells %d times that it was revoked", lines)
		}
	}
}

// TestTakenFromBoth takes a policy from a key whose predecessor is good yet, by hand and by a request: it opens nothing by that any more,
// whatever befalls the call. A predecessor that has no other ends.
func TestTakenFromBoth(t *testing.T) {
	t.Parallel()
	desk := trial.Open(t)
	for name, c := range map[string]struct {
		held    []string // when it was rotated
		removed string
		left    []string
		state   table.KeyState
	}{
		"one of two":  {[]string{fixture.Payments, fixture.Petstore}, fixture.Payments, []string{fixture.Petstore}, table.Active},
		"all it has":  {[]string{fixture.Payments}, fixture.Payments, []string{fixture.Payments}, table.Revoked},
		"what is new": {[]string{fixture.Petstore}, fixture.Weather, []string{fixture.Petstore}, table.Active},
	} {
		for weather, rules := range weathersOf("another") {
			for by, remove := range removals {
				t.Run(name+", "+by+", "+weather, func(t *testing.T) {
					t.Parallel()
					d := desk.Again(t)
					who := d.Person(caller.Admin)
					first, k := d.Grant(who, portal.RequestInput{ApplyPolicies: c.held})
					rotated, err := d.Unharmed().Rotate(t.Context(), k, who.Act("rotated"), approval.Rotation{Grace: time.Hour})
					if err != nil {
						t.Fatal(err)
					}
					put(append(slices.Clone(c.held), fixture.Weather)...)(t, d, who, rotated.Newer)
					take := remove(t, d, who, d.Key(rotated.Newer), c.removed)
					for _, rule := range rules {
						d.Add(rule)
					}
					err = take()
					if crashes(rules) { // it is said again
						err = take()
					}
					if before := (*approval.Processed)(nil); err != nil && !errors.As(err, &before) {
						t.Error(err)
					}
					if older := d.Key(k); older.State != c.state || !slices.Equal(older.Policies, c.left) {
						t.Errorf("the older one is %s and has %v, want %s and %v", older.State, older.Policies, c.state, c.left)
					}
					d.Audit(first.ID)
				})
			}
		}
	}
}

// removals are the ways in which a policy is taken from a key. They give the call that does it.
var removals = map[string]func(*testing.T, *trial.Desk, trial.Person, table.IssuedKey, string) func() error{
	"by hand": func(t *testing.T, d *trial.Desk, who trial.Person, k table.IssuedKey, policy string) func() error {
		left := slices.DeleteFunc(slices.Clone(k.Policies), func(id string) bool { return id == policy })
		books, err := d.Books.Books(t.Context(), fixture.Org, k.Developer, left)
		if err != nil {
			t.Fatal(err)
		}
		return func() error {
			_, err := approval.SetPolicies(d.Invocation(t.Context()), d.Issuer().Table, k, who.Act("edited"), &books, left)
			return err
		}
	},
	"by a request": func(t *testing.T, d *trial.Desk, who trial.Person, k table.IssuedKey, policy string) func() error {
		r := d.AskFor(who, toEdit(k, nil, []string{policy}))
		return func() error {
			_, err := edit(d, t, r.ID, who.Act("approved"), "")
			return err
		}
	},
}
