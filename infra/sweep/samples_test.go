package sweep

import (
	"cmp"
	"maps"
	"net/http"
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
	object       string   // what stands in the place of the variable that names what the call is about
	beside       names    // and in those of others
	query, body  string   //
	names        []string // bodies, and queries with their "?", that name another object: {id}, {email}, {policy} or {key}
	status       int      // 0: 200
	proof        proof    // in the place of a credential
}

// names are what stands in the places of variables: by "{id}".
type names map[string]string

// variable is that of the path which names what the call is about: where it is a key, others tell only where to look for it.
func (s sample) variable() string {
	all := variable.FindAllString(s.path, -1)
	for _, name := range all {
		if name == "{key}" {
			return name
		}
	}
	return append(all, "")[0]
}

const (
	requests      = "/api/portal/requests"
	developers    = "/api/portal/developers"
	catalogue     = "/api/portal/catalogue"
	policies      = "/api/portal/policies"
	configuration = "/api/portal/configuration"
	pages         = "/api/portal/pages"
	documentation = "/api/portal/documentation"
	menus         = "/api/portal/menus"
	css           = "/api/portal/css"
	keys          = developers + "/{id}/keys"
	oldKeys       = developers + "/key/{policy}/{key}/{id}"
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
			`{"by_user": "` + fixture.Ben + `", "key": "{key}", "apply_policies": ["` + fixture.Weather + `"]}`,
			`{"by_user": "` + fixture.Ben + `", "key": "` + fixture.BensKey + `", "remove_policies": ["{policy}"]}`,
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
	"PUT " + requests + "/approve":      {body: `{"ids": ["` + fixture.Pending + `"]}`, names: []string{`{"ids": ["{id}"]}`}},
	"PUT " + requests + "/decline":      {body: `{"ids": ["` + fixture.Pending + `"]}`, names: []string{`{"ids": ["{id}"]}`}},
	"POST " + requests + "/{id}/callback": {
		object: waiting, open: true, proof: proof{of: signature, refused: http.StatusUnauthorized},
	},
	"POST " + requests + "/{id}/claim": {
		object: unclaimed, open: true, proof: proof{of: token, refused: http.StatusNotFound},
	},
	"POST " + requests + "/{id}/claim-link": {object: unclaimed},
	"ANY " + requests + "/{id+}": {
		method: "UPDATE", path: requests + "/{id}", means: "PUT " + requests + "/{id}",
		object: fixture.Pending, body: `{"fields": {"usecase": "wages"}}`,
	},

	"GET " + developers:                      {},
	"POST " + developers:                     {body: `{"email": "fay@example.com"}`, names: []string{`{"email": "{email}"}`, `{"email": "fay@example.com", "sso_key": "{ssokey}"}`}},
	"GET " + developers + "/{id}":            {object: fixture.Ben},
	"PUT " + developers + "/{id}":            {object: fixture.Ada, body: `{"fields": {"company": "Babbage & Co."}}`, names: []string{`{"email": "{email}"}`}},
	"DELETE " + developers + "/{id}":         {object: fixture.Ben},
	"GET " + developers + "/email/{email}":   {object: "ada@example.com"},
	"GET " + developers + "/ssokey/{ssokey}": {object: "changed@sso"},
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

	"GET " + keys: {object: fixture.Finn},
	"POST " + keys: {
		object: fixture.Ada, body: `{"apply_policies": ["` + fixture.Ledger + `"]}`,
		names: []string{`{"apply_policies": ["{policy}"]}`, `{"key": "{key}", "apply_policies": ["` + fixture.Ledger + `"]}`},
	},
	"POST " + developers + "/{id}/subscriptions": {
		object: fixture.Ada, body: `{"policy_id": "` + fixture.Ledger + `"}`,
		names: []string{`{"policy_id": "{policy}"}`, `{"key": "{key}", "apply_policies": ["` + fixture.Ledger + `"]}`},
	},
	"GET " + keys + "/{key}":          {object: fixture.FinnsKey, beside: names{"{id}": fixture.Finn}},
	"DELETE " + keys + "/{key}":       {object: fixture.FinnsKey, beside: names{"{id}": fixture.Finn}},
	"POST " + keys + "/{key}/suspend": {object: fixture.FinnsKey, beside: names{"{id}": fixture.Finn}},
	"POST " + keys + "/{key}/resume":  {object: fixture.FinnsSuspended, beside: names{"{id}": fixture.Finn}},
	"POST " + keys + "/{key}/rotate":  {object: fixture.BensKey, beside: names{"{id}": fixture.Ben}, body: `{"grace_seconds": 60}`},
	"PUT " + keys + "/{key}": {
		object: fixture.FinnsKey, beside: names{"{id}": fixture.Finn}, body: `{"apply_policies": ["` + fixture.Petstore + `"]}`,
		names: []string{`{"apply_policies": ["{policy}"]}`},
	},
	"DELETE " + developers + "/oauth/{client}": {object: fixture.FinnsClient},
	"DELETE " + oldKeys:                        {object: fixture.BensKey, beside: names{"{id}": fixture.Ben, "{policy}": fixture.Petstore}},
	"DELETE " + developers + "/key/{path+}": {
		path: oldKeys + "/", means: "DELETE " + oldKeys, object: fixture.BensKey, beside: names{"{id}": fixture.Ben, "{policy}": "any"},
	},
	"DELETE /api/apis/{api}/keys/{key}":     {object: fixture.BensKey, beside: names{"{api}": ""}}, // as clients write it
	"DELETE /api/api/apis/{api}/keys/{key}": {object: fixture.FinnsClient, beside: names{"{api}": "any"}},
	"ANY " + keys:                           {method: "PATCH", path: keys, object: fixture.Finn, open: true, status: 405},
	"ANY " + keys + "/{path+}": {
		method: "UPDATE", path: keys + "/{key}", means: "PUT " + keys + "/{key}",
		object: fixture.FinnsKey, beside: names{"{id}": fixture.Finn}, body: `{"apply_policies": ["` + fixture.Petstore + `"]}`,
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

	"GET " + configuration:               {},
	"POST " + configuration:              {body: `{}`, status: 409}, // there is one already
	"PUT " + configuration:               {body: `{"email": "desk@example.com"}`},
	"POST " + configuration + "/dry-run": {body: `{"rules": []}`, names: []string{`{"rules": [], "policy": "{policy}"}`}},
	"ANY " + configuration: {
		method: "UPDATE", path: configuration, means: "PUT " + configuration, body: `{"email": "desk@example.com"}`,
	},
	"ANY " + configuration + "/{path+}": {
		method: "PUT", path: configuration + "/", means: "PUT " + configuration, body: `{"email": "desk@example.com"}`,
	},

	"GET " + pages:              {},
	"POST " + pages:             {body: `{"title": "Prices"}`},
	"GET " + pages + "/{id}":    {object: fixture.HomePage},
	"PUT " + pages + "/{id}":    {object: fixture.HomePage, body: `{"title": "Home"}`},
	"DELETE " + pages + "/{id}": {object: fixture.HomePage},
	"ANY " + pages:              {method: "PATCH", path: pages, open: true, status: 405},
	"ANY " + pages + "/{path+}": {
		method: "UPDATE", path: pages + "/{id}", means: "PUT " + pages + "/{id}", object: fixture.HomePage, body: `{"title": "Home"}`,
	},

	"GET " + documentation:              {},
	"POST " + documentation:             {body: `{"doc_type": "graphql"}`},
	"GET " + documentation + "/{id}":    {object: fixture.PetstoreSpec},
	"PUT " + documentation + "/{id}":    {object: fixture.PetstoreSpec, body: `{"doc_type": "graphql"}`},
	"DELETE " + documentation + "/{id}": {object: fixture.PetstoreSpec},
	"ANY " + documentation:              {method: "PATCH", path: documentation, open: true, status: 405},
	"ANY " + documentation + "/{path+}": {
		method: "UPDATE", path: documentation + "/{id}", means: "PUT " + documentation + "/{id}",
		object: fixture.PetstoreSpec, body: `{"doc_type": "graphql"}`,
	},

	"GET " + menus:              {},
	"POST " + menus:             {body: `{}`, status: 409}, // there is one already
	"PUT " + menus:              {body: `{"is_active": false}`},
	"ANY " + menus:              {method: "UPDATE", path: menus, means: "PUT " + menus, body: `{"is_active": false}`},
	"ANY " + menus + "/{path+}": {method: "PUT", path: menus + "/", means: "PUT " + menus, body: `{"is_active": false}`},
	"GET " + css:                {},
	"POST " + css:               {body: `{"page_css": "a {}"}`},
	"PUT " + css:                {body: `{"page_css": "b {}"}`},
	"ANY " + css:                {method: "UPDATE", path: css, means: "PUT " + css, body: `{"page_css": "c {}"}`},
	"ANY " + css + "/{path+}":   {method: "PUT", path: css + "/", means: "PUT " + css, body: `{"page_css": "d {}"}`},

	"GET /openapi.json":      {open: true},
	"GET /docs":              {open: true},
	"GET /console/claim":     {open: true},
	"GET /console/claim.js":  {open: true},
	"GET /console/claim.css": {open: true},
	"GET /hello":             {open: true, status: 403}, // of those who call here nobody has an issued key
	" ":                      {method: "GET", path: "/api/portal/nothing", open: true, status: 404},
}

// entry is a catalogue with an entry for a policy, and most of those that the desk begins with: to remove more takes a revision.
func entry(policy string) string {
	entries := []string{one(policy, "authToken")}
	for _, id := range []string{fixture.Petstore, fixture.Payments, fixture.Identity, fixture.Ledger, fixture.Photos, fixture.Parcels} {
		entries = append(entries, one(id, "authToken"))
	}
	return `{"apis": [` + strings.Join(entries, ", ") + `]}`
}

// one is an entry for a policy that gives keys of the kind.
func one(policy, kind string) string {
	return `{"name": "One", "policy_id": "` + policy + `", "version": "v2", "show": true, "auth_type": "` + kind + `"}`
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

// what says which objects can stand there: the variable's name, but that a key has no id where the path does not name its developer.
func (s sample) what() string {
	if s.variable() == "{key}" && s.beside["{id}"] == "" {
		return "{hash}"
	}
	return s.variable()
}

// about is the same call about another object.
func (s sample) about(object string) sample {
	s.object = object
	return s
}

// under is the same call with another developer beside the object.
func (s sample) under(developer string) sample {
	s.beside = maps.Clone(s.beside)
	s.beside["{id}"] = developer
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
	return variable.ReplaceAllStringFunc(s.path, func(name string) string {
		if name == s.variable() {
			return url.PathEscape(s.object)
		}
		return url.PathEscape(s.beside[name])
	}) + s.query
}
