package openapi_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/tailscale/hujson"
	"go.yaml.in/yaml/v3"

	"keydesk/infra/openapi"
	"keydesk/infra/template"
	"keydesk/shared/caller"
)

// object is a node of the contract.
type object = map[string]any

func contract(t *testing.T) object {
	t.Helper()
	var document object
	if err := yaml.Unmarshal(openapi.Text, &document); err != nil {
		t.Fatal(err)
	}
	return document
}

// operations are those of the contract by their routes, "VERB path".
func operations(t *testing.T) map[string]object {
	t.Helper()
	found := map[string]object{}
	for path, item := range contract(t)["paths"].(object) {
		for verb, operation := range item.(object) {
			if verb != "parameters" {
				found[strings.ToUpper(verb)+" "+path] = operation.(object)
			}
		}
	}
	return found
}

func TestRoutesAreTheTemplates(t *testing.T) {
	api, err := template.Load("../../template.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	routes := map[string]bool{}
	for _, r := range api.Routes {
		if r.Path != "" && r.Method != "ANY" && !strings.Contains(r.Path, "+}") { // those are there for a slash at the end, and odd verbs
			routes[r.Method+" "+r.Path] = true
		}
	}
	documented := operations(t)
	for route := range documented {
		if !routes[route] {
			t.Errorf("the contract has %s, the template has not", route)
		}
	}
	for route := range routes {
		if documented[route] == nil {
			t.Errorf("the template has %s, the contract has not", route)
		}
	}
}

func TestPermissionsAreTheMatrixs(t *testing.T) {
	documented := operations(t)
	for _, route := range caller.Routes() {
		if documented[route] == nil {
			t.Errorf("the matrix has %s, the contract has not", route)
		}
	}
	for route, operation := range documented {
		needs, known := caller.Needs(route)
		_, public := operation["security"]
		if written, _ := operation["x-permission"].(string); written != string(needs) || public == known {
			t.Errorf("%s: x-permission is %q, public is %t; the matrix says %q", route, written, public, needs)
		}
		lacked := slices.ContainsFunc(caller.Roles, func(r caller.Role) bool { return !r.May(needs) })
		if _, refuses := operation["responses"].(object)["403"]; known && lacked && !refuses {
			t.Errorf("%s: a role lacks the permission, and the contract does not say 403", route)
		}
	}
}

// Whoever asks for something else than a credential says what it is, and nobody else does.
func TestWhatIsNeededInstead(t *testing.T) {
	for route, operation := range operations(t) {
		instead := slices.Contains(caller.Protected, route) || slices.Contains(caller.Signed, route)
		if needs, _ := operation["x-needs"].(string); (needs != "") != instead {
			t.Errorf("%s: x-needs is %q", route, needs)
		}
	}
}

// A verb that the documents of Tyk have and OpenAPI has not is told in words.
func TestUpdateIsToldOf(t *testing.T) {
	if text, _ := operations(t)["PUT /api/portal/requests/{id}"]["description"].(string); !strings.Contains(text, "`UPDATE`") {
		t.Errorf("it says only %q", text)
	}
}

func TestEverythingIsDescribed(t *testing.T) {
	components := contract(t)["components"].(object)
	for kind, all := range components {
		for name, component := range all.(object) {
			text := component.(object)
			if text["description"] == nil && text["summary"] == nil {
				t.Errorf("components/%s/%s has no description", kind, name)
			}
		}
	}
	for name, schema := range components["schemas"].(object) {
		undescribed(t, name, schema.(object))
	}
	for route, operation := range operations(t) {
		if operation["summary"] == nil {
			t.Errorf("%s has no summary", route)
		}
	}
}

// undescribed finds members of a schema that say nothing of themselves. Those of the envelope are told once, in the introduction.
func undescribed(t *testing.T, place string, schema object) {
	t.Helper()
	members, _ := schema["properties"].(object)
	for name, m := range members {
		member := m.(object)
		fixed := member["const"] != nil || slices.Contains([]string{"Status", "Message", "Meta"}, name)
		if member["description"] == nil && member["$ref"] == nil && member["allOf"] == nil && !refers(member) && !fixed {
			t.Errorf("%s.%s has no description", place, name)
		}
		undescribed(t, place+"."+name, member)
	}
	parts, _ := schema["allOf"].([]any)
	for _, part := range parts {
		undescribed(t, place, part.(object))
	}
}

// refers tells whether a member is what another schema describes, or null.
func refers(member object) bool {
	either, _ := member["anyOf"].([]any)
	return len(either) == 2 && either[0].(object)["$ref"] != nil && reflect.DeepEqual(either[1], object{"type": "null"})
}

// Every answer with a body shows one.
func TestEveryAnswerHasAnExample(t *testing.T) {
	shared := contract(t)["components"].(object)["responses"].(object)
	answers := map[string]object{}
	for name, response := range shared {
		answers[name] = response.(object)
	}
	for route, operation := range operations(t) {
		for status, response := range operation["responses"].(object) {
			if response.(object)["$ref"] == nil && !strings.HasSuffix(route, "/openapi.json") {
				answers[route+" "+status] = response.(object)
			}
		}
	}
	for place, response := range answers {
		content, _ := response["content"].(object)
		media, isJSON := content["application/json"].(object)
		if examples, _ := media["examples"].(object); isJSON && len(examples) == 0 {
			t.Errorf("%s has no example", place)
		}
	}
}

// The bodies that the documents of Tyk print are among the examples, word for word but for what they say about a person.
func TestSamplesOfTheDocuments(t *testing.T) {
	document := contract(t)
	example := func(route, name string) any {
		body := operations(t)[route]["requestBody"].(object)["content"].(object)["application/json"].(object)
		found := body["examples"].(object)[name].(object)
		if reference, ok := found["$ref"].(string); ok {
			found = document["components"].(object)["examples"].(object)[filepath.Base(reference)].(object)
		}
		return found["value"]
	}
	for _, year := range []string{"2017", "2018", "2020"} {
		if got, want := example("POST /api/portal/requests", "document"+year), sample(t, year, "create"); !reflect.DeepEqual(plain(t, got), want) {
			t.Errorf("create of %s is\n%v, not\n%v", year, got, want)
		}
	}
	if got, want := example("PUT /api/portal/requests/{id}", "document2020"), sample(t, "2020", "update"); !reflect.DeepEqual(plain(t, got), want) {
		t.Errorf("update is\n%v, not\n%v", got, want)
	}
	approved := fmt.Sprint(operations(t)["PUT /api/portal/requests/approve/{id}"])
	for _, year := range []string{"2017", "2020"} {
		if key := answer(t, year, "approve")["RawKey"].(string); !strings.Contains(approved, key) {
			t.Errorf("the key of %s is not among the examples of approve", year)
		}
	}
}

// sample is the body of a call that a document prints.
func sample(t *testing.T, year, name string) any {
	t.Helper()
	_, body, _ := strings.Cut(read(t, year, name+".http"), "\n")
	return annotated(t, body)
}

func answer(t *testing.T, year, name string) object {
	t.Helper()
	return annotated(t, read(t, year, name+".jsonc")).(object)
}

func read(t *testing.T, year, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../e2e/testdata", year, file))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func annotated(t *testing.T, text string) (value any) {
	t.Helper()
	standard, err := hujson.Standardize([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(standard, &value); err != nil {
		t.Fatal(err)
	}
	return value
}

// plain is a value of YAML as JSON has it.
func plain(t *testing.T, value any) (same any) {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &same); err != nil {
		t.Fatal(err)
	}
	return same
}
