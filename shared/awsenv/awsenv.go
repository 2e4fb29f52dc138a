// Package awsenv is what a function has of Lambda: its settings, its time, and an aws.Config, which is built by hand from the environment.
// The SDK's config package would do the same, and costs 10 ms of every cold start and 1.8 MB of every binary for sources of configuration
// that a function never uses.
package awsenv

import (
	"context"
	"net/http"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// One attempt of a call is bounded, so that a connection that hangs leaves time for another; the pause between two is far
// below the SDK's own twenty seconds, which no API call has.
const (
	perAttempt = 3 * time.Second
	longPause  = 300 * time.Millisecond
)

// Config is the configuration of a function: region and credentials as Lambda sets them. The credentials outlive the process.
func Config() aws.Config {
	return aws.Config{
		Region: os.Getenv("AWS_REGION"),
		Credentials: credentials.NewStaticCredentialsProvider(
			os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY"), os.Getenv("AWS_SESSION_TOKEN")),
		HTTPClient: awshttp.NewBuildableClient().WithTimeout(perAttempt).WithTransportOptions(manyIdle),
		Retryer: func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxBackoff = longPause })
		},
	}
}

// Endpoint is where a service answers when it is not AWS's own: the variable that the SDK's documentation names for it. A
// config built by hand does not read it by itself. Nil means AWS.
func Endpoint(variable string) *string {
	if url := os.Getenv(variable); url != "" {
		return &url
	}
	return nil
}

// Must is the value of a variable that the template sets. A function that lacks one must not start: it panics.
func Must(variable string) string {
	value := os.Getenv(variable)
	if value == "" {
		panic(variable + " is not set: template.yaml sets it for each function that needs it")
	}
	return value
}

// manyIdle keeps the connections of a round of calls made side by side for the next one.
func manyIdle(t *http.Transport) { t.MaxIdleConnsPerHost = 32 }

// TimeToAnswer is a call's context, ended so long before Lambda ends the call that it can still say that its time was over.
func TimeToAnswer(ctx context.Context, keptBack time.Duration) (context.Context, context.CancelFunc) {
	if deadline, bounded := ctx.Deadline(); bounded {
		return context.WithDeadline(ctx, deadline.Add(-keptBack))
	}
	return context.WithCancel(ctx)
}
