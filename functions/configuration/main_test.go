package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"keydesk/infra/desktest"
	"keydesk/infra/faults"
	"keydesk/infra/fixture"
	"keydesk/infra/tabletest"
	"keydesk/infra/trial"
	"keydesk/shared/portal"
	"keydesk/shared/rest"
)

const path = "/api/portal/configuration"

func function(d *desktest.Desk) rest.Handler {
	return rest.Handle(d.Table, operations(d.Table)...)
}

// as has a credential's holder call.
func as(d *desktest.Desk, credential, method, body string) desktest.Said {
	return d.Say(function, desktest.Call(credential, method, path, body))
}

// nobody has made up a credential of our organisation.
var nobody = strings.Replace(fixture.AdminCredential, "_admin", "_nobod", 1)

func TestEvents(t *testing.T) { desktest.Play(t, "../../events", "Configuration", function) }

func TestNobodysBodyIsNotRead(t *testing.T) {
	body := `{"x": "` + strings.Repeat("x", 1<<20-30) + `"}`
	for _, call := range [][2]string{{"PUT", path}, {"POST", path}, {"POST", dryRunPath}} {
		if took := desktest.Allocates(t, function, desktest.Call(nobody, call[0], call[1], body)); took > 2*uint64(len(body)) {
			t.Errorf("%s of %d bytes takes %d", call, len(body), took)
		}
	}
}

