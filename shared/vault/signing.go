package vault

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"keydesk/shared/awsenv"
	"keydesk/shared/portal"
	"keydesk/shared/secret"
)

// Signers hold the signing secrets, one an organisation: by it the desk signs what it sends to the organisation's other systems, and
// they sign what they answer, as the Standard Webhooks specification says (standardwebhooks.com).
type Signers struct {
	client *secretsmanager.Client
	prefix string
	kmsKey *string

	mu   sync.Mutex
	kept map[string]keptSigning
}

type keptSigning struct {
	Signing
	until time.Time
}

// Signings are kept for a while, and not more than so many.
const (
	keepSigning  = time.Minute
	mostSignings = 1000
)

// NewSigners are the secrets whose names begin with prefix and whose contents the KMS key encrypts ("": AWS's own).
func NewSigners(cfg aws.Config, prefix, kmsKey string) *Signers {
	s := &Signers{client: newClient(cfg), prefix: prefix, kept: map[string]keptSigning{}}
	if kmsKey != "" {
		s.kmsKey = &kmsKey
	}
	return s
}

// SignersFromEnv are those that the template gives the function. It panics where there are none.
func SignersFromEnv() *Signers {
	return NewSigners(awsenv.Config(), awsenv.Must("KEYDESK_WEBHOOK_PREFIX"), os.Getenv("KEYDESK_BOX_KMS_KEY"))
}

// Signing is an organisation's signing secret; while it is rotated, the one before as well.
type Signing struct{ secrets []secret.Value }

// Secrets are those that are valid, the newest first.
func (s Signing) Secrets() []secret.Value { return s.secrets }

// storedSigning is a signing secret as it lies in Secrets Manager.
type storedSigning struct {
	Current string `json:"current"` // whsec_ and 32 bytes in base64
	Before  string `json:"before,omitempty"`
	Until   int64  `json:"until,omitempty"` // Unix seconds: how long the one before is valid
}

// shortestSecret is how long one is that Standard Webhooks takes: whsec_ and 24 bytes in base64.
const shortestSecret = 38

// Of is the organisation's signing secret. It is made when it is first asked for.
func (s *Signers) Of(ctx context.Context, org string) (Signing, error) {
	signing, err := s.known(ctx, org, time.Now())
	if !errors.Is(err, errAbsent) {
		return signing, err
	}
	made := storedSigning{Current: newSecret()}
	err = s.create(ctx, org, made)
	var taken *types.ResourceExistsException
	switch {
	case errors.As(err, &taken): // by somebody who was faster
		return appears(ctx, func() (Signing, error) { return s.known(ctx, org, time.Now()) })
	case err != nil:
		return Signing{}, err
	}
	return made.signing(time.Now()), nil
}

// known is the secret of an organisation that has one.
func (s *Signers) known(ctx context.Context, org string, now time.Time) (Signing, error) {
	s.mu.Lock()
	kept, ok := s.kept[org]
	s.mu.Unlock()
	if ok && now.Before(kept.until) {
		return kept.Signing, nil
	}
	stored, err := s.read(ctx, org)
	if err != nil {
		return Signing{}, err
	}
	signing := stored.signing(now)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.kept) >= mostSignings {
		clear(s.kept)
	}
	s.kept[org] = keptSigning{signing, now.Add(keepSigning)}
	return signing, nil
}

func (s *Signers) read(ctx context.Context, org string) (storedSigning, error) {
	text, err := read(ctx, s.client, s.name(org))
	if err != nil {
		return storedSigning{}, refusal("read a signing secret", err)
	}
	var stored storedSigning
	if json.Unmarshal([]byte(text.Reveal()), &stored) != nil || len(stored.Current) < shortestSecret || stored.Before != "" && len(stored.Before) < shortestSecret { // by an empty one anybody signs
		return stored, fmt.Errorf("the signing secret of %s is none of ours", org) // what lies there is not told
	}
	return stored, nil
}

