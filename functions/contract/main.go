// GET /openapi.json and GET /docs: the API's contract, for machines and for people. Both are made of infra/openapi/keydesk.yaml
// when they are first asked for, so that there is nothing to keep in step, and nothing to do before.
package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"os"
	"strings"
	"sync"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"keydesk/infra/openapi"
	"keydesk/shared/rest"
)

func main() { lambda.Start(handler(os.Getenv("KEYDESK_PUBLIC_URL"))) }

// text is one form of the contract. It says here wherever it names the address that it is served from.
type text struct {
	body   string
	header map[string]string
}

const here = "https://here.invalid"

// texts are the forms by their paths.
var texts = map[string]func() (text, error){
	"/openapi.json": sync.OnceValues(func() (text, error) { return forMachines(openapi.Text) }),
	"/docs":         sync.OnceValues(func() (text, error) { return forPeople(openapi.Text) }),
}

func handler(publicURL string) rest.Handler {
	return func(_ context.Context, event events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
		stage := strings.TrimSuffix("/"+event.RequestContext.Stage, "/$default")
		path := strings.TrimRight(strings.TrimPrefix(event.RawPath, stage), "/")
		made, known := texts[path]
		if !known || event.RequestContext.HTTP.Method != http.MethodGet {
			return rest.Unknown(event), nil
		}
		t, err := made()
		if err != nil {
			return events.APIGatewayV2HTTPResponse{}, err // it cannot be: a test reads the same contract
		}
		base := publicURL
		if base == "" {
			base = "https://" + event.RequestContext.DomainName + stage
		}
		return t.answer(base, event), nil
	}
}

// answer is the text with the address it is served from, or 304 for whoever has it.
func (t text) answer(base string, event events.APIGatewayV2HTTPRequest) events.APIGatewayV2HTTPResponse {
	body := strings.ReplaceAll(t.body, here, base)
	sum := sha256.Sum256([]byte(body))
	tag := `"` + hex.EncodeToString(sum[:8]) + `"`
	response := events.APIGatewayV2HTTPResponse{StatusCode: http.StatusOK, Body: body, Headers: map[string]string{
		"ETag": tag, "Cache-Control": "public, max-age=300", "X-Content-Type-Options": "nosniff",
	}}
	for name, value := range event.Headers {
		if strings.EqualFold(name, "if-none-match") && strings.Contains(value, tag) {
			response.StatusCode, response.Body = http.StatusNotModified, ""
			return response
		}
	}
	for name, value := range t.header {
		response.Headers[name] = value
	}
	return response
}
