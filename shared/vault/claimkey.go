package vault

import (
	"context"
	"errors"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"keydesk/shared/awsenv"
	"keydesk/shared/claim"
)

// ClaimKey reads the stack's key of claim links when it is first asked for, and keeps it: it never changes.
type ClaimKey struct {
	client *secretsmanager.Client
	name   string
	mu     sync.Mutex
	key    *claim.Key
}

// NewClaimKey is the key in the secret of that name.
func NewClaimKey(cfg aws.Config, name string) *ClaimKey {
	return &ClaimKey{client: newClient(cfg), name: name}
}

// ClaimKeyFromEnv is the key that the template gives the function. It panics where there is none.
func ClaimKeyFromEnv() *ClaimKey {
	return NewClaimKey(awsenv.Config(), awsenv.Must("KEYDESK_CLAIM_KEY"))
}

// Get reads the key.
func (k *ClaimKey) Get(ctx context.Context) (claim.Key, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.key != nil {
		return *k.key, nil
	}
	text, err := read(ctx, k.client, k.name)
	if err != nil {
		return claim.Key{}, refusal("read the key of claim links", err)
	}
	if len(text.Reveal()) < shortestSecret { // by which anybody could make tokens
		return claim.Key{}, errors.New("the key of claim links is too short, or none")
	}
	key := claim.NewKey(text)
	k.key = &key
	return key, nil
}
