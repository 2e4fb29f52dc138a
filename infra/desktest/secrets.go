package desktest

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"keydesk/infra/fixture"
	"keydesk/infra/tabletest"
	"keydesk/shared/awsenv"
	"keydesk/shared/table"
	"keydesk/shared/vault"
)

// BoxPrefix is what the names of the desk's boxes begin with: the KEYDESK_BOX_PREFIX of a function that works at it.
func (d *Desk) BoxPrefix() string { return shelf(d.Table) }

// WebhookPrefix is the same of its signing secrets.
func (d *Desk) WebhookPrefix() string { return cupboard(d.Table) }

func shelf(books *table.Table) string    { return "desktest/" + books.Name() }
func cupboard(books *table.Table) string { return "desktest-webhook/" + books.Name() }

// ClaimKeyName is the KEYDESK_CLAIM_KEY of a function that works at any desk.
const ClaimKeyName = "desktest-claim"

// links is the key of claim links as functions read it. All desks have the same, which the first of them writes.
func links(t testing.TB, options []func(*aws.Config)) *vault.ClaimKey {
	t.Helper()
	claimKey.Do(func() { claimKey.err = keepClaimKey(t.Context(), vaultOf(t)) })
	if claimKey.err != nil {
		t.Fatal(claimKey.err)
	}
	return vault.NewClaimKey(tabletest.Config(t, options...), ClaimKeyName)
}

var claimKey struct {
	sync.Once
	err error
}

func keepClaimKey(ctx context.Context, client *secretsmanager.Client) error {
	_, err := client.CreateSecret(ctx, &secretsmanager.CreateSecretInput{Name: new(ClaimKeyName), SecretString: new(fixture.ClaimSecret)})
	if taken := new(types.ResourceExistsException); errors.As(err, &taken) {
		return nil // by another package's tests
	}
	return err
}

// Boxes are the names of the desk's boxes, without what all of them begin with.
func (d *Desk) Boxes() []string {
	d.t.Helper()
	prefix := shelf(d.Table) + "/"
	out, err := vaultOf(d.t).ListSecrets(d.t.Context(), &secretsmanager.ListSecretsInput{
		Filters: []types.Filter{{Key: types.FilterNameStringTypeName, Values: []string{prefix}}},
	})
	if err != nil {
		d.t.Fatal(err)
	}
	var names []string
	for _, box := range out.SecretList {
		names = append(names, strings.TrimPrefix(*box.Name, prefix))
	}
	return names
}

func vaultOf(t testing.TB) *secretsmanager.Client {
	t.Helper()
	return secretsmanager.NewFromConfig(tabletest.Config(t), func(o *secretsmanager.Options) {
		o.BaseEndpoint = awsenv.Endpoint("AWS_ENDPOINT_URL_SECRETS_MANAGER")
	})
}
