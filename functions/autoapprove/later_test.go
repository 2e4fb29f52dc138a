package main

import (
	"strings"
	"testing"
	"time"

	"keydesk/infra/fixture"
	"keydesk/shared/approval"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// settings are the organisation's from now on.
func (d *desk) settings(document portal.Object) {
	d.t.Helper()
	c, err := portal.NewConfiguration(fixture.Org, fixture.Configuration, document)
	d.must(err)
	d.must(d.Books.PutConfiguration(d.t.Context(), fixture.Org, c))
}

// policy puts Petstore's policy into the books, active or not.
func (d *desk) policy(active string) {
	d.t.Helper()
	p, err := d.Books.Policy(d.t.Context(), fixture.Org, fixture.Petstore)
	d.must(err)
	after, err := p.Replaced(fixture.Org, portal.Object(`{"name": "Petstore", "active": `+active+`}`))
	d.must(err)
	d.must(d.Books.ReplacePolicy(d.t.Context(), fixture.Org, after))
}

// hindrances are what keeps the schedule from granting a key for the moment, and what a person is told.
var hindrances = map[string]struct {
	begins, ends func(d *desk, developer string)
	words        string
}{
	"the developer is inactive": {
		func(d *desk, developer string) { d.ChangeDeveloper(developer, "SET inactive = :yes") },
		func(d *desk, developer string) {
			account, err := d.Books.Account(d.t.Context(), fixture.Org, developer)
			d.must(err)
			active := account
			active.Inactive = false
			d.must(d.Books.UpdateDeveloper(d.t.Context(), account, active))
		},
		"is inactive",
	},
	"the policy is off": {
		func(d *desk, _ string) { d.policy("false") }, func(d *desk, _ string) { d.policy("true") }, "is not active",
	},
	"auto_approve is off": {
		func(d *desk, _ string) { d.settings(`{"auto_approve": false}`) }, func(d *desk, _ string) { d.settings(`{"auto_approve": true}`) },
		"auto_approve is off",
	},
}

// TestTriedAgain has something in the way of a grant for a while: a person is asked, once, and the schedule grants it when nothing is in
// the way any more.
func TestTriedAgain(t *testing.T) {
	t.Parallel()
	for name, c := range hindrances {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			r := d.Ask(d.sender, fixture.Petstore)
			c.begins(d, r.ByUser)
			d.ran(0, report{Asked: 1})
			asked := d.Read(r.ID)
			if asked.State != portal.Pending || !strings.Contains(asked.Why, c.words) || approval.NextActor(&asked) != "reviewer" {
				t.Errorf("it is %s, next is %q, because %q", asked.State, approval.NextActor(&asked), asked.Why)
			}
			d.ran(4*time.Minute, report{})
			for _, later := range []time.Duration{6 * time.Minute, 13 * time.Minute, 27 * time.Minute, 90 * time.Minute} {
				d.ran(later, report{Overtaken: 1}) // it is put off, which nobody hears of
				d.ran(later, report{})
			}
			if r := d.Read(r.ID); r.Revision != asked.Revision || r.Task != table.Decide || r.Why != asked.Why {
				t.Errorf("it is at revision %d, %q is due, because %q", r.Revision, r.Task, r.Why)
			}
			c.ends(d, r.ByUser)
			d.ran(151*time.Minute, report{Approved: 1})
			if after := d.Audit(r.ID); after.State != portal.Approved || after.DecidedBy != "the schedule" || after.Deferred {
				t.Errorf("it is %s, by %q", after.State, after.DecidedBy)
			}
		})
	}
}

// TestTriedAgainForAWhile ends the tries: after thirty days the request is a person's, and expires as any other.
func TestTriedAgainForAWhile(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.settings(`{"auto_approve": true, "expire_after": 3456000}`) // forty days
	r := d.Ask(d.sender, fixture.Petstore)
	d.ChangeDeveloper(r.ByUser, "SET inactive = :yes")
	d.ran(0, report{Asked: 1})
	d.ran(31*24*time.Hour, report{Overtaken: 1})
	if after := d.Read(r.ID); after.Task != table.Expire {
		t.Errorf("%q is due at %s", after.Task, after.DueAt)
	}
	d.ran(41*24*time.Hour, report{Expired: 1})
}

// TestDecidedBetweenTries has a person decide between two tries.
func TestDecidedBetweenTries(t *testing.T) {
	t.Parallel()
	d := open(t)
	r := d.Ask(d.sender, fixture.Petstore)
	d.settings(`{"auto_approve": false}`)
	d.ran(0, report{Asked: 1})
	end(portal.Declined)(d, d.Read(r.ID))
	d.ran(10*time.Minute, report{})
	if after := d.Audit(r.ID); after.State != portal.Declined {
		t.Errorf("it is %s", after.State)
	}
}

// TestRuleBetweenTries has a rule ask a person by the time of the next try: it is theirs then.
func TestRuleBetweenTries(t *testing.T) {
	t.Parallel()
	d := open(t)
	r := d.Ask(d.sender, fixture.Petstore)
	d.settings(`{"auto_approve": false}`)
	d.ran(0, report{Asked: 1})
	d.settings(`{"auto_approve": true, "rules": [{"name": "all", "when": {}, "outcome": "ask"}]}`)
	d.ran(10*time.Minute, report{Overtaken: 1})
	if after := d.Read(r.ID); after.Task != "" || after.Deferred || after.State != portal.Pending {
		t.Errorf("it is %s, and %q is due", after.State, after.Task)
	}
}
