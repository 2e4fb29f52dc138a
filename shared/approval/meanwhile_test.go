package approval_test

import (
	"slices"
	"testing"

	"keydesk/infra/faults"
	"keydesk/infra/fixture"
	"keydesk/infra/trial"
	"keydesk/shared/apikey"
	"keydesk/shared/approval"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// fill has an approve die between the box and the decision, and gives the key in the box.
func fill(t testing.TB, d *trial.Desk, id string, by trial.Person) apikey.Key {
	t.Helper()
	d.Add(faults.Rule{Operation: "TransactWriteItems", Fault: faults.CrashBefore})
	if _, err := issue(d, t, id, by.Act("approved"), ""); err == nil {
		t.Error("an approve that died said that all is well")
	}
	box := d.Box(id)
	if box.Raw().IsZero() {
		t.Error("the box is empty")
	}
	return box
}

func TestBoxOfADeadApproveIsUsed(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	dead, other := d.Person(caller.Reviewer), d.Person(caller.Reviewer)
	r := d.Ask(dead, fixture.Payments)
	box := fill(t, d, r.ID, dead)
	if err := approval.Change(t.Context(), d.Books, r, other.Act("updated"), weather); err != nil {
		t.Fatal(err)
	}
	key, err := issue(d, t, r.ID, other.Act("approved"), "")
	if after := d.Audit(r.ID); err != nil || key.Digest() != box.Digest() || len(after.Keys) != 1 || !slices.Equal(after.Keys[0].Policies, []string{fixture.Weather}) {
		t.Errorf("error %v, the key in the box %t, issued %+v", err, key.Digest() == box.Digest(), after.Keys)
	}
	key, err = issue(d, t, r.ID, dead.Act("approved"), "")
	refused(t, key, err, portal.Conflict, processed)
}

func TestBoxOfAnEndedRequestIsEmptied(t *testing.T) {
	t.Parallel()
	desk := trial.Open(t)
	for _, state := range []portal.State{portal.Declined, portal.Cancelled} {
		t.Run(string(state), func(t *testing.T) {
			t.Parallel()
			d := desk.Again(t)
			reviewer := d.Person(caller.Reviewer)
			r := d.Ask(reviewer, fixture.Payments)
			fill(t, d, r.ID, reviewer)
			act := reviewer.Act("ended")
			if err := approval.Change(t.Context(), d.Books, r, act, approval.Close(act, state)); err != nil {
				t.Fatal(err)
			}
			key, err := issue(d, t, r.ID, reviewer.Act("approved"), "")
			if state == portal.Declined {
				refused(t, key, err, portal.Conflict, processed)
			} else {
				refused(t, key, err, portal.NotFound, "Could not retrieve")
			}
			after := d.Audit(r.ID)
			if after.State != state || len(after.Plans) != 0 || after.Ending == nil {
				t.Errorf("%s, holds %v, its box is ended by %+v", after.State, after.Plans, after.Ending)
			}
		})
	}
}

// events are what can happen to a request while an approve is between the box and the decision, and what the approve is told.
var events = map[string]struct {
	happens func(t *testing.T, d *trial.Desk, r table.Request, by trial.Person)
	kind    portal.Kind
	words   string
	state   portal.State // of the request afterwards
}{
	"declined":                {end(portal.Declined), portal.Conflict, processed, portal.Declined},
	"deleted":                 {end(portal.Cancelled), portal.NotFound, "Could not retrieve", portal.Cancelled},
	"developer inactive":      {developer("SET inactive = :yes"), portal.Invalid, "is inactive", portal.Pending},
	"developer being deleted": {developer("SET deleting = :yes"), portal.Invalid, "there is no developer", portal.Pending},
	"developer deleted":       {developer(""), portal.Invalid, "there is no developer", portal.Pending},
	"granted":                 {grant, portal.Conflict, processed, portal.Approved},
}

func end(state portal.State) func(*testing.T, *trial.Desk, table.Request, trial.Person) {
	return func(t *testing.T, d *trial.Desk, r table.Request, by trial.Person) {
		act := by.Act(string(state))
		if err := approval.Change(t.Context(), d.Books, r, act, approval.Close(act, state)); err != nil {
			t.Error(err)
		}
	}
}

func developer(expression string) func(*testing.T, *trial.Desk, table.Request, trial.Person) {
	return func(_ *testing.T, d *trial.Desk, r table.Request, _ trial.Person) {
		d.ChangeDeveloper(r.ByUser, expression)
	}
}

func grant(t *testing.T, d *trial.Desk, r table.Request, by trial.Person) {
	if grant, err := d.Unharmed().Issue(t.Context(), r, by.Act("approved"), ""); err != nil || grant.Key.IsZero() {
		t.Errorf("error %v, a key %t", err, !grant.Key.IsZero())
	}
}

// TestMeanwhile has something happen while an approve is between the box and the decision: what happened first counts.
func TestMeanwhile(t *testing.T) {
	t.Parallel()
	desk := trial.Open(t)
	for name, c := range events {
		for conflicts, title := range map[int]string{0: name, 2: name + ", in conflict"} { // real DynamoDB may tell of the conflict first
			t.Run(title, func(t *testing.T) {
				t.Parallel()
				d := desk.Again(t)
				reviewer, other := d.Person(caller.Reviewer), d.Person(caller.Admin)
				r := d.Ask(reviewer, fixture.Payments)
				if conflicts > 0 {
					d.Add(faults.Rule{Operation: "TransactWriteItems", Fault: faults.Conflict, Times: conflicts})
				}
				d.Meanwhile("TransactWriteItems", func() { c.happens(t, d, r, other) })
				key, err := issue(d, t, r.ID, reviewer.Act("approved"), approval.Proof(reviewer.Credential, "the key", 0, nil))
				refused(t, key, err, c.kind, c.words)
				if state := d.Audit(r.ID).State; state != c.state {
					t.Errorf("the request is %s, want %s", state, c.state)
				}
			})
		}
	}
}

// A portal may approve what nobody has to decide, and no longer when that changes under its hands.
func TestPortalApprovesWhatItRead(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	sender := d.Person(caller.Portal)
	r := d.Ask(sender, fixture.Petstore)
	d.Meanwhile("TransactWriteItems", func() {
		if err := approval.Change(t.Context(), d.Books, r, sender.Act("updated"), weather); err != nil {
			t.Error(err)
		}
	})
	key, err := issue(d, t, r.ID, sender.Act("approved"), "")
	refused(t, key, err, portal.Forbidden, "the plan "+fixture.Weather+" has no entry in the catalogue")
	if after := d.Audit(r.ID); after.State != portal.Pending {
		t.Errorf("the request is %s", after.State)
	}
	r = d.Ask(sender, fixture.Petstore)
	key, err = issue(d, t, r.ID, sender.Act("approved"), "")
	if after := d.Audit(r.ID); err != nil || key.Digest() != after.Box.Digest() {
		t.Errorf("what it may approve: error %v, the key in the box %t", err, key.Digest() == after.Box.Digest())
	}
}

// Whoever was inactive or gone before is refused before a box is filled for them.
func TestNoBoxForWhoMayHaveNoKey(t *testing.T) {
	t.Parallel()
	desk := trial.Open(t)
	for expression, words := range map[string]string{"SET inactive = :yes": "is inactive", "": "there is no developer"} {
		t.Run(words, func(t *testing.T) {
			t.Parallel()
			d := desk.Again(t)
			reviewer := d.Person(caller.Reviewer)
			r := d.Ask(reviewer, fixture.Payments)
			d.ChangeDeveloper(r.ByUser, expression)
			key, err := issue(d, t, r.ID, reviewer.Act("approved"), "")
			refused(t, key, err, portal.Invalid, words)
			if after := d.Audit(r.ID); !after.Box.Raw().IsZero() || after.Revision != 1 {
				t.Errorf("a box: %t, revision %d", !after.Box.Raw().IsZero(), after.Revision)
			}
		})
	}
}
