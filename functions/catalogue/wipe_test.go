package main

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"keydesk/infra/desktest"
	"keydesk/infra/fixture"
	"keydesk/infra/trial"
	"keydesk/shared/caller"
)

// An answer of the API is no catalogue, whatever a client adds to it.
func TestAnAnswerIsNoCatalogue(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	before := admin(t, d, "GET", "").Text
	const words = "The body is an answer of the API (Status, Message), not an object to write;"
	for _, body := range []string{
		`{"Status": "Error", "Message": "x", "Meta": null, "apis": [{"name": "new"}]}`,
		`{"apis": [{"name": "new"}], "Message": "5efde61749960c000137f590", "Status": "OK", "revision": 1}`,
		`{"Status": "Error", "Message": "", /* and */ "apis": []}`,
	} {
		if said := as(d, fixture.AdminCredential, "PUT", body); said.Status != http.StatusBadRequest || !strings.HasPrefix(said.Message, words) {
			t.Errorf("%s: %d %s", body, said.Status, said.Text)
		}
		if said := as(d, fixture.OtherCredential, "POST", body); said.Status != http.StatusBadRequest || !strings.HasPrefix(said.Message, words) {
			t.Errorf("POST %s: %d %s", body, said.Status, said.Text)
		}
	}
	if after := admin(t, d, "GET", "").Text; after != before {
		t.Errorf("the catalogue was %s and is %s", before, after)
	}
}

// A client that does not say which catalogue it has read removes no more than half of four entries or more.
func TestWholesaleRemovalNamesARevision(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	entries := func(names ...string) string {
		var all []string
		for _, name := range names {
			all = append(all, `{"policy_id": "`+name+`"}`)
		}
		return strings.Join(all, ", ")
	}
	admin(t, d, "PUT", `{"revision": 1, "apis": [`+entries("a", "b", "c", "d")+`, {"name": "x"}]}`)
	for _, c := range []struct {
		body, ifMatch string
		status        int
	}{
		{`{"apis": []}`, "", 409},
		{`{"apis": [{"policy_id": "a"}, {"name": "x"}, {"name": "x"}, {"policy_id": "a"}, {"policy_id": "e"}]}`, "", 409},
		{`{"apis": []}`, "*", 409},
		{`{"apis": [` + entries("a", "b") + `, {"name": "x", "show": false}]}`, "", 200}, // five, and two are gone
		{`{"apis": []}`, "", 200}, // three
		{`{"apis": [` + entries("a", "b", "c", "d") + `]}`, "", 200},
		{`{"apis": [` + entries("d", "a", "e") + `]}`, "", 200}, // four, and two are gone
		{`{"apis": [` + entries("a", "b", "c", "d") + `]}`, "", 200},
		{`{"apis": []}`, `"7"`, 200},
	} {
		event := desktest.Call(fixture.AdminCredential, "PUT", path, c.body)
		if c.ifMatch != "" {
			event.Headers["if-match"] = c.ifMatch
		}
		said := d.Say(function, event)
		if said.Status != c.status || c.status == 409 && !strings.HasSuffix(said.Message, "send the revision that you have read, in If-Match or in revision.") {
			t.Errorf("%s %s: %d %s", c.body, c.ifMatch, said.Status, said.Text)
		}
	}
}

// What would be removed is counted in the catalogue that the write replaces, whatever stood there when the call came.
func TestWholesaleRemovalIsCountedAtTheWrite(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	who := d.Person(caller.Admin)
	call(t, d, who, http.MethodPut, `{"revision": 1, "apis": []}`)
	d.Gate("Query", 2)
	d.Gate("TransactWriteItems", 2)
	var filled, one said
	var racing sync.WaitGroup
	racing.Go(func() {
		filled = call(t, d, who, http.MethodPut, `{"apis": [{"policy_id": "a"}, {"policy_id": "b"}, {"policy_id": "c"}, {"policy_id": "d"}]}`)
	})
	racing.Go(func() { one = call(t, d, who, http.MethodPut, `{"apis": [{"policy_id": "a"}]}`) })
	racing.Wait()
	stands, err := d.Books.Catalogue(t.Context(), fixture.Org)
	// Either the one entry came first and was filled up, or the four came first and the one was refused.
	if err != nil || len(stands.Entries) != 4 || filled.status != http.StatusOK || one.status != http.StatusOK && one.status != http.StatusConflict {
		t.Errorf("four: %+v, one: %+v; %d entries stand there, %v", filled, one, len(stands.Entries), err)
	}
}
