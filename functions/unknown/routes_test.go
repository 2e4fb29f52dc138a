package main

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"keydesk/infra/fixture"
	"keydesk/infra/template"
)

// A path that has routes, but none for a verb, is this function's to refuse, and it must name the verbs that the routes have.
func TestPathsAreTheTemplates(t *testing.T) {
	api, err := template.Load("../../template.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	verbs := map[string][]string{} // of each path of the API, apart from those that are there for a slash at the end
	for _, r := range api.Routes {
		if r.Path != "" && !strings.Contains(r.Path, "+}") {
			path := strings.ReplaceAll(r.Path, "{id}", fixture.Pending)
			verbs[path] = append(verbs[path], r.Method)
		}
	}
	reached := map[string]bool{} // the patterns that some call of the API's paths gets to
	for path, has := range verbs {
		for _, written := range []string{path, path + "/"} {
			for _, verb := range []string{"GET", "POST", "PUT", "DELETE", "PATCH", "UPDATE"} {
				if slices.ContainsFunc(api.Routes, func(r template.Route) bool { return takes(r, verb, written) }) {
					continue
				}
				status, allowed := refused(t, verb, written)
				if slices.Sort(has); status != 405 || !reflect.DeepEqual(allowed, has) {
					t.Errorf("%s %s: %d, allowed %v; the template has routes for %v", verb, written, status, allowed, has)
				}
				for _, known := range paths {
					reached[known.pattern.String()] = reached[known.pattern.String()] || known.pattern.MatchString(written)
				}
			}
		}
	}
	for _, known := range paths {
		if !reached[known.pattern.String()] {
			t.Errorf("nothing gets to %s: the template's routes take it all", known.pattern)
		}
	}
}

// takes tells whether the route takes the call away from $default. A greedy variable takes an empty rest, too.
func takes(r template.Route, verb, path string) bool {
	if r.Path == "" || r.Method != "ANY" && r.Method != verb {
		return false
	}
	want, got := strings.Split(r.Path, "/"), strings.Split(path, "/")
	for i, segment := range want {
		switch {
		case i >= len(got):
			return false
		case strings.HasSuffix(segment, "+}"):
			return true
		case strings.HasPrefix(segment, "{") && got[i] != "":
		case segment != got[i]:
			return false
		}
	}
	return len(want) == len(got)
}

func refused(t *testing.T, verb, path string) (status int, allowed []string) {
	t.Helper()
	event := events.APIGatewayV2HTTPRequest{RawPath: path}
	event.RequestContext.HTTP.Method, event.RequestContext.Stage = verb, "$default"
	answer, err := handle(t.Context(), event)
	if err != nil {
		t.Fatal(err)
	}
	var said struct{ Meta struct{ Allow []string } }
	if err := json.Unmarshal([]byte(answer.Body), &said); err != nil {
		t.Fatal(err)
	}
	slices.Sort(said.Meta.Allow)
	return answer.StatusCode, said.Meta.Allow
}