func TestCalls(t *testing.T) {
	for name, c := range map[string]struct {
		event desktest.Event
		want  [][]string
	}{
		"get":                     {desktest.Call(fixture.PortalCredential, "GET", path, ""), [][]string{{"GetItem", "GetItem"}}},
		"put":                     {desktest.Call(fixture.AdminCredential, "PUT", path, `{}`), [][]string{{"GetItem", "GetItem"}, {"PutItem"}}},
		"put where there is none": {desktest.Call(fixture.OtherCredential, "PUT", path, `{}`), [][]string{{"GetItem", "GetItem"}, {"TransactWriteItems"}}},
		"post":                    {desktest.Call(fixture.OtherCredential, "POST", path, `{}`), [][]string{{"GetItem"}, {"TransactWriteItems"}}},
		"put of what makes none":  {desktest.Call(fixture.AdminCredential, "PUT", path, `{"id": 5}`), [][]string{{"GetItem", "GetItem"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := desktest.Rounds(t, function, c.event); !reflect.DeepEqual(got, c.want) {
				t.Errorf("calls in rounds: %v, want %v", got, c.want)
			}
		})
	}
}

// A configuration has no revisions: who sends one is not told that it was seen.
func TestIfMatch(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	before := tabletest.Items(t, d.Table)
	send := func(credential, method, ifMatch string) desktest.Said {
		event := desktest.Call(credential, method, path, `{"auto_approve": true}`)
		event.Headers["if-match"] = ifMatch
		return d.Say(function, event)
	}
	for _, ifMatch := range []string{`"1"`, "7", `W/"2"`} {
		for credential, method := range map[string]string{fixture.AdminCredential: "PUT", fixture.OtherCredential: "POST"} {
			if said := send(credential, method, ifMatch); said.Status != http.StatusPreconditionFailed || said.Message != "If-Match: there are no revisions here that it could match; send the call without it." {
				t.Errorf("%s of %s: %d %s", method, ifMatch, said.Status, said.Text)
			}
		}
	}
	if said := send(fixture.AdminCredential, "PUT", `"abc"`); said.Status != http.StatusBadRequest || strings.Contains(said.Message, "member") {
		t.Errorf("of what is none: %d %s", said.Status, said.Text)
	}
	if after := tabletest.Items(t, d.Table); !reflect.DeepEqual(before, after) {
		t.Error("something has changed")
	}
	if said := send(fixture.AdminCredential, "PUT", "*"); said.Status != http.StatusOK {
		t.Errorf("of any: %d %s", said.Status, said.Text)
	}
}

func TestLifeOfAConfiguration(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	other := func(method, body string) desktest.Said { return as(d, fixture.OtherCredential, method, body) }
	if said := other("GET", ""); said.Status != http.StatusOK || !strings.HasPrefix(said.Text, `{"id":"","org_id":"`+fixture.OtherOrg+`","signup_fields":[],`) {
		t.Errorf("before there is one: %d %s", said.Status, said.Text)
	}
	created := other("POST", `{}`)
	if created.Status != http.StatusOK || !portal.ValidID(created.Message) {
		t.Fatalf("created: %d %s", created.Status, created.Text)
	}
	again := other("POST", `{"auto_approve": true}`)
	if again.Status != http.StatusConflict || again.Message != "There is a configuration already; change it with PUT." || string(again.Meta) != `{"id":"`+created.Message+`"}` {
		t.Errorf("created again: %d %s", again.Status, again.Text)
	}
	updated := other("PUT", `{"x": 1.0, "id": "another", "org_id": "another", "signup_fields": ["company"], "mail_options": {"mail_from_name": "Us"}}`)
	if updated.Status != http.StatusOK || updated.Message != "Data updated" {
		t.Errorf("updated: %d %s", updated.Status, updated.Text)
	}
	begin := `{"x":1.0,"id":"` + created.Message + `","org_id":"` + fixture.OtherOrg + `","signup_fields":["company"],"mail_options":{"mail_from_name":"Us","mail_from_email":"",`
	if said := other("GET", ""); said.Status != http.StatusOK || !strings.HasPrefix(said.Text, begin) || !strings.Contains(said.Text, `"auto_approve":false`) {
		t.Errorf("it is %d %s", said.Status, said.Text)
	}
}

// A PUT creates what is not there; what is read can be written.
func TestPut(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	if said := as(d, fixture.OtherCredential, "PUT", `{"auto_approve": true}`); said.Status != http.StatusOK {
		t.Fatalf("%d %s", said.Status, said.Text)
	}
	before := as(d, fixture.OtherCredential, "GET", "")
	var c struct{ ID string }
	if err := json.Unmarshal([]byte(before.Text), &c); err != nil || !portal.ValidID(c.ID) || !strings.HasPrefix(before.Text, `{"auto_approve":true,`) {
		t.Errorf("it is %s, %v", before.Text, err)
	}
	as(d, fixture.OtherCredential, "PUT", before.Text)
	if after := as(d, fixture.OtherCredential, "GET", ""); after.Text != before.Text {
		t.Errorf("it was  %s\nand is %s", before.Text, after.Text)
	}
}

func TestWhoMay(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	if said := as(d, fixture.AdminCredential, "PUT", `{"dcr_options": {"access_token": "text-of-a-token"}}`); said.Status != http.StatusOK {
		t.Fatalf("%d %s", said.Status, said.Text)
	}
	for credential, role := range map[string]string{fixture.PortalCredential: "portal", fixture.ReviewerCredential: "reviewer"} {
		for _, method := range []string{"PUT", "POST"} {
			if said := as(d, credential, method, `{}`); said.Status != http.StatusForbidden || !strings.Contains(said.Message, "configuration:write") {
				t.Errorf("%s by %s: %d %s", method, role, said.Status, said.Text)
			}
		}
		if said := as(d, credential, "GET", ""); said.Status != http.StatusOK || !strings.Contains(said.Text, `"access_token":""`) {
			t.Errorf("%s reads %d %s", role, said.Status, said.Text)
		}
	}
	if said := as(d, fixture.AdminCredential, "GET", ""); !strings.Contains(said.Text, `"access_token":"text-of-a-token"`) || !strings.Contains(said.Text, fixture.Configuration) {
		t.Errorf("the admin reads %s", said.Text)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	before := tabletest.Items(t, d.Table)
	for _, c := range []struct{ method, body, words string }{
		{"PUT", ``, "The body is empty; send a JSON object."},
		{"POST", `{"a": }`, "Request body malformed."},
		{"PUT", `{"mail_options": {"email_copy": {"key_email": {"enabled": "no"}}}}`, "mail_options.email_copy.key_email.enabled: true or false is expected, not a string."},
		{"POST", `{"redirect_to": 5}`, "redirect_to: a string is expected, not a number."},
		{"PUT", `{"oauth_usage_limit": 1.5}`, "oauth_usage_limit: a whole number is expected, not 1.5."},
		{"PUT", `{"x": "\ud800"}`, `The configuration: a text has \ud800, which is half a character; send it whole.`},
		{"PUT", `{"x": [` + strings.Repeat("0,", 20_000) + `0]}`, "The configuration has more than 20000 members, items,"},
		{"PUT", `{"x": "` + strings.Repeat("x", 128<<10) + `"}`, "The configuration is 132"},
	} {
		if said := as(d, fixture.AdminCredential, c.method, c.body); said.Status != http.StatusBadRequest || !strings.HasPrefix(said.Message, c.words) {
			t.Errorf("%s %.80s: %d %.200s; want %s", c.method, c.body, said.Status, said.Text, c.words)
		}
	}
	if after := tabletest.Items(t, d.Table); !reflect.DeepEqual(before, after) {
		t.Error("something has changed")
	}
}

// However many write the first configuration at once, it has one id, and everybody is answered as if alone.
func TestManyWriteTheFirst(t *testing.T) {
	t.Parallel()
	const many = 20
	d := trial.Open(t)
	d.Gate("TransactWriteItems", many)
	d.Add(faults.Rule{Operation: "TransactWriteItems", Fault: faults.Conflict, Nth: many / 5, Times: many})
	d.Add(faults.Rule{Operation: "TransactWriteItems", Fault: faults.AnswerLost, Nth: many, Times: many / 4})
	who := trial.Person{Authorization: fixture.OtherCredential} // whose organisation has none yet
	answers := make([]string, many)
	var racing sync.WaitGroup
	for n := range many {
		racing.Go(func() {
			books, method := d.Issuer().Table, []string{"PUT", "POST"}[n%2]
			response, err := rest.Handle(books, operations(books)...)(d.Invocation(t.Context()), who.Call(method, path, fmt.Sprintf(`{"writer": %d}`, n), nil))
			answers[n] = fmt.Sprint(method, response.StatusCode, response.Body, err)
		})
	}
	racing.Wait()
	stored, err := d.Books.Configuration(t.Context(), fixture.OtherOrg)
	if err != nil || !portal.ValidID(stored.ID) {
		t.Fatalf("%+v, %v", stored, err)
	}
	created := 0
	for _, answer := range answers {
		switch said := strings.TrimSpace(answer); {
		case strings.HasPrefix(said, "POST200") && strings.Contains(said, stored.ID):
			created++
		case !strings.HasPrefix(said, "PUT200") && (!strings.HasPrefix(said, "POST409") || !strings.Contains(said, stored.ID)):
			t.Errorf("%s; the configuration is %s", said, stored.ID)
		}
	}
	if created > 1 || !slices.ContainsFunc(answers, func(a string) bool { return strings.HasPrefix(a, "POST409") }) {
		t.Errorf("%d have created it: %v", created, answers)
	}
}

// A PUT of the configuration as it stands writes nothing.
func TestEqualIsNoWrite(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	as(d, fixture.AdminCredential, "PUT", `{"auto_approve": true, "email": "office@example.org"}`)
	shown := as(d, fixture.AdminCredential, "GET", "").Text
	for what, body := range map[string]string{"as it is shown": shown, "with other spaces": strings.ReplaceAll(shown, ",", ", "), "without its id": strings.Replace(shown, `"id":`, `"x_id":`, 1)} {
		if what == "without its id" {
			as(d, fixture.AdminCredential, "PUT", body)
		}
		d.Unchanged(what, func() {
			if said := as(d, fixture.AdminCredential, "PUT", body); said.Status != http.StatusOK || said.Message != "Data updated" {
				t.Errorf("%s: %d %s", what, said.Status, said.Text)
			}
		})
		as(d, fixture.AdminCredential, "PUT", shown)
	}
	as(d, fixture.AdminCredential, "PUT", strings.Replace(shown, "office@", "desk@", 1))
	if after := as(d, fixture.AdminCredential, "GET", "").Text; after == shown {
		t.Error("another address is not written")
	}
}
