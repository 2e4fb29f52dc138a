package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// A program is a real client of Tyk's portal, and what it was seen to put on the wire.
type program struct {
	name    string
	path    string
	headers []string // of a create, beside Authorization and Content-Length
	body    string   // of a create; DEVELOPER and PLAN stand for ids
	put     []string // further headers of a call without a body
	keeps   map[string]any
}

var programs = []program{
	{
		name: "WordPress plugin", path: collection, headers: []string{"Content-Type: application/x-www-form-urlencoded"},
		body:  `{"by_user":"DEVELOPER","for_plan":"PLAN","approved":false,"date_created":"2019-06-04T07:21:35+00:00","version":"v2"}`,
		keeps: map[string]any{"date_created": "2019-06-04T07:21:35.000Z", "version": "v2"},
	},
	{
		name: "Ruby portal", path: collection, put: []string{"Content-Length: 0"},
		body: `{"by_user":"DEVELOPER","fields":{"usecase":"weather","traffic":"10"},"date_created":"2015-05-08T04:49:20.992-04:00",` +
			`"version":"v2","for_plan":"PLAN"}`,
		keeps: map[string]any{"date_created": "2015-05-08T08:49:20.992Z", "version": "v2", "usecase": "weather", "traffic": "10"},
	},
	{
		name: "Node client", path: collection + "/", put: []string{"Content-Length: 0"},
		body:  `{"by_user":"DEVELOPER","date_created":"2020-07-02T12:47:35.953Z","for_plan":"PLAN","version":"v2","fields":{}}`,
		keeps: map[string]any{"date_created": "2020-07-02T12:47:35.953Z", "version": "v2"},
	},
	{
		name: "curl", path: collection, headers: []string{"Content-Type: application/x-www-form-urlencoded", "Accept: */*"},
		body: "{\n  \"by_user\": \"DEVELOPER\", // the developer\n  \"for_plan\": \"PLAN\",\n}",
	},
	{
		name: "a newer one", path: collection, headers: []string{"Content-Type: application/json; charset=utf-8"},
		body:  `{"by_user":"DEVELOPER","apply_policies":["PLAN"],"approved":false}`,
		keeps: map[string]any{"version": ""},
	},
	{
		name: "a body that looks binary", path: collection, headers: []string{"Content-Type: application/octet-stream"},
		body:  `{"by_user":"DEVELOPER","for_plan":"PLAN","fields":{"usecase":"météo"}}`,
		keeps: map[string]any{"usecase": "météo"},
	},
}

// TestPrograms has each create a request and then approve it, which a portal's credential may where nobody needs to decide.
func TestPrograms(t *testing.T) {
	t.Parallel()
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			body := strings.NewReplacer("DEVELOPER", developer, "PLAN", policyAuto).Replace(p.body)
			authorization := "authorization: " + portal.credential
			headers := append([]string{authorization, fmt.Sprintf("Content-Length: %d", len(body))}, p.headers...)
			id := created(t, wire(t, http.MethodPost, p.path, body, headers...))

			got := portal.get(t, id)
			fields, _ := got.body["fields"].(map[string]any)
			for name, want := range p.keeps {
				if got.body[name] != want && fields[name] != want {
					t.Errorf("%s came back otherwise than as %q: %s", name, want, got.text)
				}
			}
			bare := append([]string{authorization}, p.put...)
			granted(t, wire(t, http.MethodPut, approve(id), "", bare...))
			wire(t, http.MethodDelete, item(id), "", bare...).want(t, http.StatusOK, "Data deleted")
		})
	}
}

