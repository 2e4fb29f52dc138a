package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"keydesk/infra/desktest"
	"keydesk/infra/fixture"
	"keydesk/shared/approval"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// TestMany approves requests of several kinds: each waits for its developer, and no key is in the answer. What cannot be granted is
// nothing to the others.
func TestMany(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	granted := []string{
		fixture.Pending, d.Ask(fixture.Ada, fixture.Ledger), ask(t, d, fixture.Photos, portal.RequestInput{OAuthInfo: &portal.OAuthInfo{RedirectURI: redirect}}),
	}
	absent := strings.Repeat("0", 24)
	said, results := d.Many(function, "approve", fixture.ReviewerCredential, `, "reason": "As agreed.", "revisions": {"`+fixture.ByAdmin+`": 7}`,
		append(granted, fixture.Approved, fixture.Declined, fixture.Theirs, absent, fixture.ByAdmin)...)
	if said.Message != "3 of 8 approved" {
		t.Errorf("%d %s", said.Status, said.Text)
	}
	refusedAmongMany(t, results, absent)
	for _, id := range granted {
		r, err := d.Table.Request(t.Context(), fixture.Org, id)
		if got := results[id]; err != nil || got.Code != 200 || got.Message != "approved" || r.State != portal.Approved || r.Delivery != nil || r.Reason != "As agreed." || r.ByCreator {
			t.Errorf("%+v; it is %s, delivered %v, because %q (%v)", got, r.State, r.Delivery, r.Reason, err)
		}
		makesNoKey(t, d, &r)
	}
	if r, err := d.Table.Request(t.Context(), fixture.Org, fixture.ByAdmin); err != nil || r.State != portal.Pending {
		t.Errorf("what was seen otherwise is %s (%v)", r.State, err)
	}
}

// makesNoKey holds that no key came of a request yet.
func makesNoKey(t *testing.T, d *desktest.Desk, r *table.Request) {
	t.Helper()
	if keys := d.Issued(r.ID); len(keys) != 0 || len(d.Boxes()) != 1 {
		t.Errorf("%s: issued %v, delivery secrets %v", r.ID, keys, d.Boxes())
	}
}

// refusedAmongMany holds what those are told that cannot be granted.
func refusedAmongMany(t *testing.T, results map[string]desktest.Result, absent string) {
	t.Helper()
	for id, want := range map[string]int{fixture.Approved: 409, fixture.Declined: 409, fixture.Theirs: 404, absent: 404, fixture.ByAdmin: 412} {
		if got := results[id]; got.Code != want || got.Status != "Error" {
			t.Errorf("%s: %+v, want %d", id, got, want)
		}
	}
	if theirs, none := results[fixture.Theirs], results[absent]; theirs.Message != none.Message || theirs.Meta != nil {
		t.Errorf("what is another organisation's is told from what is not there: %+v, %+v", theirs, none)
	}
}

func TestManyIsForReviewers(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	for credential, status := range map[string]int{fixture.PortalCredential: http.StatusForbidden, "": http.StatusUnauthorized} {
		d.Unchanged(fmt.Sprint(status), func() {
			if said, _ := d.Many(function, "approve", credential, "", fixture.Automatic); said.Status != status {
				t.Errorf("%d %s", said.Status, said.Text)
			}
		})
	}
}

// bySchedule is a request that a credential's holder created and the schedule granted: its creator may fetch the key.
func bySchedule(t *testing.T, d *desktest.Desk) string {
	t.Helper()
	d.Settings(`{"auto_approve": true, "enable_multi_selection": true, "mail_options": {"mail_from_email": "us@example.org"}}`)
	id := d.Ask(fixture.Ada, fixture.Petstore)
	r, err := d.Table.Request(t.Context(), fixture.Org, id)
	if err != nil {
		t.Fatal(err)
	}
	if done, err := d.Issuer.Due(t.Context(), r, time.Now().Add(time.Second), "the schedule's"); err != nil || done != approval.Approved {
		t.Fatalf("%s, %v", done, err)
	}
	return id
}

// TestCreatorFetches has the schedule be faster than the portal that creates a request and then approves it: the portal gets the key once,
// and nobody else does.
func TestCreatorFetches(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	id := bySchedule(t, d)
	for _, credential := range []string{fixture.ReviewerCredential, fixture.AdminCredential} {
		d.Unchanged("another", func() {
			if said := approve(d, credential, id, ""); said.Status != http.StatusConflict || said.Message != "Key request has already been processed." {
				t.Errorf("another is answered %d %s", said.Status, said.Message)
			}
		})
	}
	d.Unchanged("to be claimed", func() {
		said := d.Say(function, desktest.Call(fixture.PortalCredential, http.MethodPut, "/api/portal/requests/approve/"+id, `{"delivery": "claim"}`))
		if said.Status != http.StatusConflict {
			t.Errorf("who would have the developer claim it is answered %d", said.Status)
		}
	})
	first := approve(d, fixture.PortalCredential, id, "again")
	var given struct{ RawKey string }
	if err := json.Unmarshal([]byte(first.Text), &given); err != nil || first.Status != http.StatusOK || given.RawKey == "" {
		t.Fatalf("%d %s", first.Status, first.Message)
	}
	if again := approve(d, fixture.PortalCredential, id, "again"); again.Text != first.Text {
		t.Errorf("said again, the call is answered %d %s", again.Status, again.Message)
	}
	if twice := approve(d, fixture.PortalCredential, id, ""); twice.Status != http.StatusConflict {
		t.Errorf("a second time it is answered %d", twice.Status)
	}
	r, err := d.Table.Request(t.Context(), fixture.Org, id)
	if err != nil || r.Delivery == nil || r.Delivery.To != "portal" {
		t.Errorf("delivered %v (%v)", r.Delivery, err)
	}
	if keys := d.Issued(id); len(keys) != 1 {
		t.Errorf("issued %v", keys)
	}
}

// TestManyFetchesNothing has whoever created a request approve it among others, once the schedule has granted it: the key, which no such
// answer holds, goes on waiting for its developer.
func TestManyFetchesNothing(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	bySchedule(t, d)
	id := d.Wish(fixture.Wish{Developer: fixture.Chen, Policy: fixture.Petstore, By: d.Person("owner")})
	r, err := d.Table.Request(t.Context(), fixture.Org, id)
	if err != nil {
		t.Fatal(err)
	}
	if done, err := d.Issuer.Due(t.Context(), r, time.Now().Add(time.Second), "the schedule's"); err != nil || done != approval.Approved {
		t.Fatalf("%s, %v", done, err)
	}
	d.Unchanged("among others", func() {
		if said, results := d.Many(function, "approve", fixture.AdminCredential, "", id); results[id].Code != http.StatusConflict {
			t.Errorf("%s", said.Text)
		}
	})
	if said := approve(d, fixture.AdminCredential, id, ""); said.Status != http.StatusOK || !strings.Contains(said.Text, `"RawKey":"`) || strings.Contains(said.Text, `"RawKey":""`) {
		t.Errorf("alone, its creator is answered %d", said.Status)
	}
}
