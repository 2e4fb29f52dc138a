package portal

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// values are some of each kind of JSON value, without white space, spelt so that another spelling would be seen.
var values = rapid.OneOf(
	rapid.SampledFrom([]string{
		`null`, `true`, `false`, `0`, `-1`, `1.0`, `1e3`, `12345678901234567890`, `""`, `"a"`, `"é\u00e9\/<&>"`, `"\\\""`, `"{[,:]}"`,
		`[]`, `[null]`, `["a",{"b":[1]}]`, `{}`, `{"a":{"b":"}"}}`, `{"enabled":true}`, `{"email_copy":{"key_email":{"x":1}}}`,
		`{"access_token":"t","other":"\\"}`,
	}),
	rapid.Map(rapid.String(), quote),
)

// objects have some members that the shape knows and some that nobody does, in any order.
func objects(shape document) *rapid.Generator[Object] {
	names := []string{"x", "y", "é", "a b", "Config", "with \"quotes\"", "{", ""}
	for _, m := range shape {
		names = append(names, m.name)
	}
	return rapid.Custom(func(t *rapid.T) Object {
		var d document
		for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom(names), 0, 8, rapid.ID).Draw(t, "names") {
			d = append(d, member{name: name, label: quote(name), value: values.Draw(t, name)})
		}
		return Object(d.text())
	})
}

// A completed document has all that was sent, in the same order and spelt the same, and all that its shape has; to complete it
// again changes nothing.
func TestCompletedKeepsAllAndAddsTheRest(t *testing.T) {
	for name, shape := range map[string]document{"entry": entryShape, "configuration": configurationShape, "policy": policyShape, "catalogue": headShape} {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				sent := objects(shape).Draw(t, "sent")
				done, err := complete(sent, shape)
				if err != nil {
					misfits(t, sent, shape)
					return
				}
				if !json.Valid([]byte(done.text())) {
					t.Fatalf("%s became %s", sent, done.text())
				}
				keepsAll(t, "", takeApart(string(sent)), done, shape)
				again, err := complete(Object(done.text()), shape)
				if err != nil || again.text() != done.text() {
					t.Fatalf("%s became %s, and then %s (%v)", sent, done.text(), again.text(), err)
				}
			})
		})
	}
}

func keepsAll(t *rapid.T, path string, sent, done, shape document) {
	for i, m := range sent {
		known, got := shape.find(m.name), done[i]
		switch {
		case got.label != m.label:
			t.Fatalf("%s%s stands where %s was sent", path, got.label, m.label)
		case known != nil && m.value == "null":
			if got.value != known.value {
				t.Fatalf("%s%s is %s and not the default", path, m.name, got.value)
			}
		case known != nil && known.inner != nil:
			keepsAll(t, path+m.name+".", takeApart(m.value), takeApart(got.value), known.inner)
		case got.value != keptOf(known, m.value):
			t.Fatalf("%s%s was %s and is %s", path, m.name, m.value, got.value)
		}
	}
	for _, known := range shape {
		m := done.find(known.name)
		if m == nil || kindOf(m.value) != kindOf(known.value) {
			t.Fatalf("%s%s is missing, or of another kind: %+v", path, known.name, m)
		}
		if sent.find(known.name) == nil && m.value != known.value {
			t.Fatalf("%s%s is %s and not the default", path, known.name, m.value)
		}
	}
}

// keptOf is what is kept of a value that was sent: all, but that a whole number is written in digits alone.
func keptOf(known *member, sent string) string {
	if known != nil && known.word() == wholeWord {
		return plainWhole(sent)
	}
	return sent
}

// misfits holds that a document was refused for a reason.
func misfits(t *rapid.T, sent Object, shape document) {
	var wrong func(d, shape document) bool
	wrong = func(d, shape document) bool {
		return slices.ContainsFunc(shape, func(known member) bool {
			value := d.get(known.name)
			return value != "null" && (kindOf(value) != kindOf(known.value) || known.inner != nil && wrong(takeApart(value), known.inner) ||
				known.word() == wholeWord && !isWhole(plainWhole(value)))
		})
	}
	if !wrong(takeApart(string(sent)), shape) {
		t.Fatalf("%s is refused", sent)
	}
}

// A document is taken apart as encoding/json reads it, and put together as it was.
func TestTakeApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfDistinct(rapid.String(), rapid.ID).Draw(t, "names")
		var texts []string
		for _, name := range names {
			texts = append(texts, quote(name)+":"+values.Draw(t, name))
		}
		text := "{" + strings.Join(texts, ",") + "}"
		d := takeApart(text)
		if d.text() != text {
			t.Fatalf("%s became %s", text, d.text())
		}
		var want map[string]json.RawMessage
		if err := json.Unmarshal([]byte(text), &want); err != nil {
			t.Fatal(err)
		}
		got := map[string]json.RawMessage{}
		for _, m := range d {
			got[m.name] = json.RawMessage(m.value)
		}
		if !maps.EqualFunc(got, want, func(a, b json.RawMessage) bool { return string(a) == string(b) }) {
			t.Fatalf("%s was read as %s, want %s", text, got, want)
		}
	})
}

func TestMemberSaidTwice(t *testing.T) {
	d, err := complete(`{"a": 1, "b": 2, "\u0061": 3, "x": {"c": 1, "c": 2}, "o": {"k": "first", "k": "last"}}`, shapeOf(`{"o": {"k": ""}}`))
	if want := `{"b":2,"\u0061":3,"x":{"c":1,"c":2},"o":{"k":"last"}}`; err != nil || d.text() != want {
		t.Errorf("%s, %v; want %s", d.text(), err, want)
	}
}

