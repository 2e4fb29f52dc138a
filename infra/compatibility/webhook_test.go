package compatibility

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"testing"

	"go.yaml.in/yaml/v3"

	"keydesk/infra/openapi"
	"keydesk/infra/openapi/answers"
)

// left are members of Tyk's webhook that the desk leaves out: by them a developer's keys are known.
var left = []string{"data.portal_developer.keys", "data.portal_developer.subscriptions"}

// A program that reads Tyk's webhook, as Tyk's documents print it (in testdata, with values of our own), finds all of it in the desk's:
// in the one that the contract shows, which is as all those are that the desk sends.
func TestWebhookOfTyk(t *testing.T) {
	text, err := os.ReadFile("testdata/webhook.json")
	if err != nil {
		t.Fatal(err)
	}
	var tyks any
	if err := json.Unmarshal(text, &tyks); err != nil {
		t.Fatal(err)
	}
	var contract struct {
		Components struct {
			Examples map[string]struct{ Value any }
		}
	}
	if err := yaml.Unmarshal(openapi.Text, &contract); err != nil {
		t.Fatal(err)
	}
	text, err = json.Marshal(contract.Components.Examples["Submitted"].Value)
	if err != nil {
		t.Fatal(err)
	}
	if err := answers.CheckEvent(text); err != nil {
		t.Error(err)
	}
	var ours any
	if err := json.Unmarshal(text, &ours); err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	kinds("", ours, found)
	wanted := map[string]string{}
	kinds("", tyks, wanted)
	for name, kind := range wanted {
		if found[name] != kind && !slices.ContainsFunc(left, func(l string) bool { return name == l }) {
			t.Errorf("%s is %s in Tyk's, and %q here", name, kind, found[name])
		}
	}
	if len(wanted) < 25 {
		t.Errorf("%d members are compared only", len(wanted))
	}
}

// kinds notes the kind of each member, by its path. What is in a config, or by a key's hash, is for others to say.
func kinds(path string, value any, into map[string]string) {
	members, is := value.(map[string]any)
	if path != "" {
		into[path] = fmt.Sprintf("%T", value)
		path += "."
	}
	if !is || slices.Contains(left, path[:max(0, len(path)-1)]) {
		return
	}
	for name, member := range members {
		kinds(path+name, member, into)
	}
}
