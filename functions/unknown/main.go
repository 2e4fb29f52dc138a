// The $default route: paths that do not exist and verbs that a path does not have, answered as everything else is.
package main

import (
	"context"
	"regexp"
	"strings"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"keydesk/shared/portal"
	"keydesk/shared/rest"
)

func main() { lambda.Start(handle) }

// paths are those of the API that leave verbs to the $default route. A test compares them with template.yaml.
var paths = []struct {
	pattern *regexp.Regexp
	path    rest.Path
}{
	{regexp.MustCompile(`^/api/portal/requests/?$`), rest.Requests},
}

func handle(_ context.Context, event events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
	path := strings.TrimPrefix(event.RawPath, "/"+event.RequestContext.Stage)
	for _, known := range paths {
		if known.pattern.MatchString(path) {
			return rest.Refuse(event, rest.WrongMethod(event.RequestContext.HTTP.Method, known.path)), nil
		}
	}
	return rest.Refuse(event, portal.ErrNotFound), nil
}
