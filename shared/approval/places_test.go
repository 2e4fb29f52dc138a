package approval_test

import (
	"fmt"
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

// clients is a policy of which a developer may have three OAuth clients.
const clients = "three clients"

func offerClients(d *trial.Desk) {
	d.Offer(clients, portal.OAuth, `{"override": true, "require_key_approval": true, "oauth_usage_limit": 3}`, 0)
}

// TestTwentyAskForThreePlaces has twenty people ask for a client in the same moment, while three may be had. Three are, whatever befalls
// the calls, and each that is freed is had again.
func TestTwentyAskForThreePlaces(t *testing.T) {
	t.Parallel()
	desk := trial.Open(t)
	offerClients(desk)
	for name, rules := range map[string][]faults.Rule{
		"fair": nil,
		"rough": {
			{Operation: "TransactWriteItems", Fault: faults.Conflict, Nth: 5, Times: 2 * crowded},
			{Operation: "TransactWriteItems", Fault: faults.AnswerLost, Nth: 2, Times: 5},
			{Operation: "TransactWriteItems", Fault: faults.ThrottleItem, Times: 5},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := desk.Again(t)
			c := &crowd{d: d, who: d.Person(caller.Reviewer), developer: d.Developer()}
			d.Gate("Query", crowded) // all have seen that there is room
			for _, rule := range rules {
				d.Add(rule)
			}
			c.get(t, 3, "that are free")
			if err := change(d, t, d.Read(c.ids[0]), c.who.Act("declined"), ending(portal.Declined)); err != nil {
				t.Error(err)
			}
			c.get(t, 1, "that a decline has freed")
			if _, err := issue(d, t, c.ids[1], c.who.Act("approved"), ""); err != nil {
				t.Error(err)
			}
			c.get(t, 0, "that a grant has freed")
			toState(t, d, c.who, d.Keys(c.developer)[0], "revoked", table.Revoked)
			c.get(t, 1, "that a revocation has freed")
			for _, id := range c.ids {
				d.Audit(id)
			}
		})
	}
}

// crowded is how many people ask for a client of a developer's in the same moment.
const crowded = 20

type crowd struct {
	d         *trial.Desk
	who       trial.Person
	developer string
	ids       []string // of the requests that were let through
}

// get holds that so many of all who ask get a place.
func (c *crowd) get(t *testing.T, want int, which string) {
	t.Helper()
	got := make([]string, crowded)
	in := portal.RequestInput{ApplyPolicies: []string{clients}}
	told := atOnce(crowded, func(n int) (err error) {
		got[n], err = asked(t, c.d, c.who, c.developer, in)
		return err
	})
	for n, err := range told {
		if err == nil {
			c.ids = append(c.ids, got[n])
		}
	}
	if done := count(t, told, portal.Conflict, "The developer has or has asked for 3 OAuth clients of the plan "+clients+","); done != want {
		t.Fatalf("%d places are taken %s, want %d", done, which, want)
	}
}

// A client that is rotated keeps its place, and needs none for its successor.
func TestRotatedClientHasOnePlace(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	offerClients(d)
	who, developer := d.Person(caller.Admin), d.Developer()
	in := portal.RequestInput{ByUser: &developer, ApplyPolicies: []string{clients}}
	r, k := d.Grant(who, in)
	d.Grant(who, in)
	d.Grant(who, in)
	rotated, err := rotate(d, t, k, who.Act("rotated"), approval.Rotation{Grace: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	if err := ask(t, d, who, developer, in); trial.Kind(err) != portal.Conflict {
		t.Errorf("a fourth: %v", err)
	}
	toState(t, d, who, d.Key(k), "revoked", table.Revoked)
	if err := ask(t, d, who, developer, in); trial.Kind(err) != portal.Conflict {
		t.Errorf("with the older one revoked: %v", err)
	}
	toState(t, d, who, d.Key(rotated.Newer), "revoked", table.Revoked)
	if err := ask(t, d, who, developer, in); err != nil {
		t.Errorf("with the successor revoked: %v", err)
	}
	d.Audit(r.ID)
}

// grantedAgo grants what a developer asks for, as of two hours ago.
func grantedAgo(t testing.TB, d *trial.Desk, who trial.Person, in portal.RequestInput) table.IssuedKey {
	t.Helper()
	r, act := d.AskFor(who, in), who.Act("approved")
	act.At = act.At.Add(-2 * time.Hour)
	if _, err := issue(d, t, r.ID, act, ""); err != nil {
		t.Fatal(err)
	}
	return d.Audit(r.ID).Keys[0].IssuedKey
}

// A place ends with the key that has it: who asks after that is given it, and who revokes the old key then does not free it.
func TestPlaceEndsWithItsKey(t *testing.T) {
	t.Parallel()
	desk := trial.Open(t)
	desk.Offer("one", portal.AuthToken, `{"override": true}`, time.Hour)
	desk.Offer("one client", portal.OAuth, `{"override": true, "oauth_usage_limit": 1}`, time.Hour)
	desk.Offer("two clients", portal.OAuth, `{"override": true, "oauth_usage_limit": 2}`, time.Hour)
	for policy, places := range map[string]int{"one": 1, "one client": 1, "two clients": 2} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			d := desk.Again(t)
			who, developer := d.Person(caller.Admin), d.Developer()
			in := portal.RequestInput{ByUser: &developer, ApplyPolicies: []string{policy}}
			for range places - 1 {
				d.Grant(who, in)
			}
			old := grantedAgo(t, d, who, in)
			next, err := asked(t, d, who, developer, in)
			if err != nil {
				t.Fatalf("once a key has expired: %v", err)
			}
			if err := ask(t, d, who, developer, answering(policy, `{"one": "too many"}`)); trial.Kind(err) != portal.Conflict {
				t.Errorf("one too many: %v", err)
			}
			if after := d.Audit(next); len(after.Plans) != 1 {
				t.Errorf("the next has the plans %v", after.Plans)
			}
			toState(t, d, who, old, "revoked", table.Revoked)
			if after := d.Audit(next); len(after.Plans) != 1 {
				t.Errorf("the old key is revoked, and the next has the plans %v", after.Plans)
			}
			if _, err := issue(d, t, next, who.Act("approved"), ""); err != nil {
				t.Error(err)
			}
			if err := ask(t, d, who, developer, in); trial.Kind(err) != portal.Conflict {
				t.Errorf("one too many, once the next is granted: %v", err)
			}
			d.Audit(old.Request)
			d.Audit(next)
		})
	}
}