// TestPortalsOnTheWire makes the calls on the books that portals and their scripts were seen to make: without a content type, with
// a slash at the path's end, without a length.
func TestPortalsOnTheWire(t *testing.T) {
	t.Parallel()
	form, none := "Content-Type: application/x-www-form-urlencoded", "Content-Length: 0"
	call := func(by client, method, path, body string, headers ...string) answer {
		headers = append(headers, "Authorization: "+by.credential)
		if body != "" {
			headers = append(headers, fmt.Sprintf("Content-Length: %d", len(body)))
		}
		return wire(t, method, path, body, headers...)
	}
	word, text := mark(), password()
	plan := createdPolicy(t, call(admin, http.MethodPost, policies+"/", fmt.Sprintf(`{"name":%q,"tags":["allow_registration"]}`, word)))
	for _, query := range []string{"/search/?q=" + word, "?p=-1"} {
		if rows := call(portal, http.MethodGet, policies+query, "", form).rows(t); len(rows) == 0 {
			t.Errorf("%s shows nothing", query)
		}
	}
	id := signedUp(t, call(portal, http.MethodPost, developers+"/", fmt.Sprintf(`{"email":"%s@portal.example","password":%q}`, word, text), form))
	call(portal, http.MethodPost, developers+"/verify_credentials/", fmt.Sprintf(`{"username":"%s@portal.example","password":%q}`, word, text)).want(t, http.StatusOK, id)
	call(portal, http.MethodPut, developerOf(id), fmt.Sprintf(`{"email":"%s@portal.example","id":%q,"fields":{}}`, word, id), form).want(t, http.StatusOK, "Data updated")
	for _, path := range []string{catalogue, catalogue + "/", configuration, developers + "/email/" + word + "@portal.example"} {
		call(portal, http.MethodGet, path, "", none).want(t, http.StatusOK, "")
	}
	call(portal, http.MethodDelete, developerOf(id), "", none).want(t, http.StatusOK, "Data deleted")
	call(admin, http.MethodDelete, policyOf(plan)+"/", "").want(t, http.StatusOK, "Data deleted")
}

// TestAuthorization presents a credential in each way that is one.
func TestAuthorization(t *testing.T) {
	t.Parallel()
	for _, header := range []string{
		"Authorization: " + portal.credential, "authorization:" + portal.credential, "AUTHORIZATION: Bearer " + portal.credential,
		"Authorization: bearer  " + portal.credential + " ",
	} {
		wire(t, http.MethodGet, collection, "", header).want(t, http.StatusOK, "")
	}
	stranger := portal.credential[:len(portal.credential)-1] + "!"
	for name, headers := range map[string][]string{
		"none": nil, "an empty one": {"Authorization:"}, "a scheme alone": {"Authorization: Bearer "},
		"one nobody has":  {"Authorization: kd_" + org + "_" + strings.Repeat("a", 52)},
		"one cut short":   {"Authorization: " + portal.credential[:40]},
		"one mistyped":    {"Authorization: " + stranger},
		"another scheme":  {"Authorization: Basic " + portal.credential},
		"another's name":  {"Authorization: kd_ffffffffffffffffffffffff" + portal.credential[27:]},
		"a Tyk user's id": {"Authorization: 7a7b140f-2480-4d5a-4e78-24049e3ba7f8"},
	} {
		t.Run(name, func(t *testing.T) {
			a := wire(t, http.MethodGet, collection, "", headers...)
			a.wantRefusal(t, http.StatusUnauthorized, "Not authorised")
			if meta, there := a.body["Meta"]; !there || meta != nil {
				t.Errorf("Meta is not null: %s", a.text)
			}
		})
	}
}

// TestTrailingSlash says every call with a slash at its path's end.
func TestTrailingSlash(t *testing.T) {
	t.Parallel()
	id := created(t, admin.call(t, http.MethodPost, collection+"/", asking(policy)))
	for _, path := range []string{collection + "/", collection + "/?p=-1"} {
		if rows := admin.call(t, http.MethodGet, path, "").rows(t); len(rows) == 0 {
			t.Errorf("GET %s shows nothing", path)
		}
	}
	wantMembers(t, admin.call(t, http.MethodGet, item(id)+"/", ""), map[string]any{"id": id})
	admin.call(t, http.MethodPut, item(id)+"/", `{"version": "v2"}`).want(t, http.StatusOK, id)
	granted(t, admin.call(t, http.MethodPut, approve(id)+"/", ""))
	admin.call(t, http.MethodDelete, item(id)+"/", "").want(t, http.StatusOK, "Data deleted")
	wantGone(t, id)

	other := admin.create(t, asking(policy))
	admin.call(t, http.MethodPut, decline(other)+"/", "").want(t, http.StatusOK, other)
}
