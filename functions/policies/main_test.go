package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"keydesk/infra/desktest"
	"keydesk/infra/fixture"
	"keydesk/infra/tabletest"
	"keydesk/shared/rest"
)

const path = "/api/portal/policies"

var paging = rest.Paging{Size: 10, MaxUnpaged: 1000} // the template's

func function(d *desktest.Desk) rest.Handler { return under(paging)(d) }

func under(p rest.Paging) desktest.Function {
	return func(d *desktest.Desk) rest.Handler { return rest.Handle(d.Table, operations(d.Table, p)...) }
}

// admin has the admin call.
func admin(d *desktest.Desk, method, below, body string) desktest.Said {
	return d.Say(function, desktest.Call(fixture.AdminCredential, method, path+below, body))
}

// create creates a policy, and gives its id.
func createPolicy(t *testing.T, d *desktest.Desk, body string) string {
	t.Helper()
	said := admin(d, "POST", "", body)
	if said.Status != http.StatusOK || string(said.Meta) != `"`+said.Message+`"` {
		t.Fatalf("%d %s", said.Status, said.Text)
	}
	return said.Message
}

func TestEvents(t *testing.T) { desktest.Play(t, "../../events", "Policies", function) }

// nobody has made up a credential of our organisation.
var nobody = strings.Replace(fixture.AdminCredential, "_admin", "_nobod", 1)

func TestNobodysBodyIsNotRead(t *testing.T) {
	body := `{"name": "a", "x": "` + strings.Repeat("x", 1<<20-30) + `"}`
	for method, below := range map[string]string{"POST": "", "PUT": "/" + fixture.Payments} {
		if took := desktest.Allocates(t, function, desktest.Call(nobody, method, path+below, body)); took > 2*uint64(len(body)) {
			t.Errorf("%s of %d bytes takes %d", method, len(body), took)
		}
	}
}

