package main

import (
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"keydesk/infra/desktest"
	"keydesk/infra/fixture"
	"keydesk/infra/tabletest"
	"keydesk/shared/portal"
	"keydesk/shared/rest"
)

const path = "/api/portal/catalogue"

func function(d *desktest.Desk) rest.Handler {
	return rest.Handle(d.Table, operations(d.Table)...)
}

// as has a credential's holder call.
func as(d *desktest.Desk, credential, method, body string) desktest.Said {
	return d.Say(function, desktest.Call(credential, method, path, body))
}

// admin has the admin call, and holds that this went well.
func admin(t *testing.T, d *desktest.Desk, method, body string) desktest.Said {
	t.Helper()
	said := as(d, fixture.AdminCredential, method, body)
	if said.Status != http.StatusOK {
		t.Fatalf("%s %.100s: %d %s", method, body, said.Status, said.Text)
	}
	return said
}

func TestEvents(t *testing.T) { desktest.Play(t, "../../events", "Catalogue", function) }

// nobody has made up a credential of our organisation.
var nobody = strings.Replace(fixture.AdminCredential, "_admin", "_nobod", 1)

func TestNobodysBodyIsNotRead(t *testing.T) {
	body := `{"apis": [], "x": "` + strings.Repeat("x", 4<<20-30) + `"}`
	for _, method := range []string{"PUT", "POST"} {
		if took := desktest.Allocates(t, function, desktest.Call(nobody, method, path, body)); took > 2*uint64(len(body)) {
			t.Errorf("%s of %d bytes takes %d", method, len(body), took)
		}
	}
}

