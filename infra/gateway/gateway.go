// Package gateway stands in for API Gateway (an HTTP API, payload format 2.0) and for Lambda behind it, so that the very binaries
// that deploy answer real HTTP on this machine, without Docker: what a client sees here is what it will see on AWS, limits and
// failures included. Where AWS's documentation is silent, a comment names who measured the real thing.
package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"keydesk/infra/template"
)

// API Gateway's quotas for HTTP APIs (docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html) and Lambda's for
// one synchronous call (docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
const (
	maxHead            = 10_240           // request line and header values
	maxBody            = 10 << 20         // of a request
	maxEvent           = 6 << 20          // what Lambda accepts, base64 included
	maxAnswer          = 6<<20 + 100      // what Lambda's Runtime API accepts: it names 6291556 in its refusal
	authorizerTimeout  = 10 * time.Second // for an authorizer's answer, cold start included
	integrationTimeout = 30 * time.Second // from then on to the function's answer, cold start included
)

// defaultMaxWorkers is far below Lambda's 1,000: enough to make concurrency real, few enough for a laptop.
const defaultMaxWorkers = 16

// Options say where the functions' binaries are and how they run.
type Options struct {
	Build       string            // folder of the binaries: <Build>/<logical id>/bootstrap
	Environment map[string]string // of every function; wins over the template's
	Log         io.Writer         // one line a request, and what the functions print; nil: nowhere
	MaxWorkers  int               // processes that one function may have at once; 0: 16
}

// Gateway answers HTTP requests with the template's functions. It must be the server's own handler: an http.ServeMux in front
// would clean paths that API Gateway passes on as they are.
type Gateway struct {
	routes    []route
	functions map[string]*function
	service   *service
	log       *journal
	limit     time.Duration // integrationTimeout
}

// New checks that every function is built and listens for the functions' processes, which start on demand.
func New(t *template.Template, o Options) (*Gateway, error) {
	build, err := filepath.Abs(o.Build)
	if err != nil {
		return nil, err
	}
	if o.MaxWorkers <= 0 {
		o.MaxWorkers = defaultMaxWorkers
	}
	log := newJournal(o.Log)
	s := newService(log)
	functions := make(map[string]*function, len(t.Functions))
	for _, f := range t.Functions {
		functions[f.LogicalID] = newFunction(f, filepath.Join(build, f.LogicalID, "bootstrap"), o, s)
	}
	routes, err := rank(t.Routes, functions)
	if err != nil {
		return nil, err
	}
	for _, f := range t.Functions {
		if _, err := os.Stat(functions[f.LogicalID].binary); err != nil {
			return nil, fmt.Errorf("function %s is not built (run `make build`): %w", f.LogicalID, err)
		}
	}
	if err := s.listen(); err != nil {
		return nil, err
	}
	return &Gateway{routes: routes, functions: functions, service: s, log: log, limit: integrationTimeout}, nil
}

// Close ends every process of every function and waits until they are gone. Requests in flight are answered with 503.
func (g *Gateway) Close() error {
	return g.service.close()
}

// ServeHTTP answers one request and writes one line about it.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e := entry{begin: time.Now(), method: r.Method, path: r.URL.EscapedPath(), id: requestID()}
	w.Header().Set("Apigw-Requestid", e.id)
	a := g.serve(w, r, &e)
	a.write(w)
	e.status = a.status
	g.log.request(e)
}

// serve routes the request and has it answered, noting in e what becomes of it.
func (g *Gateway) serve(w http.ResponseWriter, r *http.Request, e *entry) answer {
	if headSize(r) > maxHead {
		return message(http.StatusRequestHeaderFieldsTooLarge, "Request Header Fields Too Large")
	}
	route, parameters := match(g.routes, r)
	if route == nil {
		return message(http.StatusNotFound, "Not Found")
	}
	e.function = route.function.LogicalID
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		return message(http.StatusRequestEntityTooLarge, "Request Entity Too Large")
	} else if err != nil {
		return message(http.StatusBadRequest, "Bad Request")
	}
	ev, trace := newEvent(r, route.key, parameters, body, e)
	ctx := context.WithoutCancel(r.Context()) // API Gateway waits for the function whether or not its client still does
	if route.authorizer != nil {
		if e.failure = authorize(ctx, route.authorizer, ev, trace, e); e.failure != nil {
			return refusal(e.failure)
		}
		e.function = route.function.LogicalID
	}
	event := encode(ev)
	if len(event) > maxEvent {
		return message(http.StatusRequestEntityTooLarge, "Request Entity Too Large")
	}
	o := route.function.invoke(ctx, event, trace, g.limit)
	e.cold = o.cold
	if o.err == nil {
		var a answer
		if a, o.err = newAnswer(o.payload); o.err == nil {
			return a
		}
	}
	e.failure = o.err
	return failure(o.err)
}

// failure is what a client is told when there is no answer. A function that fails, exits or overstays its own time limit gives
// 500 (github.com/denoland/deno_registry2/issues/87, measured on an HTTP API); only when the integration's 30 s are over is it
// 503, not REST's 504 (github.com/cortexlabs/cortex/issues/1225 shows the answer, github.com/serverless/serverless/issues/11222
// has it with a cold start).
func failure(err error) answer {
	if errors.Is(err, errIntegrationTimeout) || errors.Is(err, errClosed) {
		return message(http.StatusServiceUnavailable, "Service Unavailable")
	}
	return message(http.StatusInternalServerError, "Internal Server Error")
}

// headSize is what API Gateway's quota counts: the request line and the values of the headers.
func headSize(r *http.Request) int {
	size := len(r.Method) + len(" ") + len(r.RequestURI) + len(" ") + len(r.Proto) + len(r.Host)
	for _, values := range r.Header {
		for _, v := range values {
			size += len(v)
		}
	}
	return size
}
