package rest_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"keydesk/shared/portal"
	"keydesk/shared/rest"
	"keydesk/shared/secret"
)

type body struct {
	Name   string        `json:"name"`
	Plans  []string      `json:"plans"`
	Fields portal.Object `json:"fields"`
	On     *bool         `json:"on"`
	Days   *int          `json:"days"`
	Secret *secret.Value `json:"secret"`
	Inner  struct {
		Name *string `json:"name"`
	} `json:"inner"`
}

func TestDecode(t *testing.T) {
	want := body{Name: "a//b", Plans: []string{"p"}}
	for name, text := range map[string]string{
		"plain":            `{"name": "a//b", "plans": ["p"]}`,
		"with white space": " \r\n\t{\"name\": \"a//b\", \"plans\": [\"p\"]}\n",
		"unknown member":   `{"name": "a//b", "plans": ["p"], "else": {"a": [1]}}`,
		"line comments":    "// first\n{\"name\": \"a//b\", // said twice\n\"plans\": [\"p\"] // the end\n}",
		"block comment":    `/* first */ {"name": /* here */ "a//b", "plans": ["p"]}`,
		"trailing commas":  `{"name": "a//b", "plans": ["p",],}`,
		"escaped":          `{"name": "a\/\u002fb", "plans": ["p"]}`,
		"others' spelling": `{"name": "a//b", "plans": ["p"], "x": {"name": 1, "Name": 2}}`,
		"null is no value": `{"name": "a//b", "plans": ["p"], "fields": null, "inner": null}`,
	} {
		var got body
		if err := rest.Decode([]byte(text), &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// A whole number may have a point or an exponent, as JSON Schema has it, wherever it stands.
func TestDecodeWholeNumbers(t *testing.T) {
	for text, want := range map[string]int{
		`{"days": 7.0, "name": "a"}`: 7, `{"name": "7.0", "days": 2e1}`: 20, `{"days": -0.0}`: 0, "// seven\n{\"days\": 70e-1,}": 7, `{"days": 7}`: 7,
	} {
		var got body
		if err := rest.Decode([]byte(text), &got); err != nil || got.Days == nil || *got.Days != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	var many struct {
		Revisions map[string]int `json:"revisions"`
	}
	if err := rest.Decode([]byte(`{"revisions": {"a": 1.0, "b": 2, "c": 3e0}}`), &many); err != nil || many.Revisions["a"] != 1 || many.Revisions["b"] != 2 || many.Revisions["c"] != 3 {
		t.Errorf("%+v, %v", many, err)
	}
}

func TestDecodeRefuses(t *testing.T) {
	const malformed, none = "Request body malformed.", "The body is empty; send a JSON object."
	for text, want := range map[string]string{
		"":                                    none,
		" \n":                                 none,
		"// nothing":                          malformed,
		"null":                                malformed + " Send a JSON object.",
		"[]":                                  malformed + " Send a JSON object.",
		`"{}"`:                                malformed + " Send a JSON object.",
		"name=a&plans=b":                      malformed + " Send a JSON object.",
		"{":                                   malformed,
		"{}{}":                                malformed,
		`{"name": 'a'}`:                       malformed,
		`{name: "a"}`:                         malformed,
		"{\"name\": \"a\nb\"}":                malformed,
		"// and a list\n[]":                   malformed,
		`{"name": 5}`:                         "name: a string is expected, not a number.",
		`{"name": true}`:                      "name: a string is expected, not true or false.",
		`{"plans": "p"}`:                      "plans: a list of strings is expected, not a string.",
		`{"plans": [1]}`:                      "plans: a string is expected, not a number.",
		`{"on": "yes"}`:                       "on: true or false is expected, not a string.",
		`{"days": "1"}`:                       "days: a whole number is expected, not a string.",
		`{"secret": 5}`:                       "secret: a string is expected, not a number.",
		`{"name": "shown", "Name": "kept"}`:   `Name: a name counts in its exact letter case; send "name".`,
		`{"NAME": "kept", "name": "shown"}`:   `NAME: a name counts in its exact letter case; send "name".`,
		`{"\u0053ecret": "s"}`:                `Secret: a name counts in its exact letter case; send "secret".`,
		`{"\u017fecret": "s"}`:                "\u017fecret: a name counts in its exact letter case; send \"secret\".",
		`{"inner": {"Name": "kept"}}`:         `inner.Name: a name counts in its exact letter case; send "name".`,
		`{"name": "a", "name": "b"}`:          "name: the member stands there twice; send it once.",
		`{"name": "a", "n\u0061me": "a"}`:     "name: the member stands there twice; send it once.",
		`{"fields": {"a": {"b": 1, "b": 2}}}`: "fields.a.b: the member stands there twice; send it once.",
		`{"else": [0, {"b": 1, "b": 2}]}`:     "else[1].b: the member stands there twice; send it once.",
		`{"name": "a", /**/ "name": "b",}`:    "name: the member stands there twice; send it once.",
		"{\"name\": \"\xff\"}":                "The body has bytes that are no text; send it in UTF-8.",
		`{"name": "\ud800"}`:                  `The body: a text has \ud800, which is half a character; send it whole.`,
		"{" + strings.Repeat(`"a":{},`, 200_000) + `"b":1}`: "The body has more than 200000 members, items, objects and lists in all; leave some out.",
		`{"inner": []}`:                       "inner: an object is expected, not a list.",
		`{"inner": {"name": {}}}`:             "inner.name: a string is expected, not an object.",
		"{\"name\": 5, // five\n}":            "name: a string is expected, not a number.",
		`{"a":` + strings.Repeat("[", 20_000): malformed,
	} {
		wantRefusal(t, text, want)
	}
}

// Null is refused where a text, a number, or true or false belongs, and so is a number that is not whole.
func TestDecodeRefusesNull(t *testing.T) {
	for text, want := range map[string]string{
		`{"name": null}`:            "name: a string is expected, not null; send one, or leave the member out.",
		`{"on": null}`:              "on: true or false is expected, not null; send one, or leave the member out.",
		`{"days": null}`:            "days: a whole number is expected, not null; send one, or leave the member out.",
		`{"secret": null}`:          "secret: a string is expected, not null; send one, or leave the member out.",
		`{"inner": {"name": null}}`: "inner.name: a string is expected, not null; send one, or leave the member out.",
		`{"plans": ["p", null]}`:    "plans[1]: a string is expected, not null; send one, or leave the member out.",
		`{"days": 1.5}`:             "days: a whole number is expected, not 1.5.",
		`{"days": 1e99}`:            "days: a whole number is expected, not 1e99.",
	} {
		wantRefusal(t, text, want)
	}
}

func wantRefusal(t *testing.T, text, want string) {
	t.Helper()
	err := rest.Decode([]byte(text), &body{})
	var refusal *portal.Error
	if !errors.As(err, &refusal) || refusal.Kind != portal.Invalid || refusal.Message != want {
		t.Errorf("%.60q: %v, want %s", text, err, want)
	}
}

// Comments are a courtesy to whoever pastes a sample; nobody pastes 64 KB.
func TestLongBodiesHaveNoComments(t *testing.T) {
	long := `{"name": "` + strings.Repeat("x", 64<<10) + `"}`
	if err := rest.Decode([]byte(long), &body{}); err != nil {
		t.Errorf("without a comment: %v", err)
	}
	if err := rest.Decode([]byte("// x\n"+long), &body{}); !errors.Is(err, portal.ErrMalformed) {
		t.Errorf("with a comment: %v", err)
	}
}

// FuzzDecode holds that no body makes Decode fail in words of another's.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{`{"name": "a", // b` + "\n}", `{"plans": [1]}`, `/**/{"fields": {"a": [1,]}}`, "{\"inner\":{\"name\":5}}", "\xff{"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		before := string(text)
		var into body
		err := rest.Decode(text, &into)
		var refusal *portal.Error
		if err != nil && (!errors.As(err, &refusal) || refusal.Kind != portal.Invalid) {
			t.Errorf("%q: %v", text, err)
		}
		if string(text) != before {
			t.Errorf("%q was changed to %q", before, text)
		}
	})
}

// An object may be named by id or by _id, and by both where they are the same.
func TestOneID(t *testing.T) {
	t.Parallel()
	const differ = `_id and id: must be the same, got `
	for text, want := range map[string]string{
		`{"_id": "a", "id": "b"}`:                               differ + `"a" and "b"; send one of them.`,
		`{"id": "b", "x": {"id": "a"}, "_id": "a"}`:             differ + `"a" and "b"; send one of them.`,
		"{\"_id\": \"a\", // Tyk's\n\"id\": \"b\",}":            differ + `"a" and "b"; send one of them.`,
		`{"_id": "a", "id": "a"}`:                               "",
		`{"_id": "\u0061", "id": "a"}`:                          "",
		`{"_id": "a", "id": ""}`:                                "",
		`{"_id": null, "id": "b"}`:                              "",
		`{"_id": "a", "x": {"id": "b"}}`:                        "",
		`{"x": [{"_id": "a", "id": "b"}]}`:                      "",
		`{"_id": "a"}`:                                          "",
		`{"id": "` + strings.Repeat("x", 50) + `", "_id": "a"}`: differ + `"a" and "` + strings.Repeat("x", 40) + `"; send one of them.`,
	} {
		for _, into := range []any{new(portal.Object), new(portal.RequestInput), new(portal.DeveloperInput)} {
			err := rest.Decode([]byte(text), into)
			if want == "" && err != nil || want != "" && (err == nil || err.Error() != want) {
				t.Errorf("%s into %T: %v; want %s", text, into, err, want)
			}
		}
	}
}
