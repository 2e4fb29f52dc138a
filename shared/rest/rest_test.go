package rest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"keydesk/infra/desktest"
	"keydesk/infra/fixture"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/rest"
	"keydesk/shared/secret"
	"keydesk/shared/table"
)

// operation reads what first reads, and answers what then answers.
func operation(first func() error, then func() (rest.Out, error)) rest.Operation[struct{}] {
	return rest.Operation[struct{}]{
		Route: "PUT /api/portal/requests/decline/{id}", // which a portal may not
		First: func(context.Context, rest.In) (struct{}, error) { return struct{}{}, first() },
		Then: func(context.Context, rest.In, caller.Caller, struct{}) (rest.Out, error) {
			return then()
		},
	}
}

func reads() error { return nil }

func call(credential string) events.APIGatewayV2HTTPRequest {
	event := events.APIGatewayV2HTTPRequest{RawPath: "/api/portal/requests/decline/" + fixture.Pending, Headers: map[string]string{"authorization": credential}}
	event.RequestContext.HTTP.Method, event.RequestContext.RequestID = "PUT", "JKJaXmPLvHcESHA="
	return event
}

// envelope is an answer's body.
type envelope struct {
	Status, Message string
	Meta            map[string]any
}

func answer(t *testing.T, books *table.Table, op rest.Operation[struct{}], event events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, envelope) {
	t.Helper()
	response, err := rest.Handle(books, op)(t.Context(), event)
	if err != nil {
		t.Fatal(err)
	}
	var said envelope
	if err := json.Unmarshal([]byte(response.Body), &said); err != nil {
		t.Fatalf("%v: %.100s", err, response.Body)
	}
	return response, said
}

// What is no refusal is told to nobody; the request id leads to the log, where it stands.
func TestFaultsAreNotTold(t *testing.T) {
	t.Parallel()
	desk := desktest.New(t, fixture.Desk)
	fault := errors.New("api error AccessDenied: arn:aws:dynamodb:eu-west-1:123456789012:table/keydesk")
	unwritable := func() (rest.Out, error) { return rest.Out{Body: map[string]any{"key": secret.New("do not tell")}}, nil }
	for name, c := range map[string]struct {
		first   error
		then    func() (rest.Out, error)
		message string
	}{
		"of the operation":              {nil, func() (rest.Out, error) { return rest.Out{}, fault }, "Internal error"},
		"wrapped":                       {nil, func() (rest.Out, error) { return rest.Out{}, fmt.Errorf("read: %w", fault) }, "Internal error"},
		"of the first reads":            {fault, nil, "Internal error"},
		"an answer that holds a secret": {nil, unwritable, "Internal error"},
		"out of time": {
			nil, func() (rest.Out, error) { return rest.Out{}, fmt.Errorf("write: %w", context.DeadlineExceeded) },
			"The call ran out of time; ask what became of it before you repeat it.",
		},
	} {
		response, said := answer(t, desk.Table, operation(func() error { return c.first }, c.then), call(fixture.AdminCredential))
		if response.StatusCode != http.StatusInternalServerError || said.Status != "Error" || said.Message != c.message {
			t.Errorf("%s: %d %s", name, response.StatusCode, response.Body)
		}
		if said.Meta["request_id"] != "JKJaXmPLvHcESHA=" {
			t.Errorf("%s: no request id in %v", name, said.Meta)
		}
		if strings.Contains(response.Body, "arn:") || strings.Contains(response.Body, "tell") {
			t.Errorf("%s: %s", name, response.Body)
		}
	}
}

