package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Invoker answers Lambda's own API, as far as it is Invoke and wants an answer: POST /2015-03-31/functions/NAME/invocations with the
// event as its body (docs.aws.amazon.com/lambda/latest/api/API_Invoke.html). On AWS it is another address than the API's; so it is a
// handler of its own here.
func (g *Gateway) Invoker() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /2015-03-31/functions/{name}/invocations", func(w http.ResponseWriter, r *http.Request) {
		e := entry{begin: time.Now(), method: r.Method, path: r.URL.EscapedPath()}
		a := g.invoke(w, r, &e)
		a.write(w)
		e.status = a.status
		g.log.request(e)
	})
	return mux
}

func (g *Gateway) invoke(w http.ResponseWriter, r *http.Request, e *entry) answer {
	name := r.PathValue("name") // or an ARN, which ends with it
	f, known := g.functions[name[strings.LastIndex(name, ":")+1:]]
	if !known {
		return invokeError(http.StatusNotFound, "ResourceNotFoundException", "Function not found: "+name)
	}
	e.function = f.LogicalID
	if kind := r.Header.Get("X-Amz-Invocation-Type"); kind != "" && kind != "RequestResponse" {
		return invokeError(http.StatusBadRequest, "InvalidParameterValueException", "Only RequestResponse is played here.")
	}
	event, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxEvent))
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		return invokeError(http.StatusRequestEntityTooLarge, "RequestTooLargeException", "Request must be smaller than 6291456 bytes.")
	} else if err != nil {
		return invokeError(http.StatusBadRequest, "InvalidRequestContentException", "The event could not be read.")
	}
	o := f.invoke(context.WithoutCancel(r.Context()), event, traceID(r.Header, e.begin), lambdaTimeout)
	e.cold, e.failure = o.cold, o.err
	header := http.Header{"Content-Type": {"application/json"}, "X-Amz-Executed-Version": {"$LATEST"}}
	if o.err != nil { // Lambda answered; it is the function that did not
		header.Set("X-Amz-Function-Error", "Unhandled")
		if len(o.payload) == 0 { // it died, and could not say
			o.payload = fmt.Appendf(nil, `{"errorMessage":%q}`, o.err)
		}
	}
	return answer{http.StatusOK, header, o.payload}
}

// Invoke has the function of this logical id handle the event: what on AWS a schedule does and a table's stream. The error says that
// there is no answer; the payload may then be what the function said of its failure, and may quote what no log should repeat. When
// ctx ends nobody waits any more, but an invocation that has begun goes on to its end.
func (g *Gateway) Invoke(ctx context.Context, function string, event []byte) ([]byte, error) {
	f, known := g.functions[function]
	if !known {
		return nil, fmt.Errorf("the template has no function %q", function)
	}
	if len(event) > maxEvent {
		return nil, fmt.Errorf("the event for %s has %d bytes, more than Lambda takes", function, len(event))
	}
	e := entry{begin: time.Now(), function: function}
	o := f.invoke(ctx, event, traceID(nil, e.begin), lambdaTimeout)
	e.cold, e.failure = o.cold, o.err
	g.log.invocation(e)
	return o.payload, o.err
}

// lambdaTimeout is beyond any function's own.
const lambdaTimeout = 15 * time.Minute

func invokeError(status int, kind, text string) answer {
	body := fmt.Appendf(nil, `{"Type":"User","Message":%q}`, text)
	return answer{status, http.Header{"Content-Type": {"application/json"}, "X-Amzn-Errortype": {kind}}, body}
}
