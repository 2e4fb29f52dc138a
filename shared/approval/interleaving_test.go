package approval_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"keydesk/infra/faults"
	"keydesk/infra/fixture"
	"keydesk/infra/trial"
	"keydesk/shared/apikey"
	"keydesk/shared/approval"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// interleavings are how many are tried: some seconds' worth.
const interleavings = 40

// interleave has rapid draw interleavings, and all that it wants of one that fails.
func interleave(t *testing.T, try func(rt *rapid.T)) {
	t.Helper()
	tried, failed := 0, false
	rapid.Check(t, func(rt *rapid.T) {
		if tried == interleavings && !failed {
			return
		}
		tried++
		failed = true // as long as it has not come back
		try(rt)
		failed = false
	})
	if tried < interleavings {
		t.Errorf("%d interleavings were tried, want %d", tried, interleavings)
	}
}

// actor is one process that acts on the request, and what came of it.
type actor struct {
	who trial.Person
	act string
	key apikey.Key
	err error
}

// TestInterleavings has a few processes act on one request in the same moment, in whatever weather, some of them dying on the
// way. The audit must find everything in order, and everybody must have been told the truth.
func TestInterleavings(t *testing.T) {
	t.Parallel()
	desk := trial.Open(t)
	people := []trial.Person{desk.Person(caller.Reviewer), desk.Person(caller.Reviewer), desk.Person(caller.Admin)}
	interleave(t, func(rt *rapid.T) {
		w := &witness{TB: t}
		d := desk.Again(w)
		defer w.leave()
		r := d.Ask(people[0], rapid.SampledFrom([]string{fixture.Payments, fixture.Petstore, fixture.Identity}).Draw(rt, "policy"))
		d.Storm(rapid.Uint64().Draw(rt, "storm"), rapid.Float64Range(0, 0.3).Draw(rt, "rate"))
		for range rapid.IntRange(0, 2).Draw(rt, "deaths") {
			d.Add(faults.Rule{
				Operation: rapid.SampledFrom([]string{"GetItem", "BatchGetItem", "CreateSecret", "TransactWriteItems", "PutItem"}).Draw(rt, "on"),
				Nth:       rapid.IntRange(1, 6).Draw(rt, "nth"),
				Fault:     rapid.SampledFrom([]faults.Fault{faults.CrashBefore, faults.CrashAfter}).Draw(rt, "death"),
			})
		}
		actors := make([]*actor, rapid.IntRange(2, 6).Draw(rt, "actors"))
		var racing sync.WaitGroup
		for i := range actors {
			a := &actor{
				who: rapid.SampledFrom(people).Draw(rt, "who"),
				act: rapid.SampledFrom([]string{"approved", "approved", "approved", "updated", "declined", "deleted", "deactivated"}).Draw(rt, "act"),
			}
			actors[i] = a
			racing.Go(func() { a.do(d, t, r.ID, r.ByUser) })
		}
		racing.Wait()
		d.Calm()
		for i, a := range actors {
			rt.Logf("%d: %s %s: a key %t, error %v", i, a.who.Name, a.act, !a.key.Raw().IsZero(), a.err)
		}
		after := d.Audit(r.ID)
		wereToldTheTruth(w, after, actors)
		standInHistory(w, after, actors)
		if len(w.complaints) > 0 {
			rt.Fatal(strings.Join(w.complaints, "\n"))
		}
	})
}

// do acts, as a process that reads the request and goes on from there.
func (a *actor) do(d *trial.Desk, t testing.TB, id, developer string) {
	if a.act == "deactivated" {
		d.ChangeDeveloper(developer, "SET inactive = :yes")
		return
	}
	if a.act == "approved" {
		a.key, a.err = issue(d, t, id, a.who.Act("approved"), approval.Proof(a.who.Credential, "the key", 0, nil))
		return
	}
	to := map[string]revision{"updated": asking(fixture.Weather), "declined": ending(portal.Declined), "deleted": ending(portal.Cancelled)}[a.act]
	ctx := d.Invocation(t.Context())
	books := d.Issuer().Table
	r, err := books.Request(ctx, fixture.Org, id)
	if err == nil {
		act := a.who.Act(a.act)
		err = approval.Change(ctx, books, r, act, to(act))
	}
	a.err = err
}

// wereToldTheTruth holds that who was given the key was granted it, and that who was granted it was not told otherwise.
func wereToldTheTruth(w *witness, after trial.Record, actors []*actor) {
	given := 0
	for _, a := range actors {
		if !a.key.Raw().IsZero() {
			given++
			if a.key.Digest() != after.Box.Digest() || a.who.Name != after.DecidedBy {
				w.Errorf("%s has a key, the one in the box: %t; %s was granted it", a.who.Name, a.key.Digest() == after.Box.Digest(), after.DecidedBy)
			}
		}
		if a.act == "approved" && trial.Kind(a.err) == portal.Conflict && after.State == portal.Approved && a.who.Name == after.DecidedBy {
			w.Errorf("%s was granted the key, and told: %v", a.who.Name, a.err)
		}
	}
	if after.State == portal.Approved && given > len(after.Again)+1 {
		w.Errorf("a key was given %d times, and history tells of %d more than the first", given, len(after.Again))
	}
}

// standInHistory holds that what was told to be done was done, and once: who died may have done it without being told.
func standInHistory(w *witness, after trial.Record, actors []*actor) {
	for _, act := range []string{"updated", "declined", "deleted"} {
		tried, done := 0, 0
		for _, a := range actors {
			if a.act == act {
				tried++
				if a.err == nil {
					done++
				}
			}
		}
		lines := len(slices.DeleteFunc(slices.Clone(after.History), func(line table.History) bool { return line.Act != act }))
		if lines < done || lines > tried {
			w.Errorf("%q was tried %d times, done %d times as far as was told, and stands in history %d times", act, tried, done, lines)
		}
	}
}

// witness is a test that complains later, and to somebody else: a plan reports each rule that never struck, which is no
// fault where rules come by chance.
type witness struct {
	testing.TB
	mu         sync.Mutex
	complaints []string
	cleanups   []func()
}

func (w *witness) Errorf(format string, arguments ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.complaints = append(w.complaints, fmt.Sprintf(format, arguments...))
}

func (w *witness) Logf(string, ...any) {}
func (w *witness) Cleanup(after func()) {
	w.mu.Lock()
	w.cleanups = append(w.cleanups, after)
	w.mu.Unlock()
}

func (w *witness) leave() {
	for _, after := range slices.Backward(w.cleanups) {
		after()
	}
}
