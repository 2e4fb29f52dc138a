package e2e

import (
	"net/http"
	"testing"
)

// TestApproveReplay loses the answer of an approve and asks for it again.
func TestApproveReplay(t *testing.T) {
	t.Parallel()
	id := portal.create(t, asking(policy))
	idempotency := "Idempotency-Key: approve " + id
	key := reviewer.approve(t, id, idempotency)
	if again := reviewer.approve(t, id, idempotency); again != key {
		t.Error("the same call was given another key")
	}
	for name, said := range map[string]answer{
		"without its Idempotency-Key": reviewer.call(t, http.MethodPut, approve(id), ""),
		"with another":                reviewer.call(t, http.MethodPut, approve(id), "", idempotency+"!"),
		"with another body":           reviewer.call(t, http.MethodPut, approve(id), "{}", idempotency),
		"by another caller":           admin.call(t, http.MethodPut, approve(id), "", idempotency),
	} {
		if said.status != http.StatusConflict {
			t.Errorf("the call %s: got %d, want 409", name, said.status)
		}
	}
}

// TestCreateReplay says one create twice.
func TestCreateReplay(t *testing.T) {
	t.Parallel()
	mark := portal.create(t, asking(policy)) // its id is good for a key that no earlier run has used
	idempotency := "Idempotency-Key: create after " + mark
	id := portal.create(t, asking(policy), idempotency)
	if id == mark {
		t.Fatal("two creates without an Idempotency-Key made one request")
	}
	portal.call(t, http.MethodPost, collection, asking(policy), idempotency).want(t, http.StatusOK, id)
	portal.call(t, http.MethodPost, collection, asking(policyAuto), idempotency).wantRefusal(t, http.StatusConflict, "")
	if other := admin.create(t, asking(policy), idempotency); other == id {
		t.Error("another caller's Idempotency-Key was taken for this one's")
	}
}

// TestIfMatch decides about what is no longer so.
func TestIfMatch(t *testing.T) {
	t.Parallel()
	id := portal.create(t, asking(policy))
	seen := reviewer.get(t, id).header.Get("ETag")
	portal.call(t, http.MethodPut, item(id), `{"fields": {"changed": true}}`).want(t, http.StatusOK, id)
	for _, call := range []struct{ method, path string }{
		{http.MethodPut, approve(id)}, {http.MethodPut, decline(id)}, {http.MethodDelete, item(id)},
	} {
		stale := admin.call(t, call.method, call.path, "", "If-Match: "+seen)
		stale.wantRefusal(t, http.StatusPreconditionFailed, "")
		if meta, _ := stale.body["Meta"].(map[string]any); meta["revision"] != 2.0 {
			t.Errorf("%s: Meta does not say the revision that is: %s", stale.call, stale.text)
		}
	}
	reviewer.approve(t, id, "If-Match: "+reviewer.get(t, id).header.Get("ETag"))
}
