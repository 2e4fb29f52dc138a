package e2e

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"testing"
)

var (
	isID     = regexp.MustCompile(`^[0-9a-f]{24}$`)
	isKeysID = regexp.MustCompile(`^[0-9a-f]{32}$`)
	isHash   = regexp.MustCompile(`^(murmur64|murmur128|sha256)$`)
)

func item(id string) string    { return collection + "/" + id }
func approve(id string) string { return collection + "/approve/" + id }
func decline(id string) string { return collection + "/decline/" + id }

// asking is a request for a key, as short as can be.
func asking(plan string) string {
	return fmt.Sprintf(`{"by_user": %q, "apply_policies": [%q]}`, developer, plan)
}

// create makes a request and has it deleted when the test ends.
func (c client) create(t *testing.T, body string, headers ...string) (id string) {
	t.Helper()
	return created(t, c.call(t, http.MethodPost, collection, body, headers...))
}

// created is the id in the answer to a create. It is deleted when the test ends.
func created(t *testing.T, a answer) (id string) {
	t.Helper()
	id = createdID(t, a)
	t.Cleanup(func() { remove(t, id) })
	return id
}

func createdID(t *testing.T, a answer) (id string) {
	t.Helper()
	a.want(t, http.StatusOK, "")
	id = a.message()
	if !isID.MatchString(id) || a.string("Status") != "OK" || a.body["Meta"] != nil {
		t.Fatalf("%s: want Status OK, the new id in Message, Meta null; got %s", a.call, a.text)
	}
	return id
}

// remove deletes a request, if the test has not.
func remove(t *testing.T, id string) answer {
	t.Helper()
	a := admin.call(t, http.MethodDelete, item(id), "")
	if a.status != http.StatusOK && a.status != http.StatusNotFound {
		t.Errorf("clean up: %s: %d %s", a.call, a.status, a.text)
	}
	return a
}

// get reads a request.
func (c client) get(t *testing.T, id string) answer {
	t.Helper()
	a := c.call(t, http.MethodGet, item(id), "")
	a.want(t, http.StatusOK, "")
	return a
}

// approve approves a request and returns the key, which is of a form that the documents show.
func (c client) approve(t *testing.T, id string, headers ...string) (key string) {
	t.Helper()
	return granted(t, c.call(t, http.MethodPut, approve(id), "", headers...))
}

// granted is the key in the answer to an approve: base64 of {"org", "id", "h"}, or organisation and id run together, as the
// template's parameter KeyForm has it.
func granted(t *testing.T, a answer) (key string) {
	t.Helper()
	return grantedIn(t, a, org)
}

// grantedIn is granted, of an organisation that may be another than the desk's own.
func grantedIn(t *testing.T, a answer, org string) (key string) {
	t.Helper()
	a.want(t, http.StatusOK, "")
	key = a.string("RawKey")
	if password, ok := a.body["Password"].(string); !ok || password != "" {
		t.Errorf("%s: Password is not an empty string", a.call)
	}
	if len(key) == 56 && key[:24] == org && isKeysID.MatchString(key[24:]) {
		return key
	}
	var parts struct{ ID, H string }
	text, err := base64.StdEncoding.DecodeString(key)
	if err != nil || json.Unmarshal(text, &parts) != nil || !isKeysID.MatchString(parts.ID) || !isHash.MatchString(parts.H) ||
		string(text) != fmt.Sprintf(`{"org":%q,"id":%q,"h":%q}`, org, parts.ID, parts.H) {
		t.Fatalf("%s: the RawKey is of neither form that the documents show", a.call)
	}
	return key
}

// list are the ids that a list shows, in its order.
func (c client) list(t *testing.T, query string) []string {
	t.Helper()
	a := c.call(t, http.MethodGet, collection+query, "")
	a.want(t, http.StatusOK, "")
	return a.ids(t)
}

// rows are those of a list.
func (a answer) rows(t *testing.T) []map[string]any {
	t.Helper()
	data, ok := a.body["Data"].([]any)
	if !ok {
		t.Fatalf("%s: Data is not a list: %s", a.call, a.text)
	}
	rows := make([]map[string]any, len(data))
	for i, row := range data {
		rows[i], _ = row.(map[string]any)
	}
	return rows
}

// ids are those of a list, in its order.
func (a answer) ids(t *testing.T) []string {
	t.Helper()
	rows := a.rows(t)
	ids := make([]string, len(rows))
	for i, row := range rows {
		ids[i], _ = row["id"].(string)
	}
	return ids
}

// shows tells whether a list with the query shows the request.
func (c client) shows(t *testing.T, query, id string) bool {
	t.Helper()
	return slices.Contains(c.list(t, query), id)
}

// subscription is the hash under which the developer of a request is shown to have a key of the plan.
func (a answer) subscription(plan string) string {
	developer, _ := a.body["portal_developer"].(map[string]any)
	subscriptions, _ := developer["subscriptions"].(map[string]any)
	hash, _ := subscriptions[plan].(string)
	return hash
}
