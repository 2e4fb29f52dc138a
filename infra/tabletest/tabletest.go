// Package tabletest gives a test the real thing: a fresh table on DynamoDB Local with the schema of template.yaml, and Secrets
// Manager as moto plays it. A test that cannot have them fails; it never skips.
package tabletest

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"keydesk/infra/local/doubles"
	"keydesk/infra/template"
	"keydesk/shared/awsenv"
	"keydesk/shared/table"
)

// New makes an empty table for this test alone and removes it when the test is over, which fails if a raw key or a credential
// stands in it then. Options change the configuration that the table is used with: a fault to inject, a counter of calls.
func New(t testing.TB, options ...func(*aws.Config)) *table.Table {
	t.Helper()
	schema, err := schema()
	if err != nil {
		t.Fatal(err)
	}
	schema.StreamView = "" // DynamoDB Local keeps every record of a stream, and gets slower with each: four times over all our tests
	return create(t, schema, options)
}

// NewWithStream is New, and the table has the template's stream: for those who follow it.
func NewWithStream(t testing.TB, options ...func(*aws.Config)) *table.Table {
	t.Helper()
	schema, err := schema()
	if err != nil {
		t.Fatal(err)
	}
	return create(t, schema, options)
}

func create(t testing.TB, schema template.Table, options []func(*aws.Config)) *table.Table {
	t.Helper()
	plain := Config(t)
	name := "test-" + strings.ToLower(rand.Text()) // DynamoDB Local takes names that differ in case alone for the same
	if err := doubles.CreateTable(t.Context(), plain, schema, name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx := context.Background() // the test's own is over
		secret, err := Secret(ctx, t, name)
		if err := errors.Join(err, doubles.DeleteTable(ctx, plain, name)); err != nil {
			t.Error(err)
		}
		if secret != "" {
			t.Errorf("the table holds a secret: %s", secret)
		}
	})
	return table.New(with(plain, options), name)
}

// Config leads to DynamoDB Local and to moto: those that AWS_ENDPOINT_URL_DYNAMODB and AWS_ENDPOINT_URL_SECRETS_MANAGER name,
// as under `make test`, else those that it starts for this process.
func Config(t testing.TB, options ...func(*aws.Config)) aws.Config {
	t.Helper()
	if err := running(); err != nil {
		t.Fatal(err)
	}
	cfg := awsenv.Config()
	cfg.HTTPClient = awshttp.NewBuildableClient().WithTimeout(time.Minute) // a loaded machine is slower than AWS: no call is tried twice for that
	return with(cfg, options)
}

func with(cfg aws.Config, options []func(*aws.Config)) aws.Config {
	for _, option := range options {
		option(&cfg)
	}
	return cfg
}

var schema = sync.OnceValues(func() (template.Table, error) {
	root, err := root()
	if err != nil {
		return template.Table{}, err
	}
	t, err := template.Load(filepath.Join(root, "template.yaml"), nil)
	if err != nil {
		return template.Table{}, err
	}
	return t.Table, nil
})

// running starts the doubles, unless the environment names both, and names them there. They end with this process.
var running = sync.OnceValue(func() error {
	if os.Getenv(doubles.DynamoDBVariable) != "" && os.Getenv(doubles.SecretsManagerVariable) != "" {
		return nil
	}
	root, err := root()
	if err != nil {
		return err
	}
	started, err := doubles.Start(root, "")
	if err != nil {
		return err
	}
	for name, value := range started.Environment() {
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	return nil
})

// root is the folder of template.yaml. A test runs in its package's folder, somewhere below.
func root() (string, error) {
	folder, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; folder != filepath.Dir(folder); folder = filepath.Dir(folder) {
		if _, err := os.Stat(filepath.Join(folder, "template.yaml")); err == nil {
			return folder, nil
		}
	}
	return "", errors.New("no template.yaml in this folder or above: tests run inside the repository")
}
