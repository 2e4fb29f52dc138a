package main

import (
	"fmt"
	"net/http"
	"reflect"
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

const (
	pagesPath = "/api/portal/pages"
	docsPath  = "/api/portal/documentation"
	menusPath = "/api/portal/menus"
	cssPath   = "/api/portal/css"
)

// say has a credential's holder call a path.
func say(d *desktest.Desk, credential, method, path, body string) desktest.Said {
	return d.Say(function, desktest.Call(credential, method, path, body))
}

// wants holds that a call was answered with a status and a message that begins so.
func wants(t *testing.T, what string, said desktest.Said, status int, message string) {
	t.Helper()
	if said.Status != status || !strings.HasPrefix(said.Message, message) {
		t.Errorf("%s: %d %.300s; want %d %s", what, said.Status, said.Text, status, message)
	}
}

func TestCallsOfContent(t *testing.T) {
	const page, doc = pagesPath + "/" + fixture.HomePage, docsPath + "/" + fixture.PetstoreSpec
	for name, c := range map[string]struct {
		event desktest.Event
		want  [][]string
	}{
		"list pages":         {desktest.Call(fixture.PortalCredential, "GET", pagesPath, ""), [][]string{{"GetItem"}, {"Query"}}},
		"list documentation": {desktest.Call(fixture.PortalCredential, "GET", docsPath, ""), [][]string{{"GetItem"}, {"Query"}}},
		"list by nobody":     {desktest.Call(nobody, "GET", pagesPath, ""), [][]string{{"GetItem"}}},
		"get":                {desktest.Call(fixture.ReviewerCredential, "GET", page, ""), [][]string{{"GetItem", "GetItem"}}},
		"post":               {desktest.Call(fixture.AdminCredential, "POST", docsPath, `{}`), [][]string{{"GetItem"}, {"TransactWriteItems"}}},
		"put":                {desktest.Call(fixture.AdminCredential, "PUT", doc, `{}`), [][]string{{"GetItem", "GetItem"}, {"TransactWriteItems"}}},
		"delete":             {desktest.Call(fixture.AdminCredential, "DELETE", page, ""), [][]string{{"GetItem"}, {"TransactWriteItems"}}},
		"get menus":          {desktest.Call(fixture.PortalCredential, "GET", menusPath, ""), [][]string{{"GetItem", "GetItem"}}},
		"put menus":          {desktest.Call(fixture.AdminCredential, "PUT", menusPath, `{}`), [][]string{{"GetItem", "GetItem"}, {"PutItem"}}},
		"put the first css":  {desktest.Call(fixture.AdminCredential, "PUT", cssPath, `{}`), [][]string{{"GetItem", "GetItem"}, {"TransactWriteItems"}}},
		"post css":           {desktest.Call(fixture.AdminCredential, "POST", cssPath, `{}`), [][]string{{"GetItem"}, {"TransactWriteItems"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := desktest.Rounds(t, function, c.event); !reflect.DeepEqual(got, c.want) {
				t.Errorf("calls in rounds: %v, want %v", got, c.want)
			}
		})
	}
}

func TestLifeOfAPage(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	const sent = `{"is_homepage":false,"template_name":"","title":"Prices","slug":"/prices","x":1.50,"fields":{"JumboCTATitle":"<b>"},"org_id":"another","id":"another"}`
	created := say(d, fixture.AdminCredential, "POST", pagesPath, sent)
	if created.Status != http.StatusOK || !portal.ValidID(created.Message) {
		t.Fatalf("created: %d %s", created.Status, created.Text)
	}
	one := pagesPath + "/" + created.Message
	want := strings.NewReplacer(`"org_id":"another"`, `"org_id":"`+fixture.Org+`"`, `"id":"another"}`, `"id":"`+created.Message+`","page_settings":{}}`).Replace(sent)
	shown := say(d, fixture.PortalCredential, "GET", one, "")
	if strings.TrimSpace(shown.Text) != want {
		t.Errorf("it is   %s\nwant    %s", shown.Text, want)
	}
	list := say(d, fixture.ReviewerCredential, "GET", pagesPath+"/", "")
	if !strings.HasPrefix(list.Text, `{"Data":[`+want+`,{"title":"Developer Portal",`) || !strings.Contains(list.Text, `"Pages":1}`) {
		t.Errorf("listed: %s", list.Text)
	}
	if second := say(d, fixture.ReviewerCredential, "GET", pagesPath+"?p=2", ""); strings.TrimSpace(second.Text) != `{"Data":[],"Pages":1}` {
		t.Errorf("p=2: %s", second.Text)
	}
	d.Unchanged("put as it is", func() {
		wants(t, "put as it is", say(d, fixture.AdminCredential, "PUT", one, shown.Text), 200, "Data updated")
	})
	wants(t, "put", say(d, fixture.AdminCredential, "PUT", one, `{"id":"`+fixture.HomePage+`","title":"More"}`), 200, "Data updated")
	if after := say(d, fixture.AdminCredential, "GET", one, ""); !strings.HasPrefix(after.Text, `{"id":"`+created.Message+`","title":"More","org_id":"`+fixture.Org+`","slug":"",`) {
		t.Errorf("after the put: %s", after.Text)
	}
	wants(t, "deleted", say(d, fixture.AdminCredential, "DELETE", one, ""), 200, "Data deleted")
	wants(t, "deleted again", say(d, fixture.AdminCredential, "DELETE", one, ""), 404, "Could not retrieve object for deletion")
	wants(t, "read when it is gone", say(d, fixture.AdminCredential, "GET", one, ""), 404, "Could not retrieve portal object.")
	wants(t, "put when it is gone", say(d, fixture.AdminCredential, "PUT", one, `{}`), 404, "Could not retrieve portal object.")
}

// A list of documentation is there to find one, and leaves out the text, which may be long.
func TestListOfDocumentation(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	created := say(d, fixture.AdminCredential, "POST", docsPath, `{"api_id":"petstore","doc_type":"swagger","documentation":"`+strings.Repeat("e30K", 80_000)+`"}`)
	if created.Status != http.StatusOK {
		t.Fatal(created.Text)
	}
	want := `{"Data":[{"id":"` + created.Message + `","org_id":"` + fixture.Org + `","api_id":"petstore","doc_type":"swagger"},` +
		`{"id":"` + fixture.PetstoreSpec + `","org_id":"` + fixture.Org + `","api_id":"","doc_type":"swagger"}],"Pages":1}`
	if list := say(d, fixture.PortalCredential, "GET", docsPath+"?p=-1", ""); strings.TrimSpace(list.Text) != want {
		t.Errorf("listed: %s\nwant %s", list.Text, want)
	}
	if whole := say(d, fixture.PortalCredential, "GET", docsPath+"/"+created.Message, ""); !strings.Contains(whole.Text, `"documentation":"e30Ke30K`) {
		t.Errorf("it is %.200s", whole.Text)
	}
}

// Of menus and CSS there is one document each. POST creates it once, PUT replaces it or creates it.
func TestOneDocument(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	none := say(d, fixture.PortalCredential, "GET", cssPath, "")
	if strings.TrimSpace(none.Text) != `{"id":"","org_id":"`+fixture.Org+`","page_css":"","email_css":""}` {
		t.Errorf("before there is one: %d %s", none.Status, none.Text)
	}
	created := say(d, fixture.AdminCredential, "POST", cssPath, `{"page_css":".btn {margin: 0}"}`)
	if created.Status != http.StatusOK || !portal.ValidID(created.Message) {
		t.Fatalf("created: %d %s", created.Status, created.Text)
	}
	again := say(d, fixture.AdminCredential, "POST", cssPath, `{}`)
	if wants(t, "created again", again, 409, "There is one already; change it with PUT."); string(again.Meta) != `{"id":"`+created.Message+`"}` {
		t.Errorf("created again: %s", again.Text)
	}
	wants(t, "put", say(d, fixture.AdminCredential, "PUT", cssPath, `{"id":"another","page_css":"","email_css":"p {}"}`), 200, "Data updated")
	shown := say(d, fixture.ReviewerCredential, "GET", cssPath, "")
	if !strings.HasPrefix(shown.Text, `{"id":"`+created.Message+`","page_css":"","email_css":"p {}"`) {
		t.Errorf("after the put: %s", shown.Text)
	}
	d.Unchanged("put as it is", func() {
		wants(t, "put as it is", say(d, fixture.AdminCredential, "PUT", cssPath, shown.Text), 200, "Data updated")
	})
	wants(t, "put where there is none", say(d, fixture.OtherCredential, "PUT", menusPath, `{"menus":{"main":[{"title":"APIs","url":"/apis"}]}}`), 200, "Data updated")
	if theirs := say(d, fixture.OtherCredential, "GET", menusPath, ""); !strings.HasPrefix(theirs.Text, `{"menus":{"main":[{"title":"APIs","url":"/apis"}]},"id":"`) {
		t.Errorf("their menus: %s", theirs.Text)
	}
	if ours := say(d, fixture.PortalCredential, "GET", menusPath, ""); !strings.Contains(ours.Text, `"menus":{}`) || !strings.Contains(ours.Text, fixture.PortalMenus) {
		t.Errorf("our menus: %s", ours.Text)
	}
}

func TestContentRefused(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	before := tabletest.Items(t, d.Table)
	long := func(name string, bytes int) string { return `{"` + name + `":"` + strings.Repeat("x", bytes) + `"}` }
	const page = pagesPath + "/" + fixture.HomePage
	for _, c := range []struct {
		method, path, body string
		status             int
		words              string
	}{
		{"POST", pagesPath, ``, 400, "The body is empty; send a JSON object."},
		{"POST", pagesPath, `[]`, 400, "Request body malformed."},
		{"POST", pagesPath, `{"id": 5}`, 400, "id: a string is expected, not a number."},
		{"POST", pagesPath, `{"title": 5}`, 400, "title: a string is expected, not a number."},
		{"POST", pagesPath, `{"Title": "a"}`, 400, `Title: a name counts in its exact letter case; send "title".`},
		{"POST", pagesPath, `{"title": "a", "title": "b"}`, 400, "title: the member stands there twice;"},
		{"POST", pagesPath, `{"Status": "Error", "Message": "no"}`, 400, "The body is an answer of the API"},
		{"PUT", page, `{"fields": []}`, 400, "fields: an object is expected, not a list."},
		{"PUT", page, long("x", 64<<10), 400, "The document is 65"},
		{"POST", docsPath, long("documentation", 350<<10), 400, "The document is 358"},
		{"POST", docsPath, long("documentation", 1<<20), 413, "The body is 1048"},
		{"POST", docsPath, long("doc_type", 201), 400, "doc_type: must have at most 200 bytes."},
		{"POST", docsPath, long("api_id", 201), 400, "api_id: must have at most 200 bytes."},
		{"PUT", menusPath, long("x", 64<<10), 400, "The document is 65"},
		{"PUT", cssPath, `{"page_css": {}}`, 400, "page_css: a string is expected, not an object."},
		{"GET", pagesPath + "/home", ``, 400, "Invalid page ID: 24 lower-case hexadecimal digits are expected."},
		{"DELETE", docsPath + "/x", ``, 400, "Invalid documentation ID: 24"},
		{"GET", pagesPath + "?p=", ``, 400, "p: the parameter is empty;"},
		{"GET", pagesPath + "?p=x", ``, 400, "p: "},
		{"DELETE", pagesPath, ``, 405, "DELETE is not allowed here; use "},
		{"DELETE", cssPath, ``, 405, "DELETE is not allowed here; use "},
		{"GET", menusPath + "/" + fixture.PortalMenus, ``, 404, "Could not retrieve portal object."},
	} {
		wants(t, fmt.Sprintf("%s %s %.60s", c.method, c.path, c.body), say(d, fixture.AdminCredential, c.method, c.path, c.body), c.status, c.words)
	}
	for _, credential := range []string{fixture.PortalCredential, fixture.ReviewerCredential} {
		for _, call := range [][2]string{{"POST", pagesPath}, {"PUT", page}, {"DELETE", page}, {"POST", docsPath}, {"POST", menusPath}, {"PUT", cssPath}} {
			wants(t, call[0]+" "+call[1], say(d, credential, call[0], call[1], `{}`), 403, "access denied: You do not have permission configuration:write")
		}
	}
	for _, call := range [][2]string{{"POST", pagesPath}, {"PUT", page}, {"DELETE", page}, {"PUT", menusPath}, {"POST", cssPath}} {
		event := desktest.Call(fixture.AdminCredential, call[0], call[1], `{}`)
		event.Headers["if-match"] = `"1"`
		wants(t, "If-Match", d.Say(function, event), 412, "If-Match: there are no revisions here")
	}
	if after := tabletest.Items(t, d.Table); !reflect.DeepEqual(before, after) {
		t.Error("something has changed")
	}
}

// Another organisation's document is one that does not exist, under every path.
func TestForeignContent(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	before := tabletest.Items(t, d.Table)
	for _, method := range []string{"GET", "PUT", "DELETE"} {
		for _, path := range []string{pagesPath, docsPath} {
			theirs, none := say(d, fixture.AdminCredential, method, path+"/"+fixture.TheirHomePage, `{}`), say(d, fixture.AdminCredential, method, path+"/53ac0942e2f3a4000100ffff", `{}`)
			if theirs.Status != http.StatusNotFound || theirs.Text != none.Text {
				t.Errorf("%s %s: %d %s, and of one that does not exist %s", method, path, theirs.Status, theirs.Text, none.Text)
			}
		}
	}
	if list := say(d, fixture.OtherCredential, "GET", pagesPath, ""); strings.Contains(list.Text, fixture.HomePage) || !strings.Contains(list.Text, fixture.TheirHomePage) {
		t.Errorf("their pages: %s", list.Text)
	}
	if after := tabletest.Items(t, d.Table); !reflect.DeepEqual(before, after) {
		t.Error("something has changed")
	}
}

// However many are created at once, there are never more than the limit, and what is deleted makes room.
func TestMostPages(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	const most, had, many = 40, 1, 50
	d.Add(faults.Rule{Operation: "TransactWriteItems", Fault: faults.AnswerLost, Nth: 5, Times: 5})
	who := trial.Person{Authorization: fixture.AdminCredential}
	answers := make([]string, many)
	var racing sync.WaitGroup
	for n := range many {
		racing.Go(func() {
			books := d.Issuer().Table
			response, err := rest.Handle(books, operations(books)...)(d.Invocation(t.Context()), who.Call("POST", pagesPath, fmt.Sprintf(`{"title":"%d"}`, n), nil))
			answers[n] = fmt.Sprint(response.StatusCode, response.Body, err)
		})
	}
	racing.Wait()
	created := 0
	for _, answer := range answers {
		switch {
		case strings.HasPrefix(answer, "200"):
			created++
		case !strings.HasPrefix(answer, "409") || !strings.Contains(answer, "The organisation has 40 documents of this kind, as many as are kept; delete one first."):
			t.Error(answer)
		}
	}
	pages, err := d.Books.Contents(t.Context(), fixture.Org, portal.Page)
	if err != nil || len(pages) != most || created != most-had {
		t.Fatalf("%d pages, %d created, %v", len(pages), created, err)
	}
	if err := d.Books.DeleteContent(t.Context(), fixture.Org, portal.Page, pages[0].ID); err != nil {
		t.Fatal(err)
	}
	books := d.Issuer().Table
	for _, status := range []int{200, 409} {
		response, err := rest.Handle(books, operations(books)...)(d.Invocation(t.Context()), who.Call("POST", pagesPath, `{}`, nil))
		if err != nil || response.StatusCode != status {
			t.Errorf("after one is deleted: %d %s, %v; want %d", response.StatusCode, response.Body, err, status)
		}
	}
}
