package gateway

import (
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"keydesk/infra/template"
)

// pets has every kind of route, in an order that is wrong wherever it can be.
var pets = []template.Route{
	{},
	{Method: "ANY", Path: "/{proxy+}"},
	{Method: "GET", Path: "/pets/{proxy+}"},
	{Method: "GET", Path: "/cats/{proxy+}"},
	{Method: "ANY", Path: "/pets/{id}"},
	{Method: "GET", Path: "/pets/{id}"},
	{Method: "GET", Path: "/pets/{id}/"},
	{Method: "PUT", Path: "/pets/{kind}/{id}"},
	{Method: "PUT", Path: "/pets/dog/{id}"},
	{Method: "ANY", Path: "/pets/dog"},
	{Method: "GET", Path: "/pets"},
	{Method: "GET", Path: "/pets/"},
	{Method: "GET", Path: "/"},
}

var matches = []struct {
	request, key string
	parameters   map[string]string
}{
	{"GET /pets", "GET /pets", nil},
	{"GET /pets/", "GET /pets/", nil},
	{"GET /", "GET /", nil},
	{"GET /pets/7", "GET /pets/{id}", map[string]string{"id": "7"}},
	{"GET /pets/7/", "GET /pets/{id}/", map[string]string{"id": "7"}},
	{"UPDATE /pets/7", "ANY /pets/{id}", map[string]string{"id": "7"}},
	{"GET /pets/dog", "ANY /pets/dog", nil},
	{"GET /pets/dog/7", "GET /pets/{proxy+}", map[string]string{"proxy": "dog/7"}},
	{"PUT /pets/dog/7", "PUT /pets/dog/{id}", map[string]string{"id": "7"}},
	{"PUT /pets/cat/7", "PUT /pets/{kind}/{id}", map[string]string{"kind": "cat", "id": "7"}},
	{"PUT /pets/cat/", "ANY /{proxy+}", map[string]string{"proxy": "pets/cat/"}},
	{"DELETE /pets", "ANY /{proxy+}", map[string]string{"proxy": "pets"}},
	{"GET /cats/", "GET /cats/{proxy+}", map[string]string{"proxy": ""}},
	{"GET /cats", "ANY /{proxy+}", map[string]string{"proxy": "cats"}},
	{"GET /pets//", "GET /pets/{proxy+}", map[string]string{"proxy": "/"}},
	{"GET //pets", "ANY /{proxy+}", map[string]string{"proxy": "/pets"}},
	{"GET /pets/../pets", "GET /pets/{proxy+}", map[string]string{"proxy": "../pets"}},
	{"UPDATE /", "$default", nil},
	{"GET /pets/a%2Fb%20c", "GET /pets/{id}", map[string]string{"id": "a/b c"}},
	{"GET /pets/%C3%A4+", "GET /pets/{id}", map[string]string{"id": "ä+"}},
	{"GET /%70ets", "GET /pets", nil},
}

