package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
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
	usualStack   = "keydesk"   // samconfig.toml's
	output       = "TableName" // template.yaml's
	endpointOfCF = "AWS_ENDPOINT_URL_CLOUDFORMATION"
)

// where names the table to act on.
type where struct {
	Table string `help:"The table to act on (otherwise: KEYDESK_TABLE, else the stack's)." placeholder:"NAME" xor:"where"`
	Stack string `help:"The CloudFormation stack to act on (otherwise: keydesk)." placeholder:"NAME" xor:"where"`
}

// desk is what a command acts on, and whom it tells.
type desk struct {
	*table.Table
	place    string
	out, say io.Writer // what was asked for; all else
}

// open finds the table, and says which it is.
func open(ctx context.Context, w where, out, say io.Writer) (*desk, error) {
	cfg, err := config.LoadDefaultConfig(ctx, config.WithLogger(logging.Nop{})) // what goes wrong is said once, by main
	if err != nil {
		return nil, err
	}
	if cfg.Region == "" {
		return nil, errors.New("no AWS region: set AWS_REGION, or for `make run` read its environment, `. .local/env`")
	}
	if _, err := cfg.Credentials.Retrieve(ctx); err != nil {
		return nil, errors.New("no AWS credentials: set AWS_PROFILE or log in, or for `make run` read its environment, `. .local/env`")
	}
	name, err := w.table(ctx, cfg)
	if err != nil {
		return nil, err
	}
	place := cfg.Region
	if endpoint := awsenv.Endpoint(doubles.DynamoDBVariable); endpoint != nil {
		place = *endpoint
	}
	_, _ = fmt.Fprintf(say, "admin: table %s of %s\n", name, place)
	return &desk{Table: table.New(cfg, name), place: place, out: out, say: say}, nil
}

// table is the table's name. What the command line says comes before the environment.
func (w where) table(ctx context.Context, cfg aws.Config) (string, error) {
	if w.Stack == "" {
		if name := cmp.Or(w.Table, os.Getenv("KEYDESK_TABLE")); name != "" {
			return name, nil
		}
	}
	stack := cmp.Or(w.Stack, usualStack)
	client := cloudformation.NewFromConfig(cfg, func(o *cloudformation.Options) { o.BaseEndpoint = awsenv.Endpoint(endpointOfCF) })
	found, err := client.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: &stack})
	if refusal := smithy.APIError(nil); errors.As(err, &refusal) && refusal.ErrorCode() == "ValidationError" {
		return "", fmt.Errorf("--stack: there is no stack %s in %s: name another, or the table by --table, or set AWS_REGION", stack, cfg.Region)
	}
	if err != nil {
		return "", fmt.Errorf("read the outputs of the stack %s: %w", stack, err)
	}
	for _, s := range found.Stacks {
		for _, o := range s.Outputs {
			if aws.ToString(o.OutputKey) == output {
				return aws.ToString(o.OutputValue), nil
			}
		}
	}
	return "", fmt.Errorf("--stack: %s has no output %s: it is not Keydesk's, or not deployed to its end; name the table by --table", stack, output)
}

// explain says what to do where AWS only says what there is not.
func (d *desk) explain(err error) error {
	if missing := (*types.ResourceNotFoundException)(nil); errors.As(err, &missing) {
		return fmt.Errorf("there is no table %s in %s: name another by --table or --stack, or set AWS_REGION", d.Name(), d.place)
	}
	return err
}
