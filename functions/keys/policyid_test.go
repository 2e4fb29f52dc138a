package main

import (
	"net/http"
	"strings"
	"testing"

	"keydesk/infra/desktest"
	"keydesk/infra/fixture"
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
