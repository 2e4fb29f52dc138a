package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
)

// offered is a plan as a test needs it, and how the catalogue has it.
type offered struct {
	kind    string
	asks    bool   // a reviewer has to approve
	one     bool   // a developer may have one key of it
	clients int    // of the kind oauth: how many; 0 for any number
	expires int    // seconds that a key of it is good for; 0 for ever
	config  string // further settings of its entry: members of a JSON object
}

// offers makes plans and puts them into the catalogue, until the test ends. It gives their ids.
func offers(t *testing.T, all ...offered) []string {
	t.Helper()
	word := mark()
	ids := make([]string, len(all))
	var in change
	for i, o := range all {
		ids[i] = publish(t, policies, fmt.Sprintf(`{"_id": "%s-%d", "name": "%s %d", "rate": 10, "per": 1, "quota_max": 500, "quota_renewal_rate": 3600, "key_expires_in": %d}`,
			word, i, word, i, o.expires))
		config := fmt.Sprintf(`"override": true, "require_key_approval": %t, "enable_multi_selection": %t, "oauth_usage_limit": %d`, o.asks, !o.one, o.clients)
		if o.config != "" {
			config += ", " + o.config
		}
		in.enter = append(in.enter, json.RawMessage(fmt.Sprintf(`{"name": %q, "policy_id": %q, "version": "v2", "show": true, "auth_type": %q, "config": {%s}}`,
			ids[i], ids[i], o.kind, config)))
	}
	t.Cleanup(func() { rewrite(t, &change{withdraw: word}) })
	rewrite(t, &in)
	return ids
}

// change is what one test does to the catalogue, which all tests share.
type change struct {
	enter    []json.RawMessage
	withdraw string // the entries that hold this word
	done     bool
}

// together is how many make their changes in one write, of which each is of a few entries: a PUT may change 99.
const together = 12

var (
	waiting = make(chan *change, 1000) // changes that nobody has written yet
	writing sync.Mutex
)

// rewrite makes a change of the catalogue, and with it those of all who wait to make theirs: it is one document, and is written whole.
func rewrite(t *testing.T, mine *change) {
	t.Helper()
	waiting <- mine
	writing.Lock()
	defer writing.Unlock()
	if mine.done {
		return
	}
	all := []*change{mine}
	for len(waiting) > 0 && len(all) < together {
		if c := <-waiting; c != mine && !c.done {
			all = append(all, c)
		}
	}
	for range 50 { // somebody else may write, too
		c := copyCatalogue(t)
		a := admin.call(t, http.MethodPut, catalogue, c.with(t, made(all, c.list)))
		if a.status != http.StatusConflict {
			a.want(t, http.StatusOK, "Data updated")
			for _, c := range all {
				c.done = true
			}
			return
		}
	}
	t.Fatal("the catalogue is written all the time")
}

// made is the list of entries with the changes made.
func made(all []*change, list []json.RawMessage) []json.RawMessage {
	list = slices.Clone(list)
	for _, c := range all {
		list = append(list, c.enter...)
	}
	return slices.DeleteFunc(list, func(e json.RawMessage) bool {
		return slices.ContainsFunc(all, func(c *change) bool { return c.withdraw != "" && strings.Contains(string(e), c.withdraw) })
	})
}

// keysOfDeveloper is the path of a developer's keys.
func keysOfDeveloper(id string) string { return developerOf(id) + "/keys" }

// row is what the list of the developer's keys says of this one, which is found by its request, or by its name in Tyk.
func (g grant) row(t *testing.T) map[string]any {
	t.Helper()
	a := portal.call(t, http.MethodGet, keysOfDeveloper(g.id), "")
	var found []map[string]any
	for _, row := range a.rows(t) {
		if row["request"] == g.request && row["successor"] == nil {
			found = append(found, row)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%s: %d keys of the request %s: %s", a.call, len(found), g.request, a.text)
	}
	return found[0]
}

// path is the key's own, by the hash that it is shown by.
func (g grant) path(t *testing.T) string {
	t.Helper()
	shown, _ := g.row(t)["key"].(string)
	if shown == "" || shown == g.key || strings.Contains(shown, "/") {
		t.Fatal("a key is not shown by a hash")
	}
	return keysOfDeveloper(g.id) + "/" + shown
}
