// Package rest is the one door of the desk: an API Gateway event becomes a caller and an input, an operation answers, and its
// answer becomes {"Status", "Message", "Meta"} or the operation's own document. Credentials, decoding, status codes and the
// log line are here and nowhere else.
package rest

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"keydesk/shared/awsenv"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// Operation is one operation of the API, told in two halves so that its first reads go out beside the look-up of the
// credential: First reads, and nothing else, before it is known who asks; Then decides and answers, for a caller whose role
// has the permission that the route asks for.
type Operation[R any] struct {
	Route   string                               // one of caller's matrix
	MaxBody int                                  // bytes; 0: what suffices for all but whole catalogues
	Query   []string                             // the parameters that it reads
	Adds    table.Limited                        // what it adds one of to those that the organisation may have; empty: nothing, or First reads how many there are
	Matches bool                                 // it compares If-Match with a revision; where it does not, a call that has one is refused
	First   func(context.Context, In) (R, error) // nil: there is nothing to read before
	Then    func(context.Context, In, caller.Caller, R) (Out, error)
}

// Unguarded is an operation whose caller proves by what the call says that they may: by a signature, or by a link's token. There
// is no credential, so Answer checks that first, and says for the log who it was.
type Unguarded struct {
	Route   string // one of caller's Signed
	MaxBody int    // bytes; 0: what suffices for a few words
	Answer  func(context.Context, In) (caller.Caller, Out, error)
}

// Endpoint is an Operation, whatever it reads, or an Unguarded one.
type Endpoint interface {
	route() string
	maxBody() int
	parameters() []string
	revisions() bool
	guarded() bool
	answer(ctx context.Context, t *table.Table, in In, inErr error) (caller.Caller, Out, error)
}

// Handler is what Lambda calls.
type Handler = func(context.Context, events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error)

// Serve answers with the operations for as long as Lambda keeps the process.
func Serve(t *table.Table, operations ...Endpoint) { lambda.Start(Handle(t, operations...)) }

// Handle makes the operations a handler. It panics when one is for a route that the API does not have.
func Handle(t *table.Table, operations ...Endpoint) Handler {
	log := slog.New(slog.NewJSONHandler(os.Stdout, nil))
	byRoute := map[string]Endpoint{}
	for _, op := range operations {
		if _, known := caller.Needs(op.route()); known != op.guarded() || !known && !slices.Contains(caller.Signed, op.route()) {
			panic("the permissions matrix does not have the route " + op.route())
		}
		byRoute[op.route()] = op
	}
	return func(ctx context.Context, event events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
		start := time.Now()
		ctx, cancel := awsenv.TimeToAnswer(ctx, timeToAnswer)
		defer cancel()
		c := call{route: event.RouteKey}
		c.answer(ctx, t, byRoute, event)
		response := respond(c.out, c.err, event.RequestContext.RequestID)
		line := []any{"status", response.StatusCode, "ms", time.Since(start).Milliseconds(), "request_id", event.RequestContext.RequestID,
			"id", c.names.loggedID(), "key", c.names.loggedKey(), "org", c.who.Org, "caller", c.who.Name}
		if err := cmp.Or(c.err, c.out.failed); err != nil {
			line = append(line, "error", portal.Loggable(err))
		}
		log.InfoContext(ctx, c.route, line...)
		return response, nil
	}
}

// call is one call, and what came of it.
type call struct {
	route string // of the API's; until it is known, as the front end names it
	names named
	who   caller.Caller
	out   Out
	err   error
}

func (c *call) answer(ctx context.Context, t *table.Table, operations map[string]Endpoint, event events.APIGatewayV2HTTPRequest) {
	route, names, err := match(event)
	if err != nil {
		c.err = err
		return
	}
	c.route, c.names = route, names
	op := operations[route]
	if op == nil { // the front end brought it to the wrong function
		c.err = portal.ErrNotFound
		return
	}
	presented, ok := caller.Parse(header(event, "authorization"))
	switch {
	case !op.guarded():
		presented = caller.Presented{} // nobody looks whether it is true
	case !ok:
		c.err = portal.ErrNotAuthorised
		return
	}
	in, err := read(event, presented, op)
	in.ID, in.Key = names.object(), names.key()
	if err == nil {
		err = names.valid(route)
	}
	c.who, c.out, c.err = op.answer(ctx, t, in, err)
}

// loggedID is the id that the path names, if it is one: whatever else a client puts there is not for the log.
func (n named) loggedID() string {
	if id := n["id"]; portal.ValidID(id) {
		return id
	}
	return ""
}

// loggedKey is what the path calls a key, if that is how keys are shown; a whole key is not.
func (n named) loggedKey() string {
	if key := n.key(); portal.ValidKeyName(key) {
		return key
	}
	return ""
}

// timeToAnswer is kept back of Lambda's time limit, so that a call which runs out of time is still answered in words.
const timeToAnswer = 500 * time.Millisecond

func (op Operation[R]) route() string { return op.Route }

func (op Operation[R]) guarded() bool { return true }

func (op Unguarded) route() string { return op.Route }

func (op Operation[R]) parameters() []string { return op.Query }

func (op Operation[R]) revisions() bool { return op.Matches }

func (op Unguarded) parameters() []string { return nil }

func (op Unguarded) revisions() bool { return false }

func (op Unguarded) guarded() bool { return false }

func (op Unguarded) maxBody() int { return cmp.Or(op.MaxBody, maxUnguardedBody) }

func (op Unguarded) answer(ctx context.Context, _ *table.Table, in In, inErr error) (caller.Caller, Out, error) {
	if inErr != nil {
		return caller.Caller{}, Out{}, inErr
	}
	return op.Answer(ctx, in)
}

func (op Operation[R]) maxBody() int { return cmp.Or(op.MaxBody, maxBody) }

// answer lets First read while the credential is looked up, and says nothing of what it read before the caller is known.
func (op Operation[R]) answer(ctx context.Context, t *table.Table, in In, firstErr error) (caller.Caller, Out, error) {
	var r R
	first := make(chan struct{})
	ctxFirst, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		defer close(first)
		if firstErr == nil && op.First != nil {
			r, firstErr = op.First(ctxFirst, in)
		}
	}()
	who, usage, err := op.caller(ctx, t, in)
	in.Usage = usage
	if err == nil {
		needs, _ := caller.Needs(op.Route)
		err = who.Require(needs)
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

// caller looks up who asks and, where the operation adds something, how many of that there are.
func (op Operation[R]) caller(ctx context.Context, t *table.Table, in In) (caller.Caller, *table.Usage, error) {
	presented := caller.Presented{Org: in.Org, Hash: in.Credential}
	if op.Adds != "" {
		return t.CallerAndUsage(ctx, presented, op.Adds)
	}
	who, err := t.Caller(ctx, presented)
	return who, nil, err
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
	portal.Unsupported:  http.StatusUnsupportedMediaType,
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

// Unknown answers a call that no function's routes take: there is no such path, or the path does not have the verb.
func Unknown(event events.APIGatewayV2HTTPRequest) events.APIGatewayV2HTTPResponse {
	_, _, err := match(event)
	if err == nil { // a route of the API that the template does not bring where it belongs
		err = portal.ErrNotFound
	}
	return respond(Out{}, err, event.RequestContext.RequestID)
}