func TestCalls(t *testing.T) {
	for name, c := range map[string]struct {
		event desktest.Event
		want  [][]string
	}{
		"list":                {desktest.Call(fixture.PortalCredential, "GET", path, ""), [][]string{{"GetItem"}, {"Query", "Query"}}},
		"list of everything":  {desktest.Call(fixture.PortalCredential, "GET", path+"?p=-1", ""), [][]string{{"GetItem"}, {"Query"}}},
		"search":              {desktest.Call(fixture.PortalCredential, "GET", path+"/search/?q=pet", ""), [][]string{{"GetItem"}, {"Query"}}},
		"list by nobody":      {desktest.Call(nobody, "GET", path, ""), [][]string{{"GetItem"}}},
		"search by nobody":    {desktest.Call(nobody, "GET", path+"/search?q=pet", ""), [][]string{{"GetItem"}}},
		"put of what is none": {desktest.Call(fixture.AdminCredential, "PUT", path+"/"+fixture.Payments, `{}`), [][]string{{"GetItem", "GetItem"}}},
		"get":                 {desktest.Call(fixture.ReviewerCredential, "GET", path+"/"+fixture.Payments, ""), [][]string{{"GetItem", "GetItem"}}},
		"post":                {desktest.Call(fixture.AdminCredential, "POST", path, `{"name": "New"}`), [][]string{{"GetItem"}, {"TransactWriteItems"}}},
		"put":                 {desktest.Call(fixture.AdminCredential, "PUT", path+"/"+fixture.Payments, `{"name": "New"}`), [][]string{{"GetItem", "GetItem"}, {"TransactWriteItems"}}},
		"put of an unknown":   {desktest.Call(fixture.AdminCredential, "PUT", path+"/unknown", `{"name": "New"}`), [][]string{{"GetItem", "GetItem"}}},
		"put of a foreign":    {desktest.Call(fixture.AdminCredential, "PUT", path+"/"+fixture.Foreign, `{"name": "New"}`), [][]string{{"GetItem", "GetItem"}}},
		"delete":              {desktest.Call(fixture.AdminCredential, "DELETE", path+"/"+fixture.Payments, ""), [][]string{{"GetItem", "GetItem"}, {"DeleteItem"}}},
		"delete of a foreign": {desktest.Call(fixture.AdminCredential, "DELETE", path+"/"+fixture.Foreign, ""), [][]string{{"GetItem", "GetItem"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := desktest.Rounds(t, function, c.event); !reflect.DeepEqual(got, c.want) {
				t.Errorf("calls in rounds: %v, want %v", got, c.want)
			}
		})
	}
}

// answered holds that a call was answered with a status and a message that begins so.
func answered(t *testing.T, what string, said desktest.Said, status int, message string) {
	t.Helper()
	if said.Status != status || !strings.HasPrefix(said.Message, message) {
		t.Errorf("%s: %d %.200s; want %d %s", what, said.Status, said.Text, status, message)
	}
}

func TestLifeOfAPolicy(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	const document = `{"name":"Gold","_id":"gold","tags":["allow_registration"],"rate":1.50,"x":{"b":1,"a":[]},"access_rights":{"api":{"versions":["Default"]}}`
	if id := createPolicy(t, d, document+`, "org_id": "another"}`); id != "gold" {
		t.Errorf("the policy's own id became %s", id)
	}
	before := admin(d, "GET", "/gold", "")
	if !strings.HasPrefix(before.Text, document+`,"org_id":"`+fixture.Org+`",`) || !strings.Contains(before.Text, `"active":true`) {
		t.Errorf("it is %d %s", before.Status, before.Text)
	}
	answered(t, "created again", admin(d, "POST", "", document+"}"), 409, "_id: there is a policy gold already;")
	answered(t, "written as it was read", admin(d, "PUT", "/gold", before.Text), 200, "Data updated")
	if after := admin(d, "GET", "/gold", ""); after.Text != before.Text {
		t.Errorf("it was  %s\nand is %s", before.Text, after.Text)
	}
	answered(t, "changed", admin(d, "PUT", "/gold", `{"_id": "silver", "name": "Silver", "is_inactive": true, "key_expires_in": 60}`), 200, "Data updated")
	if stored, err := d.Table.Policy(t.Context(), fixture.Org, "gold"); err != nil || stored.ID != "gold" || stored.Name != "Silver" || stored.Usable() || stored.KeyExpiresIn != 60 {
		t.Errorf("stored %+v, %v", stored, err)
	}
	answered(t, "deleted", admin(d, "DELETE", "/gold", ""), 200, "Data deleted")
	answered(t, "deleted again", admin(d, "DELETE", "/gold", ""), 404, "Could not retrieve object for deletion")
	answered(t, "read when it is gone", admin(d, "GET", "/gold", ""), 404, "Could not retrieve portal object.")
	answered(t, "changed when it is gone", admin(d, "PUT", "/gold", `{"name": "Gold"}`), 404, "Could not retrieve portal object.")
}

// listOf are the names on a page, in their order, and how many pages there are.
func listOf(t *testing.T, said desktest.Said) (names []string, pages int) {
	t.Helper()
	var list struct {
		Data []struct {
			Name string `json:"name"`
		}
		Pages int
	}
	if err := json.Unmarshal([]byte(said.Text), &list); err != nil || said.Status != http.StatusOK || list.Data == nil {
		t.Fatalf("%d %s: %v", said.Status, said.Text, err)
	}
	for _, p := range list.Data {
		names = append(names, p.Name)
	}
	return names, list.Pages
}

func TestPages(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	var want []string
	for n := range 17 {
		createPolicy(t, d, fmt.Sprintf(`{"_id": "6%023d", "name": "Plan %d"}`, n, n))
		want = append(want, fmt.Sprint("Plan ", n))
	}
	slices.Reverse(want)
	fixtures := []string{
		"Weather, not in the catalogue", "Petstore, free", "Ledger, read only", "Petstore, beta (over)", "Identity checks, a year", "Payments, 10 a second",
		"Photos, two applications", "Parcels, a quarter", "Clearing, banks only", "Radio, by signature",
	}
	slices.SortFunc(fixtures, func(a, b string) int { return strings.Compare(id(b), id(a)) })
	want = append(want, fixtures...)
	for query, c := range map[string]struct {
		names []string
		pages int
	}{
		"": {want[:10], 3}, "?p=0": {want[:10], 3}, "?p=1": {want[:10], 3}, "?p=2": {want[10:20], 3}, "?p=3": {want[20:], 3},
		"?p=4": {nil, 3}, "?p=-1": {want, 1}, "?p=-2": {want, 1},
	} {
		if names, pages := listOf(t, admin(d, "GET", query, "")); !slices.Equal(names, c.names) || pages != c.pages {
			t.Errorf("%s: %v, %d pages; want %v, %d", query, names, pages, c.names, c.pages)
		}
	}
	few := d.Say(under(rest.Paging{Size: 10, MaxUnpaged: 22}), desktest.Call(fixture.AdminCredential, "GET", path+"?p=-1", ""))
	if few.Status != http.StatusRequestEntityTooLarge || !strings.HasPrefix(few.Message, "There are more than 22; read them in pages") {
		t.Errorf("more than one answer holds: %d %s", few.Status, few.Text)
	}
	if said := admin(d, "GET", "?p=x", ""); said.Status != http.StatusBadRequest || !strings.HasPrefix(said.Message, "p: ") {
		t.Errorf("p=x: %d %s", said.Status, said.Text)
	}
}

// id is that of the fixture's policy of the name.
func id(name string) string {
	return map[string]string{
		"Weather, not in the catalogue": fixture.Weather, "Petstore, free": fixture.Petstore, "Ledger, read only": fixture.Ledger,
		"Petstore, beta (over)": fixture.Beta, "Identity checks, a year": fixture.Identity, "Payments, 10 a second": fixture.Payments,
		"Photos, two applications": fixture.Photos, "Parcels, a quarter": fixture.Parcels,
		"Clearing, banks only": fixture.Clearing, "Radio, by signature": fixture.Radio,
	}[name]
}

func TestSearch(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	createPolicy(t, d, `{"_id": "é", "name": "CAFÉ"}`)
	createPolicy(t, d, `{"_id": "street", "name": "Strasse"}`)
	createPolicy(t, d, `{"_id": "apart", "name": "Gru\u0308n"}`)
	for q, want := range map[string][]string{
		"pet": {"Petstore, free", "Petstore, beta (over)"}, "PETSTORE, F": {"Petstore, free"}, " 10 a ": {"Payments, 10 a second"},
		"café": {"CAFÉ"}, "cafe\u0301": {"CAFÉ"}, "GR\u00dcN": {"Gru\u0308n"}, "straße": {"Strasse"}, "nothing like it": nil,
	} {
		names, pages := listOf(t, admin(d, "GET", "/search?q="+url.QueryEscape(q), ""))
		if !slices.Equal(names, want) || pages != 1 {
			t.Errorf("%q: %v, %d pages; want %v", q, names, pages, want)
		}
	}
	for _, query := range []string{"", "?q=%20", "?p=1"} {
		if said := admin(d, "GET", "/search"+query, ""); said.Status != http.StatusBadRequest || said.Message != "q is missing; send a part of the policy's name." {
			t.Errorf("%s: %d %s", query, said.Status, said.Text)
		}
	}
	few := d.Say(under(rest.Paging{Size: 10, MaxUnpaged: 1}), desktest.Call(fixture.AdminCredential, "GET", path+"/search?q=pet", ""))
	if few.Status != http.StatusRequestEntityTooLarge || few.Message != "q: more than 1 policies have that in their names; send a longer part of the name." {
		t.Errorf("more than one answer holds: %d %s", few.Status, few.Text)
	}
}

// A policy has no revisions: who sends one is not told that it was seen.
func TestIfMatch(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	before := tabletest.Items(t, d.Table)
	send := func(method, below, ifMatch string) desktest.Said {
		event := desktest.Call(fixture.AdminCredential, method, path+below, `{"name": "New"}`)
		event.Headers["if-match"] = ifMatch
		return d.Say(function, event)
	}
	for method, below := range map[string]string{"POST": "", "PUT": "/" + fixture.Payments, "DELETE": "/" + fixture.Payments} {
		answered(t, method, send(method, below, `"1"`), 412, "If-Match: there are no revisions here that it could match; send the call without it.")
	}
	answered(t, "what is no revision", send("PUT", "/"+fixture.Payments, `"abc"`), 400, "If-Match: one revision is expected; send the object's ETag")
	if after := tabletest.Items(t, d.Table); !reflect.DeepEqual(before, after) {
		t.Error("something has changed")
	}
	answered(t, "any", send("PUT", "/"+fixture.Payments, "*"), 200, "Data updated")
}

// Another organisation's policy is one that does not exist, and may have the id of one of ours.
func TestForeignPolicy(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	for _, method := range []string{"GET", "PUT", "DELETE"} {
		theirs, none := admin(d, method, "/"+fixture.Foreign, `{"name": "Mine"}`), admin(d, method, "/53ac0942e2f3a4000100ffff", `{"name": "Mine"}`)
		if theirs.Status != http.StatusNotFound || theirs.Text != none.Text {
			t.Errorf("%s: %d %s, and of one that does not exist %s", method, theirs.Status, theirs.Text, none.Text)
		}
	}
	createPolicy(t, d, `{"_id": "`+fixture.Foreign+`", "name": "Ours"}`)
	if theirs, err := d.Table.Policy(t.Context(), fixture.OtherOrg, fixture.Foreign); err != nil || theirs.Name != "Theirs" {
		t.Errorf("theirs is %+v, %v", theirs, err)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	before := tabletest.Items(t, d.Table)
	for _, c := range []struct {
		method, below, body string
		status              int
		words               string
	}{
		{"POST", "", ``, 400, "The body is empty; send a JSON object."},
		{"POST", "", `{"name"}`, 400, "Request body malformed."},
		{"POST", "", `{}`, 400, "name is missing; say what developers shall read of the policy."},
		{"POST", "", `{"name": "a", "tags": "b"}`, 400, "tags: a list is expected, not a string."},
		{"POST", "", `{"name": "a", "key_expires_in": 9223372036854775807}`, 400, "key_expires_in: at most 3153600000 seconds are taken, a hundred years;"},
		{"POST", "", `{"name": "a", "x": {"\u0000b": 1}}`, 400, `The policy: a member's name begins with \u0000; give it another.`},
		{"POST", "", `{"name": "a", "_id": "search"}`, 400, `_id: "search" is reserved,`},
		{"POST", "", `{"name": "a", "_id": "a/b"}`, 400, `_id: "a/b" cannot be a policy's id; send 1 to 200 bytes`},
		{"POST", "", `{"name": "a", "x": "` + strings.Repeat("x", 128<<10) + `"}`, 400, "The policy is 131"},
		{"PUT", "/" + fixture.Payments, `{"name": ""}`, 400, "name is missing;"},
		{"PUT", "/" + strings.Repeat("x", 201), `{"name": "a"}`, 400, "Invalid policy ID. Send 1 to 200 bytes"},
		{"GET", "/" + strings.Repeat("x", 201), ``, 400, "Invalid policy ID."},
		{"DELETE", "/" + strings.Repeat("x", 201), ``, 400, "Invalid policy ID."},
		{"POST", "/" + fixture.Payments, `{"name": "a"}`, 405, "POST is not allowed here; use "},
		{"DELETE", "", ``, 405, "DELETE is not allowed here; use "},
	} {
		answered(t, fmt.Sprintf("%s %.40s %.80s", c.method, c.below, c.body), admin(d, c.method, c.below, c.body), c.status, c.words)
	}
	for credential, role := range map[string]string{fixture.PortalCredential: "portal", fixture.ReviewerCredential: "reviewer"} {
		for method, below := range map[string]string{"POST": "", "PUT": "/" + fixture.Payments, "DELETE": "/" + fixture.Payments} {
			said := d.Say(function, desktest.Call(credential, method, path+below, `{"name": "a"}`))
			if said.Status != http.StatusForbidden || !strings.Contains(said.Message, "policies:write") {
				t.Errorf("%s by %s: %d %s", method, role, said.Status, said.Text)
			}
		}
	}
	if after := tabletest.Items(t, d.Table); !reflect.DeepEqual(before, after) {
		t.Error("something has changed")
	}
}

// A deleted policy leaves its entry in the catalogue; nobody is granted a key for it.
func TestDeletedPolicyLeavesItsEntry(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	admin(d, "DELETE", "/"+fixture.Payments, "")
	books, err := d.Table.Books(t.Context(), fixture.Org, "", []string{fixture.Payments})
	if err != nil || len(books.Policies) != 0 || len(books.Entries) != 1 {
		t.Errorf("%d policies, %d entries, %v", len(books.Policies), len(books.Entries), err)
	}
}

// A PUT of a policy as it stands writes nothing.
func TestEqualIsNoWrite(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	id := createPolicy(t, d, `{"name": "a plan", "rate": 5}`)
	shown := admin(d, "GET", "/"+id, "").Text
	for what, body := range map[string]string{"as it is shown": shown, "with other spaces": strings.ReplaceAll(shown, ",", ", ")} {
		d.Unchanged(what, func() {
			if said := admin(d, "PUT", "/"+id, body); said.Status != http.StatusOK || said.Message != "Data updated" {
				t.Errorf("%s: %d %s", what, said.Status, said.Text)
			}
		})
	}
	admin(d, "PUT", "/"+id, strings.Replace(shown, `"rate":5`, `"rate":6`, 1))
	if after := admin(d, "GET", "/"+id, "").Text; after == shown {
		t.Error("another rate is not written")
	}
}