func (s *Signers) create(ctx context.Context, org string, stored storedSigning) error {
	text, err := json.Marshal(stored)
	if err != nil {
		return err
	}
	_, err = s.client.CreateSecret(ctx, &secretsmanager.CreateSecretInput{
		Name: aws.String(s.name(org)), SecretString: aws.String(string(text)), KmsKeyId: s.kmsKey,
		Description: aws.String("Keydesk: signs what an organisation's systems and the desk send each other"),
	})
	if err != nil {
		return refusal("make a signing secret", err)
	}
	return nil
}

// Rotate puts a new secret in the place of the organisation's. Both are valid until the grace is over: what the desk sends is signed by
// both, and what it is sent may be signed by either.
func (s *Signers) Rotate(ctx context.Context, org string, grace time.Duration, now time.Time) (Signing, error) {
	next := storedSigning{Current: newSecret()}
	before, err := s.read(ctx, org)
	switch {
	case errors.Is(err, errAbsent):
		return next.signing(now), s.create(ctx, org, next)
	case err != nil:
		return Signing{}, err
	}
	if grace > 0 {
		next.Before, next.Until = before.Current, now.Add(grace).Unix()
	}
	text, err := json.Marshal(next)
	if err != nil {
		return Signing{}, err
	}
	_, err = s.client.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{SecretId: aws.String(s.name(org)), SecretString: aws.String(string(text))})
	if err != nil {
		return Signing{}, refusal("rotate a signing secret", err)
	}
	return next.signing(now), nil
}

// name ends in a word, which Secrets Manager cannot take for the end of an ARN.
func (s *Signers) name(org string) string { return s.prefix + "/" + org + "/webhook" }

func newSecret() string {
	var chance [32]byte
	_, _ = rand.Read(chance[:]) // never fails: crypto/rand ends the program instead
	return "whsec_" + base64.StdEncoding.EncodeToString(chance[:])
}

func (s storedSigning) signing(now time.Time) Signing {
	valid := []secret.Value{secret.New(s.Current)}
	if s.Before != "" && now.Unix() < s.Until {
		valid = append(valid, secret.New(s.Before))
	}
	return Signing{valid}
}

// Sign is the webhook-signature of a message: one signature for each valid secret.
func (s Signing) Sign(id string, at time.Time, body []byte) (string, error) {
	var signatures []string
	for _, valid := range s.secrets {
		hook, err := webhooks.NewWebhook(valid.Reveal())
		if err != nil {
			return "", errors.New("a signing secret is not one of Standard Webhooks'") // err might show it
		}
		signature, err := hook.Sign(id, at, body)
		if err != nil {
			return "", err
		}
		signatures = append(signatures, signature)
	}
	return strings.Join(signatures, " "), nil
}

// Verify refuses a message that the organisation's systems have not signed within the last five minutes. What the log is told of it, the
// sender is not.
func (s *Signers) Verify(ctx context.Context, org string, header http.Header, body []byte) error {
	if header.Get(webhooks.HeaderWebhookID) == "" || header.Get(webhooks.HeaderWebhookSignature) == "" {
		return unsigned("the signature's headers are missing")
	}
	signing, err := s.known(ctx, org, time.Now())
	if errors.Is(err, errAbsent) {
		return unsigned(err.Error())
	}
	if err != nil {
		return err
	}
	for _, valid := range signing.secrets {
		hook, wrong := webhooks.NewWebhook(valid.Reveal())
		if wrong != nil {
			return errors.New("a signing secret is not one of Standard Webhooks'")
		}
		if err = hook.Verify(body, header); err == nil {
			return nil
		}
	}
	for _, reason := range []error{webhooks.ErrRequiredHeaders, webhooks.ErrNoMatchingSignature, webhooks.ErrMessageTooOld, webhooks.ErrMessageTooNew} {
		if errors.Is(err, reason) {
			return unsigned(reason.Error())
		}
	}
	return unsigned(webhooks.ErrInvalidHeaders.Error()) // err would quote them
}

// unsigned is ErrNotAuthorised with a reason that is for the log alone.
func unsigned(reason string) error { return fmt.Errorf("%w: %s", portal.ErrNotAuthorised, reason) }
