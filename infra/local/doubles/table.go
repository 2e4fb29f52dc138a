package doubles

import (
	"context"
	"fmt"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"keydesk/infra/template"
	"keydesk/shared/awsenv"
)

// CreateTable makes the template's table under the name. It sets no TTL: the code decides by the clock what has expired, and
// DynamoDB Local, unlike AWS, would delete within seconds what a test with a clock of its own has just written.
func CreateTable(ctx context.Context, cfg aws.Config, t template.Table, name string) error {
	if _, err := client(cfg).CreateTable(ctx, t.CreateTableInput(name)); err != nil {
		return fmt.Errorf("create table %s: %w", name, err)
	}
	return nil
}

// DeleteTable removes a table that CreateTable made.
func DeleteTable(ctx context.Context, cfg aws.Config, name string) error {
	if _, err := client(cfg).DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: &name}); err != nil {
		return fmt.Errorf("delete table %s: %w", name, err)
	}
	return nil
}

// client has time: where many tests make tables at once, one can take longer than a function would wait.
func client(cfg aws.Config) *dynamodb.Client {
	return dynamodb.NewFromConfig(cfg, func(o *dynamodb.Options) {
		o.BaseEndpoint = awsenv.Endpoint(DynamoDBVariable)
		o.HTTPClient = http.DefaultClient
	})
}
