package sweep

import (
	"cmp"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"keydesk/infra/fixture"
	"keydesk/infra/template"
)

// sample is a call that succeeds, for whoever may make it.
type sample struct {
	method, path string   // where the route does not say: the one of an ANY, or all of $default
	means        string   // the route of the permissions matrix, where it is not the route itself
	open         bool     // it is there for whoever asks
	object       string   // what stands in the place of the path's variable
	query, body  string   //
	names        []string // bodies, and queries with their "?", that name another object: {id}, {email} or {policy}
	status       int      // 0: 200
}

const (
	requests      = "/api/portal/requests"
	developers    = "/api/portal/developers"
	catalogue     = "/api/portal/catalogue"
	policies      = "/api/portal/policies"
	configuration = "/api/portal/configuration"
)

// samples has a call for each route of template.yaml but the twins, which are called as the route that they repeat.
var samples = map[string]sample{
	"GET " + requests: {names: []string{"?by_user={id}"}},
	"POST " + requests: {
		body: `{"by_user": "` + fixture.Ada + `", "apply_policies": ["` + fixture.Petstore + `"], "version": "v2"}`,
		names: []string{
			`{"by_user": "{id}", "apply_policies": ["` + fixture.Petstore + `"], "version": "v2"}`,
			`{"by_user": "` + fixture.Ada + `", "apply_policies": ["{policy}"], "version": "v2"}`,
			`{"by_user": "` + fixture.Ada + `", "for_plan": "{policy}"}`,
		},
	},
	"GET " + requests + "/{id}": {object: fixture.Pending},
	"PUT " + requests + "/{id}": {
		object: fixture.Pending, body: `{"fields": {"usecase": "wages"}}`,
		names: []string{`{"apply_policies": ["{policy}"]}`, `{"by_user": "{id}"}`},
	},
	"DELETE " + requests + "/{id}":      {object: fixture.Pending},
	"PUT " + requests + "/approve/{id}": {object: fixture.Automatic}, // a portal may, too, what it asked for itself
	"PUT " + requests + "/decline/{id}": {object: fixture.Pending, body: `{"reason": "Please say what for."}`},
	"ANY " + requests + "/{id+}": {
		method: "UPDATE", path: requests + "/{id}", means: "PUT " + requests + "/{id}",
		object: fixture.Pending, body: `{"fields": {"usecase": "wages"}}`,
	},

	"GET " + developers:                    {},
	"POST " + developers:                   {body: `{"email": "fay@example.com"}`, names: []string{`{"email": "{email}"}`}},
	"GET " + developers + "/{id}":          {object: fixture.Ben},
	"PUT " + developers + "/{id}":          {object: fixture.Ada, body: `{"fields": {"company": "Babbage & Co."}}`, names: []string{`{"email": "{email}"}`}},
	"DELETE " + developers + "/{id}":       {object: fixture.Ben},
	"GET " + developers + "/email/{email}": {object: "ada@example.com"},
	"POST " + developers + "/verify_credentials": {
		body:  `{"username": "` + plainEmail + `", "password": "` + plainText + `"}`,
		names: []string{`{"username": "{email}", "password": "` + theirText + `"}`},
	},
	"POST " + developers + "/password/{id}": {object: fixture.Ada, body: `{"password": "` + newText + `"}`},
	"ANY " + developers:                     {method: "PATCH", path: developers, open: true, status: 405},
	"ANY " + developers + "/{path+}": {
		method: "UPDATE", path: developers + "/{id}", means: "PUT " + developers + "/{id}",
		object: fixture.Ada, body: `{"fields": {"company": "Babbage & Co."}}`,
	},

	"GET " + catalogue:  {},
	"POST " + catalogue: {body: `{}`, status: 409}, // there is one already
	"PUT " + catalogue:  {body: entry(fixture.Payments), names: []string{entry("{policy}")}},
	"ANY " + catalogue:  {method: "UPDATE", path: catalogue, means: "PUT " + catalogue, body: entry(fixture.Payments)},
	"ANY " + catalogue + "/{path+}": {
		method: "PUT", path: catalogue + "/", means: "PUT " + catalogue, body: entry(fixture.Payments),
	},

	"GET " + policies:                  {},
	"POST " + policies:                 {body: `{"name": "Gold"}`, names: []string{`{"_id": "{policy}", "name": "Gold"}`}},
	"GET " + policies + "/search":      {query: "?q=pet", names: []string{"?q={policy}"}},
	"GET " + policies + "/{policy}":    {object: fixture.Petstore},
	"PUT " + policies + "/{policy}":    {object: fixture.Petstore, body: `{"name": "Petstore, dear"}`},
	"DELETE " + policies + "/{policy}": {object: fixture.Weather},
	"ANY " + policies:                  {method: "PATCH", path: policies, open: true, status: 405},
	"ANY " + policies + "/{path+}": {
		method: "UPDATE", path: policies + "/{policy}", means: "PUT " + policies + "/{policy}",
		object: fixture.Petstore, body: `{"name": "Petstore, dear"}`,
	},

	"GET " + configuration:  {},
	"POST " + configuration: {body: `{}`, status: 409}, // there is one already
	"PUT " + configuration:  {body: `{"email": "desk@example.com"}`},
	"ANY " + configuration: {
		method: "UPDATE", path: configuration, means: "PUT " + configuration, body: `{"email": "desk@example.com"}`,
	},
	"ANY " + configuration + "/{path+}": {
		method: "PUT", path: configuration + "/", means: "PUT " + configuration, body: `{"email": "desk@example.com"}`,
	},

	"GET /openapi.json": {open: true},
	"GET /docs":         {open: true},
	" ":                 {method: "GET", path: "/api/portal/nothing", open: true, status: 404},
}

// entry is a catalogue with one entry, for a policy.
func entry(policy string) string {
	return `{"apis": [{"name": "One", "policy_id": "` + policy + `", "version": "v2", "show": true}]}`
}

// of gives the sample of a route, complete.
func of(t *testing.T, r template.Route) sample {
	t.Helper()
	key, twin := strings.CutSuffix(r.Method+" "+r.Path, "/{slash+}")
	if r.Method != "ANY" && !twin {
		key, twin = strings.CutSuffix(key, "/{id+}")
	}
	s, there := samples[key]
	if !there {
		t.Fatalf("the sweep has no call for %q: give it one in infra/sweep/samples_test.go", key)
	}
	method, path, _ := strings.Cut(key, " ")
	s.means, s.method, s.path, s.status = cmp.Or(s.means, key), cmp.Or(s.method, method), cmp.Or(s.path, path), cmp.Or(s.status, 200)
	if twin {
		s.path += "/"
	}
	return s
}

var variable = regexp.MustCompile(`\{[a-z]+\}`)

// about is the same call about another object.
func (s sample) about(object string) sample {
	s.object = object
	return s
}

// naming is the same call with a body or query that names an object.
func (s sample) naming(what, object string) sample {
	if query, ok := strings.CutPrefix(what, "?"); ok {
		s.query = "?" + variable.ReplaceAllLiteralString(query, url.QueryEscape(object))
		return s
	}
	s.body = variable.ReplaceAllLiteralString(what, object)
	return s
}

// target is the path and the query as they are sent.
func (s sample) target() string {
	return variable.ReplaceAllLiteralString(s.path, url.PathEscape(s.object)) + s.query
}
