package gateway

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"keydesk/infra/template"
)

// guarded is a template whose route /hello/{name} is behind the function Guard.
func guarded() *template.Template {
	tmpl := api()
	tmpl.Functions = append(tmpl.Functions, template.Function{
		LogicalID: "Guard", Timeout: 500 * time.Millisecond, MemoryMB: 256, Environment: map[string]string{"START": "authorizer"},
	})
	tmpl.Routes = append(tmpl.Routes, template.Route{Method: "GET", Path: "/hello/{name}", Function: "Echo", Authorizer: "Guard"})
	return tmpl
}

func TestAuthorizer(t *testing.T) {
	d := serve(t, guarded())
	for act, status := range map[string]int{
		"": 200, "allow+bare": 200, "deny": 403, "silent": 500, "word": 500, "no+JSON": 500, "fail": 500, "exit": 500, "hang": 500,
	} {
		t.Run(act, func(t *testing.T) {
			got := d.ask("GET", "/hello/ada?guard="+act, "")
			switch status {
			case 200:
				if got.StatusCode != http.StatusOK || !strings.Contains(got.body, `"routeKey":"GET /hello/{name}"`) {
					t.Errorf("got %d %s, want the function's answer", got.StatusCode, got.body)
				}
			case 403:
				got.wants(t, 403, `{"message":"Forbidden"}`)
			default:
				got.wants(t, 500, internalError)
			}
			if contentType := got.Header.Get("Content-Type"); contentType != "application/json" {
				t.Errorf("content type %q", contentType)
			}
		})
	}
	if got := d.ask("GET", "/hello?guard=deny", ""); got.StatusCode != http.StatusOK {
		t.Errorf("a route without an authorizer: got %d", got.StatusCode)
	}
	log := d.log.String()
	for _, want := range []string{" 403 ", ": denied\n", " GET /hello/ada 200 ", " Echo warm\n", "lacks isAuthorized"} {
		if !strings.Contains(log, want) {
			t.Errorf("no %q in the log", want)
		}
	}
	if strings.Contains(log, "SECRET") {
		t.Error("the log holds what the authorizer said")
	}
}

// What the authorizer says of a call reaches the function; what it receives is the call without its body.
func TestAuthorizerEvent(t *testing.T) {
	d := serve(t, guarded())
	function := decode[map[string]any](t, d.ask("GET", "/hello/a%20b?p=1&p=2&x=", `{"body": "not for it"}`,
		"Content-Type", "application/json", "Authorization", "Bearer token", "User-Agent", "test/1", "Cookie", "a=1; b=2").body)
	call := function["requestContext"].(map[string]any)
	said := call["authorizer"].(map[string]any)["lambda"].(map[string]any)
	if said["count"] != 7.0 || said["good"] != true || said["left"].(float64) > 500 {
		t.Errorf("the context is %v", said)
	}
	got := decode[map[string]any](t, said["event"].(string))

	delete(call, "authorizer")
	want := map[string]any{
		"type": "REQUEST", "routeArn": "arn:aws:execute-api:us-east-1:123456789012:local/$default/GET/hello/a b", "identitySource": nil,
	}
	for name, value := range function {
		if name != "body" && name != "isBase64Encoded" {
			want[name] = value
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the authorizer's event (-want +got):\n%s", diff)
	}
}

// The function runs when the authorizer has let the call pass, and not before.
func TestAuthorizerComesFirst(t *testing.T) {
	d := serve(t, guarded())
	served := func() int { return decode[invocationContext](t, d.ask("GET", "/?do=context", "").body).Served }
	before := served()
	for _, act := range []string{"deny", "silent", "fail"} {
		d.ask("GET", "/hello/ada?guard="+act, "")
	}
	if after := served(); after != before+1 {
		t.Errorf("the function was called %d times beside this test's own", after-before-1)
	}
}

func TestAuthorizerThatIsNot(t *testing.T) {
	tmpl := guarded()
	tmpl.Functions = tmpl.Functions[:1]
	_, err := New(tmpl, Options{Build: place(t, tmpl.Functions)})
	if err == nil || !strings.Contains(err.Error(), `route GET /hello/{name}: the template has no function "Guard" to authorize it`) {
		t.Errorf("got %v", err)
	}
}
