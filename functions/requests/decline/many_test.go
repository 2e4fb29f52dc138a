package main

import (
	"net/http"
	"reflect"
	"strings"
	"testing"

	"keydesk/infra/desktest"
	"keydesk/infra/fixture"
	"keydesk/shared/portal"
)

// What cannot be declined stays as it is, and is nothing to the others, whose plans are free again.
func TestMany(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	absent := strings.Repeat("0", 24)
	declined := []string{fixture.Pending, fixture.Automatic}
	refused := map[string]int{fixture.Approved: 409, fixture.Declined: 409, fixture.Theirs: 404, absent: 404, fixture.ByAdmin: 412}
	stood := map[string]any{}
	for id := range refused {
		if id != absent {
			stood[id] = []any{d.Stored(id), d.History(id)}
		}
	}
	said, results := d.Many(function, "decline", fixture.ReviewerCredential, `, "reason": "Not this year.", "revisions": {"`+fixture.ByAdmin+`": 7, "`+fixture.Pending+`": 1}`,
		fixture.Approved, fixture.Pending, fixture.Declined, fixture.Theirs, fixture.Automatic, absent, fixture.ByAdmin)
	if said.Message != "2 of 7 declined" {
		t.Errorf("%d %s", said.Status, said.Text)
	}
	wereDeclined(t, d, results, declined...)
	for id, code := range refused {
		if got := results[id]; got.Code != code || got.Status != "Error" || got.Message == "" {
			t.Errorf("%+v, want %d", got, code)
		}
		if id != absent && !reflect.DeepEqual(stood[id], []any{d.Stored(id), d.History(id)}) {
			t.Errorf("%s was refused, and is %v now", id, d.Stored(id))
		}
	}
	if results[fixture.Theirs].Message != results[absent].Message {
		t.Error("what is another organisation's is told from what is not there")
	}
}

// wereDeclined holds what is told and stored of those that were declined, and that their plans are free, and no others.
func wereDeclined(t *testing.T, d *desktest.Desk, results map[string]desktest.Result, ids ...string) {
	t.Helper()
	for _, id := range ids {
		r, err := d.Table.Request(t.Context(), fixture.Org, id)
		if got := results[id]; err != nil || got.Code != 200 || got.Message != "declined" || r.State != portal.Declined || r.Reason != "Not this year." || r.DecidedBy != "reviewer" {
			t.Errorf("%+v; it is %s by %s, because %q (%v)", got, r.State, r.DecidedBy, r.Reason, err)
		}
	}
	for _, plan := range []struct{ developer, policy, holder string }{
		{fixture.Ada, fixture.Payments, ""}, {fixture.Chen, fixture.Petstore, ""},
		{fixture.Chen, fixture.Payments, fixture.ByAdmin}, {fixture.Ben, fixture.Petstore, fixture.Approved},
	} {
		if holder := d.Holder(plan.developer, plan.policy); holder != plan.holder {
			t.Errorf("the plan %s of %s is held by %q, want %q", plan.policy, plan.developer, holder, plan.holder)
		}
	}
}

func TestManyIsForReviewers(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	for credential, status := range map[string]int{fixture.PortalCredential: http.StatusForbidden, "": http.StatusUnauthorized} {
		d.Unchanged(http.StatusText(status), func() {
			if said, _ := d.Many(function, "decline", credential, "", fixture.Pending); said.Status != status {
				t.Errorf("%d %s", said.Status, said.Text)
			}
		})
	}
}
