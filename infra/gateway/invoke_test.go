package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestInvoke(t *testing.T) {
	d := serve(t, guarded())
	server := httptest.NewServer(d.Invoker())
	t.Cleanup(server.Close)
	d.url = server.URL
	const guard = "/2015-03-31/functions/Guard/invocations"
	arn := "/2015-03-31/functions/arn:aws:lambda:us-east-1:123456789012:function:Guard/invocations"
	act := func(name string) string { return `{"queryStringParameters":{"guard":"` + name + `"}}` }

	for _, path := range []string{guard, arn} {
		got := d.ask("POST", path, act("allow bare"))
		if got.wants(t, 200, `{"isAuthorized":true}`); got.Header.Get("X-Amz-Function-Error") != "" {
			t.Errorf("it is said to have failed: %s", got.Header.Get("X-Amz-Function-Error"))
		}
	}
	for _, broken := range []string{"fail", "exit", "hang"} {
		got := d.ask("POST", guard, act(broken))
		if got.StatusCode != http.StatusOK || got.Header.Get("X-Amz-Function-Error") != "Unhandled" || !strings.Contains(got.body, "errorMessage") {
			t.Errorf("%s: got %d %v %s", broken, got.StatusCode, got.Header, got.body)
		}
		if told := strings.Contains(got.body, "detail of a failure"); told != (broken == "fail") { // as Lambda tells whoever invokes
			t.Errorf("%s: the answer is %s", broken, got.body)
		}
	}
	refused := func(status int, kind string, got response) {
		t.Helper()
		if got.StatusCode != status || got.Header.Get("X-Amzn-Errortype") != kind {
			t.Errorf("got %d %v %s, want %d %s", got.StatusCode, got.Header, got.body, status, kind)
		}
	}
	refused(http.StatusNotFound, "ResourceNotFoundException", d.ask("POST", "/2015-03-31/functions/Nobody/invocations", "{}"))
	refused(http.StatusBadRequest, "InvalidParameterValueException", d.ask("POST", guard, "{}", "X-Amz-Invocation-Type", "Event"))
	refused(http.StatusRequestEntityTooLarge, "RequestTooLargeException", d.ask("POST", guard, strings.Repeat(" ", 6<<20+1)))
	refused(http.StatusNotFound, "", d.ask("POST", "/hello/ada", "{}"))
	if log := d.log.String(); !strings.Contains(log, " POST "+guard+" 200 ") || !strings.Contains(log, " Guard warm\n") {
		t.Errorf("the log does not tell of the invocation")
	}
}

// What on AWS a schedule or a stream does.
func TestInvokeHere(t *testing.T) {
	d := serve(t, api())
	got, err := d.Invoke(t.Context(), "Echo", []byte(`{"queryStringParameters":{"do":"context"}}`))
	if err != nil {
		t.Fatal(err)
	}
	if c := decode[invocationContext](t, string(got)); c.Served != 1 || !strings.HasPrefix(c.Trace, "Root=1-") {
		t.Errorf("got %+v", c)
	}
	if log := d.log.String(); !strings.Contains(log, " invoke ") || strings.Count(log, "\n") != 1 || !strings.HasSuffix(log, " Echo cold\n") {
		t.Error("the log has not the one line of it")
	}
	said, err := d.Invoke(t.Context(), "Echo", []byte(`{"queryStringParameters":{"do":"fail"}}`))
	if !errors.Is(err, errFailed) || !strings.Contains(string(said), "secret detail of a failure") {
		t.Errorf("a failing function: got %s and error %v", said, err)
	}
	for function, event := range map[string]string{"Nobody": "{}", "Echo": strings.Repeat(" ", maxEvent+1)} {
		if _, err := d.Invoke(t.Context(), function, []byte(event)); err == nil || !strings.Contains(err.Error(), function) {
			t.Errorf("%d bytes for %s: got error %v, want one that names it", len(event), function, err)
		}
	}
}

// Who invokes may leave; what has begun goes on.
func TestInvokeAndLeave(t *testing.T) {
	d := serve(t, api(), func(o *Options) { o.MaxWorkers = 1 })
	b := newBarrier(t)
	query, err := json.Marshal(map[string]any{"queryStringParameters": map[string]string{"wait": b.url}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, leave := context.WithCancel(t.Context())
	left := make(chan error)
	go func() {
		_, err := d.Invoke(ctx, "Echo", query)
		left <- err
	}()
	<-b.arrived
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v", err)
	}
	b.release <- struct{}{}
	if got := d.context(); got.Served != 2 {
		t.Errorf("served %d, want 2 by the same process", got.Served)
	}
}

// A client that leaves changes nothing of what API Gateway does: the log tells how the function answered.
func TestClientLeaves(t *testing.T) {
	d := serve(t, api())
	b := newBarrier(t)
	ctx, leave := context.WithCancel(t.Context())
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, d.url+"/left?"+b.query, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	gone := make(chan error)
	go func() {
		_, err := http.DefaultClient.Do(request) //nolint:bodyclose // there is no answer
		gone <- err
	}()
	<-b.arrived
	leave()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Fatalf("got error %v", err)
	}
	time.Sleep(50 * time.Millisecond) // until the server has noticed
	b.release <- struct{}{}
	for deadline := time.Now().Add(5 * time.Second); !strings.Contains(d.log.String(), " GET /left "); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the log says nothing of the request")
		}
	}
	if !strings.Contains(d.log.String(), " GET /left 200 ") {
		t.Error("the log tells of another answer than the function's")
	}
}

// What is longer in a path than any id may be a key.
func TestDiscreet(t *testing.T) {
	key := strings.Repeat("k", 56)
	if got := discreet("/api/apis//keys/" + key); got != "/api/apis//keys/kkkkkkkk..." {
		t.Errorf("the log has %s", got)
	}
	if path := "/api/portal/developers/5efdbdb749960c000137f589/keys/0f4c45b04e4e9806"; discreet(path) != path {
		t.Errorf("the log has %s", discreet(path))
	}
}
