package main

import (
	"errors"
	"net/http"
	"reflect"
	"slices"
	"testing"
	"time"

	"keydesk/infra/desktest"
	"keydesk/infra/fixture"
	"keydesk/shared/approval"
	"keydesk/shared/portal"
	"keydesk/shared/rest"
	"keydesk/shared/table"
)

const requests = "../../../events/requests/delete/"

func remove(t *testing.T, d *desktest.Desk, name string) {
	t.Helper()
	event := desktest.Read(t, requests+name+".json")
	if answer := d.Answer(function, event); answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %s", name, answer.StatusCode, answer.Body)
	}
	if answer := d.Answer(function, event); answer.StatusCode != http.StatusNotFound {
		t.Errorf("%s, a second time: %d %s", name, answer.StatusCode, answer.Body)
	}
}

// gone holds that no list and no look shows the request any more, and that a line of history does.
func gone(t *testing.T, d *desktest.Desk, id string) {
	t.Helper()
	if r, err := d.Table.Request(t.Context(), fixture.Org, id); err != nil || !r.Deleted() {
		t.Errorf("a deleted request is not known for one: %v", err)
	}
	filters := []table.Filter{{}}
	for _, state := range []portal.State{portal.Pending, portal.Approved, portal.Declined, portal.Cancelled} {
		filters = append(filters, table.Filter{States: []portal.State{state}}, table.Filter{Developer: fixture.Ben, States: []portal.State{state}})
	}
	for _, filter := range filters {
		list, _, err := d.Table.List(t.Context(), fixture.Org, filter, "", 100)
		if err != nil {
			t.Fatal(err)
		}
		if filter.States == nil && len(list) == 0 {
			t.Error("the plain list is empty")
		}
		cancelled := slices.Contains(filter.States, portal.Cancelled)
		if slices.ContainsFunc(list, func(l table.Listed) bool { return l.ID == id }) && !cancelled {
			t.Errorf("the list %v shows a deleted request", filter)
		}
	}
	history := d.History(id)
	if last := history[len(history)-1]; last != "deleted by portal" {
		t.Errorf("history ends with %q", last)
	}
}

func TestOpenRequestIsCancelled(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	remove(t, d, "pending")
	gone(t, d, fixture.Pending)
	stored := d.Stored(fixture.Pending)
	if stored["state"] != "cancelled" || stored["task"] != "" || stored["decided_by"] != "portal" {
		t.Errorf("stored %v", stored)
	}
	if holder := d.Holder(fixture.Ada, fixture.Payments); holder != "" {
		t.Errorf("its plan is still held by %s", holder)
	}
}

// A key is revoked where keys are: whoever deletes the request that it came from leaves it alone.
func TestApprovedRequestLeavesItsKey(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	keys := [3]any{d.Issued(fixture.Approved), d.KeysOf(fixture.Ben), d.Boxes()}
	remove(t, d, "approved")
	gone(t, d, fixture.Approved)
	if after := [3]any{d.Issued(fixture.Approved), d.KeysOf(fixture.Ben), d.Boxes()}; !reflect.DeepEqual(after, keys) {
		t.Errorf("before: %v\nafter: %v", keys, after)
	}
	if len(d.Issued(fixture.Approved)) != 1 {
		t.Error("there was no key to begin with")
	}
	if holder := d.Holder(fixture.Ben, fixture.Petstore); holder != fixture.Approved {
		t.Errorf("its plan is held by %q, and its key is in use", holder)
	}
}

func TestDeclinedRequestIsHidden(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	remove(t, d, "declined")
	gone(t, d, fixture.Declined)
	if state := d.Stored(fixture.Declined)["state"]; state != "declined" {
		t.Errorf("it is %v now", state)
	}
}

// Whoever deletes a request that was open when they looked is told that a key came of it meanwhile.
func TestDeleteThatLosesToAnApprove(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	op := operation(d.Table)
	in := rest.In{Org: fixture.Org, ID: fixture.Pending, At: time.Now()}
	seen, err := op.First(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	clerk := fixture.Clerk()
	reviewer := clerk
	reviewer.Role = "reviewer"
	if _, err := d.Issuer.Issue(t.Context(), seen, approval.Act{Name: "approved", By: reviewer, At: in.At}, ""); err != nil {
		t.Fatal(err)
	}
	_, err = op.Then(t.Context(), in, clerk, seen)
	if refusal := new(portal.Error); !errors.As(err, &refusal) || refusal.Kind != portal.Conflict {
		t.Errorf("error %v, want that it has been processed", err)
	}
	if r, err := d.Table.Request(t.Context(), fixture.Org, fixture.Pending); err != nil || r.Deleted() || r.State != portal.Approved {
		t.Errorf("the request is %s, deleted %t (%v)", r.State, r.Deleted(), err)
	}
}
