package answers

import (
	"net/http"
	"strings"
	"testing"
)

const (
	requests = "/api/portal/requests"
	id       = "/5efde61749960c000137f590"
	done     = `{"Status":"OK","Message":"5efde61749960c000137f590","Meta":null}`
	deleted  = `{"Status":"OK","Message":"Data deleted","Meta":null}`
	refused  = `{"Status":"Error","Message":"Could not retrieve portal object.","Meta":null}`
	wrong    = `{"Status":"Error","Message":"PATCH is not allowed here; use PUT.","Meta":{"allow":["PUT"]}}`
	nobody   = `{"id":"5efdbdb749960c000137f589","email":"ada@example.com","date_created":"2020-07-02T10:57:59.878Z",
		"inactive":false,"org_id":"5e9d9544a1dcd60001d0ed20","keys":{"d4161ed979274c00":["a"]},"subscriptions":{"a":"d4161ed979274c00"},
		"fields":{"any":{"thing":1}},"nonce":"","sso_key":"","password_max_days":0,"password_updated":"0001-01-01T00:00:00Z","PWHistory":[],"last_login_date":"2026-11-22T05:30:00.000Z"}`
)

// header is that of every answer, with others as "Name: value".
func header(others ...string) http.Header {
	h := http.Header{"Content-Type": {"application/json"}, "Cache-Control": {"no-store"}}
	for _, other := range others {
		name, value, _ := strings.Cut(other, ": ")
		h.Set(name, value)
	}
	return h
}

