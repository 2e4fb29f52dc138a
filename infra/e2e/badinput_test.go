package e2e

import (
	"net/http"
	"strings"
)

const (
	nobodys   = "000000000000000000000000" // an id that nothing has
	malformed = "Request body malformed."
	notFound  = "Could not retrieve portal object."
)

// badBody is a body that is refused, with 400.
type badBody struct{ name, body, message string }

func refuseBodies(method, path string, bodies []badBody) []refusal {
	here := strings.NewReplacer("DEVELOPER", developer, "PLAN", policy, "NOBODY", nobodys)
	all := make([]refusal, len(bodies))
	for i, b := range bodies {
		all[i] = refusal{
			name: b.name, method: method, path: path, body: here.Replace(b.body), status: http.StatusBadRequest, message: b.message,
		}
	}
	return all
}

var long = strings.Repeat("x", 64<<10)

// badForAll are bodies that are good for nothing.
var badForAll = []badBody{
	{"nothing", "", "The body is empty"},
	{"white space", " \n\t", "The body is empty"},
	{"cut short", `{"by_user": "DEVELOPER", "for_plan": "PL`, malformed},
	{"text", "hello", malformed},
	{"a form", "by_user=DEVELOPER&for_plan=PLAN", malformed},
	{"a list", `[{"by_user": "DEVELOPER", "for_plan": "PLAN"}]`, malformed},
	{"null", "null", malformed},
	{"two objects", `{"by_user": "DEVELOPER"} {"for_plan": "PLAN"}`, malformed},
	{"a comment alone", "// nothing", malformed},
	{"1 MB of nested lists", strings.Repeat("[", 1<<20), malformed},
	{"1 MB of nested lists in fields", `{"by_user": "DEVELOPER", "for_plan": "PLAN", "fields": ` + nested(1<<20-200) + "}", ""},
	{"1 MB of nested objects", strings.Repeat(`{"a":`, 1<<20/5), "The body has more than 200000 members"},
	{"by_user a number", `{"by_user": 5, "for_plan": "PLAN"}`, "by_user: a string is expected, not a number."},
	{"for_plan a list", `{"by_user": "DEVELOPER", "for_plan": ["PLAN"]}`, "for_plan: a string is expected, not a list."},
	{"apply_policies a string", `{"by_user": "DEVELOPER", "apply_policies": "PLAN"}`, "apply_policies: a list of strings is expected"},
	{"apply_policies of numbers", `{"by_user": "DEVELOPER", "apply_policies": [1]}`, "apply_policies"},
	{"fields a list", `{"by_user": "DEVELOPER", "for_plan": "PLAN", "fields": []}`, "fields: an object is expected"},
	{"fields too long", `{"by_user": "DEVELOPER", "for_plan": "PLAN", "fields": {"a": "` + long + `"}}`, "fields is "},
	{"oauth_info a string", `{"by_user": "DEVELOPER", "for_plan": "PLAN", "oauth_info": "x"}`, "oauth_info: an object is expected"},
	{"an unknown policy", `{"by_user": "DEVELOPER", "for_plan": "NOBODY"}`, "apply_policies: there is no policy " + nobodys},
	{"an unknown one of two", `{"by_user": "DEVELOPER", "apply_policies": ["PLAN", "NOBODY"]}`, "apply_policies: there is no policy"},
	{"one policy twice", `{"by_user": "DEVELOPER", "apply_policies": ["PLAN", "PLAN"]}`, "apply_policies names the policy"},
	{"a policy that is none", `{"by_user": "DEVELOPER", "apply_policies": ["PLAN#PLAN"]}`, "apply_policies: "},
	{"two that disagree", `{"by_user": "DEVELOPER", "for_plan": "PLAN", "apply_policies": ["NOBODY"]}`, "for_plan and apply_policies"},
	{"a key to change that is none", `{"by_user": "DEVELOPER", "for_plan": "PLAN", "key": "no hash"}`, "key is not the hash that a key is shown by"},
	{"a key to change that nobody has", `{"by_user": "DEVELOPER", "for_plan": "PLAN", "key": "55b1ba47"}`, "key"},
	{"policies to take from no key", `{"by_user": "DEVELOPER", "for_plan": "PLAN", "remove_policies": ["PLAN"]}`, "remove_policies takes policies from a key"},
	{"a secret for JWT", `{"by_user": "DEVELOPER", "for_plan": "PLAN", "jwt_secret": "s"}`, "jwt_secret: "},
	{"a certificate that is too long", `{"by_user": "DEVELOPER", "for_plan": "PLAN", "certificate": "` + long + `"}`, "certificate is longer"},
}

func nested(bytes int) string { return strings.Repeat("[", bytes/2) + strings.Repeat("]", bytes/2) }

