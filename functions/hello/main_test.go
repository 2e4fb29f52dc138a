package main

import (
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"keydesk/infra/desktest"
	"keydesk/shared/rest"
)

func TestEvents(t *testing.T) {
	desktest.Play(t, "../../events", "Hello", func(*desktest.Desk) rest.Handler { return handle })
}

// Where a deployment has lost the authorizer, nobody is let in.
func TestNobodyPassesUnchecked(t *testing.T) {
	for name, authorizer := range map[string]*events.APIGatewayV2HTTPRequestContextAuthorizerDescription{
		"no authorizer":         nil,
		"another one":           {JWT: &events.APIGatewayV2HTTPRequestContextAuthorizerJWTDescription{}},
		"one that knows no key": {Lambda: map[string]any{"org": "5e9d9544a1dcd60001d0ed20"}},
	} {
		event := desktest.Read(t, "../../events/hello/token.json")
		event.RequestContext.Authorizer = authorizer
		if got, err := handle(t.Context(), event); err == nil || got.StatusCode != 0 {
			t.Errorf("%s: got %d %s, %v", name, got.StatusCode, got.Body, err)
		}
	}
}
