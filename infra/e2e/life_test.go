package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
)

// TestLife is a request's life as README.md tells it.
func TestLife(t *testing.T) {
	t.Parallel()
	id := portal.create(t, asking(policy))
	for _, query := range []string{"?p=-1", "?p=-1&approved=false", "?p=-1&state=pending", "?p=-1&by_user=" + developer} {
		if !reviewer.shows(t, query, id) {
			t.Errorf("a new request is not in the list %s", query)
		}
	}
	if reviewer.shows(t, "?p=-1&approved=true", id) {
		t.Error("a new request is among the approved")
	}
	wantMembers(t, reviewer.get(t, id), map[string]any{
		"id": id, "org_id": org, "by_user": developer, "for_plan": policy, "for_api": "", "approved": false, "state": "pending",
		"revision": 1.0, "version": "", "jwt_secret": "", "certificate": "",
	})

	portal.call(t, http.MethodPut, item(id), `{"fields": {"usecase": "a weather app"}, "version": "v2"}`).want(t, http.StatusOK, id)
	after := reviewer.get(t, id)
	wantMembers(t, after, map[string]any{"version": "v2", "for_plan": policy, "revision": 2.0, "state": "pending"})
	if fields, _ := after.body["fields"].(map[string]any); fields["usecase"] != "a weather app" {
		t.Errorf("an update of fields is not shown: %v", fields)
	}

	key := reviewer.approve(t, id)
	after = portal.get(t, id)
	wantMembers(t, after, map[string]any{"approved": true, "state": "approved", "revision": 3.0})
	if delivery, _ := after.body["delivery"].(map[string]any); delivery["to"] == "" || delivery["at"] == "" {
		t.Errorf("an approved request does not say to whom its key went: %s", after.text)
	}
	if hash := after.subscription(policy); hash == "" || hash == key {
		t.Errorf("the developer's subscriptions have %q for the plan, not its key's hash", hash)
	}
	if reviewer.shows(t, "?p=-1&approved=false", id) || !reviewer.shows(t, "?p=-1&approved=true", id) || !reviewer.shows(t, "?p=-1", id) {
		t.Error("an approved request is not in the lists that it belongs to")
	}

	wantProcessed(t, id, "approved")
	portal.call(t, http.MethodPut, item(id), asking(policyAuto)).wantRefusal(t, http.StatusConflict, "")
	wantMembers(t, reviewer.get(t, id), map[string]any{"revision": 3.0, "for_plan": policy})
}

// wantProcessed asks for a key a second time, and to decline.
func wantProcessed(t *testing.T, id, state string) {
	t.Helper()
	for _, path := range []string{approve(id), decline(id)} {
		again := admin.call(t, http.MethodPut, path, "")
		again.wantRefusal(t, http.StatusConflict, "Key request has already been processed.")
		meta, _ := again.body["Meta"].(map[string]any)
		if meta["state"] != state || meta["decided_by"] == "" || meta["remedy"] == "" {
			t.Errorf("%s: Meta does not say who decided what, and what to do: %s", again.call, again.text)
		}
	}
}

func wantMembers(t *testing.T, a answer, want map[string]any) {
	t.Helper()
	for name, value := range want {
		if a.body[name] != value {
			t.Errorf("%s: %s is %v, want %v", a.call, name, a.body[name], value)
		}
	}
}

func TestDelete(t *testing.T) {
	t.Parallel()
	t.Run("an open request is gone", func(t *testing.T) {
		t.Parallel()
		id := portal.create(t, asking(policyAuto))
		portal.call(t, http.MethodDelete, item(id), "").want(t, http.StatusOK, "Data deleted")
		wantGone(t, id)
	})
	t.Run("an approved one is hidden", func(t *testing.T) {
		t.Parallel()
		id := portal.create(t, asking(policyAuto))
		portal.approve(t, id)
		portal.call(t, http.MethodDelete, item(id), "").want(t, http.StatusOK, "Data deleted")
		wantGone(t, id)
	})
}

// wantGone finds the request nowhere.
func wantGone(t *testing.T, id string) {
	t.Helper()
	for _, call := range []struct{ method, path, body string }{
		{http.MethodGet, item(id), ""},
		{http.MethodPut, item(id), asking(policy)},
		{http.MethodPut, approve(id), ""},
		{http.MethodPut, decline(id), ""},
		{http.MethodDelete, item(id), ""},
	} {
		admin.call(t, call.method, call.path, call.body).wantRefusal(t, http.StatusNotFound, "Could not retrieve portal object.")
	}
	for _, query := range []string{"?p=-1", "?p=-1&approved=false", "?p=-1&approved=true", "?p=-1&state=approved"} {
		if slices.Contains(admin.list(t, query), id) {
			t.Errorf("a deleted request is in the list %s", query)
		}
	}
}

