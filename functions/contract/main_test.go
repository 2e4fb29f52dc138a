package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"keydesk/infra/desktest"
	"keydesk/infra/openapi/answers"
	"keydesk/shared/rest"
)

func TestEvents(t *testing.T) {
	desktest.Play(t, "../../events", "Contract", func(*desktest.Desk) rest.Handler { return handler("") })
}

// call asks for a path at a stage; headers as "name: value".
func call(t *testing.T, publicURL, stage, path string, headers ...string) events.APIGatewayV2HTTPResponse {
	t.Helper()
	event := events.APIGatewayV2HTTPRequest{RawPath: path, Headers: map[string]string{}}
	event.RequestContext.DomainName, event.RequestContext.Stage, event.RequestContext.HTTP.Method = "keys.example.com", stage, http.MethodGet
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		event.Headers[name] = value
	}
	answer, err := handler(publicURL)(t.Context(), event)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func TestBothAreAsTheContractSays(t *testing.T) {
	for _, path := range []string{"/openapi.json", "/docs"} {
		answer := call(t, "", "$default", path)
		header := http.Header{}
		for name, value := range answer.Headers {
			header.Set(name, value)
		}
		if err := answers.Check(http.MethodGet, path, answer.StatusCode, header, []byte(answer.Body)); err != nil {
			t.Error(err)
		}
	}
}

func TestBothNameTheAddressTheyAreServedFrom(t *testing.T) {
	for _, c := range []struct{ publicURL, stage, path, want string }{
		{"", "$default", "", "https://keys.example.com"},
		{"", "prod", "/prod", "https://keys.example.com/prod"},
		{"https://api.example.org/keys", "$default", "", "https://api.example.org/keys"},
	} {
		machines, people := call(t, c.publicURL, c.stage, c.path+"/openapi.json"), call(t, c.publicURL, c.stage, c.path+"/docs/")
		if !strings.Contains(machines.Body, `"servers":[{"url":"`+c.want+`",`) || strings.Contains(machines.Body, here) {
			t.Errorf("%+v: the servers are not there", c)
		}
		if !strings.Contains(people.Body, `<a href="`+c.want+`/openapi.json">`) || strings.Contains(people.Body, here) {
			t.Errorf("%+v: the page does not lead there", c)
		}
	}
}

func TestWhoHasItIsNotSentIt(t *testing.T) {
	for _, path := range []string{"/openapi.json", "/docs"} {
		tag := call(t, "", "$default", path).Headers["ETag"]
		for _, header := range []string{"if-none-match: " + tag, "If-None-Match: W/" + tag, `If-None-Match: "0", ` + tag} {
			if again := call(t, "", "$default", path, header); again.StatusCode != http.StatusNotModified || again.Body != "" || again.Headers["ETag"] != tag {
				t.Errorf("%s, %s: %d, %d bytes, %v", path, header, again.StatusCode, len(again.Body), again.Headers)
			}
		}
		other := call(t, "https://else.example.com", "$default", path, "if-none-match: "+tag)
		if other.StatusCode != http.StatusOK || other.Headers["ETag"] == tag {
			t.Errorf("%s: another text has the tag %s", path, tag)
		}
	}
}
