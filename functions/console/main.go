// GET /console/...: the page on which a developer claims a key. Its files are the same for everybody, and no secret: what is
// secret stands in the link's fragment, which browsers do not send.
package main

import (
	"context"
	_ "embed"
	"net/http"
	"strings"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"keydesk/shared/rest"
)

func main() { lambda.Start(handle) }

var (
	//go:embed claim.html
	claimHTML string
	//go:embed claim.js
	claimJS string
	//go:embed claim.css
	claimCSS string
)

// file is one of the console's, with its media type.
type file struct{ text, is string }

var files = map[string]file{
	"/console/claim":     {claimHTML, "text/html; charset=utf-8"},
	"/console/claim.js":  {claimJS, "text/javascript; charset=utf-8"},
	"/console/claim.css": {claimCSS, "text/css; charset=utf-8"},
}

// policy lets the page do what it does and nothing else: no foreign text runs in it, it calls this desk alone, and no other page
// frames it.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'"

func handle(_ context.Context, event events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
	stage := strings.TrimSuffix("/"+event.RequestContext.Stage, "/$default")
	asked := strings.TrimPrefix(event.RawPath, stage)
	path := strings.TrimRight(asked, "/")
	f, known := files[path]
	if !known || event.RequestContext.HTTP.Method != http.MethodGet {
		return rest.Unknown(event), nil
	}
	return events.APIGatewayV2HTTPResponse{StatusCode: http.StatusOK, Body: below(f.text, len(asked)-len(path)), Headers: map[string]string{
		"Content-Type": f.is, "Cache-Control": "no-cache", "Content-Security-Policy": policy, "Referrer-Policy": "no-referrer",
		"X-Content-Type-Options": "nosniff",
	}}, nil
}

// below is a page that is asked for with slashes at its path's end: the files that it needs stand as many steps above.
func below(page string, slashes int) string {
	return strings.ReplaceAll(page, `"./`, `"./`+strings.Repeat("../", slashes))
}
