package e2e

import (
	"net/http"
	"strings"
)

// badBooks are calls on the desk's books that are refused.
func badBooks() []refusal {
	const bad = http.StatusBadRequest
	login, change := developers+"/verify_credentials", developers+"/password/"+developer
	dear := `{"email": "fay@portal.example", "password": "$2a$13$fjJxMm0uCVypgrLlJtWeN./RL.9GkbqrhS.T5Fid6nqMkCSaeqiwq"}`
	all := []refusal{
		{method: http.MethodPost, path: developers, body: `{}`, status: bad, message: "email is missing"},
		{method: http.MethodPost, path: developers, body: `{"email": "fay"}`, status: bad, message: `email: "fay" is not an e-mail address`},
		{method: http.MethodPost, path: developers, body: `{"email": ["fay@portal.example"]}`, status: bad, message: "email: a string is expected"},
		{method: http.MethodPost, path: developers, body: dear, status: bad, message: "Developer password validation failed. "},
		{method: http.MethodPost, path: developers, body: `{"email": "` + strings.Repeat("x", 1<<20) + `"}`, status: http.StatusRequestEntityTooLarge, message: "The body is "},
		{method: http.MethodPut, path: developerOf(developer), body: `{"fields": {"a": "` + long + `"}}`, status: bad, message: "fields is "},
		{method: http.MethodPut, path: developerOf(developer), body: `{"inactive": "yes"}`, status: bad, message: "inactive: true or false is expected, not a string."},
		{method: http.MethodPost, path: change, body: `{"password": "` + strings.Repeat("x", 73) + `"}`, status: bad, message: "Developer password validation failed. "},
		{method: http.MethodPost, path: login, body: `{"username": "fay@portal.example"}`, status: bad, message: "username and password are both needed"},
		{method: http.MethodGet, path: developers + "?p=abc", status: bad, message: `p: "abc" is not the number of a page`},
		{method: http.MethodGet, path: developers + "?cursor=abc", status: bad, message: "cursor is not one of this list"},
		{method: http.MethodGet, path: developerOf(developer) + "?cursor=abc", status: bad, message: "cursor is not one of this list"},

		{method: http.MethodPost, path: catalogue, body: `{}`, status: http.StatusConflict, message: "There is a catalogue already"},
		{method: http.MethodPut, path: catalogue, body: `{}`, status: bad, message: "apis is missing"},
		{method: http.MethodPut, path: catalogue, body: `{"apis": [{}, {"auth_type": "magic"}]}`, status: bad, message: `apis[1].auth_type: "magic" is none; send one of `},
		{method: http.MethodPut, path: catalogue, body: `{"apis": [{"config": {"override": "yes"}}]}`, status: bad, message: "apis[0].config.override: true or false is expected"},
		{method: http.MethodPut, path: catalogue, body: `{"apis": [` + strings.Repeat("{},", 1000) + `{}]}`, status: bad, message: "apis has 1001 entries"},
		{method: http.MethodPut, path: catalogue, body: `{"apis": [], "email": "` + strings.Repeat("x", 4<<20) + `"}`, status: http.StatusRequestEntityTooLarge, message: "The body is "},
		{method: http.MethodPut, path: catalogue, body: `{"apis": [], "revision": 0}`, status: http.StatusConflict, message: "revision: "},

		{method: http.MethodPost, path: policies, body: `{"_id": "a/b", "name": "Gold"}`, status: bad, message: `_id: "a/b" cannot be a policy's id`},
		{method: http.MethodPost, path: policies, body: `{"_id": "` + policy + `", "name": "Gold"}`, status: http.StatusConflict, message: "_id: there is a policy " + policy},
		{method: http.MethodPost, path: policies, body: `{"rate": 1}`, status: bad, message: "name is missing"},
		{method: http.MethodPut, path: policyOf(policy), body: `{"name": "Gold", "tags": "gold"}`, status: bad, message: "tags: a list is expected, not a string."},
		{method: http.MethodGet, path: policies + "/search", status: bad, message: "q is missing"},
		{method: http.MethodGet, path: policyOf("a%23b"), status: bad, message: "Invalid policy ID. "},

		{method: http.MethodPost, path: configuration, body: `{}`, status: http.StatusConflict, message: "There is a configuration already"},
		{method: http.MethodPut, path: configuration, body: `{"signup_fields": {}}`, status: bad, message: "signup_fields: a list is expected, not an object."},
	}
	for i, r := range all {
		all[i].name = r.method + " " + r.path + " " + r.body[:min(len(r.body), 40)]
	}
	return append(all, absent()...)
}

// absent are calls for what is not there, and with verbs that are not.
func absent() (all []refusal) {
	for message, calls := range map[string][]string{
		notFound: {
			"GET " + developerOf(nobodys), "PUT " + developerOf(nobodys), "GET " + developers + "/email/nobody@portal.example",
			"GET " + policyOf(nobodys), "PUT " + policyOf(nobodys), "GET " + catalogue + "/" + nobodys,
			"POST " + developerOf("55b1ba47/reset_quota"), // which Tyk has
			"GET " + keysOfDeveloper(nobodys), "GET " + keysOfDeveloper(developer) + "/55b1ba47",
			"POST " + keysOfDeveloper(developer) + "/55b1ba47/turn",
		},
		"Could not retrieve object for deletion": {
			"DELETE " + developerOf(nobodys), "DELETE " + policyOf(nobodys), "DELETE " + keysOfDeveloper(developer) + "/55b1ba47", "DELETE " + developerOf("oauth/55b1ba47"),
			"DELETE " + developerOf("key/"+policy+"/55b1ba47/"+developer), "DELETE /api/apis/" + nobodys + "/keys/55b1ba47", "DELETE /api/apis//keys/55b1ba47",
			"DELETE /api/api/apis//keys/55b1ba47",
		},
		"Developer password validation failed.": {"POST " + developers + "/password/" + nobodys},
	} {
		body := `{"name": "Gold", "email": "nobody@portal.example", "password": "x"}`
		for _, call := range calls {
			method, path, _ := strings.Cut(call, " ")
			all = append(all, refusal{name: call, method: method, path: path, body: body, status: http.StatusNotFound, message: message})
		}
	}
	for _, call := range []string{
		"PUT " + developers, "PATCH " + developerOf(developer), "GET " + developers + "/verify_credentials", "DELETE " + developers + "/email/a@b.example",
		"DELETE " + catalogue, "PUT " + policies, "POST " + policyOf(policy), "POST " + policies + "/search", "DELETE " + configuration,
		"DELETE " + keysOfDeveloper(developer), "POST " + keysOfDeveloper(developer) + "/55b1ba47", "GET " + keysOfDeveloper(developer) + "/55b1ba47/rotate",
		"GET " + developerOf("oauth/"+nobodys), "GET /api/apis//keys/55b1ba47", "PUT " + developerOf("key/"+policy+"/55b1ba47/"+developer), "POST " + sampleAPI,
	} {
		method, path, _ := strings.Cut(call, " ")
		all = append(all, refusal{
			name: call, method: method, path: path, body: "{}", status: http.StatusMethodNotAllowed, message: method + " is not allowed here; use ",
		})
	}
	return all
}
