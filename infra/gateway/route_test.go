package gateway

import (
	"net/http/httptest"
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