func badCreates() []refusal {
	bad := refuseBodies(http.MethodPost, collection, append(badForAll, []badBody{
		{"an empty object", `{}`, "apply_policies is missing"},
		{"no developer", `{"for_plan": "PLAN"}`, "by_user is missing"},
		{"no policy", `{"by_user": "DEVELOPER"}`, "apply_policies is missing"},
		{"null members", `{"by_user": null, "for_plan": null}`, "by_user: a string is expected, not null"},
		{"version 1", `{"by_user": "DEVELOPER", "for_api": "PLAN"}`, "for_api alone is the flow of version 1"},
		{"an unknown developer", `{"by_user": "NOBODY", "for_plan": "PLAN"}`, "by_user: there is no developer " + nobodys},
		{"a developer that is none", `{"by_user": "ada@pennywise.example", "for_plan": "PLAN"}`, "by_user is not an id"},
	}...))
	return append(bad, refusal{
		name: "more than 1 MB", method: http.MethodPost, path: collection, body: `{"a": "` + strings.Repeat("x", 1<<20) + `"}`,
		status: http.StatusRequestEntityTooLarge, message: "The body is ",
	})
}

func badUpdates(id string) []refusal {
	return refuseBodies(http.MethodPut, item(id), append(badForAll,
		badBody{"another developer", `{"by_user": "NOBODY"}`, "by_user cannot be changed"}))
}

func badLists() []refusal {
	var all []refusal
	for query, message := range map[string]string{
		"p=abc": `p: "abc" is not the number of a page`, "p=1.5": "p: ", "p=0x1": "p: ", "p=99999999999999999999": "p: ",
		"approved=maybe": `approved: "maybe" is neither true nor false.`, "state=nope": `state: "nope" is none`,
		"state=pending&approved=false": "state and approved exclude one another", "by_user=ada": "by_user is not an id",
		"cursor=abc": "cursor is not one of this list", "p=%zz": "The query string is malformed",
		"cursor=" + nobodys + strings.Repeat("0", 16) + nobodys: "cursor is not one of this list", // as if another organisation's
	} {
		path := collection + "?" + query
		all = append(all, refusal{name: query, method: http.MethodGet, path: path, status: http.StatusBadRequest, message: message})
	}
	return append(all, refusal{
		name: "p too far", method: http.MethodGet, path: collection + "?p=5000000",
		status: http.StatusRequestEntityTooLarge, message: "p: page numbers reach ",
	})
}

func badIDs() (all []refusal) {
	for _, at := range []struct{ method, path, body string }{
		{http.MethodGet, item(""), ""}, {http.MethodPut, item(""), `{"version": "v2"}`}, {http.MethodDelete, item(""), ""},
		{http.MethodPut, approve(""), ""}, {http.MethodPut, decline(""), ""},
	} {
		none := refusal{method: at.method, path: at.path + nobodys, body: at.body, status: http.StatusNotFound, message: notFound}
		none.name = none.method + " " + none.path
		all = append(all, none)
		for _, id := range []string{"abc", "ABCDEFABCDEFABCDEFABCDEF", nobodys + "0", "%00", "a%20b", "%E2%82%AC"} {
			bad := none
			bad.name, bad.path, bad.status = at.method+" "+at.path+id, at.path+id, http.StatusBadRequest
			bad.message = "Invalid request ID: 24 lower-case hexadecimal digits are expected."
			all = append(all, bad)
		}
	}
	for _, path := range []string{"/", "/api/portal/nothing", item(nobodys) + "/history"} {
		all = append(all, refusal{name: path, method: http.MethodGet, path: path, status: http.StatusNotFound, message: notFound})
	}
	return all
}

func badHeaders(id string) []refusal {
	var all []refusal
	for header, message := range map[string]string{
		"If-Match: abc": "If-Match: ", "If-Match: 0": "If-Match: ", "If-Match: -1": "If-Match: ", `If-Match: "1.5"`: "If-Match: ",
		`If-Match: ""`: "If-Match: ", "Idempotency-Key: " + strings.Repeat("k", 256): "Idempotency-Key is ",
	} {
		all = append(all, refusal{
			name: header[:min(len(header), 30)], method: http.MethodPut, path: approve(id), headers: []string{header},
			status: http.StatusBadRequest, message: message,
		})
	}
	return append(all, refusal{
		name: "stale", method: http.MethodPut, path: approve(id), headers: []string{`If-Match: "7"`},
		status: http.StatusPreconditionFailed, message: "If-Match: the request is at revision 1 (pending), not 7",
	})
}

func badMethods(id string) []refusal {
	paths := []struct{ method, path string }{
		{http.MethodPut, collection}, // as the newest document prints it for approve
		{http.MethodDelete, collection}, {http.MethodPatch, collection},
		{http.MethodPatch, item(id)}, {http.MethodPost, item(id)},
		{http.MethodPost, approve(id)}, {http.MethodGet, approve(id)}, {http.MethodDelete, approve(id)}, {http.MethodPatch, decline(id)},
	}
	all := make([]refusal, len(paths))
	for i, at := range paths {
		all[i] = refusal{
			name: at.method + " " + strings.ReplaceAll(at.path, id, "ID"), method: at.method, path: at.path, body: "{}",
			status: http.StatusMethodNotAllowed, message: at.method + " is not allowed here; use ",
		}
	}
	return all
}
