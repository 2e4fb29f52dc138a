// Package doubles starts what stands in for AWS on one machine: DynamoDB Local for the table, moto for Secrets Manager and SES. Both
// keep what they hold in memory, take a free port, and end with the program that started them. (moto listens on the loopback
// address; DynamoDB Local knows no such option and listens on all: nothing but sample data belongs into it.)
package doubles

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"
)

// These name where the services answer; they are the SDK's own names.
const (
	DynamoDBVariable       = "AWS_ENDPOINT_URL_DYNAMODB"
	SecretsManagerVariable = "AWS_ENDPOINT_URL_SECRETS_MANAGER" //nolint:gosec // a variable's name, no secret
	SESVariable            = "AWS_ENDPOINT_URL_SESV2"           // moto's, too
)

// Doubles are both of them, running.
type Doubles struct{ dynamodb, moto *process }

// Start starts both, side by side. root is the repository's, where make has fetched them; mail is the folder for what SES is given to
// send, and may be empty: then nobody gets to read that.
func Start(root, mail string) (*Doubles, error) {
	var d Doubles
	var group errgroup.Group
	group.Go(func() (err error) { d.dynamodb, err = dynamoDB(root); return err })
	group.Go(func() (err error) { d.moto, err = moto(root, mail); return err })
	if err := group.Wait(); err != nil {
		d.Stop()
		return nil, err
	}
	return &d, nil
}

// Environment is what leads a program to the doubles. They check no signature, but DynamoDB Local insists on an access key of
// letters and digits.
func (d *Doubles) Environment() map[string]string {
	return map[string]string{
		DynamoDBVariable:        d.dynamodb.url,
		SecretsManagerVariable:  d.moto.url,
		SESVariable:             d.moto.url,
		"AWS_REGION":            "eu-west-1",
		"AWS_ACCESS_KEY_ID":     "local",
		"AWS_SECRET_ACCESS_KEY": "local",
	}
}

// Failed waits until one of them ends by itself, and says which and what it said last.
func (d *Doubles) Failed() error {
	select {
	case <-d.dynamodb.ended:
		return d.dynamodb.failure()
	case <-d.moto.ended:
		return d.moto.failure()
	}
}

// Stop ends both. Nothing that they hold needs saving.
func (d *Doubles) Stop() {
	for _, p := range []*process{d.dynamodb, d.moto} {
		if p != nil {
			p.stop()
		}
	}
}

func dynamoDB(root string) (*process, error) {
	jars := filepath.Join(root, ".local", "dynamodb")
	if err := fetched(jars, "DynamoDB Local"); err != nil {
		return nil, err
	}
	return start("DynamoDB Local", func(port string) []string {
		return []string{
			"java", "-Xmx512m", "-XX:+UseSerialGC", // it starts sooner; with C1 alone it would by half a second more, and the tests take a seventh longer
			"-Djava.library.path=" + jars, "-cp", filepath.Join(jars, "*"),
			"com.amazonaws.services.dynamodbv2.local.main.ServerRunner",
			"-inMemory", "-sharedDb", "-disableTelemetry", "-port", port,
		}
	})
}

func moto(root, mail string) (*process, error) {
	environment := filepath.Join(root, ".local", "venv-run")
	if err := fetched(environment, "moto"); err != nil {
		return nil, err
	}
	return start("moto", func(port string) []string {
		return []string{
			"env", "KEYDESK_MAIL=" + mail,
			filepath.Join(environment, "bin", "python"), filepath.Join(root, "infra", "local", "doubles", "secrets_and_mail.py"),
			"-H", "127.0.0.1", "-p", port,
		}
	})
}

func fetched(folder, what string) error {
	if _, err := os.Stat(folder); err != nil {
		return fmt.Errorf("%s is not in .local yet: run `make test` or `make run` once, which fetch it", what)
	}
	return nil
}
