package e2e

import (
	"encoding/json"
	"fmt"
	"path"
	"regexp"
	"slices"
	"testing"
)

// compare lists the places, as "path: what", where an answer has not the shape that a document shows: a member that is missing or
// of another JSON type. Members beyond the document's are no difference.
func compare(place string, documented, got any) []string {
	if typeOf(documented) != typeOf(got) {
		return []string{fmt.Sprintf("%s: %s, documented as %s", place, typeOf(got), typeOf(documented))}
	}
	switch documented := documented.(type) {
	case map[string]any:
		if keyedByID.MatchString(path.Ext(place)) {
			return compareValues(place, documented, got.(map[string]any))
		}
		return compareMembers(place, documented, got.(map[string]any))
	case []any:
		var found []string
		for _, member := range got.([]any) {
			if len(documented) > 0 { // the documents' first row stands for all
				found = append(found, compare(place+"[]", documented[0], member)...)
			}
		}
		return found
	}
	return nil
}

// keyedByID are objects whose members' names are ids, or a client's own.
var keyedByID = regexp.MustCompile(`^\.(fields|keys|subscriptions|oauth_clients)$`)

// ownersOwn are entries of the catalogue, which are shown as the API owner wrote them, whatever they left out.
var ownersOwn = regexp.MustCompile(`\.(catalogue_entry|catalogues\[\])$`)

// compareValues compares all values with any that is documented.
func compareValues(place string, documented, got map[string]any) []string {
	if path.Ext(place) == ".fields" {
		return nil // a client's own
	}
	var found []string
	for _, value := range got {
		for _, like := range documented {
			found = append(found, compare(place+".*", like, value)...)
		}
	}
	return found
}

func compareMembers(place string, documented, got map[string]any) []string {
	var found []string
	for name, value := range documented {
		if ownersOwn.MatchString(place) && name != "policy_id" {
			continue
		}
		member, there := got[name]
		if !there {
			found = append(found, place+"."+name+": missing")
			continue
		}
		found = append(found, compare(place+"."+name, value, member)...)
	}
	slices.Sort(found)
	return found
}

func typeOf(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case float64:
		return "number"
	case string:
		return "string"
	case []any:
		return "array"
	default:
		return "object"
	}
}

func TestCompare(t *testing.T) {
	documented := `{"Data": [{"id": "a", "keys": {"h": ["p"]}, "list": []}], "Pages": 1}`
	for got, want := range map[string][]string{
		`{"Data": [{"id": "b", "keys": {}, "list": [1], "more": 1}], "Pages": 0}`:   nil,
		`{"Data": [{"id": "b", "keys": {"x": ["q"]}, "list": null}], "Pages": 0}`:   {".Data[].list: null, documented as array"},
		`{"Data": [{"id": "b", "keys": {"x": "q"}, "list": []}], "Pages": 1}`:       {".Data[].keys.*: string, documented as array"},
		`{"Data": [{"id": "b", "keys": {}, "list": []}, {"keys": {}, "list": []}]}`: {".Data[].id: missing", ".Pages: missing"},
	} {
		var d, g any
		if err := json.Unmarshal([]byte(documented), &d); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(got), &g); err != nil {
			t.Fatal(err)
		}
		if found := compare("", d, g); !slices.Equal(found, want) {
			t.Errorf("%s: found %q, want %q", got, found, want)
		}
	}
}
