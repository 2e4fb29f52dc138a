package gateway

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"keydesk/infra/template"
)

// volatile are the parts of an event that differ each time, and what they look like.
var volatile = map[string]*regexp.Regexp{
	"requestContext.requestId":  regexp.MustCompile(`^[\w-]{15}=$`),
	"requestContext.time":       regexp.MustCompile(`^\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000$`),
	"requestContext.domainName": regexp.MustCompile(`^127\.0\.0\.1:\d+$`),
	"headers.x-amzn-trace-id":   regexp.MustCompile(`^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$`),
	"headers.x-forwarded-port":  regexp.MustCompile(`^\d+$`),
}

func TestEvent(t *testing.T) {
	tmpl := api()
	tmpl.Routes = append(tmpl.Routes, template.Route{Method: "PUT", Path: "/requests/{id}", Function: "Echo"})
	d := serve(t, tmpl)
	got := decode[map[string]any](t, d.ask("PUT", "/requests/a%20b?p=1&q=x%20y&p=%2C2&empty&r=%zz", `{"für": "<you>"}`,
		"Content-Type", "application/json; charset=utf-8", "X-Many", "one", "X-Many", "two", "Authorization", "token",
		"User-Agent", "test/1", "Cookie", "a=1; b=2", "Cookie", "c=3", "X-Forwarded-For", "192.0.2.1", "Host-Like", "kept").body)
	golden, err := os.ReadFile("testdata/event.json")
	if err != nil {
		t.Fatal(err)
	}
	want := decode[map[string]any](t, string(golden))
	for path, pattern := range volatile {
		section, name, _ := strings.Cut(path, ".")
		fields := got[section].(map[string]any)
		if text, _ := fields[name].(string); !pattern.MatchString(text) {
			t.Errorf("%s: got %v", path, fields[name])
		}
		fields[name] = "(varies)"
	}
	requestContext := got["requestContext"].(map[string]any)
	if epoch, _ := requestContext["timeEpoch"].(float64); epoch < 1.7e12 {
		t.Errorf("timeEpoch: got %v", requestContext["timeEpoch"])
	}
	requestContext["timeEpoch"] = "(varies)"
	if host, _ := url.Parse(d.url); got["headers"].(map[string]any)["host"] != host.Host {
		t.Errorf("host: got %v, want %s", got["headers"].(map[string]any)["host"], host.Host)
	}
	got["headers"].(map[string]any)["host"] = "(varies)"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("event (-want +got):\n%s", diff)
	}
}

func (d *desk) event(method, target, body string, headers ...string) events.APIGatewayV2HTTPRequest {
	d.t.Helper()
	return decode[events.APIGatewayV2HTTPRequest](d.t, d.ask(method, target, body, headers...).body)
}

func TestEventWithoutAnything(t *testing.T) {
	d := serve(t, api())
	got := decode[map[string]any](t, d.ask("GET", "/", "").body)
	for _, absent := range []string{"body", "cookies", "pathParameters", "queryStringParameters", "stageVariables"} {
		if value, ok := got[absent]; ok {
			t.Errorf("%s: got %v, want none", absent, value)
		}
	}
	if got["isBase64Encoded"] != false || got["rawQueryString"] != "" || got["routeKey"] != "$default" {
		t.Errorf("got %v", got)
	}
	if length := got["headers"].(map[string]any)["content-length"]; length != "0" {
		t.Errorf("content-length: got %v", length)
	}
}

func TestEventBody(t *testing.T) {
	d := serve(t, api())
	body := "{\"a\": \"\x00ä\"}"
	for contentType, binary := range map[string]bool{
		"application/json": false, "application/json; charset=utf-8": false, "Application/JSON": false,
		"text/plain": false, "text/csv": false, "application/xml": false,
		"application/javascript": false, "application/merge-patch+json": false, "image/svg+xml": false,
		"application/x-www-form-urlencoded": true, "application/octet-stream": true, "image/png": true,
		"multipart/form-data; boundary=x": true, "nonsense;;": true, "": true,
	} {
		t.Run(contentType, func(t *testing.T) {
			got := d.event("POST", "/", body, "Content-Type", contentType)
			want := body
			if binary {
				want = base64.StdEncoding.EncodeToString([]byte(body))
			}
			if got.IsBase64Encoded != binary || got.Body != want {
				t.Errorf("got base64 %v, body %q", got.IsBase64Encoded, got.Body)
			}
		})
	}
}

// TestEventPath: paths reach the function as they were sent but decoded, and no client can be redirected to a cleaner one.
func TestEventPath(t *testing.T) {
	d := serve(t, api())
	for target, want := range map[string]string{
		"//double//slash/":  "//double//slash/",
		"/up/../and/./down": "/up/../and/./down",
		"/a%20b%2Fc":        "/a b/c",
		"/cut%3Foff":        "/cut",
	} {
		got := d.event("UPDATE", target, "")
		if got.RawPath != want || got.RequestContext.HTTP.Path != want || got.RequestContext.HTTP.Method != "UPDATE" {
			t.Errorf("%s: got %q, %q, %s", target, got.RawPath, got.RequestContext.HTTP.Path, got.RequestContext.HTTP.Method)
		}
	}
}

func TestEventIgnoresHost(t *testing.T) {
	d := serve(t, api())
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "evil.example"
	r.Header.Set("X-Amzn-Trace-Id", "Root=1-00000000-000000000000000000000000")
	got := decode[events.APIGatewayV2HTTPRequest](t, d.send(r).body)
	if host, _ := url.Parse(d.url); got.RequestContext.DomainName != host.Host {
		t.Errorf("domainName: got %s, want %s", got.RequestContext.DomainName, host.Host)
	}
	if got.Headers["host"] != "evil.example" || got.Headers["x-amzn-trace-id"] != "Root=1-00000000-000000000000000000000000" {
		t.Errorf("headers: got %v", got.Headers)
	}
}
