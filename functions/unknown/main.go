// The $default route: paths that do not exist and verbs that a path does not have, answered as everything else is.
package main

import (
	"context"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"keydesk/shared/rest"
)

func main() { lambda.Start(handle) }

func handle(_ context.Context, event events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
	return rest.Unknown(event), nil
}
