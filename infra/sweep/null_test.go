package sweep

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"keydesk/infra/openapi"
	"keydesk/infra/template"
)

// Null in the place of each member of each body does what the contract says: where its schema takes null, what absence does; elsewhere
// it is refused, and the member is named.
func TestNulls(t *testing.T) {
	t.Parallel()
	contract, err := openapi3.NewLoader().LoadFromData(openapi.Text)
	if err != nil {
		t.Fatal(err)
	}
	d := open(t)
	taken, refused := 0, 0
	for path, item := range contract.Paths.Map() {
		for method, operation := range item.Operations() {
			if operation.RequestBody == nil {
				continue
			}
			t.Run(method+" "+path, func(t *testing.T) {
				s := of(t, template.Route{Method: method, Path: path})
				if s.proof.of != nil { // the body that proves, which the proof makes again of what it is given
					s.body, _ = s.proof.of(t, d, s)
				}
				schema := operation.RequestBody.Value.GetMediaType("application/json").Schema
				for _, p := range places(t, schema, nil) {
					if p.takesNull {
						taken++
						d.nullIsAbsence(t, s, p)
						continue
					}
					refused++
					a := d.call(t, admin, s.with(p.put(t, s.body, nil)))
					if a.status != http.StatusBadRequest || !strings.Contains(messageOf(t, a), p.String()) {
						t.Errorf("%s null: %d %s; want 400, and its name", p, a.status, a.text)
					}
					if changed := d.reset(t); len(changed) > 0 {
						t.Errorf("%s null changed %v", p, changed)
					}
				}
			})
		}
	}
	if taken < 30 || refused < 100 {
		t.Errorf("the contract has %d members that take null and %d others: too few to show anything", taken, refused)
	}
}

// empty is the member of which null means an empty list: a catalogue is not written without it.
const empty = "apis"

// nullIsAbsence compares null with a body that has not the member at all, or an empty one, by the answer and by what is stored then.
func (d *desk) nullIsAbsence(t *testing.T, s sample, p place) {
	t.Helper()
	said := func(body string) string {
		a := d.call(t, admin, s.with(body))
		a.text = handed.ReplaceAllString(a.text, "<...>")
		stored := []string{}
		for _, key := range d.reset(t) {
			stored = append(stored, passing.ReplaceAllString(key, "<...>"))
		}
		return fmt.Sprint(plain(a, "<no name>"), own.ReplaceAllString(fmt.Sprint(stored), "<...>"))
	}
	var nothing any = absent
	if p.String() == empty {
		nothing = []any{}
	}
	if with, without := said(p.put(t, s.body, nil)), said(p.put(t, s.body, nothing)); with != without {
		t.Errorf("%s null: %s\nand without it: %s", p, with, without)
	}
}

// handed is what a grant hands over.
var handed = regexp.MustCompile(`"(RawKey|Password|secret)":"[^"]+"`)

// own are names in the table that each call makes by chance.
var own = regexp.MustCompile(`[0-9a-f]{16,64}|[A-Za-z0-9_-]{43}`)

// with is the same call with another body.
func (s sample) with(body string) sample {
	s.body = body
	return s
}

func messageOf(t *testing.T, a answer) string {
	t.Helper()
	var said struct{ Message string }
	if err := json.Unmarshal([]byte(a.text), &said); err != nil {
		t.Errorf("%v: %s", err, a.text)
	}
	return said.Message
}

// place is where a member stands: names, and an empty one for the first item of a list.
type place struct {
	path      []string
	takesNull bool
}

const (
	first = ""  // item of a list
	some  = "a" // name, where an object may have any
)

// String is the place as messages name it.
func (p place) String() string {
	var text strings.Builder
	for i, name := range p.path {
		switch {
		case name == first:
			text.WriteString("[0]")
		case i > 0:
			text.WriteString("." + name)
		default:
			text.WriteString(name)
		}
	}
	return text.String()
}

// places are all that a schema describes, below a path.
func places(t *testing.T, schema *openapi3.SchemaRef, path []string) []place {
	t.Helper()
	var all []place
	s := schema.Value
	add := func(name string, of *openapi3.SchemaRef) {
		below := append(slices.Clone(path), name)
		null := of.Value.VisitJSON(nil, openapi3.EnableJSONSchema2020()) == nil
		all = append(append(all, place{below, null}), places(t, of, below)...)
	}
	for name, of := range s.Properties {
		add(name, of)
	}
	if s.Items != nil {
		add(first, s.Items)
	}
	if s.AdditionalProperties.Schema != nil {
		add(some, s.AdditionalProperties.Schema)
	}
	for _, part := range slices.Concat(s.AllOf, s.AnyOf) {
		all = append(all, places(t, part, path)...)
	}
	return all
}

// absent is put where nothing shall stand.
var absent = &struct{}{}

// put is a body with a value in the place. What leads there is added where the body lacks it.
func (p place) put(t *testing.T, body string, value any) string {
	t.Helper()
	var document any
	decoder := json.NewDecoder(bytes.NewBufferString(body))
	decoder.UseNumber()
	if body != "" {
		if err := decoder.Decode(&document); err != nil {
			t.Fatal(err)
		}
	}
	text, err := json.Marshal(put(document, p.path, value))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func put(in any, path []string, value any) any {
	if len(path) == 0 {
		return value
	}
	if path[0] == first {
		list, _ := in.([]any)
		var item any
		if len(list) > 0 {
			item, list = list[0], list[1:]
		}
		if item = put(item, path[1:], value); item != any(absent) {
			list = append([]any{item}, list...)
		}
		return append([]any{}, list...)
	}
	members, _ := in.(map[string]any)
	if members == nil {
		members = map[string]any{}
	}
	if members[path[0]] = put(members[path[0]], path[1:], value); members[path[0]] == any(absent) {
		delete(members, path[0])
	}
	return members
}