func TestCalls(t *testing.T) {
	for name, c := range map[string]struct {
		event desktest.Event
		want  [][]string
	}{
		"get":                     {desktest.Call(fixture.PortalCredential, "GET", path, ""), [][]string{{"GetItem"}, {"Query"}}},
		"get by nobody":           {desktest.Call(nobody, "GET", path, ""), [][]string{{"GetItem"}}},
		"put":                     {desktest.Call(fixture.AdminCredential, "PUT", path, `{"apis": [], "revision": 1}`), [][]string{{"GetItem"}, {"Query"}, {"TransactWriteItems"}}},
		"put by nobody":           {desktest.Call(nobody, "PUT", path, `{"apis": []}`), [][]string{{"GetItem"}}},
		"put of a stale copy":     {desktest.Call(fixture.AdminCredential, "PUT", path, `{"apis": [], "revision": 7}`), [][]string{{"GetItem"}, {"Query"}}},
		"put of what makes none":  {desktest.Call(fixture.AdminCredential, "PUT", path, `{"apis": 5}`), [][]string{{"GetItem"}}},
		"post where there is one": {desktest.Call(fixture.AdminCredential, "POST", path, `{}`), [][]string{{"GetItem"}, {"Query"}}},
		"post":                    {desktest.Call(fixture.OtherCredential, "POST", path, `{}`), [][]string{{"GetItem"}, {"Query"}, {"TransactWriteItems"}}},
		"post by nobody":          {desktest.Call(nobody, "POST", path, `{}`), [][]string{{"GetItem"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := desktest.Rounds(t, function, c.event); !reflect.DeepEqual(got, c.want) {
				t.Errorf("calls in rounds: %v, want %v", got, c.want)
			}
		})
	}
}

// The first call of a portal's set-up, and what the scripts of others do then: create, read, append, write all of it.
func TestLifeOfACatalogue(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	other := func(method, body string) desktest.Said { return as(d, fixture.OtherCredential, method, body) }
	if said := other("GET", ""); said.Text != `{"id":"","org_id":"`+fixture.OtherOrg+`","email":"","apis":[],"revision":0}` || said.Headers["ETag"] != "" {
		t.Errorf("before there is one: %d %s", said.Status, said.Text)
	}
	created := other("POST", `{"org_id": "`+fixture.OtherOrg+`"}`)
	if created.Status != http.StatusOK || !portal.ValidID(created.Message) {
		t.Fatalf("created: %d %s", created.Status, created.Text)
	}
	want := `{"org_id":"` + fixture.OtherOrg + `","id":"` + created.Message + `","email":"","apis":[],"revision":1}`
	if said := other("GET", ""); said.Text != want || said.Headers["ETag"] != `"1"` {
		t.Errorf("created as %s, ETag %s\nwant %s", said.Text, said.Headers["ETag"], want)
	}
	again := other("POST", `{}`)
	if again.Status != http.StatusConflict || string(again.Meta) != `{"id":"`+created.Message+`"}` || again.Message != "There is a catalogue already; change it with PUT." {
		t.Errorf("created again: %d %s", again.Status, again.Text)
	}
	appended := strings.Replace(want, `"apis":[]`, `"apis":[{"policy_id":"not there yet","name":"Pets","hasDocumentation":true,"config":{"key_request_fields":null}}]`, 1)
	if said := other("PUT", appended); said.Text != `{"Status":"OK","Message":"Data updated","Meta":null}` {
		t.Errorf("appended: %d %s", said.Status, said.Text)
	}
	begin, _, _ := strings.Cut(appended, "null")
	if said := other("GET", ""); !strings.HasPrefix(said.Text, begin+`[],`) || !strings.Contains(said.Text, `},"short_description":"",`) || !strings.HasSuffix(said.Text, `"revision":2}`) {
		t.Errorf("it is %s", said.Text)
	}
}

// What the fixture has, and decisions are made by, is a catalogue, in its order.
func TestCatalogueOfTheFixture(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	said := admin(t, d, "GET", "")
	at := -1
	for _, policy := range []string{fixture.Petstore, fixture.Payments, fixture.Identity, fixture.Ledger} {
		next := strings.Index(said.Text, `"policy_id":"`+policy+`"`)
		if next <= at {
			t.Errorf("%s is not where it should be: %s", policy, said.Text)
		}
		at = next
	}
	if !strings.HasPrefix(said.Text, `{"id":"`+fixture.Catalogue+`","org_id":"`+fixture.Org+`","email":"","apis":[{"name":"Swagger Petstore",`) {
		t.Errorf("it is not %s: %s", fixture.Catalogue, said.Text)
	}
}

// A PUT of what a GET has answered changes nothing.
func TestWhatIsReadCanBeWritten(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	before := admin(t, d, "GET", "")
	items := len(tabletest.Items(t, d.Table))
	admin(t, d, "PUT", before.Text)
	after := admin(t, d, "GET", "")
	if after.Text != before.Text {
		t.Errorf("it was  %s\nand is %s", before.Text, after.Text)
	}
	if now := len(tabletest.Items(t, d.Table)); now != items {
		t.Errorf("the table has grown from %d items to %d", items, now)
	}
}

func TestStaleCopies(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	admin(t, d, "PUT", `{"apis": [], "revision": 1}`)
	put := func(body, ifMatch string) desktest.Said {
		event := desktest.Call(fixture.AdminCredential, "PUT", path, body)
		if ifMatch != "" {
			event.Headers["if-match"] = ifMatch
		}
		return d.Say(function, event)
	}
	for _, c := range []struct {
		body, ifMatch string
		status        int
		words         string
	}{
		{`{"apis": [], "revision": 1}`, "", 409, "revision: this is a stale copy, of revision 1, and the catalogue is at revision 2; read it again, change that, and send it."},
		{`{"apis": [], "revision": 0}`, "", 409, "revision: this is a stale copy, of revision 0, and the catalogue"},
		{`{"apis": []}`, `"1"`, 412, "If-Match: the catalogue is at revision 2, not 1; read it again, then change it."},
		{`{"apis": [], "revision": 1}`, `"2"`, 409, "revision:"},
		{`{"apis": [], "revision": 2}`, `"1"`, 412, "If-Match:"},
		{`{}`, `"1"`, 412, "If-Match:"},
		{`{"apis": [], "revision": 2}`, `"2"`, 200, "Data updated"},
		{`{"apis": []}`, "*", 200, "Data updated"},
		{`{"apis": []}`, `"2"`, 200, "Data updated"},
	} {
		said := put(c.body, c.ifMatch)
		if said.Status != c.status || !strings.HasPrefix(said.Message, c.words) {
			t.Errorf("%s, If-Match %s: %d %s; want %d %s", c.body, c.ifMatch, said.Status, said.Text, c.status, c.words)
		}
		if c.status != 200 && string(said.Meta) != `{"revision":2}` {
			t.Errorf("%s, If-Match %s: Meta %s", c.body, c.ifMatch, said.Meta)
		}
	}
}

// Nobody may write it but the admin, and nobody else reads the token that logs in to an identity provider.
func TestWhoMay(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	admin(t, d, "PUT", `{"revision": 1, "apis": [{"config": {"dcr_options": {"access_token": "text-of-a-token"}}}]}`)
	for credential, role := range map[string]string{fixture.PortalCredential: "portal", fixture.ReviewerCredential: "reviewer"} {
		for _, method := range []string{"PUT", "POST"} {
			if said := as(d, credential, method, `{"apis": []}`); said.Status != http.StatusForbidden || !strings.Contains(said.Message, "catalogue:write") {
				t.Errorf("%s by %s: %d %s", method, role, said.Status, said.Text)
			}
		}
		if said := as(d, credential, "GET", ""); said.Status != http.StatusOK || strings.Contains(said.Text, "text-of-a-token") || !strings.Contains(said.Text, `"access_token":""`) {
			t.Errorf("%s reads %d %s", role, said.Status, said.Text)
		}
	}
	if said := admin(t, d, "GET", ""); !strings.Contains(said.Text, `"access_token":"text-of-a-token"`) {
		t.Errorf("the admin reads %s", said.Text)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	before := tabletest.Items(t, d.Table)
	var many []string
	for n := range 92 { // and the fixture's eight are gone
		many = append(many, fmt.Sprintf(`{"policy_id": "%d"}`, n))
	}
	for _, c := range []struct {
		method, body string
		status       int
		words        string
	}{
		{"PUT", ``, 400, "The body is empty; send a JSON object."},
		{"PUT", `[]`, 400, "Request body malformed."},
		{"PUT", `{"apis": [}`, 400, "Request body malformed."},
		{"PUT", `{}`, 400, "apis is missing; send the whole catalogue, with [] for one without entries."},
		{"PUT", `{"apis": [{}, {"config": {"override": "yes"}}]}`, 400, "apis[1].config.override: true or false is expected, not a string."},
		{"PUT", `{"apis": [{"auth_type": "magic"}]}`, 400, `apis[0].auth_type: "magic" is none; send one of `},
		{"PUT", `{"revision": 1, "apis": [` + strings.Join(many, ",") + `]}`, 413, "apis: 100 entries are new, changed or gone; one call may change 99."},
		{"PUT", `{"apis": [], "x": "` + strings.Repeat("x", 4<<20) + `"}`, 413, "The body is 4194325 bytes long; at most 4194304 are read."},
		{"PUT", `{"apis": [` + strings.Repeat("0,", 200_000) + `0]}`, 400, "The body has more than 200000 members, items,"},
		{"POST", `{"apis": {}}`, 400, "apis: a list is expected, not an object."},
		{"PATCH", `{}`, 405, "PATCH is not allowed here; use "},
	} {
		if said := as(d, fixture.AdminCredential, c.method, c.body); said.Status != c.status || !strings.HasPrefix(said.Message, c.words) {
			t.Errorf("%s %.80s: %d %.200s; want %d %s", c.method, c.body, said.Status, said.Text, c.status, c.words)
		}
	}
	if after := tabletest.Items(t, d.Table); !reflect.DeepEqual(before, after) {
		t.Error("something has changed")
	}
}

// A PUT of the catalogue as it stands keeps its revision: a client that read it before is not stale.
func TestEqualIsNoRevision(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	shown := admin(t, d, "GET", "").Text
	without := strings.Replace(shown, `"revision":`, `"x_was":`, 1)
	admin(t, d, "PUT", without)
	for what, body := range map[string]string{"as it is shown": admin(t, d, "GET", "").Text, "without a revision": without} {
		d.Unchanged(what, func() { admin(t, d, "PUT", body) })
	}
}
