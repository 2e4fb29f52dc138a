package approval_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

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

// keyActor is one process that acts on a key, and what came of it.
type keyActor struct {
	who     trial.Person
	what    string
	act     approval.Act
	rotated apikey.Key // the successor that it was given
	err     error
}

// refused tells whether it was told that its act was not done: not that it may have been.
func (a *keyActor) refused() bool {
	kind := trial.Kind(a.err)
	return kind != 0 && kind != portal.Busy
}

// faulty tells whether it was told what only a fault of the desk's own can bring about.
func (a *keyActor) faulty() bool {
	return contains(a.err, "another stands in its place") || contains(a.err, "ValidationException")
}

// fate is a key with two open requests for a change of it.
type fate struct {
	d                    *trial.Desk
	granted, first, next table.Request
	key                  table.IssuedKey
}

// whatHappens are what is done to the key; more of what races most.
var whatHappens = []string{
	"first edit", "first edit", "first edit", "second edit", "second edit", "put", "put", "put back", "put back", "rotated", "rotated", "rotated",
	"suspended", "resumed", "revoked", "revoked, the successor", "revoked, the successor", "declined", "left",
}

// ofOneKey are those that befall one key; the others may befall the older one too.
var ofOneKey = []string{"rotated", "suspended", "resumed", "revoked", "declined"}

// TestKeyInterleavings has a few processes act on one key in the same moment, in whatever weather, some of them dying on the way. The
// audit must find everything in order, and everybody must have been told the truth.
func TestKeyInterleavings(t *testing.T) {
	t.Parallel()
	desk := trial.Open(t)
	people := []trial.Person{desk.Person(caller.Admin), desk.Person(caller.Admin), desk.Person(caller.Reviewer)}
	interleave(t, func(rt *rapid.T) {
		w := &witness{TB: t}
		f := &fate{d: desk.Again(w)}
		defer w.leave()
		f.granted, f.key = f.d.Grant(people[0], portal.RequestInput{ApplyPolicies: []string{fixture.Payments, fixture.Petstore}})
		f.first = f.d.AskFor(people[0], toEdit(f.key, []string{fixture.Weather}, []string{fixture.Payments}))
		f.next = f.d.AskFor(people[0], toEdit(f.key, []string{fixture.Identity}, nil))
		f.d.Storm(rapid.Uint64().Draw(rt, "storm"), rapid.Float64Range(0, 0.3).Draw(rt, "rate"))
		for range rapid.IntRange(0, 2).Draw(rt, "deaths") {
			f.d.Add(faults.Rule{
				Operation: rapid.SampledFrom([]string{"GetItem", "BatchGetItem", "CreateSecret", "TransactWriteItems", "PutItem", "Query"}).Draw(rt, "on"),
				Nth:       rapid.IntRange(1, 6).Draw(rt, "nth"),
				Fault:     rapid.SampledFrom([]faults.Fault{faults.CrashBefore, faults.CrashAfter}).Draw(rt, "death"),
			})
		}
		actors := make([]*keyActor, rapid.IntRange(2, 7).Draw(rt, "actors"))
		var racing sync.WaitGroup
		for i := range actors {
			a := &keyActor{who: rapid.SampledFrom(people).Draw(rt, "who"), what: rapid.SampledFrom(whatHappens).Draw(rt, "what")}
			a.act = a.who.Act(strings.Trim(strings.Fields(a.what)[0], ","))
			actors[i] = a
			racing.Go(func() { a.err = a.do(t, f) })
		}
		racing.Wait()
		f.d.Calm()
		for i, a := range actors {
			rt.Logf("%d: %s, %s: a key %t, error %v", i, a.what, a.who.Name, !a.rotated.IsZero(), a.err)
		}
		f.judge(w, actors)
		if len(w.complaints) > 0 {
			rt.Fatal(strings.Join(w.complaints, "\n"))
		}
	})
}

