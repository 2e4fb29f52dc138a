package e2e

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// The desk's books: whom and what requests are for.
const (
	developers    = "/api/portal/developers"
	catalogue     = "/api/portal/catalogue"
	policies      = "/api/portal/policies"
	configuration = "/api/portal/configuration"
)

// mark is a word that nobody has used before, and that is good for an id, an e-mail address and a name.
func mark() string { return "e2e-" + strings.ToLower(rand.Text()[:12]) }

// passwordMark is in each password that the tests send, and in no answer: see inspect.
const passwordMark = "battery-staple"

func password() string { return passwordMark + " " + mark() }

// member is a member of an answer's object, by the names that lead to it.
func (a answer) member(names ...string) any {
	var value any = a.body
	for _, name := range names {
		object, _ := value.(map[string]any)
		value = object[name]
	}
	return value
}

// developerOf is a developer's own path.
func developerOf(id string) string { return developers + "/" + id }

// signUp makes a developer and has them deleted when the test ends.
func (c client) signUp(t *testing.T, body string, headers ...string) (id string) {
	t.Helper()
	return signedUp(t, c.call(t, http.MethodPost, developers, body, headers...))
}

// signedUp is the id in the answer to such a call.
func signedUp(t *testing.T, a answer) (id string) {
	t.Helper()
	id = createdID(t, a)
	t.Cleanup(func() { discard(t, developerOf(id)) })
	return id
}

// discard deletes what a test has made, if the test has not.
func discard(t *testing.T, path string) {
	t.Helper()
	if a := admin.call(t, http.MethodDelete, path, ""); a.status != http.StatusOK && a.status != http.StatusNotFound {
		t.Errorf("clean up: %s: %d %s", a.call, a.status, a.text)
	}
}

// logsIn tells a developer's id to whoever knows the password.
func (c client) logsIn(t *testing.T, username, password string) answer {
	t.Helper()
	return c.call(t, http.MethodPost, developers+"/verify_credentials", fmt.Sprintf(`{"username": %q, "password": %q}`, username, password))
}

// policyOf is a policy's own path.
func policyOf(id string) string { return policies + "/" + id }

// publish makes a policy and has it deleted when the test ends.
func publish(t *testing.T, path, body string) (id string) {
	t.Helper()
	return createdPolicy(t, admin.call(t, http.MethodPost, path, body))
}

// createdPolicy is the id in the answer to such a call.
func createdPolicy(t *testing.T, a answer) (id string) {
	t.Helper()
	a.want(t, http.StatusOK, "")
	if id = a.message(); id == "" || a.body["Meta"] != id {
		t.Fatalf("%s: want the id in Message and in Meta: %s", a.call, a.text)
	}
	t.Cleanup(func() { discard(t, policyOf(id)) })
	return id
}

// copied is a copy of the catalogue, text for text.
type copied struct {
	answer
	apis string // the list as it stands in the text
	list []json.RawMessage
}

// copyCatalogue reads the catalogue, and makes one where there is none.
func copyCatalogue(t *testing.T) copied {
	t.Helper()
	c := readCatalogue(t)
	if c.string("id") == "" {
		created := admin.call(t, http.MethodPost, catalogue, fmt.Sprintf(`{"org_id": %q}`, org))
		createdID(t, created)
		c = readCatalogue(t)
	}
	return c
}

func readCatalogue(t *testing.T) copied {
	t.Helper()
	c := copied{answer: admin.call(t, http.MethodGet, catalogue, "")}
	c.want(t, http.StatusOK, "")
	var document struct{ Apis json.RawMessage }
	if err := json.Unmarshal([]byte(c.text), &document); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(document.Apis, &c.list); err != nil {
		t.Fatalf("%s: apis: %v", c.call, err)
	}
	c.apis = string(document.Apis)
	return c
}

func (c copied) revision() float64 { n, _ := c.body["revision"].(float64); return n }

// with is the copy with other entries. Whatever else it says stays as it is, in its order.
func (c copied) with(t *testing.T, entries []json.RawMessage) string {
	t.Helper()
	apis, err := json.Marshal(entries)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Replace(c.text, c.apis, string(apis), 1)
}

// append is the copy with one entry more.
func (c copied) append(t *testing.T, entry string) string {
	t.Helper()
	return c.with(t, append(slices.Clone(c.list), json.RawMessage(entry)))
}

// withdraw takes the entries that hold a test's mark out of the catalogue again, whoever else writes it meanwhile.
func withdraw(t *testing.T, mark string) {
	t.Helper()
	for range 50 {
		c := readCatalogue(t)
		left := slices.DeleteFunc(slices.Clone(c.list), func(e json.RawMessage) bool { return strings.Contains(string(e), mark) })
		if len(left) == len(c.list) {
			return
		}
		if a := admin.call(t, http.MethodPut, catalogue, c.with(t, left)); a.status != http.StatusConflict {
			a.want(t, http.StatusOK, "Data updated")
			return
		}
	}
	t.Error("clean up: the catalogue is written all the time")
}
