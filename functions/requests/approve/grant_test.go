package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"

	"keydesk/infra/fixture"
	"keydesk/infra/trial"
	"keydesk/shared/apikey"
	"keydesk/shared/approval"
	"keydesk/shared/portal"
	"keydesk/shared/rest"
	"keydesk/shared/secret"
	"keydesk/shared/table"
)

// said is what an approve was answered.
type said struct {
	status  int
	Message string
	Meta    struct {
		State     portal.State
		DecidedBy string `json:"decided_by"`
		Delivered bool
		Remedy    string
	}
	RawKey string
}

// say has a fresh process of the function answer the event.
func say(ctx context.Context, t testing.TB, issuer *approval.Issuer, event events.APIGatewayV2HTTPRequest) said {
	t.Helper()
	response, err := rest.Handle(issuer.Table, operations(issuer)...)(ctx, event)
	if err != nil {
		t.Error(err)
	}
	answer := said{status: response.StatusCode}
	if err := json.Unmarshal([]byte(response.Body), &answer); err != nil {
		t.Errorf("%v: %s", err, response.Body)
	}
	return answer
}

// key holds that the answer gives one.
func (s said) key(t testing.TB) apikey.Key {
	t.Helper()
	key, err := token(secret.New(s.RawKey))
	if s.status != http.StatusOK || err != nil {
		t.Errorf("answer %d %q, a key: %t; want 200 and the key", s.status, s.Message, err == nil)
	}
	return key
}

// token reads a token as if it lay in a box.
func token(raw secret.Value) (apikey.Key, error) {
	return apikey.Unseal(fixture.Org, secret.New(fmt.Sprintf(`{"kind": %q, "raw_key": %q}`, portal.AuthToken, raw.Reveal())))
}

// isTooLate holds that the answer refuses, and says what to do.
func (s said) isTooLate(t testing.TB) {
	t.Helper()
	if s.status != http.StatusConflict || s.Message != "Key request has already been processed." || s.RawKey != "" {
		t.Errorf("answer %d %q, want 409 that it has been processed", s.status, s.Message)
	}
	if s.Meta.State != portal.Approved || s.Meta.DecidedBy == "" || !s.Meta.Delivered || !strings.Contains(s.Meta.Remedy, "Idempotency-Key within ten minutes") {
		t.Errorf("Meta %+v does not say what became of it and what to do", s.Meta)
	}
}

// grant is a request on its way to approval.
type grant struct {
	t              testing.TB
	desk           *trial.Desk
	request        table.Request
	winner, other  trial.Person
	idempotencyKey string       // of the winner's call; may be empty
	seen           []apikey.Key // all that were answered or lay in the box, whenever that was
}

// anew is such a grant of another request, for another test.
func (g grant) anew(t testing.TB, idempotencyKey string) *grant {
	t.Helper()
	g.t, g.desk, g.idempotencyKey, g.seen = t, g.desk.Again(t), idempotencyKey, nil
	g.request = g.desk.Ask(g.winner, fixture.Payments)
	return &g
}

// approve is a call of a fresh process. Who is not the winner says it without a key.
func (g *grant) approve(who trial.Person, options ...func(*aws.Config)) said {
	return g.approveAt(g.desk.Issuer(options...), who)
}

func (g *grant) approveAt(issuer *approval.Issuer, who trial.Person) said {
	g.t.Helper()
	headers := map[string]string{}
	if g.idempotencyKey != "" && who.Name == g.winner.Name {
		headers["idempotency-key"] = g.idempotencyKey
	}
	return say(g.desk.Invocation(g.t.Context()), g.t, issuer, who.Call(http.MethodPut, "/api/portal/requests/approve/"+g.request.ID, "", headers))
}

func (g *grant) sees(key apikey.Key) { g.seen = append(g.seen, key) }
