// Package vault is all of Secrets Manager: the boxes of granted keys, here; the secrets by which organisations and third parties
// sign what they send each other, in signing.go; and the key of the claim links, in claimkey.go.
//
// A granted key lies there, in a box of its own, until it has been handed over. The box's name is made from the request alone, so that
// however many grant the same request at once, there is one box: who finds the name taken goes on with the key that lies there. The
// vault decides what the key is.
package vault

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"keydesk/shared/apikey"
	"keydesk/shared/awsenv"
	"keydesk/shared/portal"
	"keydesk/shared/secret"
)

// Vault holds the boxes of one deployment.
type Vault struct {
	client *secretsmanager.Client
	prefix string
	kmsKey *string // nil: AWS's own key
}

// New is the vault whose boxes' names begin with prefix and whose contents the KMS key encrypts ("": AWS's own).
func New(cfg aws.Config, prefix, kmsKey string) *Vault {
	v := &Vault{client: newClient(cfg), prefix: prefix}
	if kmsKey != "" {
		v.kmsKey = &kmsKey
	}
	return v
}

func newClient(cfg aws.Config) *secretsmanager.Client {
	return secretsmanager.NewFromConfig(cfg, func(o *secretsmanager.Options) {
		o.BaseEndpoint = awsenv.Endpoint("AWS_ENDPOINT_URL_SECRETS_MANAGER")
		o.Retryer = retry.AddWithMaxAttempts(o.Retryer, 6) // CreateSecret gives way first of all: 50 a second
	})
}

// FromEnv is the vault that the template gives the function. It panics where there is none.
func FromEnv() *Vault {
	return New(awsenv.Config(), awsenv.Must("KEYDESK_BOX_PREFIX"), os.Getenv("KEYDESK_BOX_KMS_KEY"))
}

// Keep puts the key into the box of a request, or of the key that it succeeds, and gives back the key that lies there: this one, or
// the one of whoever was here before.
func (v *Vault) Keep(ctx context.Context, org, id string, key apikey.Key) (apikey.Key, error) {
	sealed, err := key.Seal()
	if err != nil {
		return apikey.Key{}, err
	}
	name := v.name(org, id, key.Kind())
	_, err = v.client.CreateSecret(ctx, &secretsmanager.CreateSecretInput{
		Name: &name, SecretString: aws.String(sealed.Reveal()), KmsKeyId: v.kmsKey, ClientRequestToken: aws.String(token(name)),
		Description: aws.String("Keydesk: a granted key on its way to its developer"),
	})
	var taken *types.ResourceExistsException
	switch {
	case err == nil:
		return key, nil
	case errors.As(err, &taken):
		return v.Open(ctx, org, id, key.Kind())
	default:
		return apikey.Key{}, refusal("fill the box", err)
	}
}

// errLate is the answer when a box that must be there cannot be read yet.
var errLate = portal.Refuse(portal.Busy, "The key's box cannot be opened yet. Try again in a moment.")

// Open reads the key of a kind in a box. A box that was filled a moment ago is waited for.
func (v *Vault) Open(ctx context.Context, org, id, kind string) (apikey.Key, error) {
	box, err := appears(ctx, func() (secret.Value, error) { return read(ctx, v.client, v.name(org, id, kind)) })
	switch {
	case errors.Is(err, errAbsent):
		return apikey.Key{}, errLate
	case err != nil:
		return apikey.Key{}, refusal("open the box", err)
	}
	return apikey.Unseal(org, box)
}

// errAbsent says that there is nothing of a name, or not yet.
var errAbsent = errors.New("there is no such secret")

// read is what lies under a name.
func read(ctx context.Context, client *secretsmanager.Client, name string) (secret.Value, error) {
	out, err := client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &name})
	var absent *types.ResourceNotFoundException
	switch {
	case errors.As(err, &absent):
		return secret.Value{}, errAbsent
	case err != nil:
		return secret.Value{}, err
	}
	return secret.New(aws.ToString(out.SecretString)), nil
}

// appears reads what somebody has made a moment ago: Secrets Manager may take a moment to show it. It is waited for, a second or two.
func appears[T any](ctx context.Context, read func() (T, error)) (T, error) {
	for pause := 20 * time.Millisecond; ; pause *= 2 {
		found, err := read()
		if !errors.Is(err, errAbsent) || pause > time.Second {
			return found, err
		}
		select {
		case <-ctx.Done():
			return found, err
		case <-time.After(pause + rand.N(pause)): //nolint:gosec // jitter, not a secret
		}
	}
}

// Empty deletes a box and what lies in it, for good. That there is none is no fault: a certificate has none, and another may have
// emptied it.
func (v *Vault) Empty(ctx context.Context, org, id, kind string) error {
	if words[kind] == "" {
		return nil
	}
	_, err := v.client.DeleteSecret(ctx, &secretsmanager.DeleteSecretInput{
		SecretId: aws.String(v.name(org, id, kind)), ForceDeleteWithoutRecovery: aws.Bool(true),
	})
	var absent *types.ResourceNotFoundException
	if err == nil || errors.As(err, &absent) || isDeleting(err) {
		return nil
	}
	return refusal("empty the box", err)
}

// words say the kind of key in the box's name. They keep it from ending in a hyphen and six characters, which Secrets Manager would
// take for the end of an ARN.
var words = map[string]string{portal.AuthToken: "token", portal.Basic: "basic", portal.OAuth: "oauth", portal.JWT: "jwt"}

// name is the box's: each kind of key has its own, so that a request whose entry changes its kind never finds a key of the other.
func (v *Vault) name(org, id, kind string) string {
	return v.prefix + "/" + org + "/" + id + "/" + words[kind]
}

// token makes a CreateSecret that is tried again with the same key the same call.
func token(name string) string {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:])
}

// errDeleting is the answer while a name is not free. A deleted secret keeps its name for a moment, even after a forced delete.
var errDeleting = portal.Refuse(portal.Busy, "The secret of this name was deleted a moment ago, and its name is not free yet; nothing was changed. Try again in a moment.")

// refusal tells what could not be done. What will be possible in a moment is the caller's to know, and to try again.
func refusal(act string, err error) error {
	switch {
	case retry.IsErrorThrottles(retry.DefaultThrottles).IsErrorThrottle(err) == aws.TrueTernary:
		return portal.Refuse(portal.Busy, "Too many keys are being granted at once; nothing was granted. Try again in a moment.")
	case isDeleting(err):
		return errDeleting
	}
	return fmt.Errorf("%s: %w", act, err)
}

// isDeleting tells whether AWS refused a call because the secret is being deleted. Its code says so of other things, too.
func isDeleting(err error) bool {
	var invalid *types.InvalidRequestException
	return errors.As(err, &invalid) && strings.Contains(invalid.ErrorMessage(), "deletion")
}