// A change that brings a key's end nearer brings that of its places nearer.
func TestPlacesEndWithAChangedKey(t *testing.T) {
	t.Parallel()
	desk := trial.Open(t)
	desk.Offer("brief", portal.AuthToken, `{"override": true}`, time.Hour)
	for name, ago := range map[string]time.Duration{"it lives": 0, "it has expired": 2 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := desk.Again(t)
			who := d.Person(caller.Admin)
			r, k := d.Grant(who, portal.RequestInput{ApplyPolicies: []string{fixture.Payments}})
			id, err := asked(t, d, who, k.Developer, toEdit(k, []string{"brief"}, nil))
			if err != nil {
				t.Fatal(err)
			}
			act := who.Act("approved")
			act.At = act.At.Add(-ago)
			if _, err := edit(d, t, id, act, ""); err != nil {
				t.Fatal(err)
			}
			if now := d.Audit(r.ID).Keys[0]; now.Expires != act.At.Unix()+3600 || len(now.Holds) != 2 {
				t.Errorf("it ends at %d, and has the plans %v", now.Expires, now.Holds)
			}
			d.Audit(id)
			err = ask(t, d, who, k.Developer, portal.RequestInput{ApplyPolicies: []string{fixture.Payments, "brief"}})
			lives := trial.Kind(err) == portal.Conflict
			if lives != (ago == 0) {
				t.Errorf("asked for its plans: %v", err)
			}
			if !lives {
				return
			}
			next := d.AskFor(who, toEdit(k, []string{fixture.Weather}, nil)) // a plan that is new to a key which ends
			if _, err := edit(d, t, next.ID, who.Act("approved"), ""); err != nil {
				t.Error(err)
			}
			d.Audit(next.ID)
			put(fixture.Payments, fixture.Weather)(t, d, who, d.Key(k)) // and now it ends no more
			if now := d.Audit(r.ID).Keys[0]; now.Expires != 0 || len(now.Holds) != 2 {
				t.Errorf("it ends at %d, and has the plans %v", now.Expires, now.Holds)
			}
		})
	}
}

// A limit that is set or lowered counts the clients that there are: none is granted until there is room below it.
func TestLimitIsSetLater(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	who, developer := d.Person(caller.Admin), d.Developer()
	limited := func(n int) {
		d.Offer(clients, portal.OAuth, fmt.Sprintf(`{"override": true, "require_key_approval": true, "oauth_usage_limit": %d}`, n), 0)
	}
	in := portal.RequestInput{ByUser: &developer, ApplyPolicies: []string{clients}}
	var keys []table.IssuedKey
	grant := func() {
		_, k := d.Grant(who, in)
		keys = append(keys, k)
	}
	revoke := func() {
		toState(t, d, who, keys[0], "revoked", table.Revoked)
		keys = keys[1:]
	}
	full := func(when string) {
		if err := ask(t, d, who, developer, in); trial.Kind(err) != portal.Conflict {
			t.Errorf("%s: %v", when, err)
		}
	}
	limited(0)
	grant()
	grant()
	grant()
	limited(2)
	full("three without a limit, then two at the most")
	revoke()
	full("two of two")
	revoke()
	grant()
	full("two of two, again")
	limited(1)
	full("two of one")
	revoke()
	full("one of one")
	revoke()
	grant()
	full("one of one, again")
}
