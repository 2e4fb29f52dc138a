package main

import (
	"encoding/json"
	"net/http"
	"reflect"
	"testing"
	"time"

	"keydesk/infra/desktest"
	"keydesk/infra/fixture"
	"keydesk/shared/apikey"
	"keydesk/shared/portal"
	"keydesk/shared/secret"
	"keydesk/shared/table"
)

// granted has the function approve an event's request, and gives the key that it answers.
func granted(t *testing.T, d *desktest.Desk, name string) secret.Value {
	t.Helper()
	answer := d.Answer(function, desktest.Read(t, "../../../events/requests/approve/"+name+".json"))
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %s", name, answer.StatusCode, answer.Body)
	}
	var said struct{ RawKey string }
	if err := json.Unmarshal([]byte(answer.Body), &said); err != nil {
		t.Fatal(err)
	}
	return secret.New(said.RawKey)
}

func TestGrantedKeyIsKnownByItsHashesAlone(t *testing.T) {
	t.Parallel()
	for form, length := range map[apikey.Form]int{apikey.Base64: 120, apikey.OrgID: 56} {
		d := desktest.New(t, fixture.Desk)
		d.Issuer.Form = form
		raw := granted(t, d, "as-reviewer")
		if n := len(raw.Reveal()); n != length {
			t.Errorf("%s: a key of %d characters, want %d", form, n, length)
		}
		key, err := token(raw)
		if err != nil {
			t.Fatal(err)
		}
		inBox, err := d.Issuer.Vault.Open(t.Context(), fixture.Org, fixture.Pending, portal.AuthToken)
		if err != nil || inBox.Digest() != key.Digest() {
			t.Errorf("%s: another key lies in the box (%v)", form, err)
		}
		issued := d.Issued(fixture.Pending)
		if len(issued) != 1 || issued[0]["digest"] != key.Digest() || issued[0]["shown"] != key.Shown() || issued[0]["state"] != string(table.Active) {
			t.Errorf("%s: issued %v", form, issued)
		}
		ada, _, err := d.Table.Developer(t.Context(), fixture.Org, fixture.Ada, 100, "")
		if err != nil {
			t.Fatal(err)
		}
		if want := map[string][]string{key.Shown(): {fixture.Payments}}; !reflect.DeepEqual(ada.Keys, want) {
			t.Errorf("%s: the developer's keys are %v, want %v", form, ada.Keys, want)
		}
		if want := map[string]string{fixture.Payments: key.Shown()}; !reflect.DeepEqual(ada.Subscriptions, want) {
			t.Errorf("%s: the developer's subscriptions are %v, want %v", form, ada.Subscriptions, want)
		}
	}
}

func TestApprovedRequest(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	granted(t, d, "as-reviewer")
	r, err := d.Table.Request(t.Context(), fixture.Org, fixture.Pending)
	if err != nil {
		t.Fatal(err)
	}
	if r.State != portal.Approved || !r.Approved || r.DecidedBy != "reviewer" || r.Revision != 2 || r.Delivery == nil || r.Delivery.To != "reviewer" {
		t.Errorf("stored %+v", r)
	}
	if r.Task != "" {
		t.Errorf("its key was given, and what is left to do is %q", r.Task)
	}
	if history := d.History(fixture.Pending); !reflect.DeepEqual(history, []string{"created by portal", "approved by reviewer"}) {
		t.Errorf("history %v", history)
	}
	if holder := d.Holder(fixture.Ada, fixture.Payments); holder != fixture.Pending {
		t.Errorf("its plan is held by %q", holder)
	}
}

// A grant that the developer is to claim waits for as long as the template says. Until then there is no secret, and no key.
func TestGrantWaits(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	if raw := granted(t, d, "claimable"); !raw.IsZero() {
		t.Error("it was given to the reviewer")
	}
	r, err := d.Table.Request(t.Context(), fixture.Org, fixture.Claimable)
	if err != nil {
		t.Fatal(err)
	}
	if r.State != portal.Approved || r.Delivery != nil || r.Task != table.Remind {
		t.Errorf("stored %+v", r)
	}
	due, err := time.Parse(time.RFC3339, r.DueAt)
	want := d.Issuer.Retention - 48*time.Hour // then the developer is reminded
	if wait := time.Until(due); err != nil || wait < want-time.Minute || wait > want {
		t.Errorf("the developer is reminded in %s, want %s (%v)", wait, want, err)
	}
	if issued := d.Issued(fixture.Claimable); len(issued) != 0 || len(d.Boxes()) != 1 || r.KeyID != "" {
		t.Errorf("issued %v, the key %q, delivery secrets %v", issued, r.KeyID, d.Boxes())
	}
}

// A rotation takes nothing from its holder: not what the portal may approve, nor the answer to a call that is said again.
func TestApproveAfterRotations(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	event := desktest.Read(t, "../../../events/requests/approve/as-portal-own-automatic.json")
	event.Headers["idempotency-key"] = "a"
	var keys []string
	for range 2 {
		event.Headers["authorization"] = d.Rotate(d.Rotate(event.Headers["authorization"]))
		answer := d.Answer(function, event)
		if answer.StatusCode != http.StatusOK {
			t.Fatalf("%d %s", answer.StatusCode, answer.Body)
		}
		keys = append(keys, answer.Body)
	}
	if keys[0] != keys[1] {
		t.Error("said again after a rotation, the call is given another key")
	}
}

// Nobody has to decide it, but it is not the portal's own.
func TestPortalApprovesWhatItCreatedItselfOnly(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	another := fixture.Clerk()
	another.Credential = "another"
	id := d.Wish(fixture.Wish{Developer: fixture.Ada, Policy: fixture.Petstore, By: another})
	event := desktest.Read(t, "../../../events/requests/approve/as-portal-own-automatic.json")
	event.RawPath = "/api/portal/requests/approve/" + id
	if answer := d.Answer(function, event); answer.StatusCode != http.StatusForbidden {
		t.Errorf("%d %s", answer.StatusCode, answer.Body)
	}
}
