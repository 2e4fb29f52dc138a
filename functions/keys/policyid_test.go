package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"keydesk/infra/desktest"
	"keydesk/infra/fixture"
	"keydesk/shared/table"
)

// Tyk's documents name the policy of a new key policy_id.
func TestAddByPolicyID(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	add := func(body string) desktest.Said {
		return d.Say(function, desktest.Call(fixture.PortalCredential, http.MethodPost, path(fixture.Ada), body))
	}
	both := `{"policy_id": "` + fixture.Petstore + `", "apply_policies": ["` + fixture.Weather + `"]}`
	d.Unchanged("refused", func() {
		if said := add(both); said.Status != http.StatusBadRequest || !strings.HasPrefix(said.Message, "policy_id: ") {
			t.Errorf("two policies: %d %s", said.Status, said.Text)
		}
		if said := add(`{"policy_id": 5}`); said.Status != http.StatusBadRequest || !strings.Contains(said.Message, "policy_id") {
			t.Errorf("no text: %d %s", said.Status, said.Text)
		}
	})
	if said := add(`{"policy_id": "` + fixture.Petstore + `"}`); said.Status != http.StatusOK || !strings.Contains(said.Text, `"RawKey":"ey`) {
		t.Errorf("%d %s", said.Status, said.Text)
	}
	if keys := listed(t, d, fixture.Ada); len(keys) != 1 || len(keys[0].ApplyPolicies) != 1 || keys[0].ApplyPolicies[0] != fixture.Petstore {
		t.Errorf("keys %+v", keys)
	}
}

// Tyk's older name of the same call is served, whatever it asks for and however its path ends.
func TestSubscribe(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	older := "/api/portal/developers/" + fixture.Ada + "/subscriptions"
	subscribe := func(credential, path, body string) desktest.Said {
		return d.Say(function, desktest.Call(credential, http.MethodPost, path, body))
	}
	by := `{"policy_id": "` + fixture.Petstore + `"}`
	d.Unchanged("a reviewer", func() {
		if said := subscribe(fixture.ReviewerCredential, older, by); said.Status != http.StatusForbidden {
			t.Errorf("a reviewer: %d %s", said.Status, said.Text)
		}
	})
	if said := subscribe(fixture.PortalCredential, older, by); said.Status != http.StatusOK || !strings.Contains(said.Text, `"RawKey":"ey`) {
		t.Errorf("%d %s", said.Status, said.Text)
	}
	if said := subscribe(fixture.PortalCredential, older+"/", by); said.Status != http.StatusConflict {
		t.Errorf("the plan once more: %d %s", said.Status, said.Text)
	}
	if keys := listed(t, d, fixture.Ada); len(keys) != 1 || len(keys[0].ApplyPolicies) != 1 || keys[0].ApplyPolicies[0] != fixture.Petstore {
		t.Errorf("keys %+v", keys)
	}
}

// Neither name of the call makes a request where the organisation has as many open ones as it may have.
func TestAddAtTheLimit(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	d.Settings(`{"max_open_requests": 1}`)
	if _, err := d.Table.CountUsage(t.Context(), fixture.Org, table.OpenRequests, 1, time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	for _, below := range []string{"keys", "subscriptions"} {
		d.Unchanged(below, func() {
			said := call(t, d, fixture.PortalCredential, http.MethodPost, "/api/portal/developers/"+fixture.Ada+"/"+below, `{"policy_id": "`+fixture.Petstore+`"}`, http.StatusConflict)
			if !strings.HasPrefix(said.Message, "max_open_requests: the organisation had ") {
				t.Errorf("%s: %s", below, said.Message)
			}
		})
	}
}
