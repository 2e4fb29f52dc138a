// GET /hello: a sample of an API that issued keys open. The authorizer has looked at the key before a call comes here, and has laid
// what it knows of it beside the call; the key itself is nobody's business any more.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
)

func main() { lambda.Start(handle) }

// answer says whose key it was. Of several policies each limit is said, in the policies' order: "20,5".
type answer struct {
	Message          string            `json:"message"`
	Org              string            `json:"org"`
	Developer        string            `json:"developer"`
	Policies         []string          `json:"policies"`
	Key              string            `json:"key"` // its id, by which it is revoked
	Rate             string            `json:"rate"`
	Per              string            `json:"per"`
	QuotaMax         string            `json:"quota_max"`
	QuotaRenewalRate string            `json:"quota_renewal_rate"`
	Fields           map[string]string `json:"fields"` // of the request that the key was granted for
}

func handle(_ context.Context, event events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
	authorizer := event.RequestContext.Authorizer
	if authorizer == nil || authorizer.Lambda["key"] == nil {
		return events.APIGatewayV2HTTPResponse{}, errors.New("nobody has looked at this call's key: the route needs its authorizer")
	}
	known := func(name string) string {
		text, _ := authorizer.Lambda[name].(string) // the authorizer says nothing but strings
		return text
	}
	said := answer{
		Message: "Hello, " + known("developer"), Org: known("org"), Developer: known("developer"),
		Policies: list(known("policies")), Key: known("key"),
		Rate: known("rate"), Per: known("per"), QuotaMax: known("quota_max"), QuotaRenewalRate: known("quota_renewal_rate"),
		Fields: map[string]string{},
	}
	for name := range authorizer.Lambda {
		if field, is := strings.CutPrefix(name, "field_"); is {
			said.Fields[field] = known(name)
		}
	}
	body, err := json.Marshal(said)
	return events.APIGatewayV2HTTPResponse{
		StatusCode: http.StatusOK, Body: string(body) + "\n",
		Headers: map[string]string{"Content-Type": "application/json", "Cache-Control": "no-store"},
	}, err
}

// list takes a list apart; a comma within an id is %2C, and a per cent sign %25.
func list(text string) []string {
	parts := strings.Split(text, ",")
	for i := range parts {
		parts[i] = strings.NewReplacer("%2C", ",", "%25", "%").Replace(parts[i])
	}
	return parts
}
