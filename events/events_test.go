// Package events holds no code: its test keeps the event files honest, so that what the handlers are tested with is what API
// Gateway would send them.
package events

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"keydesk/infra/desktest"
	"keydesk/infra/golden"
	"keydesk/infra/template"
)

func TestEventsAreWhatTheGatewayWouldSend(t *testing.T) {
	api, err := template.Load("../template.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	routes, guards := map[string]template.Route{}, map[string]bool{}
	for _, r := range api.Routes {
		routes[strings.TrimSpace(r.Method+" "+r.Path)] = r
		guards[r.Authorizer] = true
	}
	uncalled := uncalled(api)
	cases, err := golden.Load(".")
	if err != nil {
		t.Fatal(err)
	}
	played := map[string]bool{}
	for _, c := range cases {
		played[c.Function] = true
		if complaints, is := uncalled[c.Function]; is {
			for _, complaint := range complaints(c.Event) {
				t.Errorf("%s: %s", c.Path, complaint)
			}
			continue
		}
		event := desktest.Read(t, c.Path)
		if guards[c.Function] && event.Version == "" {
			continue // not by API Gateway: somebody invokes it
		}
		route, known := routes[strings.TrimPrefix(event.RouteKey, "$default")]
		if !known || route.Function != c.Function && route.Authorizer != c.Function {
			t.Errorf("%s: the template has no route %s of %s", c.Path, event.RouteKey, c.Function)
			continue
		}
		for _, complaint := range slices.Concat(path(event, route), content(event)) {
			t.Errorf("%s: %s", c.Path, complaint)
		}
	}
	for _, f := range api.Functions {
		if !played[f.LogicalID] {
			t.Errorf("no event is for %s", f.LogicalID)
		}
	}
}

// uncalled are the functions that no call comes to, with what says of an event that it could not have come to them.
func uncalled(api *template.Template) map[string]func(event []byte) []string {
	all := map[string]func([]byte) []string{}
	for _, schedule := range api.Schedules {
		all[schedule.Function] = scheduled
	}
	for _, stream := range api.Streams {
		all[stream.Function] = func(event []byte) []string { return streamed(event, stream) }
	}
	return all
}

// scheduled says what is wrong with an event of EventBridge Scheduler's. Whoever invokes the function by hand sends what they like.
func scheduled(event []byte) (complaints []string) {
	var said struct {
		Version, ID, Source, Detail string
		Type                        string `json:"detail-type"`
	}
	if err := json.Unmarshal(event, &said); err != nil {
		return []string{err.Error()}
	}
	if said.Version != "" && (said.Source != "aws.scheduler" || said.Type != "Scheduled Event" || said.ID == "" || said.Detail != "{}") {
		complaints = append(complaints, fmt.Sprintf("EventBridge Scheduler would write otherwise: %+v", said))
	}
	return complaints
}

// streamed says what is wrong with a batch of the stream's.
func streamed(event []byte, stream template.Stream) (complaints []string) {
	var batch struct{ Records []json.RawMessage }
	if err := json.Unmarshal(event, &batch); err != nil {
		return []string{err.Error()}
	}
	if n := len(batch.Records); n == 0 || n > stream.BatchSize {
		complaints = append(complaints, fmt.Sprintf("a batch has 1 to %d records, and not %d", stream.BatchSize, n))
	}
	for _, record := range batch.Records {
		if wanted, err := stream.Wants(record); err != nil || !wanted {
			complaints = append(complaints, fmt.Sprintf("the template's filters would not let this pass: %s (%v)", record, err))
		}
	}
	return complaints
}

// path says what of the event's path could not have come by the route.
func path(event desktest.Event, route template.Route) (complaints []string) {
	request := event.RequestContext.HTTP
	if event.RequestContext.RouteKey != event.RouteKey || request.Path != event.RawPath {
		complaints = append(complaints, "the event and its requestContext tell of two calls")
	}
	if route.Method != "" && route.Method != "ANY" && route.Method != request.Method {
		complaints = append(complaints, request.Method+" does not come by the route "+event.RouteKey)
	}
	if route.Path != "" && fill(route.Path, event.PathParameters) != event.RawPath {
		complaints = append(complaints, fmt.Sprintf("%s with %v is not %s", route.Path, event.PathParameters, event.RawPath))
	}
	return complaints
}

// content says what of the event's headers, query and body do not go together.
func content(event desktest.Event) (complaints []string) {
	query, err := url.ParseQuery(event.RawQueryString) // an error: the case is about just that
	decoded := map[string]string{}
	for name := range query {
		decoded[name] = query.Get(name)
	}
	if err == nil && !maps.Equal(decoded, event.QueryStringParameters) {
		complaints = append(complaints, fmt.Sprintf("the query %s is not %v", event.RawQueryString, event.QueryStringParameters))
	}
	for name := range event.Headers {
		if name != strings.ToLower(name) {
			complaints = append(complaints, "API Gateway would write the header "+name+" in lower case")
		}
	}
	if length := event.Headers["content-length"]; !event.IsBase64Encoded && length != strconv.Itoa(len(event.Body)) {
		complaints = append(complaints, fmt.Sprintf("content-length %s of a body of %d", length, len(event.Body)))
	}
	return complaints
}

// fill puts the parameters into a route's path.
func fill(path string, parameters map[string]string) string {
	for name, value := range parameters {
		path = strings.NewReplacer("{"+name+"}", value, "{"+name+"+}", value).Replace(path)
	}
	return path
}
