package e2e

import (
	"net/http"
	"strings"
	"testing"
)

// refusal is a call that is refused, and how.
type refusal struct {
	name    string
	method  string
	path    string
	body    string
	headers []string
	status  int
	message string // the beginning of the answer's
}

// TestRefusals makes calls that are wrong, and looks whether anything has changed. It is not parallel: other tests change things.
func TestRefusals(t *testing.T) {
	id := admin.create(t, asking(policy))
	before := standing(t, id)
	t.Run("of", func(t *testing.T) {
		for group, refusals := range map[string][]refusal{
			"create": badCreates(), "update": badUpdates(id), "list": badLists(),
			"id": badIDs(), "header": badHeaders(id), "method": badMethods(id), "books": badBooks(),
		} {
			for _, r := range refusals {
				t.Run(group+" "+r.name, r.try)
			}
		}
	})
	if after := standing(t, id); after != before {
		t.Errorf("something has changed\nbefore %s\nafter  %s", before, after)
	}
}

func (r refusal) try(t *testing.T) {
	t.Parallel()
	a := admin.call(t, r.method, r.path, r.body, r.headers...)
	a.wantRefusal(t, r.status, "")
	if !strings.HasPrefix(a.message(), r.message) {
		t.Errorf("%s: the message is %q, want %q", a.call, a.message(), r.message)
	}
}

// standing is all that can be seen of the desk (of developers, a page), and of one request in particular.
func standing(t *testing.T, id string) string {
	t.Helper()
	text := admin.get(t, id).text
	for _, path := range []string{collection + "?p=-1", collection + "?p=-1&state=declined", developers, keysOfDeveloper(developer), catalogue, policies + "?p=-1", configuration} {
		a := admin.call(t, http.MethodGet, path, "")
		a.want(t, http.StatusOK, "")
		text += "\n" + a.text
	}
	return text
}

// TestAllow names the verbs that a path has.
func TestAllow(t *testing.T) {
	t.Parallel()
	a := admin.call(t, http.MethodDelete, collection, "")
	if got := a.header.Get("Allow"); got != "GET, POST" {
		t.Errorf("%s: Allow is %q", a.call, got)
	}
}

// TestRoles makes calls that the caller's role does not have.
func TestRoles(t *testing.T) {
	id := portal.create(t, asking(policy))
	admins := admin.create(t, asking(policyAuto))
	hash := anyKey(t)
	before := standing(t, id)
	t.Run("when", func(t *testing.T) {
		for name, said := range map[string]struct {
			by         client
			method     string
			path       string
			permission string
		}{
			"a reviewer creates":                       {reviewer, http.MethodPost, collection, "requests:write"},
			"a reviewer updates":                       {reviewer, http.MethodPut, item(id), "requests:write"},
			"a reviewer deletes":                       {reviewer, http.MethodDelete, item(id), "requests:write"},
			"a portal declines":                        {portal, http.MethodPut, decline(id), "requests:decide"},
			"a reviewer signs somebody up":             {reviewer, http.MethodPost, developers, "developers:write"},
			"a reviewer changes a developer":           {reviewer, http.MethodPut, developerOf(developer), "developers:write"},
			"a reviewer deletes a developer":           {reviewer, http.MethodDelete, developerOf(developer), "developers:write"},
			"a reviewer changes a password":            {reviewer, http.MethodPost, developers + "/password/" + developer, "developers:write"},
			"a reviewer logs somebody in":              {reviewer, http.MethodPost, developers + "/verify_credentials", "developers:write"},
			"a portal creates the catalogue":           {portal, http.MethodPost, catalogue, "catalogue:write"},
			"a portal writes the catalogue":            {portal, http.MethodPut, catalogue, "catalogue:write"},
			"a reviewer writes the catalogue":          {reviewer, http.MethodPut, catalogue, "catalogue:write"},
			"a portal creates a policy":                {portal, http.MethodPost, policies, "policies:write"},
			"a portal changes a policy":                {portal, http.MethodPut, policyOf(policy), "policies:write"},
			"a reviewer deletes a policy":              {reviewer, http.MethodDelete, policyOf(policy), "policies:write"},
			"a portal creates the configuration":       {portal, http.MethodPost, configuration, "configuration:write"},
			"a reviewer writes the configuration":      {reviewer, http.MethodPut, configuration, "configuration:write"},
			"a reviewer asks for a key":                {reviewer, http.MethodPost, keysOfDeveloper(developer), "keys:write"},
			"a reviewer changes a key":                 {reviewer, http.MethodPut, keysOfDeveloper(developer) + "/" + hash, "keys:write"},
			"a portal suspends a key":                  {portal, http.MethodPost, keysOfDeveloper(developer) + "/" + hash + "/suspend", "keys:suspend"},
			"a portal resumes a key":                   {portal, http.MethodPost, keysOfDeveloper(developer) + "/" + hash + "/resume", "keys:suspend"},
			"a portal approves what has to be decided": {portal, http.MethodPut, approve(id), "requests:decide"},
			"a portal approves what another created":   {portal, http.MethodPut, approve(admins), "requests:decide"},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				a := said.by.call(t, said.method, said.path, asking(policy))
				a.wantRefusal(t, http.StatusForbidden, "")
				if !strings.Contains(a.message(), said.permission) {
					t.Errorf("the message does not name the permission %s: %s", said.permission, a.message())
				}
			})
		}
	})
	if after := standing(t, id); after != before {
		t.Errorf("something has changed\nbefore %s\nafter  %s", before, after)
	}
}

