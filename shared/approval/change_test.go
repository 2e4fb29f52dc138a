package approval_test

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"keydesk/infra/faults"
	"keydesk/infra/fixture"
	"keydesk/infra/trial"
	"keydesk/shared/approval"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// revision is what a person makes of a request.
type revision = func(approval.Act) func(table.Request) (table.Request, error)

func ending(state portal.State) revision {
	return func(act approval.Act) func(table.Request) (table.Request, error) { return approval.Close(act, state) }
}

func asking(policies ...string) revision {
	return func(approval.Act) func(table.Request) (table.Request, error) {
		return func(r table.Request) (table.Request, error) {
			if !r.Open() {
				return r, portal.Refuse(portal.Conflict, "It is too late for that.")
			}
			r.ApplyPolicies, r.ForPlan, r.Holds = policies, policies[0], policies
			return r, nil
		}
	}
}

// change has a process of its own change the request as it was read.
func change(d *trial.Desk, t testing.TB, r table.Request, act approval.Act, to revision) error {
	t.Helper()
	return approval.Change(d.Invocation(t.Context()), d.Issuer().Table, r, act, to(act))
}

// TestChangesAtOnce has fifty people who read the same revision change it in the same moment. Real DynamoDB would raise
// conflicts then.
func TestChangesAtOnce(t *testing.T) {
	t.Parallel()
	desk := trial.Open(t)
	for name, count := range map[string]struct{ updates, declines, deletes int }{
		"updates":  {updates: 20}, // each has to go on from the others', so that there are hundreds of writes
		"declines": {declines: 50},
		"deletes":  {deletes: 50},
		"all":      {updates: 10, declines: 20, deletes: 20},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := desk.Again(t)
			person := d.Person(caller.Admin)
			r := d.Ask(person, fixture.Payments)
			all := slices.Concat(slices.Repeat([]string{"updated"}, count.updates),
				slices.Repeat([]string{"declined"}, count.declines), slices.Repeat([]string{"deleted"}, count.deletes))
			d.Gate("TransactWriteItems", len(all))
			d.Add(faults.Rule{Operation: "TransactWriteItems", Fault: faults.Conflict, Nth: 10, Times: 30})
			var mu sync.Mutex
			var racing sync.WaitGroup
			done := map[string]int{"created": 1}
			for i, what := range all {
				racing.Go(func() {
					to := map[string]revision{
						"updated":  asking([]string{fixture.Weather, fixture.Payments, fixture.Petstore}[i%3]),
						"declined": ending(portal.Declined), "deleted": ending(portal.Cancelled),
					}[what]
					err := change(d, t, r, person.Act(what), to)
					mu.Lock()
					defer mu.Unlock()
					switch kind := trial.Kind(err); {
					case err == nil:
						done[what]++
					case kind != portal.Conflict && kind != portal.NotFound: // 404: it was deleted
						t.Errorf("%s: %v", what, err)
					}
				})
			}
			racing.Wait()
			after := d.Audit(r.ID)
			for what, want := range done {
				if got := len(slices.DeleteFunc(slices.Clone(after.History), func(h table.History) bool { return h.Act != what })); got != want {
					t.Errorf("history has %d of %q, and %d were told that it was done", got, what, want)
				}
			}
			ended := done["declined"] + done["deleted"]
			if count.updates == len(all) && (ended != 0 || done["updated"] != len(all)) || count.updates < len(all) && (ended != 1 || len(after.Plans) != 0) {
				t.Errorf("it ended %d times, is %s, and holds %v; done: %v", ended, after.State, after.Plans, done)
			}
		})
	}
}

// Who declines what was declined meanwhile does not free the plan once more, which somebody else may have by then.
func TestPlanIsFreedOnce(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	person := d.Person(caller.Admin)
	r := d.Ask(person, fixture.Payments)
	var next table.Request
	d.Meanwhile("TransactWriteItems", func() {
		end(portal.Declined)(t, d, r, person)
		next = r
		next.ID, next.State = portal.NewID(person.Act("").At), portal.Pending
		if err := d.Books.Write(t.Context(), approval.Create(person.Act("created"), next)); err != nil {
			t.Error(err)
		}
	})
	err := change(d, t, r, person.Act("declined"), ending(portal.Declined))
	if trial.Kind(err) != portal.Conflict {
		t.Errorf("declined twice: %v", err)
	}
	if first, second := d.Audit(r.ID), d.Audit(next.ID); len(first.Plans) != 0 || len(second.Plans) != 1 {
		t.Errorf("the first holds %v, the second %v", first.Plans, second.Plans)
	}
}

func TestChangeHonoursIfMatch(t *testing.T) {
	t.Parallel()
	desk := trial.Open(t)
	for name, c := range map[string]struct {
		ifMatch   int
		meanwhile bool
		done      bool
	}{
		"as seen":                          {1, false, true},
		"stale":                            {3, false, false},
		"changed meanwhile":                {1, true, false},
		"changed meanwhile, does not mind": {0, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := desk.Again(t)
			person := d.Person(caller.Reviewer)
			r := d.Ask(person, fixture.Payments)
			if c.meanwhile {
				d.Meanwhile("TransactWriteItems", func() {
					if err := approval.Change(t.Context(), d.Books, r, person.Act("updated"), weather); err != nil {
						t.Error(err)
					}
				})
			}
			act := person.Act("declined")
			act.IfMatch, act.Reason = c.ifMatch, "No."
			err := change(d, t, r, act, ending(portal.Declined))
			after := d.Audit(r.ID)
			switch {
			case c.done && (err != nil || after.State != portal.Declined || after.Reason != "No." || after.DecidedBy != person.Name):
				t.Errorf("error %v; %s by %q: %q", err, after.State, after.DecidedBy, after.Reason)
			case !c.done && (trial.Kind(err) != portal.Stale || after.State != portal.Pending):
				t.Errorf("error %v, the request is %s", err, after.State)
			}
		})
	}
}

// TestLostChanges loses the answer to a decline, or the decline. It is done once, and said to be done.
func TestLostChanges(t *testing.T) {
	t.Parallel()
	desk := trial.Open(t)
	for _, c := range []struct {
		fault faults.Fault
		times int
		done  bool // by a call that died
	}{
		{faults.NeverSent, 1, false}, {faults.NeverSent, 5, false}, {faults.AnswerLost, 1, false}, {faults.AnswerLost, 5, false},
		{faults.Throttle, 5, false}, {faults.Conflict, 5, false}, {faults.ThrottleItem, 5, false},
		{faults.CrashBefore, 1, false}, {faults.CrashAfter, 1, true},
	} {
		t.Run(c.fault.String(), func(t *testing.T) {
			t.Parallel()
			d := desk.Again(t)
			person := d.Person(caller.Reviewer)
			r := d.Ask(person, fixture.Payments)
			d.Add(faults.Rule{Operation: "TransactWriteItems", Fault: c.fault, Times: c.times})
			err := change(d, t, r, person.Act("declined"), ending(portal.Declined))
			crashed := c.fault == faults.CrashBefore || c.fault == faults.CrashAfter
			if crashed == (err == nil) {
				t.Errorf("error %v", err)
			}
			if crashed {
				err = change(d, t, d.Read(r.ID), person.Act("declined"), ending(portal.Declined))
			}
			if c.done && (trial.Kind(err) != portal.Conflict || !strings.Contains(err.Error(), "already been processed")) || !c.done && err != nil {
				t.Errorf("in the end: %v", err)
			}
			if after := d.Audit(r.ID); after.State != portal.Declined || after.Revision != 2 {
				t.Errorf("%s, revision %d", after.State, after.Revision)
			}
		})
	}
}
