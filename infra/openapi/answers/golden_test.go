package answers

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"keydesk/infra/golden"
)

// What the events promise is what the contract promises.
func TestGoldenAnswers(t *testing.T) {
	cases, err := golden.Load("../../../events")
	if err != nil {
		t.Fatal(err)
	}
	cases = slices.DeleteFunc(cases, func(c golden.Case) bool { return c.Want.Returns != nil }) // of functions that answer no call of the API
	// A timestamp is what every event leaves open that has one.
	known := map[string]any{"timestamp": 1795325400}
	for _, c := range cases {
		collect(known, body(t, c))
	}
	for _, c := range cases {
		if string(c.Want.Body) == `"<any>"` {
			continue // the contract itself: functions/contract checks what it answers
		}
		var event events.APIGatewayV2HTTPRequest
		if err := json.Unmarshal(c.Event, &event); err != nil {
			t.Fatal(err)
		}
		said, err := json.Marshal(fill(known, "", body(t, c)))
		if err != nil {
			t.Fatal(err)
		}
		path := strings.TrimPrefix(event.RawPath, "/"+event.RequestContext.Stage)
		if err := Check(event.RequestContext.HTTP.Method, path, c.Want.StatusCode, promised(c), said); err != nil {
			t.Errorf("%s: %v", c.Path, err)
		}
	}
}

func body(t *testing.T, c golden.Case) (said any) {
	t.Helper()
	if err := json.Unmarshal(c.Want.Body, &said); err != nil {
		t.Fatalf("%s: %v", c.Path, err)
	}
	return said
}

// promised are the headers of the event. Those that every such answer has are not written in each.
func promised(c golden.Case) http.Header {
	h := header()
	var document struct{ Revision int }
	if json.Unmarshal(c.Want.Body, &document) == nil && document.Revision > 0 {
		h.Set("ETag", fmt.Sprintf("%q", fmt.Sprint(document.Revision)))
	}
	for name, value := range c.Want.Headers {
		h.Set(name, value)
	}
	var refused struct{ Meta struct{ Allow []string } }
	if c.Want.StatusCode == http.StatusMethodNotAllowed && json.Unmarshal(c.Want.Body, &refused) == nil {
		h.Set("Allow", strings.Join(refused.Meta.Allow, ", "))
	}
	return h
}

// shapes stand in an event for what nobody can know before; any of these would do.
var shapes = map[string]string{
	"<id>": "5efde61749960c000137f590", "<time>": "2026-11-22T05:30:00.000Z",
	"<key>": "53ac07777cbb8c2d5300000215811f02c21540dd5257eb68d3d73f35",
}

var shape = regexp.MustCompile("<(id|time|key)>")

// fill puts something in the place of what an event leaves open. A member that may be anything there is that of another event's
// answer; rows of a list that may be anything are left out.
func fill(known map[string]any, name string, value any) any {
	switch value := value.(type) {
	case string:
		if value == "<any>" {
			return known[name]
		}
		return shape.ReplaceAllStringFunc(value, func(s string) string { return shapes[s] })
	case map[string]any:
		for name, member := range value {
			value[name] = fill(known, name, member)
		}
	case []any:
		rows := slices.DeleteFunc(value, func(row any) bool { return row == "<any>" })
		for i, row := range rows {
			rows[i] = fill(known, "", row)
		}
		return rows
	}
	return value
}

// collect notes the members of objects that leave nothing open; rather one that says something than an empty one.
func collect(known map[string]any, value any) {
	switch value := value.(type) {
	case map[string]any:
		for name, member := range value {
			if text, err := json.Marshal(member); err == nil && !strings.Contains(string(text), "\\u003c") && (member != "" || known[name] == nil) {
				known[name] = member
			}
			collect(known, member)
		}
	case []any:
		for _, member := range value {
			collect(known, member)
		}
	}
}
