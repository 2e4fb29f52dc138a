package rest_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"keydesk/infra/desktest"
	"keydesk/infra/fixture"
	"keydesk/shared/caller"
	"keydesk/shared/rest"
)

// read has a path's operation read the event, and gives what it saw; the zero In where it was refused.
func read(t *testing.T, desk *desktest.Desk, path rest.Path, event events.APIGatewayV2HTTPRequest) (rest.In, int, envelope) {
	t.Helper()
	var seen rest.In
	op := operation(reads, nil)
	op.Path = path
	op.Then = func(_ context.Context, in rest.In, _ caller.Caller, _ struct{}) (rest.Out, error) {
		seen = in
		return rest.OK(""), nil
	}
	response, said := answer(t, desk.Table, op, event)
	return seen, response.StatusCode, said
}

func TestIfMatch(t *testing.T) {
	t.Parallel()
	desk := desktest.New(t, fixture.Desk)
	for header, want := range map[string]int{`"12"`: 12, `12`: 12, "\t" + `"12" `: 12, `*`: 0, `"*"`: 0, ``: 0, `""`: 0, `W/"12"`: 12} {
		event := call(fixture.AdminCredential)
		event.Headers["if-match"] = header
		if in, status, _ := read(t, desk, rest.Requests, event); status != http.StatusOK || in.IfMatch != want {
			t.Errorf("If-Match: %s is revision %d (%d), want %d", header, in.IfMatch, status, want)
		}
	}
	for _, header := range []string{`"abc"`, `0`, `-1`, `1.0`, `"1", "2"`, `W/"x"`, `99999999999999999999`} {
		event := call(fixture.AdminCredential)
		event.Headers["if-match"] = header
		if _, status, said := read(t, desk, rest.Requests, event); status != http.StatusBadRequest || !strings.HasPrefix(said.Message, "If-Match is not a revision;") {
			t.Errorf("If-Match: %s: %d %s", header, status, said.Message)
		}
	}
}

// The template catches a slash at a path's end with greedy variables, which catch more than that.
func TestPathParameters(t *testing.T) {
	t.Parallel()
	desk := desktest.New(t, fixture.Desk)
	const malformed, gone = "Invalid request ID: 24 lower-case hexadecimal digits are expected.", "Could not retrieve portal object."
	for _, c := range []struct {
		path       rest.Path
		parameters map[string]string
		id         string
		status     int
		message    string
	}{
		{rest.Requests, nil, "", 200, ""},
		{rest.Requests, map[string]string{"id": ""}, "", 200, ""},
		{rest.Requests, map[string]string{"id": fixture.Pending}, "", 405, "GET is not allowed here; use GET or PUT or DELETE."},
		{rest.Requests, map[string]string{"id": "a/b"}, "", 404, gone},
		{rest.Request, map[string]string{"id": fixture.Pending}, fixture.Pending, 200, ""},
		{rest.Request, map[string]string{"id": fixture.Pending + "/"}, fixture.Pending, 200, ""},
		{rest.Request, map[string]string{"id": fixture.Pending, "slash": ""}, fixture.Pending, 200, ""},
		{rest.Request, map[string]string{"id": fixture.Pending, "slash": "history"}, "", 404, gone},
		{rest.Request, map[string]string{"id": fixture.Pending + "/history"}, "", 404, gone},
		{rest.Request, map[string]string{"id": fixture.Pending[1:]}, "", 400, malformed},
		{rest.Request, map[string]string{"id": ""}, "", 405, "GET is not allowed here; use GET or POST."},
		{rest.Request, map[string]string{"id": "approve/" + fixture.Pending}, "", 405, "GET is not allowed here; use PUT."},
		{rest.Request, map[string]string{"id": "decline", "slash": fixture.Pending}, "", 405, "GET is not allowed here; use PUT."},
		{rest.Request, map[string]string{"id": "approve"}, "", 400, malformed},
	} {
		event := call(fixture.AdminCredential)
		event.PathParameters = c.parameters
		in, status, said := read(t, desk, c.path, event)
		if in.ID != c.id || status != c.status || said.Message != c.message {
			t.Errorf("%v of %v: id %q, %d %s; want %q, %d %s", c.path.Verbs, c.parameters, in.ID, status, said.Message, c.id, c.status, c.message)
		}
	}
}

// API Gateway writes the names of headers in lower case, SAM local as they were sent.
func TestHeadersInAnyCase(t *testing.T) {
	t.Parallel()
	desk := desktest.New(t, fixture.Desk)
	event := call("")
	event.Headers = map[string]string{"Authorization": fixture.AdminCredential, "IF-MATCH": "3", "Idempotency-Key": "k"}
	if in, status, said := read(t, desk, rest.Requests, event); status != http.StatusOK || in.IfMatch != 3 || in.IdempotencyKey != "k" {
		t.Errorf("%+v, %d %s", in, status, said.Message)
	}
}

func TestBodyAndQuery(t *testing.T) {
	t.Parallel()
	desk := desktest.New(t, fixture.Desk)
	event := call(fixture.AdminCredential)
	event.Body, event.IsBase64Encoded, event.RawQueryString = "eyJhIjog4oKsfQ==", true, "p=1&p=2&by_user=a%20b"
	event.RequestContext.DomainName, event.Headers["host"] = "api.example.com", "evil.example.com"
	in, status, _ := read(t, desk, rest.Requests, event)
	if status != http.StatusOK || string(in.Body) != `{"a": €}` || in.Query.Get("p") != "1" || in.Query.Get("by_user") != "a b" {
		t.Errorf("%d, body %s, query %v", status, in.Body, in.Query)
	}
	if in.Domain != "api.example.com" {
		t.Errorf("links would lead to %s, which the caller made up", in.Domain)
	}
}
