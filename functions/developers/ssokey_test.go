package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"keydesk/infra/faults"
	"keydesk/infra/tabletest"
	"keydesk/infra/trial"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
)

// An sso_key has one developer at a time: it is kept, shown, found, changed with the account, and free again afterwards.
func TestSSOKey(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	who := d.Person(caller.Portal)
	send := func(method, path, body string) said { return call(t, d, d.Issuer().Table, who, method, path, body) }
	leads := func(key, to string) {
		t.Helper()
		leadsTo(t, send(http.MethodGet, collection+"/ssokey/"+key, ""), key, to)
	}
	zoe := send(http.MethodPost, collection, `{"email": "zoe@example.com", "sso_key": "Zo\u0065\u0308"}`).Message
	ida := send(http.MethodPost, collection, `{"email": "ida@example.com"}`).Message
	leads("Zo\u00eb", zoe)
	leads("Zoe\u0308", zoe)
	leads("zo\u00eb", "")
	leads("nothing", "")
	isTaken(t, d, send, zoe, ida)
	for _, step := range []struct{ of, body, freed, has string }{
		{zoe, `{"sso_key": "second"}`, "Zo\u00eb", "second"},
		{zoe, `{"fields": {"a": 1}}`, "Zo\u00eb", "second"},
		{ida, `{"sso_key": "Zo\u00eb"}`, "", "Zo\u00eb"},
		{zoe, `{"sso_key": ""}`, "second", ""},
		{ida, `{"sso_key": "second", "email": "ida@example.org"}`, "Zo\u00eb", "second"},
	} {
		d.Add(faults.Rule{Operation: "TransactWriteItems", Fault: faults.AnswerLost})
		if got := send(http.MethodPut, collection+"/"+step.of, step.body); got.status != 200 {
			t.Errorf("%s: %d %s", step.body, got.status, got.text)
		}
		d.Calm()
		if step.freed != "" {
			leads(step.freed, "")
		}
		if step.has != "" {
			leads(step.has, step.of)
		}
	}
	if got := send(http.MethodDelete, collection+"/"+ida, ""); got.status != 200 {
		t.Errorf("%d %s", got.status, got.text)
	}
	leads("second", "")
	if got := send(http.MethodPut, collection+"/"+zoe, `{"sso_key": "second"}`); got.status != 200 {
		t.Errorf("who left has kept it: %d %s", got.status, got.text)
	}
}

// isTaken holds that neither a new developer nor another one can have the owner's sso_key, and that nothing is left of the tries.
func isTaken(t *testing.T, d *trial.Desk, send func(method, path, body string) said, owner, other string) {
	t.Helper()
	before := len(tabletest.Items(t, d.Books))
	for path, method := range map[string]string{collection: http.MethodPost, collection + "/" + other: http.MethodPut} {
		for _, lost := range []bool{false, true} {
			if lost {
				d.Add(faults.Rule{Operation: "TransactWriteItems", Fault: faults.AnswerLost})
			}
			got := send(method, path, `{"email": "new@example.com", "sso_key": "Zo\u00eb"}`)
			if got.status != 409 || got.Meta.ID != owner || strings.Contains(got.text, "Zo") {
				t.Errorf("%s, answer lost %t: %d %s", method, lost, got.status, got.text)
			}
			d.Calm()
		}
	}
	if now := len(tabletest.Items(t, d.Books)); now != before {
		t.Errorf("what was refused has left %d items", now-before)
	}
}

// leadsTo holds that the answer to a search for an sso_key shows the developer with that id, or nobody where there is none.
func leadsTo(t *testing.T, got said, key, id string) {
	t.Helper()
	if id == "" {
		if got.status != http.StatusNotFound || strings.Contains(got.text, key) {
			t.Errorf("%s: %d %s", key, got.status, got.text)
		}
		return
	}
	var found portal.Developer
	if got.into(t, &found); found.ID != id || found.SSOKey == "" {
		t.Errorf("%s leads to %s", key, got.text)
	}
}

// Fifty developers want the same sso_key: one has it, and the others are told who.
func TestFiftyOfOneSSOKey(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	who := d.Person(caller.Admin)
	const many = 50
	answers := atOnce(t, d, many, func(n int) said {
		return call(t, d, d.Issuer().Table, who, http.MethodPost, collection, fmt.Sprintf(`{"email": "%d@example.com", "sso_key": "wanted"}`, n))
	})
	var found portal.Developer
	call(t, d, d.Issuer().Table, who, http.MethodGet, collection+"/ssokey/wanted", "").into(t, &found)
	won := 0
	for _, got := range answers {
		switch {
		case got.status == http.StatusOK && got.Message == found.ID:
			won++
		case got.status != http.StatusConflict || got.Meta.ID != found.ID:
			t.Errorf("%d %s", got.status, got.text)
		}
	}
	if won != 1 {
		t.Errorf("%d have it: %v", won, count(answers))
	}
}
