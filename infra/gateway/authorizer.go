package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/aws/aws-lambda-go/events"
)

// authorizerEvent is what an authorizer receives, in payload format 2.0: the function's event without the body, and what the call is
// for (docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html).
type authorizerEvent struct {
	Version               string            `json:"version"`
	Type                  string            `json:"type"`
	RouteARN              string            `json:"routeArn"`
	IdentitySource        []string          `json:"identitySource"` // null: infra/template reads no authorizer that has one
	RouteKey              string            `json:"routeKey"`
	RawPath               string            `json:"rawPath"`
	RawQueryString        string            `json:"rawQueryString"`
	Cookies               []string          `json:"cookies,omitempty"`
	Headers               map[string]string `json:"headers"`
	QueryStringParameters map[string]string `json:"queryStringParameters,omitempty"`
	RequestContext        requestContext    `json:"requestContext"`
	PathParameters        map[string]string `json:"pathParameters,omitempty"`
	StageVariables        map[string]string `json:"stageVariables,omitempty"`
}

func newAuthorizerEvent(ev *event, region string) authorizerEvent {
	call := ev.RequestContext
	return authorizerEvent{
		Version: "2.0", Type: "REQUEST",
		RouteARN: fmt.Sprintf("arn:aws:execute-api:%s:%s:%s/%s/%s%s",
			region, call.AccountID, call.APIID, call.Stage, call.HTTP.Method, call.HTTP.Path),
		RouteKey: ev.RouteKey, RawPath: ev.RawPath, RawQueryString: ev.RawQueryString, Cookies: ev.Cookies, Headers: ev.Headers,
		QueryStringParameters: ev.QueryStringParameters, RequestContext: call, PathParameters: ev.PathParameters,
		StageVariables: ev.StageVariables,
	}
}

var errDenied = errors.New("denied")

// authorize asks the authorizer, whose answers nobody keeps, whether the call may pass. One that may carries from then on what the
// authorizer says of it.
func authorize(ctx context.Context, authorizer *function, ev *event, trace string, e *entry) error {
	e.function = authorizer.LogicalID
	o := authorizer.invoke(ctx, encode(newAuthorizerEvent(ev, authorizer.environment["AWS_REGION"])), trace, authorizerTimeout)
	e.cold = o.cold
	if o.err != nil {
		return o.err
	}
	var said struct {
		IsAuthorized *bool          `json:"isAuthorized"`
		Context      map[string]any `json:"context"`
	}
	switch err := json.Unmarshal(o.payload, &said); {
	case err != nil:
		return fmt.Errorf("the authorizer's answer is malformed: %w", err)
	case said.IsAuthorized == nil:
		return errors.New("the authorizer's answer lacks isAuthorized")
	case !*said.IsAuthorized:
		return errDenied
	}
	ev.RequestContext.Authorizer = &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{Lambda: said.Context}
	return nil
}

// refusal is what a client is told whom the authorizer has not let pass. One that fails, in whatever way, lets nobody pass: 500 (the
// documentation above, "Troubleshooting Lambda authorizers").
func refusal(err error) answer {
	switch {
	case errors.Is(err, errDenied):
		return message(http.StatusForbidden, "Forbidden")
	case errors.Is(err, errClosed):
		return failure(err)
	}
	return message(http.StatusInternalServerError, "Internal Server Error")
}
