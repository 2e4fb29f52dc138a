// The data plane: is this key good, and for what? API Gateway asks it, as the Lambda authorizer of the API owner's HTTP
// APIs, and so does any gateway of another make, by invoking it. Its yes is remembered for ten seconds at the most, and so is its no.
package main

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"keydesk/shared/awsenv"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

func main() { lambda.Start(fromEnv()) }

// authorizer is what Lambda calls.
type authorizer struct {
	settings
	*check
}

// fromEnv is the authorizer that the template sets up. It panics where a setting is missing or makes no sense.
func fromEnv() *authorizer {
	own := settings{header: awsenv.Must("KEYDESK_KEY_HEADER"), org: os.Getenv("KEYDESK_PROTECTED_ORG")}
	if own.org != "" && !portal.ValidID(own.org) {
		panic("KEYDESK_PROTECTED_ORG is not an organisation's id")
	}
	return &authorizer{settings: own, check: newCheck(table.FromEnv(), slog.New(slog.NewJSONHandler(os.Stdout, nil)))}
}

// errNoVerdict is all that the asker learns when there is no telling; to API Gateway it is a 500, and never an allow.
var errNoVerdict = errors.New("no verdict: what is known of the key could not be read; the log says why")

// Invoke answers one question. It takes bytes and gives bytes, so that a remembered verdict is answered as it lies in memory.
func (a *authorizer) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	q, err := a.read(payload)
	if lambda, is := lambdacontext.FromContext(ctx); is {
		q.requestID = cmp.Or(q.requestID, lambda.AwsRequestID)
	}
	if err != nil {
		a.log.ErrorContext(ctx, "no question", "error", err, "request_id", q.requestID)
		return nil, err
	}
	d, err := a.decide(ctx, &q)
	if err != nil {
		a.log.ErrorContext(ctx, "no verdict", "error", err, "request_id", q.requestID)
		return nil, errNoVerdict
	}
	said := "allow"
	if d.reason != good {
		said = "deny"
	}
	a.log.LogAttrs(ctx, slog.LevelInfo, said, slog.String("reason", string(d.reason)), slog.String("key", d.key), slog.String("org", d.org),
		slog.Bool("remembered", d.remembered), slog.String("request_id", q.requestID))
	return d.answer(q.plain), nil
}