func ranked(t *testing.T, routes ...template.Route) []route {
	t.Helper()
	for i := range routes {
		routes[i].Function = "F"
	}
	list, err := rank(routes, map[string]*function{"F": {}})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestMatch(t *testing.T) {
	routes := ranked(t, pets...)
	for _, c := range matches {
		t.Run(c.request, func(t *testing.T) {
			method, target, _ := strings.Cut(c.request, " ")
			got, parameters := match(routes, httptest.NewRequestWithContext(t.Context(), method, target, nil))
			if got == nil || got.key != c.key {
				t.Fatalf("got %+v, want %s", got, c.key)
			}
			if len(parameters) == 0 {
				parameters = nil
			}
			if diff := cmp.Diff(c.parameters, parameters); diff != "" {
				t.Errorf("parameters (-want +got):\n%s", diff)
			}
		})
	}
}

// deployed are the template's routes, ranked and as they stand there.
func deployed(t *testing.T) ([]route, []template.Route) {
	t.Helper()
	tmpl, err := template.Load("../../template.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	functions := make(map[string]*function)
	for _, f := range tmpl.Functions {
		functions[f.LogicalID] = &function{Function: f}
	}
	routes, err := rank(tmpl.Routes, functions)
	if err != nil {
		t.Fatal(err)
	}
	return routes, tmpl.Routes
}

// A slash at a path's end leads to the same function as the path, but to a sample of somebody else's API.
func TestSlashAtTheEnd(t *testing.T) {
	routes, all := deployed(t)
	variable := regexp.MustCompile(`\{\w+\}`)
	for _, r := range all {
		if !r.Canonical() || r.Authorizer != "" {
			continue
		}
		path := variable.ReplaceAllString(r.Path, "7") + "/"
		if got, _ := match(routes, httptest.NewRequestWithContext(t.Context(), r.Method, path, nil)); got.function.LogicalID != r.Function {
			t.Errorf("%s %s goes to %s of %s, want one of %s", r.Method, path, got.key, got.function.LogicalID, r.Function)
		}
	}
}

// inPortal are calls below /api/portal with the routes that take them.
var inPortal = map[string]string{ //nolint:gosec // routes, no credentials
	"GET /developers":                     "GET /developers",
	"GET /developers/":                    "ANY /developers/{path+}",
	"PATCH /developers":                   "ANY /developers",
	"GET /developers/7":                   "GET /developers/{id}",
	"GET /developers/7/":                  "ANY /developers/{path+}",
	"PATCH /developers/7":                 "ANY /developers/{path+}",
	"UPDATE /developers/7":                "ANY /developers/{path+}",
	"GET /developers/email/a@b.example":   "GET /developers/email/{email}",
	"GET /developers/email/a%2Fb":         "GET /developers/email/{email}",
	"GET /developers/email":               "GET /developers/{id}",
	"PUT /developers/email/a@b.example":   "ANY /developers/{path+}",
	"POST /developers/password/7":         "POST /developers/password/{id}",
	"PUT /developers/password/7":          "ANY /developers/{path+}",
	"POST /developers/verify_credentials": "POST /developers/verify_credentials",
	"GET /developers/verify_credentials":  "GET /developers/{id}",
	"PUT /developers/verify_credentials":  "PUT /developers/{id}",
	"PATCH /developers/a/b/c":             "ANY /developers/{path+}",
	"GET /developers/7/keys":              "GET /developers/{id}/keys",
	"DELETE /developers/7/keys":           "ANY /developers/{id}/keys",
	"GET /developers/7/keys/":             "ANY /developers/{id}/keys/{path+}",
	"PUT /developers/7/keys/k":            "PUT /developers/{id}/keys/{key}",
	"DELETE /developers/7/keys/k/":        "ANY /developers/{id}/keys/{path+}",
	"POST /developers/7/keys/k/rotate":    "POST /developers/{id}/keys/{key}/rotate",
	"GET /developers/7/keys/k/rotate":     "ANY /developers/{id}/keys/{path+}",
	"POST /developers/7/subscriptions":    "POST /developers/{id}/subscriptions",
	"POST /developers/7/subscriptions/":   "POST /developers/{id}/subscriptions/{slash+}",
	"GET /developers/7/subscriptions":     "ANY /developers/{path+}",
	"GET /developers/7/keyring":           "ANY /developers/{path+}",
	"DELETE /developers/oauth/c":          "DELETE /developers/oauth/{client}",
	"DELETE /developers/oauth/c/":         "DELETE /developers/oauth/{client}/{slash+}",
	"GET /developers/oauth/c":             "ANY /developers/{path+}",
	"DELETE /developers/key/p/k/7":        "DELETE /developers/key/{policy}/{key}/{id}",
	"DELETE /developers/key//k/7":         "DELETE /developers/key/{path+}",
	"DELETE /developers/key/p/k/7/":       "DELETE /developers/key/{path+}",
	"DELETE /developers/key/keys/k/7":     "DELETE /developers/key/{policy}/{key}/{id}",
	"GET /developers/key/p/k/7":           "ANY /developers/{path+}",
	"GET /policies/search":                "GET /policies/search",
	"GET /policies/search/":               "ANY /policies/{path+}",
	"PUT /policies/search":                "PUT /policies/{policy}",
	"GET /policies/gold":                  "GET /policies/{policy}",
	"UPDATE /policies/gold":               "ANY /policies/{path+}",
	"PUT /catalogue":                      "PUT /catalogue",
	"UPDATE /catalogue":                   "ANY /catalogue",
	"DELETE /configuration/":              "ANY /configuration/{path+}",
	"UPDATE /requests/7":                  "ANY /requests/{id+}",
	"GET /requests/":                      "GET /requests/{id+}",
	"PUT /requests/approve":               "PUT /requests/approve",
	"PUT /requests/approve/":              "PUT /requests/approve/{slash+}",
	"PUT /requests/approve/7":             "PUT /requests/approve/{id}",
	"PUT /requests/approve/7/":            "PUT /requests/approve/{id}/{slash+}",
	"PUT /requests/decline/":              "PUT /requests/decline/{slash+}",
	"GET /requests/approve":               "GET /requests/{id}",
	"POST /requests/approve":              "POST /requests/{id+}",
	"POST /requests/7/callback":           "POST /requests/{id}/callback",
	"POST /requests/7/callback/":          "POST /requests/{id}/callback/{slash+}",
	"PUT /requests/7/callback":            "PUT /requests/{id}/{slash+}",
	"POST /requests/7/claim":              "POST /requests/{id}/claim",
	"POST /requests/7/claim-link":         "POST /requests/{id}/claim-link",
	"POST /configuration/dry-run":         "POST /configuration/dry-run",
	"POST /configuration/dry-run/":        "ANY /configuration/{path+}",
	"PATCH /requests":                     "$default",
	"GET /developer":                      "$default",
}

// elsewhere are others.
var elsewhere = map[string]string{
	"DELETE /api/apis/a/keys/k":     "DELETE /api/apis/{api}/keys/{key}",
	"DELETE /api/apis//keys/k":      "$default",
	"DELETE /api/apis/a/keys/k/":    "$default",
	"DELETE /api/api/apis/a/keys/k": "DELETE /api/api/apis/{api}/keys/{key}",
	"DELETE /api/api/apis//keys/k":  "$default",
	"GET /api/apis/a/keys/k":        "$default",
	"GET /console/claim":            "GET /console/claim",
	"GET /console/claim/":           "GET /console/claim/{slash+}",
	"GET /console":                  "$default",
	"GET /hello":                    "GET /hello",
	"GET /hello/":                   "$default",
	"POST /hello":                   "$default",
}

// TestMatchDeployed shows which of the template's routes takes a call: the most exact one, then ANY, then a greedy one.
func TestMatchDeployed(t *testing.T) {
	routes, _ := deployed(t)
	look := func(request, below, want string) {
		method, path, _ := strings.Cut(request, " ")
		got, _ := match(routes, httptest.NewRequestWithContext(t.Context(), method, below+path, nil))
		if strings.Replace(got.key, " "+below+"/", " /", 1) != want {
			t.Errorf("%s goes to %s, want %s", request, got.key, want)
		}
	}
	for request, key := range inPortal {
		look(request, "/api/portal", key)
	}
	for request, key := range elsewhere {
		look(request, "", key)
	}
}

func TestMatchNothing(t *testing.T) {
	routes := ranked(t, template.Route{Method: "GET", Path: "/pets/{id}"})
	for _, request := range []string{"PUT /pets/7", "GET /pets", "GET /pets/", "GET /pets/7/", "GET /"} {
		method, target, _ := strings.Cut(request, " ")
		if got, _ := match(routes, httptest.NewRequestWithContext(t.Context(), method, target, nil)); got != nil {
			t.Errorf("%s: got %s", request, got.key)
		}
	}
}

func TestNotFound(t *testing.T) {
	tmpl := api()
	tmpl.Routes[0].Method, tmpl.Routes[0].Path = "GET", "/x"
	serve(t, tmpl).ask("GET", "/y", "").wants(t, 404, `{"message":"Not Found"}`)
}
