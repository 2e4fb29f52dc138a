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
	op.Matches, op.Query = true, []string{"p", "by_user"}
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
	for _, c := range []struct {
		header string
		want   int
	}{{`"12"`, 12}, {`12`, 12}, {"\t" + `"12" `, 12}, {`*`, 0}, {` *`, 0}, {`W/"12"`, 12}} {
		event := call(fixture.AdminCredential)
		event.Headers["if-match"] = c.header
		if in, status, _ := read(t, desk, event); status != http.StatusOK || in.IfMatch != c.want {
			t.Errorf("If-Match: %s is revision %d (%d), want %d", c.header, in.IfMatch, status, c.want)
		}
	}
	for _, header := range []string{
		``, ` `, `""`, `W/""`, `W/`, `"`, `"*"`, `W/*`, `*, "1"`, `"1", "2"`, `1,2`, `"1",`, `"1`, `1"`, `""1""`, `W/1`, `W/W/"1"`, `w/"1"`, `" 1"`,
		`"abc"`, `0`, `"0"`, `-1`, `+1`, `"01"`, `1.0`, `W/"x"`, `99999999999999999999`,
	} {
		event := call(fixture.AdminCredential)
		event.Headers["if-match"] = header
		if _, status, said := read(t, desk, event); status != http.StatusBadRequest || !strings.HasPrefix(said.Message, "If-Match: one revision is expected;") {
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
	event.Body, event.IsBase64Encoded, event.RawQueryString = "eyJhIjog4oKsfQ==", true, "p=1&x=&by_user=a%20b&x=2&P="
	event.RequestContext.DomainName, event.Headers["host"] = "api.example.com", "evil.example.com"
	in, status, _ := read(t, desk, event)
	if status != http.StatusOK || string(in.Body) != `{"a": €}` || in.Query.Get("p") != "1" || in.Query.Get("by_user") != "a b" {
		t.Errorf("%d, body %s, query %v", status, in.Body, in.Query)
	}
	if in.Domain != "api.example.com" {
		t.Errorf("links would lead to %s, which the caller made up", in.Domain)
	}
}

// Of an operation's own parameters each is there once and says something; others are let pass, and no operation sees them.
func TestParameters(t *testing.T) {
	t.Parallel()
	desk := desktest.New(t, fixture.Desk)
	for query, words := range map[string]string{
		"p=":             "p: the parameter is empty; send a value, or leave it out.",
		"p":              "p: the parameter is empty;",
		"by_user=&p=1":   "by_user: the parameter is empty;",
		"p=1&p=2":        "p: the parameter stands there 2 times; send it once.",
		"p=&p=1":         "p: the parameter stands there 2 times;",
		"p=1&%70=1":      "p: the parameter stands there 2 times;",
		"by_user=a;p=%3": "The query string is malformed;",
	} {
		event := call(fixture.AdminCredential)
		event.RawQueryString = query
		if _, status, said := read(t, desk, event); status != http.StatusBadRequest || !strings.HasPrefix(said.Message, words) {
			t.Errorf("?%s: %d %s", query, status, said.Message)
		}
	}
	event := call(fixture.AdminCredential)
	event.RawQueryString = "p=0&q=&state=&state=a&P=5"
	if in, status, _ := read(t, desk, event); status != http.StatusOK || len(in.Query) != 1 || in.Query.Get("p") != "0" {
		t.Errorf("%d, %v", status, in.Query)
	}
}

// An operation that compares no revision refuses an If-Match, unless it changes nothing.
func TestIfMatchWithoutRevisions(t *testing.T) {
	t.Parallel()
	desk := desktest.New(t, fixture.Desk)
	for _, c := range []struct {
		matches bool
		header  string
		status  int
	}{{true, `"1"`, 200}, {true, `*`, 200}, {false, `*`, 200}, {false, `"1"`, 412}, {false, `""`, 400}, {true, ``, 400}} {
		op := operation(reads, func() (rest.Out, error) { return rest.OK(""), nil })
		op.Matches = c.matches
		event := call(fixture.AdminCredential)
		event.Headers["if-match"] = c.header
		if response, _ := answer(t, desk.Table, op, event); response.StatusCode != c.status {
			t.Errorf("%+v: %d %s", c, response.StatusCode, response.Body)
		}
	}
}
