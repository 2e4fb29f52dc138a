package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"

	"keydesk/infra/local/doubles"
	"keydesk/shared/awsenv"
	"keydesk/shared/table"
)

const (
	usualStack   = "keydesk" // samconfig.toml's
	endpointOfCF = "AWS_ENDPOINT_URL_CLOUDFORMATION"
)

// What of a desk is named from outside, by the names that template.yaml's outputs have.
const (
	itsTable    = "TableName"
	itsKey      = "KeyArn"
	itsSecrets  = "WebhookPrefix"
	itsDeliver  = "DeliverName"
	runFailures = "AutoApproveFailuresUrl"
	lostBatches = "DeliverFailuresUrl"
)

// variables name the same in the environment of `make run`, as far as it is there.
var variables = map[string]string{ //nolint:gosec // variables, and no secrets
	itsTable: "KEYDESK_TABLE", itsKey: "KEYDESK_BOX_KMS_KEY", itsSecrets: "KEYDESK_WEBHOOK_PREFIX",
}

// where names the table to act on.
type where struct {
	Table string `help:"The table to act on (otherwise: KEYDESK_TABLE, else the stack's)." placeholder:"NAME" xor:"where"`
	Stack string `help:"The CloudFormation stack to act on (otherwise: keydesk)." placeholder:"NAME" xor:"where"`
}

// desk is what a command acts on, and whom it tells.
type desk struct {
	*table.Table
	cfg   aws.Config
	parts map[string]string // what it is made of, by the outputs' names
	place string
	out   *os.File  // for what was asked for
	say   io.Writer // for all else
}

// open finds the table, and says which it is.
func open(ctx context.Context, w where, out *os.File, say io.Writer) (*desk, error) {
	cfg, err := config.LoadDefaultConfig(ctx, config.WithLogger(logging.Nop{}), // what goes wrong is said once, by main
		config.WithHTTPClient(awshttp.NewBuildableClient().WithDialerOptions(func(d *net.Dialer) { d.Timeout = connecting })),
		config.WithRetryer(func() aws.Retryer { return retry.NewStandard(giveUpUnconnected) }))
	if err != nil {
		return nil, err
	}
	if cfg.Region == "" {
		return nil, errors.New("no AWS region: set AWS_REGION, or for `make run` read its environment, `. .local/env`")
	}
	if _, err := cfg.Credentials.Retrieve(ctx); err != nil {
		return nil, errors.New("no AWS credentials: set AWS_PROFILE or log in, or for `make run` read its environment, `. .local/env`")
	}
	parts, err := w.parts(ctx, cfg)
	if err != nil {
		return nil, err
	}
	name := parts[itsTable]
	place := cfg.Region
	if endpoint := awsenv.Endpoint(doubles.DynamoDBVariable); endpoint != nil {
		place = *endpoint
	}
	_, _ = fmt.Fprintf(say, "admin: table %s of %s\n", name, place)
	return &desk{Table: table.New(cfg, name), cfg: cfg, parts: parts, place: place, out: out, say: say}, nil
}

// parts are what the desk is made of. What the command line says comes before the environment.
func (w where) parts(ctx context.Context, cfg aws.Config) (map[string]string, error) {
	stack := cmp.Or(w.Stack, usualStack)
	if table := cmp.Or(w.Table, os.Getenv(variables[itsTable])); w.Stack != "" || table == "" {
		return outputs(ctx, cfg, stack)
	}
	parts := map[string]string{}
	for name, variable := range variables {
		parts[name] = os.Getenv(variable)
	}
	parts[itsTable] = cmp.Or(w.Table, parts[itsTable])
	return parts, nil
}

// part is a part of the desk that a command needs.
func (d *desk) part(name string) (string, error) {
	if d.parts[name] == "" {
		return "", fmt.Errorf("nothing says what the desk's %s is: name the stack by --stack, and deploy this version if it is an older one", name)
	}
	return d.parts[name], nil
}

// outputs are what a stack says that it has made.
func outputs(ctx context.Context, cfg aws.Config, stack string) (map[string]string, error) {
	client := cloudformation.NewFromConfig(cfg, func(o *cloudformation.Options) { o.BaseEndpoint = awsenv.Endpoint(endpointOfCF) })
	found, err := client.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: &stack})
	var refusal smithy.APIError
	if errors.As(err, &refusal) && refusal.ErrorCode() == "ValidationError" {
		return nil, fmt.Errorf("--stack: there is no stack %[1]s in %[2]s of this account: is AWS_REGION right, or did you mean --table %[1]s?", stack, cfg.Region)
	}
	if errors.As(err, &refusal) {
		return nil, fmt.Errorf("--stack: nobody says what the stack %[1]s in %[2]s has made (%[3]s: %[4]s): are AWS_PROFILE and AWS_REGION right, or did you mean --table %[1]s?",
			stack, cfg.Region, refusal.ErrorCode(), refusal.ErrorMessage())
	}
	if err != nil {
		return nil, silence(err, "CloudFormation", "is AWS_REGION right, and the network there? Or name the table by --table")
	}
	parts := map[string]string{}
	for _, s := range found.Stacks {
		for _, o := range s.Outputs {
			parts[aws.ToString(o.OutputKey)] = aws.ToString(o.OutputValue)
		}
	}
	if parts[itsTable] == "" {
		return nil, fmt.Errorf("--stack: %s has no output %s: it is not Keydesk's, or not deployed to its end; name the table by --table", stack, itsTable)
	}
	return parts, nil
}

// explain says what to do where AWS only says what there is not.
func (d *desk) explain(err error) error {
	if missing := (*types.ResourceNotFoundException)(nil); errors.As(err, &missing) {
		return fmt.Errorf("there is no table %s in %s: name another by --table or --stack, or set AWS_REGION", d.Name(), d.place)
	}
	if awsenv.Endpoint(doubles.DynamoDBVariable) != nil {
		return silence(err, d.place, "is `make run` running? For a deployed stack take a shell that has not read .local/env")
	}
	return silence(err, d.place, "is AWS_REGION right, and the network there?")
}

// silence says what to do where nobody answers.
func silence(err error, place, remedy string) error {
	var request *url.Error
	if dial := unconnected(err); dial != nil && errors.As(err, &request) {
		return fmt.Errorf("no connection to %s (%w): %s", request.URL, rootOf(dial), remedy)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("no answer from %s within %s: %s (%w)", place, patience, remedy, err)
	}
	return err
}

// giveUpUnconnected makes a call fail at once where no connection can be made: a person waits, and had better be told.
func giveUpUnconnected(o *retry.StandardOptions) {
	never := retry.IsErrorRetryableFunc(func(err error) aws.Ternary {
		if unconnected(err) != nil {
			return aws.FalseTernary
		}
		return aws.UnknownTernary
	})
	o.Retryables = append([]retry.IsErrorRetryable{never}, o.Retryables...)
}

// unconnected is the failure to make a connection that an error comes of; nil when it comes of something else.
func unconnected(err error) *net.OpError {
	var dial *net.OpError
	if errors.As(err, &dial) && dial.Op == "dial" {
		return dial
	}
	return nil
}

// rootOf is why a connection could not be made, without whence and whither.
func rootOf(dial *net.OpError) error {
	if syscall := (*os.SyscallError)(nil); errors.As(dial.Err, &syscall) {
		return syscall.Err
	}
	return dial.Err
}
