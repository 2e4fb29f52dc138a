// Package rest is the one door of the desk: an API Gateway event becomes a caller and an input, an operation answers, and its
// answer becomes {"Status", "Message", "Meta"} or the operation's own document. Credentials, decoding, status codes and the
// log line are here and nowhere else.
package rest

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// Operation is one operation of the API, told in two halves so that its first reads go out beside the look-up of the
// credential: First reads, and nothing else, before it is known who asks; Then decides and answers, for a caller who has the
// permission.
type Operation[R any] struct {
	Needs caller.Permission
	Path  Path
	Verbs []string // of the path's, those that this operation answers; other spellings of a verb too
	First func(context.Context, In) (R, error)
	Then  func(context.Context, In, caller.Caller, R) (Out, error)
}

// Handler is what Lambda calls.
type Handler = func(context.Context, events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error)

// Serve answers with the operation for as long as Lambda keeps the process.
func Serve[R any](t *table.Table, op Operation[R]) { lambda.Start(Handle(t, op)) }

// Handle makes the operation a handler.
func Handle[R any](t *table.Table, op Operation[R]) Handler {
	log := slog.New(slog.NewJSONHandler(os.Stdout, nil))
	return func(ctx context.Context, event events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
		start := time.Now()
		ctx, cancel := withTimeToAnswer(ctx)
		defer cancel()
		who, out, err := answer(ctx, t, op, event)
		response := respond(out, err, event.RequestContext.RequestID)
		line := []any{"status", response.StatusCode, "ms", time.Since(start).Milliseconds(), "request_id", event.RequestContext.RequestID,
			"id", loggedID(event), "org", who.Org, "caller", who.Name}
		if err != nil {
			line = append(line, "error", err.Error())
		}
		log.InfoContext(ctx, event.RouteKey, line...)
		return response, nil
	}
}

// loggedID is the id of the path, if it is one: whatever else a client puts there is not for the log.
func loggedID(event events.APIGatewayV2HTTPRequest) string {
	if id := event.PathParameters["id"]; portal.ValidID(id) {
		return id
	}
	return ""
}

// timeToAnswer is kept back of Lambda's time limit, so that a call which runs out of time is still answered in words.
const timeToAnswer = 500 * time.Millisecond

func withTimeToAnswer(ctx context.Context) (context.Context, context.CancelFunc) {
	if deadline, ok := ctx.Deadline(); ok {
		return context.WithDeadline(ctx, deadline.Add(-timeToAnswer))
	}
	return context.WithCancel(ctx)
}

// answer lets First read while the credential is looked up, and says nothing of what it read before the caller is known.
func answer[R any](ctx context.Context, t *table.Table, op Operation[R], event events.APIGatewayV2HTTPRequest) (caller.Caller, Out, error) {
	presented, ok := caller.Parse(header(event, "authorization"))
	if !ok {
		return caller.Caller{}, Out{}, portal.ErrNotAuthorised
	}
	in, firstErr := read(event, presented)
	if firstErr == nil {
		firstErr = op.Path.admit(in, op.Verbs)
	}
	wrongMethod := kindOf(firstErr) == portal.WrongMethod
	var r R
	first := make(chan struct{})
	ctxFirst, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		defer close(first)
		if firstErr == nil {
			r, firstErr = op.First(ctxFirst, in)
		}
	}()
	who, err := t.Caller(ctx, presented)
	if err == nil && !wrongMethod { // a verb that does not exist needs no permission
		err = who.Require(op.Needs)
	}
	if err != nil {
		cancel()
		<-first // no read outlives its call: Lambda freezes the process after the answer
		return who, Out{}, err
	}
	if <-first; firstErr != nil {
		return who, Out{}, firstErr
	}
	out, err := op.Then(ctx, in, who, r)
	return who, out, err
}

func kindOf(err error) portal.Kind {
	var refusal *portal.Error
	if errors.As(err, &refusal) {
		return refusal.Kind
	}
	return 0
}

// statuses turns a kind of refusal into the status code that says it.
var statuses = map[portal.Kind]int{
	portal.Invalid:      http.StatusBadRequest,
	portal.Unauthorised: http.StatusUnauthorized,
	portal.Forbidden:    http.StatusForbidden,
	portal.NotFound:     http.StatusNotFound,
	portal.WrongMethod:  http.StatusMethodNotAllowed,
	portal.Conflict:     http.StatusConflict,
	portal.Stale:        http.StatusPreconditionFailed,
	portal.TooLarge:     http.StatusRequestEntityTooLarge,
	portal.Busy:         http.StatusTooManyRequests,
}

// refuse is the answer to an error: what a client may read of it, and no more.
func refuse(err error, requestID string) (int, envelope) {
	var refusal *portal.Error
	switch {
	case errors.As(err, &refusal):
		return statuses[refusal.Kind], envelope{Status: "Error", Message: refusal.Message, Meta: refusal.Meta}
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusInternalServerError, envelope{Status: "Error", Message: "The call ran out of time; ask what became of it before you repeat it.",
			Meta: map[string]string{"request_id": requestID}}
	default:
		return http.StatusInternalServerError, envelope{Status: "Error", Message: "Internal error", Meta: map[string]string{"request_id": requestID}}
	}
}

// Refuse answers a call that no operation answers.
func Refuse(event events.APIGatewayV2HTTPRequest, refusal error) events.APIGatewayV2HTTPResponse {
	return respond(Out{}, refusal, event.RequestContext.RequestID)
}
