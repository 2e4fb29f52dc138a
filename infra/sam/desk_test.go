//go:build sam

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"keydesk/infra/fixture"
	"keydesk/infra/golden"
	"keydesk/infra/local/doubles"
	"keydesk/infra/tabletest"
	"keydesk/infra/template"
	"keydesk/shared/apikey"
	"keydesk/shared/approval"
	"keydesk/shared/awsenv"
	"keydesk/shared/portal"
	"keydesk/shared/table"
	"keydesk/shared/vault"
)

// desk is what the functions work on: doubles of this test's own, because it empties them.
type desk struct {
	schedules []template.Schedule
	issuer    approval.Issuer
	begin     map[string]beginning // by what is given
	holds     string               // what was given, as long as nothing has changed it
}

// beginning is what the fixture has written: all of the table, and what is in the boxes, by request.
type beginning struct {
	items []map[string]types.AttributeValue
	boxes map[string]apikey.Key
}

func openDesk(t *testing.T, root string) *desk {
	t.Helper()
	d, err := doubles.Start(root, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Stop)
	for name, value := range d.Environment() {
		t.Setenv(name, value)
	}
	known, err := template.Load(filepath.Join(root, "template.yaml"), nil)
	if err != nil {
		t.Fatal(err)
	}
	cfg := awsenv.Config()
	if err := doubles.CreateTable(t.Context(), cfg, known.Table, tableName); err != nil {
		t.Fatal(err)
	}
	issuer := approval.Issuer{
		Table: table.New(cfg, tableName), Vault: vault.New(cfg, boxPrefix, ""), Form: apikey.Base64, Retention: 7 * 24 * time.Hour,
	}
	return &desk{schedules: known.Schedules, issuer: issuer, begin: map[string]beginning{}}
}

// after notes that what was granted has changed the desk. What was refused has not: the next event finds it as it was.
func (d *desk) after(t *testing.T, event golden.Case) {
	t.Helper()
	if t.Failed() || changes(event) {
		d.holds = ""
	}
}

// changes tells whether an event changes the desk: neither what only reads does, nor what is refused.
func changes(event golden.Case) bool {
	var call events.APIGatewayV2HTTPRequest
	_ = json.Unmarshal(event.Event, &call) // what is no call of the API has no method, and no status
	return event.Want.StatusCode < http.StatusBadRequest && call.RequestContext.HTTP.Method != http.MethodGet
}

// give makes the table and the boxes what the fixture would make them. It writes only what has changed: the fixture itself takes
// a second, since it goes the desk's own way.
func (d *desk) give(t *testing.T, given string) {
	t.Helper()
	if d.holds == given {
		return
	}
	if err := errors.Join(emptyBoxes(t.Context()), keepClaimKey(t.Context())); err != nil {
		t.Fatal(err)
	}
	if begin, known := d.begin[given]; known {
		tabletest.Reset(t, d.issuer.Table, begin.items)
		for request, key := range begin.boxes {
			if _, err := d.issuer.Vault.Keep(t.Context(), fixture.Org, request, key); err != nil {
				t.Fatal(err)
			}
		}
	} else {
		tabletest.Reset(t, d.issuer.Table, nil)
		d.begin[given] = d.load(t, given)
	}
	d.holds = given
}

func (d *desk) load(t *testing.T, given string) beginning {
	t.Helper()
	if err := fixture.Load(t.Context(), &d.issuer, given); err != nil {
		t.Fatal(err)
	}
	begin := beginning{tabletest.Dump(t, d.issuer.Table), map[string]apikey.Key{}}
	for _, request := range fixture.Boxes() {
		key, err := d.issuer.Vault.Open(t.Context(), fixture.Org, request, portal.AuthToken)
		if err != nil {
			t.Fatal(err)
		}
		begin.boxes[request] = key
	}
	return begin
}

// emptyBoxes has moto forget all that it holds.
func emptyBoxes(ctx context.Context) error {
	url := os.Getenv(doubles.SecretsManagerVariable) + "/moto-api/reset"
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, http.NoBody) //nolint:gosec // moto's, which this test started
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request) //nolint:gosec // as above
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("moto answers %s to a reset", response.Status)
	}
	return nil
}

// keepClaimKey writes the key of claim links, which on AWS the template makes.
func keepClaimKey(ctx context.Context) error {
	client := secretsmanager.NewFromConfig(awsenv.Config(), func(o *secretsmanager.Options) {
		o.BaseEndpoint = awsenv.Endpoint(doubles.SecretsManagerVariable)
	})
	_, err := client.CreateSecret(ctx, &secretsmanager.CreateSecretInput{Name: new(claimKey), SecretString: new(fixture.ClaimSecret)})
	return err
}
