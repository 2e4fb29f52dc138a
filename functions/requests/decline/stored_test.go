package main

import (
	"net/http"
	"reflect"
	"testing"

	"keydesk/infra/desktest"
	"keydesk/infra/fixture"
	"keydesk/shared/portal"
)

func TestDeclinedRequestSaysWhyAndFreesItsPlan(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	event := desktest.Read(t, "../../../events/requests/decline/with-reason.json")
	if answer := d.Answer(function, event); answer.StatusCode != http.StatusOK {
		t.Fatalf("%d %s", answer.StatusCode, answer.Body)
	}
	r, err := d.Table.Request(t.Context(), fixture.Org, fixture.Pending)
	if err != nil {
		t.Fatal(err)
	}
	if r.State != portal.Declined || r.Approved || r.DecidedBy != "reviewer" || r.Reason != "Please say what for." || r.Revision != 2 {
		t.Errorf("stored %+v", r)
	}
	if r.Task != "" || r.DueAt != "" {
		t.Errorf("decided at %s, and its box is to be emptied (%q) at %q", r.DecidedAt, r.Task, r.DueAt)
	}
	if holder := d.Holder(fixture.Ada, fixture.Payments); holder != "" {
		t.Errorf("its plan is still held by %s", holder)
	}
	if history := d.History(fixture.Pending); !reflect.DeepEqual(history, []string{"created by portal", "declined by reviewer"}) {
		t.Errorf("history %v", history)
	}
}