func TestCheckLetsPass(t *testing.T) {
	for _, c := range []struct {
		name, method, path string
		status             int
		header             http.Header
		body               string
	}{
		{"done", "POST", requests, 200, header(), done},
		{"a slash at the end, and a query", "GET", requests + "/?p=-1", 200, header(), `{"Data":[],"Pages":1}`},
		{"the documents' verb", "UPDATE", requests + id, 200, header(), done},
		{"a refusal", "GET", requests + id, 404, header(), refused},
		{"a path that does not exist", "GET", "/api/portal/nothing", 404, header(), refused},
		{"a verb that does not exist", "PATCH", requests + "/approve" + id, 405, header("Allow: PUT"), wrong},
		{"a verb that the path without a variable lacks", "PUT", "/api/portal/policies/search", 405, header("Allow: GET"), wrong},
		{"a developer's own members", "GET", "/api/portal/developers" + id, 200, header(), nobody},
		{"an address", "GET", "/api/portal/developers/email/ada%40example.com", 200, header(), nobody},
		{"a key revoked", "DELETE", "/api/portal/developers" + id + "/keys/d4161ed979274c00", 200, header(), deleted},
		{"a key revoked, as older clients do", "DELETE", "/api/portal/developers/key/any/d4161ed979274c00" + id, 200, header(), deleted},
		{"a key revoked, with nothing for the API", "DELETE", "/api/api/apis//keys/d4161ed979274c00", 200, header(), deleted},
		{"a client's id that is a word of another path", "DELETE", "/api/portal/developers/oauth/keys", 200, header(), deleted},
		{"an OAuth client", "PUT", requests + "/approve" + id, 200, header(), `{"client_id":"a","secret":"b","policy_id":"p","redirect_uri":""}`},
		{"a key changed", "PUT", requests + "/approve" + id, 200, header(), `{"RawKey":"","Password":"","key":"90568dfa","apply_policies":["p"]}`},
		{"the sample API's refusal", "GET", "/hello", 403, header(), `{"message":"Forbidden"}`},
		{"API Gateway's own", "GET", requests, 503, header(), `{"message":"Service Unavailable"}`},
		{
			"a page", "GET", "/docs", 200,
			header("Content-Type: text/html; charset=utf-8", "Cache-Control: public, max-age=300", `ETag: "0a"`), "<!doctype html>",
		},
	} {
		if err := Check(c.method, c.path, c.status, c.header, []byte(c.body)); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestCheckFinds(t *testing.T) {
	for name, c := range map[string]struct {
		method, path string
		status       int
		header       http.Header
		body         string
		found        string
	}{
		"a route that does not exist":           {"GET", "/api/portal/nothing", 200, header(), done, "does not have this status"},
		"a verb that does not exist":            {"PATCH", requests, 200, header(), done, "does not have this status"},
		"a status that is not promised":         {"POST", requests, 201, header(), done, "does not have this status for createRequest"},
		"a status of another operation's":       {"GET", requests, 404, header(), refused, "does not have this status"},
		"another Allow":                         {"PATCH", requests + id, 405, header("Allow: PUT"), wrong, "Allow"},
		"no Allow":                              {"PATCH", requests + "/approve" + id, 405, header(), wrong, "Allow"},
		"no Cache-Control":                      {"POST", requests, 200, http.Header{"Content-Type": {"application/json"}}, done, "Cache-Control"},
		"another Cache-Control":                 {"POST", requests, 200, header("Cache-Control: public"), done, "no-store"},
		"a Link that leads nowhere":             {"GET", requests, 200, header("Link: <?p=2>"), `{"Data":[],"Pages":1}`, "Link"},
		"an ETag of what has no revision":       {"GET", "/api/portal/developers" + id, 200, header(`ETag: "1"`), nobody, "ETag"},
		"another content type":                  {"POST", requests, 200, header("Content-Type: text/plain"), done, "Content-Type"},
		"no JSON":                               {"POST", requests, 200, header(), "done", "decode"},
		"a member that is missing":              {"POST", requests, 200, header(), `{"Status":"OK","Message":"5efde61749960c000137f590"}`, "Meta"},
		"a member of another type":              {"GET", requests, 200, header(), `{"Data":[],"Pages":"1"}`, "/Pages"},
		"a member that is not named":            {"GET", requests, 200, header(), `{"Data":[],"Pages":1,"Total":0}`, "Total"},
		"an id that is none":                    {"POST", requests, 200, header(), strings.Replace(done, "5efd", "", 1), "/Message"},
		"a refusal that says OK":                {"GET", requests + id, 404, header(), strings.Replace(refused, "Error", "OK", 1), "/Status"},
		"a revision that is not told":           {"GET", requests + id, 200, header(), `{}`, "ETag"},
		"a date that is none":                   {"GET", "/api/portal/developers" + id, 200, header(), strings.Replace(nobody, "2020-07-02T", "2020-07-02 ", 1), "date_created"},
		"a secret that is told":                 {"GET", "/api/portal/developers" + id, 200, header(), strings.Replace(nobody, `"nonce":""`, `"nonce":"x"`, 1), "/nonce"},
		"a history that is told":                {"GET", "/api/portal/developers" + id, 200, header(), strings.Replace(nobody, `"PWHistory":[]`, `"PWHistory":["x"]`, 1), "PWHistory"},
		"a member of the desk's own, deep down": {"GET", "/api/portal/developers" + id, 200, header(), strings.Replace(nobody, `"nonce"`, `"password":"","nonce"`, 1), "password"},
		"an empty name that is not let pass":    {"DELETE", "/api/portal/developers//keys/d4161ed979274c00", 200, header(), deleted, "does not have this status"},
		"a verb that a path of keys lacks":      {"PATCH", "/api/portal/developers" + id + "/keys/d4161ed979274c00", 405, header("Allow: "), wrong, "Allow"},
		"a client with a member more":           {"PUT", requests + "/approve" + id, 200, header(), `{"client_id":"a","secret":"b","policy_id":"p","redirect_uri":"","RawKey":""}`, "anyOf"},
		"a key that is told with the change":    {"PUT", requests + "/approve" + id, 200, header(), `{"RawKey":"x","Password":"","key":"90568dfa","apply_policies":["p"]}`, "anyOf"},
		"an OAuth secret that is told":          {"GET", "/api/portal/developers" + id, 200, header(), strings.Replace(nobody, `"nonce"`, `"oauth_clients":{"p":[{"client_id":"a","secret":"x","redirect_uri":"","app_description":"","use_case":"","date_created":"2020-07-02T10:57:59.878Z"}]},"nonce"`, 1), "secret"},
		"API Gateway's words in the desk's":     {"GET", requests + id, 404, header(), `{"message":"Not Found"}`, "Status"},
	} {
		err := Check(c.method, c.path, c.status, c.header, []byte(c.body))
		if err == nil || !strings.Contains(err.Error(), c.found) {
			t.Errorf("%s: found %v, want something of %s", name, err, c.found)
		}
	}
}

func TestCheckEvent(t *testing.T) {
	const event = `{"event":"key_request_event.submitted","data":{"id":"5efde61749960c000137f590","org_id":"5e9d9544a1dcd60001d0ed20",
		"by_user":"5efdbdb749960c000137f589","approved":false,"date_created":"2020-07-02T13:50:15.214Z","state":"pending","revision":1,"fields":{"any":{"thing":1}}}}`
	if err := CheckEvent([]byte(event)); err != nil {
		t.Error(err)
	}
	for name, change := range map[string][2]string{
		"an event that it does not have": {".submitted", ".created"},
		"an id that is none":             {"5efde617", ""},
		"a member that is missing":       {`"by_user"`, `"user"`},
		"a member beside the data":       {`{"event"`, `{"secret":"x","event"`},
		"a member that is not named":     {`"state"`, `"RawKey":"x","state"`},
		"no JSON":                        {`"event":`, `event:`},
	} {
		changed := strings.Replace(event, change[0], change[1], 1)
		if changed == event {
			t.Fatalf("%s: the event has no %s", name, change[0])
		}
		if err := CheckEvent([]byte(changed)); err == nil {
			t.Errorf("%s is let pass", name)
		}
	}
}

// What tests print is kept, so that a finding must not quote a key.
func TestFindingsHoldNoKey(t *testing.T) {
	const key = "53ac07777cbb8c2d5300000215811f02c21540dd5257eb68d3d73f35"
	for _, body := range []string{`{"RawKey":"` + key + `"}`, `{"RawKey":["` + key + `"],"Password":""}`, `"` + key + `"`} {
		err := Check("PUT", requests+"/approve"+id, 200, header(), []byte(body))
		if err == nil || strings.Contains(err.Error(), key) {
			t.Errorf("found %v", err)
		}
	}
}

// Objects are closed for the tests, unless the contract says otherwise.
func TestCloseObjects(t *testing.T) {
	object := func(members ...string) map[string]any {
		o := map[string]any{"properties": map[string]any{"a": map[string]any{}}}
		for _, m := range members {
			o[m] = true
		}
		return o
	}
	document := map[string]any{"plain": object(), "open": object("additionalProperties"), "list": []any{object()}, "none": map[string]any{}}
	closeObjects(document)
	for name, want := range map[string]any{"plain": false, "open": true, "none": nil} {
		if got := document[name].(map[string]any)["additionalProperties"]; got != want {
			t.Errorf("%s: additionalProperties is %v, want %v", name, got, want)
		}
	}
	if document["list"].([]any)[0].(map[string]any)["additionalProperties"] != false {
		t.Error("an object in a list is left open")
	}
}
