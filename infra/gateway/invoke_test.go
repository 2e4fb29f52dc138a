package gateway

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
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
