package main

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"keydesk/infra/desktest"
	"keydesk/shared/rest"
)

func TestEvents(t *testing.T) {
	desktest.Play(t, "../../events", "Console", func(*desktest.Desk) rest.Handler { return handle })
}

func call(t *testing.T, stage, method, path string) events.APIGatewayV2HTTPResponse {
	t.Helper()
	event := events.APIGatewayV2HTTPRequest{RawPath: path}
	event.RequestContext.Stage, event.RequestContext.HTTP.Method = stage, method
	answer, err := handle(t.Context(), event)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// Wherever the page is served from, its files are beside it.
func TestThePageLeadsToItsFiles(t *testing.T) {
	reference := regexp.MustCompile(`(?:href|src)="([^"]*)"`)
	for _, c := range []struct{ stage, page, to string }{
		{"$default", "/console/claim", "./"},
		{"$default", "/console/claim/", "./../"},
		{"prod", "/prod/console/claim///", "./../../../"},
	} {
		page := call(t, c.stage, http.MethodGet, c.page)
		found := reference.FindAllStringSubmatch(page.Body, -1)
		if len(found) != 2 || found[0][1] != c.to+"claim.css" || found[1][1] != c.to+"claim.js" {
			t.Errorf("%s refers to %q", c.page, found)
		}
	}
}

// What the policy forbids, the page would lack: no script or style stands in it, and nothing makes markup of a text.
func TestThePageKeepsItsOwnPolicy(t *testing.T) {
	for _, inline := range []string{"<style", " style=", "<script>", " onclick=", "<img", "javascript:"} {
		if strings.Contains(claimHTML, inline) {
			t.Errorf("the page has %s in it", inline)
		}
	}
	for _, unsafe := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", ".style"} {
		if strings.Contains(claimJS, unsafe) {
			t.Errorf("the script uses %s", unsafe)
		}
	}
}

func TestOtherVerbsAndPaths(t *testing.T) {
	for _, c := range []struct {
		method, path string
		status       int
	}{
		{http.MethodHead, "/console/claim", http.StatusMethodNotAllowed},
		{http.MethodPost, "/console/claim.js", http.StatusMethodNotAllowed},
		{http.MethodGet, "/console", http.StatusNotFound},
		{http.MethodGet, "/console/main.go", http.StatusNotFound},
		{http.MethodGet, "/other/console/claim", http.StatusNotFound},
	} {
		if answer := call(t, "prod", c.method, c.path); answer.StatusCode != c.status {
			t.Errorf("%s %s: %d", c.method, c.path, answer.StatusCode)
		}
	}
}
