package vault_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go/middleware"
	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"keydesk/infra/faults"
	"keydesk/infra/tabletest"
	"keydesk/shared/awsenv"
	"keydesk/shared/portal"
	"keydesk/shared/vault"
)

// office is where an organisation's signing secret lies, for one test, under a plan.
type office struct {
	*faults.Plan
	kept  room // what CreateSecret is asked for
	cfg   aws.Config
	shelf string
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{Plan: faults.New(t), shelf: "signing-test/" + rand.Text()}
	o.cfg = tabletest.Config(t, o.Install, func(cfg *aws.Config) {
		cfg.APIOptions = append(cfg.APIOptions, func(stack *middleware.Stack) error { return stack.Initialize.Add(&o.kept, middleware.After) })
		cfg.Retryer = func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxBackoff = time.Millisecond })
		}
	})
	return o
}

// signers are those of a process that has just begun.
func (o *office) signers() *vault.Signers { return vault.NewSigners(o.cfg, o.shelf, "the-key-of-keys") }

// put has something lie where the organisation's secret does, as no call of ours would.
func (o *office) put(t *testing.T, contents string) {
	t.Helper()
	client := secretsmanager.NewFromConfig(tabletest.Config(t), func(o *secretsmanager.Options) {
		o.BaseEndpoint = awsenv.Endpoint("AWS_ENDPOINT_URL_SECRETS_MANAGER")
	})
	name := o.shelf + "/" + org + "/webhook"
	if _, err := client.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: &name, SecretString: &contents}); err != nil {
		t.Fatal(err)
	}
}

// revealed are the texts of the secrets that are valid.
func revealed(signing vault.Signing) []string {
	var texts []string
	for _, s := range signing.Secrets() {
		texts = append(texts, s.Reveal())
	}
	return texts
}

// message is one that was signed, as it travels.
func message(id string, at time.Time, signature string) http.Header {
	h := http.Header{}
	h.Set(webhooks.HeaderWebhookID, id)
	h.Set(webhooks.HeaderWebhookTimestamp, strconv.FormatInt(at.Unix(), 10))
	h.Set(webhooks.HeaderWebhookSignature, signature)
	return h
}

// signs is a message that the library signs by one secret.
func signs(t *testing.T, secret string, body []byte) http.Header {
	t.Helper()
	hook, err := webhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	signature, err := hook.Sign("msg", time.Now(), body)
	if err != nil {
		t.Fatal(err)
	}
	return message("msg", time.Now(), signature)
}

func mustSign(t *testing.T, signing vault.Signing, at time.Time, body []byte) string {
	t.Helper()
	signature, err := signing.Sign("msg", at, body)
	if err != nil {
		t.Fatal(err)
	}
	return signature
}

// refusedAsNobody holds that a message was refused as nobody's, and that no secret is told.
func refusedAsNobody(t *testing.T, what string, err error, secrets ...string) {
	t.Helper()
	if !errors.Is(err, portal.ErrNotAuthorised) || err.Error() == portal.ErrNotAuthorised.Error() {
		t.Errorf("%s: %v; want that nobody is known, and why", what, err)
	}
	for _, secret := range secrets {
		if strings.Contains(fmt.Sprint(err), strings.TrimPrefix(secret, "whsec_")) {
			t.Errorf("%s: the error tells the secret", what)
		}
	}
}
