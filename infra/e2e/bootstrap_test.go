package e2e

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// Where the documents of a portal are.
const (
	pages         = "/api/portal/pages"
	documentation = "/api/portal/documentation"
	menus         = "/api/portal/menus"
	css           = "/api/portal/css"
)

const form = "Content-Type: application/x-www-form-urlencoded" // as curl -d says

// TestBootstrapOfTyksDemo takes the steps of tyk-demo's bootstrap in a portal: settings, catalogue, home page, developer, documentation,
// and an entry that names the documentation. It is not parallel: it writes the catalogue, which it leaves as it found it.
func TestBootstrapOfTyksDemo(t *testing.T) {
	word := mark()
	for path, body := range map[string]string{configuration: "{}", catalogue: fmt.Sprintf(`{"org_id": %q}`, org)} {
		if first := admin.call(t, http.MethodPost, path, body, form); first.status != http.StatusConflict || first.member("Meta", "id") == nil {
			createdID(t, first)
		}
	}
	page := createdID(t, admin.call(t, http.MethodPost, pages, fmt.Sprintf(`{"is_homepage": true, "template_name": "", "title": %q, "slug": "home",
		"fields": {"JumboCTATitle": "Tyk Developer Portal", "SubHeading": "Sub Header", "PanelOneContent": "Panel 1 content."}}`, word), form))
	t.Cleanup(func() { discard(t, pages+"/"+page) })
	admin.signUp(t, fmt.Sprintf(`{"email": "%s@example.com", "password": %q, "org_id": %q}`, word, password(), org), form)
	admin.call(t, http.MethodGet, policies+"?p=-1", "").want(t, http.StatusOK, "")
	text := base64.StdEncoding.EncodeToString([]byte(strings.Repeat(`{"swagger": "2.0", "info": {"title": "Swagger Petstore"}}`, 400)))
	document := createdID(t, admin.call(t, http.MethodPost, documentation, fmt.Sprintf("{\n \"api_id\":\"\",\n \"doc_type\":\"swagger\",\n \"documentation\":%q}", text), form))
	t.Cleanup(func() { discard(t, documentation+"/"+document) })
	graph := createdID(t, admin.call(t, http.MethodPost, documentation, `{"api_id":"","doc_type":"graphql","documentation":"graphql"}`, form))
	discard(t, documentation+"/"+graph)

	plan := publish(t, policies, fmt.Sprintf(`{"_id": %q, "name": "Swagger Petstore Policy %s"}`, word, word))
	found := copyCatalogue(t)
	t.Cleanup(func() { withdraw(t, plan) })
	entry := fmt.Sprintf(`{"name": "Petstore", "policy_id": %q, "documentation": %q, "show": true, "version": "v2"}`, plan, document)
	admin.call(t, http.MethodPut, catalogue, found.append(t, entry), form).want(t, http.StatusOK, "Data updated")

	wantMembers(t, portal.call(t, http.MethodGet, pages+"/"+page, ""), map[string]any{"id": page, "org_id": org, "title": word, "is_homepage": true})
	wantMembers(t, portal.call(t, http.MethodGet, documentation+"/"+document+"/", ""), map[string]any{"id": document, "doc_type": "swagger", "documentation": text})
	for path, id := range map[string]string{pages: page, documentation + "/": document} {
		if list := reviewer.call(t, http.MethodGet, path, ""); !strings.Contains(list.text, `"id":"`+id+`"`) {
			t.Errorf("%s does not show %s: %s", list.call, id, list.text)
		}
	}
	portal.call(t, http.MethodPost, pages, `{"title": "Not the portal's"}`).wantRefusal(t, http.StatusForbidden, "")
}

// TestOneDocumentOfAPortal reads the menus and the CSS, and creates them where there are none, as scripts do that may run twice. It leaves
// them as it found them, but for an empty one in the place of none.
func TestOneDocumentOfAPortal(t *testing.T) {
	for path, member := range map[string]string{menus: `"menus": {"main": [{"title": "APIs", "url": "/portal/apis"}]}, "is_active": true`, css: `"page_css": "a {}", "email_css": ""`} {
		found := portal.call(t, http.MethodGet, path, "")
		found.want(t, http.StatusOK, "")
		first := admin.call(t, http.MethodPost, path, `{`+member+`}`, form)
		if found.string("id") != "" {
			first.wantRefusal(t, http.StatusConflict, "There is one already; change it with PUT.")
		} else {
			createdID(t, first)
		}
		admin.call(t, http.MethodPut, path, fmt.Sprintf(`{%s, "seen": %q}`, member, mark())).want(t, http.StatusOK, "Data updated")
		shown := reviewer.call(t, http.MethodGet, path+"/", "")
		if !strings.Contains(shown.text, `"seen":"e2e-`) || found.string("id") != "" && shown.string("id") != found.string("id") {
			t.Errorf("%s: after an update: %s", shown.call, shown.text)
		}
		admin.call(t, http.MethodPut, path, found.text).want(t, http.StatusOK, "Data updated")
	}
}
