package trial

import (
	"slices"
	"time"

	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// Audit reads all that the desk holds of the request, and fails the test where it does not add up.
func (d *Desk) Audit(id string) Record {
	d.t.Helper()
	r := d.record(id)
	d.auditApprovals(&r)
	switch {
	case r.Edits != "":
		d.auditEdit(&r)
	case r.Rotates != nil:
		d.auditRotation(&r)
	default:
		d.auditKeys(&r)
	}
	if len(r.History) != r.Revision {
		d.t.Errorf("%d lines of history at revision %d", len(r.History), r.Revision)
	}
	for i, line := range r.History {
		if line.Revision != i+1 {
			d.t.Errorf("revision %d of the history is in place %d", line.Revision, i+1)
		}
	}
	d.auditPlaces(&r)
	d.auditGraces(&r)
	d.auditCount(&r)
	if want := task(&r); r.Task != want {
		d.t.Errorf("the schedule is to %q for a request that is %s, delivered %v; want %q", r.Task, r.State, r.Delivery, want)
	}
	d.auditEnding("request", !r.Box.IsZero(), r.Ending)
	if r.around.there && r.around.grants[r.ID] != (r.Claimable() && r.Rotates == nil) {
		d.t.Errorf("a request that is %s, delivered %v: it stands among the grants to be claimed: %t", r.State, r.Delivery, r.around.grants[r.ID])
	}
	for _, stray := range r.around.strays {
		d.t.Errorf("%s stands where nobody would look for it", stray)
	}
	return r
}

// auditApprovals holds that a request was granted once. A grant may be withdrawn as long as its key is not claimed.
func (d *Desk) auditApprovals(r *Record) {
	d.t.Helper()
	n := r.Approvals()
	granted := r.State == portal.Approved || r.State == portal.Lapsed
	withdrawn := r.State == portal.Declined || r.State == portal.Cancelled
	if granted && n != 1 || !granted && n != 0 && !withdrawn || n > 1 {
		d.t.Errorf("a request that is %s: %d approvals in its history", r.State, n)
	}
}

// auditEnding holds that the schedule knows of each box.
func (d *Desk) auditEnding(of string, there bool, task *SecretTask) {
	d.t.Helper()
	if there && (task == nil || task.DuePK == "" || task.DueAt == "" || task.Until == "") {
		d.t.Errorf("a key lies in the box of a %s, and the task that ends it is %+v", of, task)
	}
}

// auditKeys holds that one key came of a request whose key was delivered, and of that one its successors, one of each.
func (d *Desk) auditKeys(r *Record) {
	d.t.Helper()
	granted := 0
	if r.State == portal.Approved && r.Delivery != nil {
		granted = 1
	}
	succeeds := map[string]*Key{}
	for i, k := range r.Keys {
		if k.Rotation != nil {
			succeeds[k.Rotation.Successor] = &r.Keys[i]
		}
	}
	first := 0
	for i := range r.Keys {
		k := &r.Keys[i]
		older := succeeds[k.Digest]
		if older == nil {
			first++
		}
		d.auditKey(r, k, older)
	}
	if first != granted || len(succeeds) != len(r.Keys)-first {
		d.t.Errorf("a request that is %s: %d issued keys that succeed none, %d successors, %d rotations", r.State, first, len(r.Keys)-first, len(succeeds))
	}
}

// auditEdit holds that a request for a change of a key brought none into being, and changed that one once if it was granted.
func (d *Desk) auditEdit(r *Record) {
	d.t.Helper()
	granted := 0
	if r.State == portal.Approved {
		granted = 1
	}
	if len(r.Keys) > 0 || !r.Box.IsZero() {
		d.t.Errorf("a request that is to change a key: %d keys came of it, and one lies in its box: %t", len(r.Keys), !r.Box.IsZero())
	}
	if r.Edited == nil {
		d.t.Errorf("the key that request %s is to change is gone", r.ID)
		return
	}
	calls, edits := map[string]bool{}, 0
	for _, line := range r.History {
		calls[line.RequestID] = true
	}
	for _, line := range r.Edited.History {
		if line.Act == "edited" && calls[line.RequestID] {
			edits++
		}
	}
	if edits != granted {
		d.t.Errorf("a request that is %s has changed its key %d times", r.State, edits)
	}
	d.auditStanding(r.Edited, r.around)
	d.auditHistory(r.Edited, r.around)
}

// auditRotation holds that a request for a rotation gave its key one successor once it was claimed, and none before.
func (d *Desk) auditRotation(r *Record) {
	d.t.Helper()
	claimed := 0
	if r.State == portal.Approved && r.Delivery != nil {
		claimed = 1
	}
	var came []*Key
	for _, k := range r.around.keys {
		if k.DeliveredBy == r.ID {
			came = append(came, k)
		}
	}
	if len(came) != claimed || len(r.Keys) > 0 || !r.Box.IsZero() {
		d.t.Errorf("a rotation that is %s, delivered %v: %d keys came of it, %d are said to be asked for by it", r.State, r.Delivery, len(came), len(r.Keys))
		return
	}
	for _, k := range came {
		older := r.around.keys[r.Rotates.Digest]
		if older == nil || older.Rotation == nil || older.Rotation.Successor != k.Digest || k.ID != r.KeyID {
			d.t.Errorf("the key %s, of request %s, is not the successor of the key that was to be rotated: %+v", k.ID, r.ID, older)
		}
	}
}

// auditPlaces holds that the places in plans that the developer has are those that open requests and living keys say they have, that
// each ends with its key, and that no two say so of one. A key whose time is over says nothing: its places may be another's.
func (d *Desk) auditPlaces(r *Record) {
	d.t.Helper()
	if !r.around.there { // they go in whichever order
		return
	}
	said, former := d.placesSaid(r)
	for name, want := range said {
		if got := r.around.places[name]; got != want {
			d.t.Errorf("the place %s is said to be held of %+v, and is of %+v", name, want, got)
		}
	}
	for name, p := range r.around.places {
		if said[name] == (place{}) && !former[p.Holder] {
			d.t.Errorf("the place %s is held of %s, and nobody says so", name, p.Holder)
		}
	}
}

// placesSaid are the places that open requests and living keys say they have, and who had places in keys whose time is over.
func (d *Desk) placesSaid(r *Record) (said map[string]place, former map[string]bool) {
	d.t.Helper()
	said, former = map[string]place{}, map[string]bool{}
	say := func(name string, p place) {
		if said[name] != (place{}) {
			d.t.Errorf("the place %s is held twice, of %s and of %s", name, said[name].Holder, p.Holder)
		}
		said[name] = p
	}
	for _, other := range r.around.requests {
		for _, name := range other.Holds {
			if other.Open() || other.Claimable() {
				say(name, place{Holder: other.ID})
			}
		}
	}
	for _, k := range r.around.keys {
		for name, holder := range k.Holds {
			switch {
			case k.Ended(time.Now()):
				former[holder] = true
			case !k.Over():
				say(name, place{holder, k.Expires})
			}
		}
	}
	return said, former
}

// auditGraces holds that a key in its grace opens nothing that its successor does not: what was taken from the one was taken from both.
func (d *Desk) auditGraces(r *Record) {
	d.t.Helper()
	if !r.around.there { // they end in whichever order
		return
	}
	for _, k := range r.around.keys {
		if k.Rotation == nil || k.Over() || k.Ended(time.Now()) {
			continue
		}
		next := r.around.keys[k.Rotation.Successor]
		if next == nil || next.Rotation == nil && slices.ContainsFunc(k.Policies, func(id string) bool { return next.Over() || !slices.Contains(next.Policies, id) }) {
			d.t.Errorf("a key in its grace opens %v, and its successor is %+v", k.Policies, next)
		}
	}
}

// auditCount holds that the developer is counted as many requests and keys as there are: those that are open, and those that are not over
// and were not rotated.
func (d *Desk) auditCount(r *Record) {
	d.t.Helper()
	if !r.around.there { // it goes with the account
		return
	}
	held := 0
	for _, other := range r.around.requests {
		if other.Open() || other.State == portal.Approved && other.Edits == "" && other.Rotates == nil && other.KeyID == "" {
			held++
		}
	}
	for _, k := range r.around.keys {
		if !k.Over() && k.Rotation == nil {
			held++
		}
	}
	if r.around.held != held {
		d.t.Errorf("the developer has %d open requests and keys, and is counted %d", held, r.around.held)
	}
}

// task is what is left for the schedule to do with a decided request.
func task(r *Record) table.Task {
	switch {
	case r.Open():
		return r.Task
	case !r.Claimable():
		return ""
	case !r.Reminded:
		return table.Remind // the grant lapses two days later
	default:
		return table.Lapse
	}
}
