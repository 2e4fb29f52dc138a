package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// TestPolicyIsOver takes a plan away in both ways: nobody gets a key of it any more, and each is told so.
func TestPolicyIsOver(t *testing.T) {
	t.Parallel()
	plan := publish(t, policies, `{"name": "Over soon"}`)
	id := admin.create(t, asking(plan))
	over := func(how string) {
		for _, refused := range []answer{admin.call(t, http.MethodPost, collection, asking(plan)), admin.call(t, http.MethodPut, approve(id), "")} {
			if refused.status < 400 || refused.status >= 500 || !strings.Contains(refused.message(), plan) {
				t.Errorf("%s for a plan that is %s: %d %s", refused.call, how, refused.status, refused.text)
			}
		}
	}
	admin.call(t, http.MethodPut, policyOf(plan), `{"name": "Over", "is_inactive": true}`).want(t, http.StatusOK, "Data updated")
	over("inactive")
	admin.call(t, http.MethodDelete, policyOf(plan), "").want(t, http.StatusOK, "Data deleted")
	over("deleted")
	for _, call := range []string{http.MethodGet, http.MethodPut, http.MethodDelete} {
		admin.call(t, call, policyOf(plan), `{"name": "Back"}`).wantRefusal(t, http.StatusNotFound, "")
	}
}

// TestPolicyDocument reads a policy as it was written: order, unknown members and numbers, and what was left out.
func TestPolicyDocument(t *testing.T) {
	t.Parallel()
	word := mark()
	sent := fmt.Sprintf(`{"tags":["b","a"],"name":%q,"x-owner":{"team":"pets","since":20.50},"rate":1e3,"active":true}`, word)
	plan := publish(t, policies, sent)
	if !isID.MatchString(plan) {
		t.Errorf("a policy without _id has the id %q", plan)
	}
	shown := portal.call(t, http.MethodGet, policyOf(plan)+"/", "")
	if !strings.HasPrefix(shown.text, strings.TrimSuffix(sent, "}")) {
		t.Errorf("%s: want it as it was sent, %s; got %s", shown.call, sent, shown.text)
	}
	wantMembers(t, shown, map[string]any{"_id": plan, "org_id": org, "is_inactive": false, "quota_max": 0.0, "key_expires_in": 0.0, "last_updated": ""})
	if shown.member("partitions", "quota") != false || shown.body["access_rights"] == nil || shown.body["meta_data"] == nil {
		t.Errorf("%s: what was left out is not there: %s", shown.call, shown.text)
	}
	put := fmt.Sprintf(`{"name":"%s again","_id":"another"}`, word)
	admin.call(t, http.MethodPut, policyOf(plan)+"/", put).want(t, http.StatusOK, "Data updated")
	wantMembers(t, admin.call(t, http.MethodGet, policyOf(plan), ""), map[string]any{"_id": plan, "name": word + " again", "rate": 0.0})
}