func TestCompletedRefuses(t *testing.T) {
	shape := shapeOf(`{"text": "", "flag": false, "number": 0, "list": [], "object": {"inner": {"flag": false}}, "free": {}, "oauth_usage_limit": -1}`)
	for sent, want := range map[string]string{
		`{"text": 5}`:                         "text: a string is expected, not a number.",
		`{"text": {}}`:                        "text: a string is expected, not an object.",
		`{"flag": "yes"}`:                     "flag: true or false is expected, not a string.",
		`{"flag": 0}`:                         "flag: true or false is expected, not a number.",
		`{"number": "5"}`:                     "number: a number is expected, not a string.",
		`{"number": true}`:                    "number: a number is expected, not true or false.",
		`{"list": {}}`:                        "list: a list is expected, not an object.",
		`{"object": []}`:                      "object: an object is expected, not a list.",
		`{"free": "x"}`:                       "free: an object is expected, not a string.",
		`{"object": {"inner": 1}}`:            "object.inner: an object is expected, not a number.",
		`{"object": {"inner": {"flag": []}}}`: "object.inner.flag: true or false is expected, not a list.",
		`{"a": ` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`: "The document is nested more than 32 deep; send it flatter.",
		`{"oauth_usage_limit": 1.5}`:                                       "oauth_usage_limit: a whole number is expected, not 1.5.",
		`{"text": null}`:                                                   "text: a string is expected, not null; send one, or leave the member out.",
		`{"flag": null}`:                                                   "flag: true or false is expected, not null; send one, or leave the member out.",
		`{"number": null}`:                                                 "number: a number is expected, not null; send one, or leave the member out.",
		`{"oauth_usage_limit": null}`:                                      "oauth_usage_limit: a whole number is expected, not null; send one, or leave the member out.",
		`{"object": {"inner": {"flag": null}}}`:                            "object.inner.flag: true or false is expected, not null; send one, or leave the member out.",
		`{"oauth_usage_limit": 1e19}`:                                      "oauth_usage_limit: a whole number is expected, not 1e19.",
		`{"oauth_usage_limit": 9223372036854775808}`:                       "oauth_usage_limit: a whole number is expected, not 9223372036854775808.",
		`{"a": 1e999}`:                                                     "The document: the number 1e999 is too large; send it as a string.",
	} {
		_, err := readDocument("The document", Object(sent), shape)
		var refusal *Error
		if !errors.As(err, &refusal) || refusal.Kind != Invalid || refusal.Message != want {
			t.Errorf("%s: %v, want %s", sent, err, want)
		}
	}
}

// A list and an object take null for what absence says, and a whole number may have a point or an exponent: it is kept in digits alone.
func TestCompletedTakes(t *testing.T) {
	shape := shapeOf(`{"list": [], "object": {"inner": {"flag": true}}, "oauth_usage_limit": -1}`)
	for sent, want := range map[string]string{
		`{"list": null}`:                `{"list":[],"object":{"inner":{"flag":true}},"oauth_usage_limit":-1}`,
		`{"object": null}`:              `{"object":{"inner":{"flag":true}},"list":[],"oauth_usage_limit":-1}`,
		`{"object": {"inner": null}}`:   `{"object":{"inner":{"flag":true}},"list":[],"oauth_usage_limit":-1}`,
		`{"oauth_usage_limit": 2.0}`:    `{"oauth_usage_limit":2,"list":[],"object":{"inner":{"flag":true}}}`,
		`{"oauth_usage_limit": -1.5e1}`: `{"oauth_usage_limit":-15,"list":[],"object":{"inner":{"flag":true}}}`,
	} {
		d, err := readDocument("The document", Object(sent), shape)
		if err != nil || d.text() != want {
			t.Errorf("%s: %s, %v; want %s", sent, d.text(), err, want)
		}
	}
}

// What is not text is in no document.
func TestNoText(t *testing.T) {
	_, err := readDocument("The document", Object("{\"a\": \"\xfe\"}"), nil)
	var refusal *Error
	if !errors.As(err, &refusal) || refusal.Message != "The document has bytes that are no text; send it in UTF-8." {
		t.Errorf("%v", err)
	}
}

// What the desk writes into a document is spelt as a client would.
func TestQuote(t *testing.T) {
	for text, want := range map[string]string{"<a&b>": `"<a&b>"`, "é\"\\\n": `"é\"\\\n"`, "": `""`} {
		if got := quote(text); got != want {
			t.Errorf("%q is written as %s, want %s", text, got, want)
		}
	}
}

func TestBlank(t *testing.T) {
	for text, want := range map[string]string{
		`{"x":1,"a":{"b":{"c":"hush","d":2}}}`: `{"x":1,"a":{"b":{"c":"","d":2}}}`,
		`{"a":{"b":{}}}`:                       `{"a":{"b":{}}}`,
		`{"x":{"b":{"c":"kept"}}}`:             `{"x":{"b":{"c":"kept"}}}`,
		`{"\u0061":{"b":{"\u0063":"hush"}}}`:   `{"\u0061":{"b":{"\u0063":""}}}`,
	} {
		if got := takeApart(text).blank("a", "b", "c").text(); got != want {
			t.Errorf("%s became %s, want %s", text, got, want)
		}
	}
}