func TestRefusalsAndTheirStatus(t *testing.T) {
	t.Parallel()
	desk := desktest.New(t, fixture.Desk)
	statuses := map[portal.Kind]int{
		portal.Invalid: 400, portal.Unauthorised: 401, portal.Forbidden: 403, portal.NotFound: 404, portal.WrongMethod: 405,
		portal.Conflict: 409, portal.Stale: 412, portal.TooLarge: 413, portal.Unsupported: 415, portal.Busy: 429,
	}
	for kind := portal.Kind(1); kind <= portal.Busy; kind++ {
		refusal := portal.Refuse(kind, "no, %s", "for <this> & that reason")
		refusal.Meta = map[string]any{"why": "because"}
		wrapped := fmt.Errorf("decide: %w", refusal)
		response, said := answer(t, desk.Table, operation(reads, func() (rest.Out, error) { return rest.Out{}, wrapped }), call(fixture.AdminCredential))
		if response.StatusCode != statuses[kind] || said.Status != "Error" || said.Message != "no, for <this> & that reason" || said.Meta["why"] != "because" {
			t.Errorf("kind %d: %d %s", kind, response.StatusCode, response.Body)
		}
		if retry := response.Headers["Retry-After"]; (retry != "") != (kind == portal.Busy) {
			t.Errorf("kind %d: Retry-After %q", kind, retry)
		}
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	desk := desktest.New(t, fixture.Desk)
	for name, c := range map[string]struct {
		out    rest.Out
		body   string
		header [2]string
	}{
		"done":     {rest.OK("5efde61749960c000137f590"), `{"Status":"OK","Message":"5efde61749960c000137f590","Meta":null}`, [2]string{"Content-Type", "application/json"}},
		"document": {rest.Document(map[string]string{"a": "<&>"}, 7), `{"a":"<&>"}`, [2]string{"ETag", `"7"`}},
		"own header": {
			rest.Out{Body: []int{}, Header: map[string]string{"Link": "<x>"}}, `[]`, [2]string{"Link", "<x>"},
		},
		"for its caller alone": {rest.OK(""), `{"Status":"OK","Message":"","Meta":null}`, [2]string{"Cache-Control", "no-store"}},
		"as what it says":      {rest.OK(""), `{"Status":"OK","Message":"","Meta":null}`, [2]string{"X-Content-Type-Options", "nosniff"}},
	} {
		op := operation(reads, func() (rest.Out, error) { return c.out, nil })
		response, err := rest.Handle(desk.Table, op)(t.Context(), call(fixture.AdminCredential))
		if err != nil || response.StatusCode != http.StatusOK || response.Body != c.body+"\n" || response.Headers[c.header[0]] != c.header[1] {
			t.Errorf("%s: %+v, %v", name, response, err)
		}
	}
}

// Lambda cuts off at 6 MB, with an error that says nothing; the desk says what to do before that.
func TestAnswerTooLong(t *testing.T) {
	t.Parallel()
	desk := desktest.New(t, fixture.Desk)
	long := func(n int) rest.Operation[struct{}] {
		return operation(reads, func() (rest.Out, error) { return rest.OK(strings.Repeat("x", n)), nil })
	}
	most := 6<<20 - 64<<10
	if response, _ := answer(t, desk.Table, long(most-100), call(fixture.AdminCredential)); response.StatusCode != http.StatusOK {
		t.Errorf("what fits: %d", response.StatusCode)
	}
	quotes := operation(reads, func() (rest.Out, error) { // a list of empty strings travels twice as long as it reads
		return rest.Out{Body: make([]string, most/5+10)}, nil
	})
	for name, op := range map[string]rest.Operation[struct{}]{"too long": long(most), "too long as it travels": quotes} {
		response, said := answer(t, desk.Table, op, call(fixture.AdminCredential))
		if response.StatusCode != http.StatusRequestEntityTooLarge || !strings.Contains(said.Message, "read it in pages") {
			t.Errorf("%s: %d %.200s", name, response.StatusCode, response.Body)
		}
	}
}

// Whatever the first reads find or meet, somebody who may not ask is told just that, and nothing is decided for them.
func TestNothingIsToldOrDoneBeforeTheCallerIsKnown(t *testing.T) {
	t.Parallel()
	desk := desktest.New(t, fixture.Desk)
	for name, c := range map[string]struct {
		credential string
		reads      bool
		status     int
	}{
		"no credential":      {"", false, http.StatusUnauthorized},
		"rubbish":            {"kd_rubbish", false, http.StatusUnauthorized},
		"nobody's":           {strings.Replace(fixture.AdminCredential, "admin", "nobod", 1), true, http.StatusUnauthorized},
		"not allowed":        {fixture.PortalCredential, true, http.StatusForbidden},
		"of another's realm": {strings.Replace(fixture.AdminCredential, fixture.Org, fixture.OtherOrg, 1), true, http.StatusUnauthorized},
	} {
		for _, met := range []error{nil, portal.ErrNotFound, errors.New("a fault")} {
			var began, ended atomic.Int32
			first := func() error {
				began.Add(1)
				time.Sleep(20 * time.Millisecond)
				ended.Add(1)
				return met
			}
			then := func() (rest.Out, error) {
				t.Errorf("%s: it was decided", name)
				return rest.OK(""), nil
			}
			response, _ := answer(t, desk.Table, operation(first, then), call(c.credential))
			if response.StatusCode != c.status {
				t.Errorf("%s, the first reads meeting %v: %d %s", name, met, response.StatusCode, response.Body)
			}
			if (began.Load() == 1) != c.reads || ended.Load() != began.Load() {
				t.Errorf("%s: first reads begun %d, ended %d times when it was answered", name, began.Load(), ended.Load())
			}
		}
	}
}

// The context of a call ends before Lambda's time does.
func TestTimeIsKeptBackToAnswer(t *testing.T) {
	t.Parallel()
	desk := desktest.New(t, fixture.Desk)
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	end, _ := ctx.Deadline()
	op := operation(reads, nil)
	op.Then = func(ctx context.Context, _ rest.In, _ caller.Caller, _ struct{}) (rest.Out, error) {
		if own, ok := ctx.Deadline(); !ok || end.Sub(own) != 500*time.Millisecond {
			t.Errorf("the operation has until %v, Lambda until %v", own, end)
		}
		return rest.OK(""), nil
	}
	if _, err := rest.Handle(desk.Table, op)(ctx, call(fixture.AdminCredential)); err != nil {
		t.Fatal(err)
	}
}

// One line a call tells who asked, for what, and how it went; neither the credential nor the body is in it.
func TestLogLine(t *testing.T) {
	desk := desktest.New(t, fixture.Desk)
	lines := logged(t, func() rest.Handler {
		return rest.Handle(desk.Table, operation(reads, func() (rest.Out, error) { return rest.Out{}, errors.New("the fault") }))
	}, func(handle rest.Handler) {
		event := call(fixture.AdminCredential)
		event.Body = `{"password": "do not tell"}`
		if _, err := handle(t.Context(), event); err != nil {
			t.Fatal(err)
		}
	})
	var line map[string]any
	if err := json.Unmarshal([]byte(lines), &line); err != nil {
		t.Fatalf("not one line of JSON: %v\n%s", err, lines)
	}
	for name, want := range map[string]any{
		"msg": "PUT /api/portal/requests/decline/{id}", "id": fixture.Pending, "status": 500.0, "error": "the fault", "caller": "owner", "org": fixture.Org, "request_id": "JKJaXmPLvHcESHA=",
	} {
		if line[name] != want {
			t.Errorf("%s is %v, want %v", name, line[name], want)
		}
	}
	if strings.Contains(lines, fixture.AdminCredential) || strings.Contains(lines, "do not tell") {
		t.Errorf("it tells too much: %s", lines)
	}
}

// A refusal often quotes what it was sent, which may be somebody's address.
func TestTheLogDoesNotQuoteTheClient(t *testing.T) {
	desk := desktest.New(t, fixture.Desk)
	refusal := fmt.Errorf("create: %w", portal.Refuse(portal.Conflict, "email: %s is taken.", "ada@example.com"))
	lines := logged(t, func() rest.Handler {
		return rest.Handle(desk.Table, operation(reads, func() (rest.Out, error) { return rest.Out{}, refusal }))
	}, func(handle rest.Handler) {
		if _, err := handle(t.Context(), call(fixture.AdminCredential)); err != nil {
			t.Fatal(err)
		}
	})
	if strings.Contains(lines, "ada@") || !strings.Contains(lines, `"error":"email: %s is taken."`) {
		t.Errorf("the log says %s", lines)
	}
}

// logged is what a handler writes to standard output, where Lambda takes its log from. Nothing else may run meanwhile.
func logged(t *testing.T, begin func() rest.Handler, use func(rest.Handler)) string {
	t.Helper()
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	standard := os.Stdout
	os.Stdout = out
	handle := begin()
	os.Stdout = standard
	use(handle)
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if _, err := io.Copy(&text, in); err != nil {
		t.Fatal(err)
	}
	return text.String()
}