// do acts, as a process that reads the key, or the request, and goes on from there.
func (a *keyActor) do(t testing.TB, f *fate) error {
	ctx, issuer := f.d.Invocation(t.Context()), f.d.Issuer()
	books := issuer.Table
	switch a.what {
	case "first edit", "second edit":
		id := map[string]string{"first edit": f.first.ID, "second edit": f.next.ID}[a.what]
		r, err := books.Request(ctx, fixture.Org, id)
		if err == nil {
			_, err = issuer.Issue(ctx, r, a.act, approval.Proof(a.who.Credential, "the key", 0, nil))
		}
		return err
	case "declined":
		r, err := books.Request(ctx, fixture.Org, f.first.ID)
		if err == nil {
			err = approval.Change(ctx, books, r, a.act, approval.Close(a.act, portal.Declined))
		}
		return err
	case "left":
		err := books.Leave(ctx, fixture.Org, f.key.Developer, time.Now())
		for done := false; !done && err == nil; {
			_, done, err = books.RevokeSome(ctx, fixture.Org, f.key.Developer, a.act.At)
		}
		return err
	}
	k, err := books.IssuedKey(ctx, f.key.Digest)
	if err != nil {
		return err
	}
	switch a.what {
	case "rotated":
		rotated, err := issuer.Rotate(ctx, *k, a.act, approval.Rotation{Grace: time.Hour, Proof: approval.Proof(a.who.Credential, "the key", 0, nil)})
		a.rotated = rotated.Key
		return err
	case "put", "put back":
		policies := map[string][]string{"put": {fixture.Petstore, fixture.Weather}, "put back": {fixture.Payments}}[a.what]
		found, err := books.Books(ctx, fixture.Org, f.key.Developer, policies)
		if err != nil {
			return err
		}
		a.act.Name = "edited"
		_, err = approval.SetPolicies(ctx, books, *k, a.act, &found, policies)
		return err
	}
	if a.what == "revoked, the successor" && k.Rotation != nil {
		if k, err = books.IssuedKey(ctx, k.Rotation.Successor); err != nil {
			return err
		}
	}
	return stateOf(ctx, books, *k, a.act)
}

// judge holds that all adds up, that what was told to be done was done, once, and that what was told not to be was not.
func (f *fate) judge(w *witness, actors []*keyActor) {
	granted, first, next := f.d.Audit(f.granted.ID), f.d.Audit(f.first.ID), f.d.Audit(f.next.ID)
	lines, again := linesByCall(granted, first, next)
	for _, a := range actors {
		done := lines[a.act.RequestID]
		switch {
		case a.faulty():
			w.Errorf("%s of %s met a fault of the desk's own: %v", a.what, a.who.Name, a.err)
		case a.what == "left":
		case done > 2 || done > 1 && slices.Contains(ofOneKey, a.what):
			w.Errorf("%s of %s was done %d times", a.what, a.who.Name, done)
		case done > 0 && a.refused() && !contains(a.err, "The request is declined now"):
			w.Errorf("%s of %s was done, and told %v", a.what, a.who.Name, a.err)
		case done == 0 && a.err == nil && again[a.act.RequestID] == 0 && !strings.HasPrefix(a.what, "put") && !strings.HasSuffix(a.what, "edit"):
			w.Errorf("%s of %s was told to be done, and was not", a.what, a.who.Name)
		}
	}
	f.judgeKeys(w, granted, actors)
}

// linesByCall are how many lines of history tell of each call, and of each that was given a key again.
func linesByCall(granted, first, next trial.Record) (lines, again map[string]int) {
	lines, again = map[string]int{}, map[string]int{}
	for _, line := range append(first.History, next.History...) {
		lines[line.RequestID]++
	}
	for _, k := range granted.Keys {
		for _, line := range k.History {
			if line.Act != "edited" || lines[line.RequestID] == 0 { // that of an edit that was approved stands in both
				lines[line.RequestID]++
			}
		}
		for _, line := range k.Again {
			again[line.RequestID]++
		}
	}
	return lines, again
}

// judgeKeys holds that a key is not alive that was told to be revoked, and that whoever was given a successor rotated the key.
func (f *fate) judgeKeys(w *witness, granted trial.Record, actors []*keyActor) {
	k := granted.Keys[0]
	left := slices.ContainsFunc(actors, func(a *keyActor) bool { return a.what == "left" && a.err == nil })
	for _, a := range actors {
		if strings.HasPrefix(a.what, "revoked") && a.err == nil && k.State != table.Revoked {
			w.Errorf("it was told to be revoked, and is %s", k.State)
		}
		if a.rotated.IsZero() {
			continue
		}
		if len(granted.Keys) != 2 || a.rotated.Digest() != granted.Keys[1].Digest || a.who.Name != k.Rotation.By {
			w.Errorf("%s was given a successor; there are %d keys, and it was rotated by %+v", a.who.Name, len(granted.Keys), k.Rotation)
		}
	}
	revoked := slices.IndexFunc(k.History, func(line table.KeyHistory) bool { return line.Act == "revoked" })
	if revoked >= 0 && revoked != len(k.History)-1 {
		w.Errorf("after it was revoked it was %s", k.History[revoked+1].Act)
	}
	for _, k := range granted.Keys {
		if left && k.State != table.Revoked {
			w.Errorf("the developer left, and has a key that is %s", k.State)
		}
	}
}
