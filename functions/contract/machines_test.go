package main

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"keydesk/infra/openapi"
)

// It says what the contract says, and in the same order.
func TestForMachines(t *testing.T) {
	made, err := forMachines(openapi.Text)
	if err != nil {
		t.Fatal(err)
	}
	var got, want map[string]any
	if err := json.Unmarshal([]byte(made.body), &got); err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(openapi.Text, &want); err != nil {
		t.Fatal(err)
	}
	got["servers"].([]any)[0].(map[string]any)["url"] = want["servers"].([]any)[0].(map[string]any)["url"]
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	want = nil
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Error("the JSON does not say what the YAML says")
	}
	var places []int
	for _, name := range []string{`{"openapi":`, `"info":{"title":`, `"/api/portal/requests":`, `"/docs":`, `"components":`} {
		places = append(places, strings.Index(made.body, name))
	}
	if !slices.IsSorted(places) || places[0] != 0 {
		t.Errorf("the order is lost: %v", places)
	}
}

func TestWriteJSON(t *testing.T) {
	for written, want := range map[string]string{
		"b: 1\na: [true, null, 1.5]": `{"b":1,"a":[true,null,1.5]}`,
		`a: "<&\"\n"`:                `{"a":"<&\"\n"}`,
		"a: '2'\nb: |\n  x\n  y\n":   `{"a":"2","b":"x\ny\n"}`,
		"{}":                         `{}`,
		"a: []":                      `{"a":[]}`,
	} {
		var file yaml.Node
		if err := yaml.Unmarshal([]byte(written), &file); err != nil {
			t.Fatal(err)
		}
		var got strings.Builder
		if err := writeJSON(&got, file.Content[0]); err != nil || got.String() != want {
			t.Errorf("%q: %s, %v; want %s", written, got.String(), err, want)
		}
	}
	var anchored yaml.Node
	if err := yaml.Unmarshal([]byte("a: &x 1\nb: *x"), &anchored); err != nil {
		t.Fatal(err)
	}
	if err := writeJSON(&strings.Builder{}, anchored.Content[0]); err == nil {
		t.Error("an alias is written")
	}
}
