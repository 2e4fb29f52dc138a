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

// read has an operation read the event, and gives what it saw; the zero In where it was refused.
func read(t *testing.T, desk *desktest.Desk, event events.APIGatewayV2HTTPRequest) (rest.In, int, envelope) {
	t.Helper()
	var seen rest.In
	op := operation(reads, nil)
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
		if in, status, _ := read(t, desk, event); status != http.StatusOK || in.IfMatch != want {
			t.Errorf("If-Match: %s is revision %d (%d), want %d", header, in.IfMatch, status, want)
		}
	}
	for _, header := range []string{`"abc"`, `0`, `-1`, `1.0`, `"1", "2"`, `W/"x"`, `99999999999999999999`} {
		event := call(fixture.AdminCredential)
		event.Headers["if-match"] = header
		if _, status, said := read(t, desk, event); status != http.StatusBadRequest || !strings.HasPrefix(said.Message, "If-Match is not a revision;") {
			t.Errorf("If-Match: %s: %d %s", header, status, said.Message)
		}
	}
}

// API Gateway writes the names of headers in lower case, SAM local as they were sent.
func TestHeadersInAnyCase(t *testing.T) {
	t.Parallel()
	desk := desktest.New(t, fixture.Desk)
	event := call("")
	event.Headers = map[string]string{"Authorization": fixture.AdminCredential, "IF-MATCH": "3", "Idempotency-Key": "k"}
	if in, status, said := read(t, desk, event); status != http.StatusOK || in.IfMatch != 3 || in.IdempotencyKey != "k" {
		t.Errorf("%+v, %d %s", in, status, said.Message)
	}
}

func TestBodyAndQuery(t *testing.T) {
	t.Parallel()
	desk := desktest.New(t, fixture.Desk)
	event := call(fixture.AdminCredential)
	event.Body, event.IsBase64Encoded, event.RawQueryString = "eyJhIjog4oKsfQ==", true, "p=1&p=2&by_user=a%20b"
	event.RequestContext.DomainName, event.Headers["host"] = "api.example.com", "evil.example.com"
	in, status, _ := read(t, desk, event)
	if status != http.StatusOK || string(in.Body) != `{"a": €}` || in.Query.Get("p") != "1" || in.Query.Get("by_user") != "a b" {
		t.Errorf("%d, body %s, query %v", status, in.Body, in.Query)
	}
	if in.Domain != "api.example.com" {
		t.Errorf("links would lead to %s, which the caller made up", in.Domain)
	}
}