func TestDecline(t *testing.T) {
	t.Parallel()
	id := portal.create(t, asking(policy))
	reviewer.call(t, http.MethodPut, decline(id), `{"reason": "no use case"}`).want(t, http.StatusOK, id)
	wantMembers(t, portal.get(t, id), map[string]any{"state": "declined", "approved": false, "reason": "no use case"})
	if reviewer.shows(t, "?p=-1", id) || reviewer.shows(t, "?p=-1&approved=false", id) {
		t.Error("a declined request is in a list that clients approve from")
	}
	if !reviewer.shows(t, "?p=-1&state=declined", id) {
		t.Error("a declined request is not in the list of the declined")
	}
	wantProcessed(t, id, "declined")
}

// TestUpdateVerb sends the verb that Tyk's documents have for an update. A front end may refuse it, and then nothing changes.
func TestUpdateVerb(t *testing.T) {
	t.Parallel()
	id := portal.create(t, asking(policy))
	body := fmt.Sprintf(`{"for_plan": %q, "version": "v2"}`, policyAuto)
	if !front.update {
		if a := portal.send(t, "UPDATE", item(id), body); a.status < 400 || a.status >= 500 {
			t.Errorf("UPDATE: got %d %s, want a refusal, or KEYDESK_FRONT_END corrected", a.status, a.text)
		}
		wantMembers(t, portal.get(t, id), map[string]any{"for_plan": policy, "revision": 1.0})
		return
	}
	portal.call(t, "UPDATE", item(id), body).want(t, http.StatusOK, id)
	wantMembers(t, portal.get(t, id), map[string]any{"for_plan": policyAuto, "version": "v2", "revision": 2.0})
}

// TestApprovedIsNotSaid has a client say that its request is approved, which is not for it to say.
func TestApprovedIsNotSaid(t *testing.T) {
	t.Parallel()
	saying := fmt.Sprintf(`{"by_user": %q, "for_plan": %q, "approved": true, "state": "approved", "id": "ffffffffffffffffffffffff",
		"org_id": "ffffffffffffffffffffffff", "revision": 9}`, developer, policy)
	id := portal.create(t, saying)
	want := map[string]any{"approved": false, "state": "pending", "id": id, "org_id": org}
	wantMembers(t, portal.get(t, id), want)
	portal.call(t, http.MethodPut, item(id), saying).want(t, http.StatusOK, id)
	wantMembers(t, portal.get(t, id), want)
	reviewer.approve(t, id)
}

// TestOneKeyAPlan asks again for a plan of which a developer may have one key at a time.
func TestOneKeyAPlan(t *testing.T) {
	t.Parallel()
	plan, other := onePerDeveloper(t)
	body := fmt.Sprintf(`{"by_user": %q, "for_plan": %q}`, other, plan)
	const taken = "There is already an API key for this Plan associated with this account."
	admin.call(t, http.MethodPost, collection, asking(plan)).wantRefusal(t, http.StatusConflict, taken) // in use

	first := admin.create(t, body)
	admin.call(t, http.MethodPost, collection, body).want(t, http.StatusOK, first) // a double click is one request
	portal.call(t, http.MethodPost, collection, body).want(t, http.StatusOK, first)
	waits := admin.call(t, http.MethodPost, collection, fmt.Sprintf(`{"by_user": %q, "for_plan": %q, "fields": {"usecase": "another"}}`, other, plan))
	waits.wantRefusal(t, http.StatusConflict, waitsFor(plan))
	if waits.member("Meta", "request") != first {
		t.Errorf("%s: it does not name the request %s: %s", waits.call, first, waits.text)
	}
	admin.call(t, http.MethodDelete, item(first), "").want(t, http.StatusOK, "Data deleted")
	second := admin.create(t, body)
	admin.call(t, http.MethodPut, decline(second), "").want(t, http.StatusOK, second)
	admin.create(t, body)
}

// waitsFor is the answer to another request for a plan while one is open.
func waitsFor(plan string) string {
	return "A request for the plan " + plan + " is waiting for a decision. Change that request, or wait for the decision."
}

// onePerDeveloper finds in the sample data the plan that the developer holds a key of and may have one key of, and another
// developer.
func onePerDeveloper(t *testing.T) (plan, another string) {
	t.Helper()
	for _, row := range admin.call(t, http.MethodGet, collection+"?p=-1", "").rows(t) {
		if row["by_user"] != developer {
			another, _ = row["by_user"].(string)
			continue
		}
		entry, _ := row["catalogue_entry"].(map[string]any)
		if config, _ := entry["config"].(map[string]any); config["override"] == true && config["enable_multi_selection"] == false {
			plan, _ = row["for_plan"].(string)
		}
	}
	if plan == "" || another == "" {
		t.Fatal("the sample data has no plan of one key a developer, or no second developer")
	}
	return plan, another
}