// TestStrangers makes every call without a credential, and with one that nobody has.
func TestStrangers(t *testing.T) {
	t.Parallel()
	id, hash := portal.create(t, asking(policy)), anyKey(t)
	key := keysOfDeveloper(developer) + "/" + hash
	calls := []struct{ method, path string }{
		{http.MethodGet, collection}, {http.MethodPost, collection}, {http.MethodGet, item(id)}, {http.MethodPut, item(id)},
		{http.MethodDelete, item(id)}, {http.MethodPut, approve(id)}, {http.MethodPut, decline(id)}, {http.MethodGet, item("abc")},
		{http.MethodGet, developers}, {http.MethodPost, developers}, {http.MethodGet, developerOf(developer)}, {http.MethodPut, developerOf(developer)},
		{http.MethodDelete, developerOf(developer)}, {http.MethodGet, developers + "/email/ada@pennywise.example"},
		{http.MethodPost, developers + "/verify_credentials"}, {http.MethodPost, developers + "/password/" + developer},
		{http.MethodGet, catalogue}, {http.MethodPost, catalogue}, {http.MethodPut, catalogue},
		{http.MethodGet, policies}, {http.MethodPost, policies}, {http.MethodGet, policies + "/search?q=a"}, {http.MethodGet, policyOf(policy)},
		{http.MethodPut, policyOf(policy)}, {http.MethodDelete, policyOf(policy)},
		{http.MethodGet, configuration}, {http.MethodPost, configuration}, {http.MethodPut, configuration},
		{http.MethodGet, keysOfDeveloper(developer)}, {http.MethodPost, keysOfDeveloper(developer)}, {http.MethodGet, key}, {http.MethodPut, key},
		{http.MethodDelete, key}, {http.MethodPost, key + "/rotate"}, {http.MethodPost, key + "/suspend"}, {http.MethodPost, key + "/resume"},
		{http.MethodDelete, developerOf("oauth/" + hash)}, {http.MethodDelete, developerOf("key/any/" + hash + "/" + developer)},
		{http.MethodDelete, "/api/apis//keys/" + hash}, {http.MethodDelete, "/api/api/apis//keys/" + hash},
	}
	strangers := []client{{}, {"kd_" + org + "_" + strings.Repeat("a", 52)}, {"7a7b140f-2480-4d5a-4e78-24049e3ba7f8"}}
	for _, at := range calls {
		for _, a := range atOnce(len(strangers), func(i int) answer { return strangers[i].call(t, at.method, at.path, "{") }) {
			a.wantRefusal(t, http.StatusUnauthorized, "Not authorised")
		}
	}
	wantMembers(t, portal.get(t, id), map[string]any{"revision": 1.0, "state": "pending"})
	wantMembers(t, portal.call(t, http.MethodGet, key, ""), map[string]any{"state": "active"})
}

// anyKey is the hash of a key that the developer of the sample data has.
func anyKey(t *testing.T) string {
	t.Helper()
	rows := portal.call(t, http.MethodGet, keysOfDeveloper(developer), "").rows(t)
	if len(rows) == 0 {
		t.Fatal("the sample data has no key")
	}
	hash, _ := rows[len(rows)-1]["key"].(string)
	return hash
}

// TestBodyTooLarge sends more than Lambda takes. The front end answers that itself, and not in the envelope.
func TestBodyTooLarge(t *testing.T) {
	t.Parallel()
	a := admin.send(t, http.MethodPost, collection, strings.Repeat("x", 7<<20))
	if a.status != front.tooLarge || a.string("message") == "" {
		t.Errorf("got %d %.200s, want %d and a message", a.status, a.text, front.tooLarge)
	}
}
