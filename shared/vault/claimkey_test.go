package vault_test

import (
	"crypto/rand"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"keydesk/infra/faults"
	"keydesk/infra/tabletest"
	"keydesk/shared/awsenv"
	"keydesk/shared/claim"
	"keydesk/shared/secret"
	"keydesk/shared/vault"
)

// stackSecret has a secret of the stack's lie in Secrets Manager, and gives its name.
func stackSecret(t *testing.T, in *secretsmanager.CreateSecretInput) string {
	t.Helper()
	client := secretsmanager.NewFromConfig(tabletest.Config(t), func(o *secretsmanager.Options) {
		o.BaseEndpoint = awsenv.Endpoint("AWS_ENDPOINT_URL_SECRETS_MANAGER")
	})
	name := "claim-test/" + rand.Text()
	in.Name = &name
	if _, err := client.CreateSecret(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestClaimKey reads the key once, however many ask for it at once; a failure is not kept.
func TestClaimKey(t *testing.T) {
	t.Parallel()
	const text = "tokens are made of this, which is long enough"
	plan := faults.New(t)
	plan.Add(faults.Rule{Operation: "GetSecretValue", Fault: faults.Late})
	key := vault.NewClaimKey(tabletest.Config(t, plan.Install), stackSecret(t, &secretsmanager.CreateSecretInput{SecretString: new(text)}))
	if _, err := key.Get(t.Context()); err == nil || strings.Contains(err.Error(), text) {
		t.Errorf("of what is not there yet: %v", err)
	}
	want := claim.NewKey(secret.New(text)).Token(org, org, 1)
	var asking sync.WaitGroup
	for range 10 {
		asking.Go(func() {
			if got, err := key.Get(t.Context()); err != nil || got.Token(org, org, 1) != want {
				t.Errorf("another key, or none: %v", err)
			}
		})
	}
	asking.Wait()
	if calls := plan.Calls(); len(calls) != 2 {
		t.Errorf("it called %v", calls)
	}
}

// By a key that is nothing anybody could make a token.
func TestNoClaimKey(t *testing.T) {
	t.Parallel()
	name := stackSecret(t, &secretsmanager.CreateSecretInput{SecretBinary: []byte("not a text")})
	got, err := vault.NewClaimKey(tabletest.Config(t), name).Get(t.Context())
	if err == nil {
		t.Errorf("it is taken, and makes the token %s", got.Token(org, org, 1))
	}
}
