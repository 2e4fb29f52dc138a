package table

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"keydesk/shared/portal"
)

// IssuedKey is what the data plane needs to know of a key: everything but the key.
type IssuedKey struct {
	ID        string            `json:"id"`     // its place among the developer's keys
	Digest    string            `json:"digest"` // SHA-256 of the whole key: its name here
	Shown     string            `json:"shown"`  // the hash that Tyk would show
	OrgID     string            `json:"org_id"`
	Developer string            `json:"developer"`
	Policies  []string          `json:"policies"`
	AuthType  string            `json:"auth_type"`
	Request   string            `json:"request"` // that it was granted by
	State     KeyState          `json:"state"`
	Created   string            `json:"created"`
	Expires   int64             `json:"expires"`          // Unix seconds, the first of Ends; 0: never
	Ends      map[string]int64  `json:"ends,omitempty"`   // when policies end that do
	Holds     map[string]string `json:"holds,omitempty"`  // the plans that nobody else may ask for while the key lives -> who took them
	Fields    map[string]string `json:"fields,omitempty"` // what of the request's fields the API owner's APIs are told
	LastUsed  string            `json:"last_used,omitempty"`

	PublicKey   string         `json:"public_key,omitempty"`  // PEM, of a jwt key
	Certificate string         `json:"certificate,omitempty"` // fingerprint, of a mutualTLS key
	Client      *portal.Client `json:"client,omitempty"`      // of an oauth key

	Revision  int    `json:"revision"`
	Attempt   string `json:"attempt"` // the invocation that wrote this revision: how a writer knows its own work again
	RevokedAt string `json:"revoked_at,omitempty"`

	Rotation *Rotation `json:"rotation,omitempty"`
	Before   string    `json:"before,omitempty"` // digest of the key whose place it took, or of the last of those that may still be good

	RotationRequest string `json:"rotation_request,omitempty"` // the request by which its successor waits to be claimed, or was claimed
	DeliveredBy     string `json:"delivered_by,omitempty"`     // the request by which it was claimed as a successor itself; empty: Request delivered it
}

// Rotation says which key took another's place. The older one is good for a while yet.
type Rotation struct {
	Successor string `json:"successor"` // its digest
	Shown     string `json:"shown"`     // the hash that the successor is shown by
	Ends      int64  `json:"ends"`      // Unix seconds: from then on the older key opens nothing
	At        string `json:"at"`
	By        string `json:"by"`
	Proof     string `json:"proof,omitempty"` // of the call that rotated, which may be said again
}

// KeyState is what may become of a key; package approval says which state may follow which.
type KeyState string

// The states of a key. That it has expired, or has been rotated and its grace is over, is told by the clock.
const (
	Active    KeyState = "active"
	Suspended KeyState = "suspended" // opens nothing until it is resumed
	Revoked   KeyState = "revoked"   // opens nothing, and never will again
)

// Over tells whether the key is gone for its clients, for ever.
func (k *IssuedKey) Over() bool { return k.State == Revoked }

// End is when the key opens nothing any more, in Unix seconds: it has expired by then, or has been rotated and its grace is over; 0: never.
func (k *IssuedKey) End() int64 {
	if k.Rotation != nil && (k.Expires == 0 || k.Rotation.Ends < k.Expires) {
		return max(k.Rotation.Ends, 1) // 0 would be for ever
	}
	return k.Expires
}

// Ended tells whether the key's time is over.
func (k *IssuedKey) Ended(now time.Time) bool { return k.End() > 0 && now.Unix() >= k.End() }

// IssuedKey reads a key by its digest; nil when there is none.
func (t *Table) IssuedKey(ctx context.Context, digest string) (*IssuedKey, error) {
	it, err := t.get(ctx, issuedKey(digest))
	if err != nil || it == nil {
		return nil, err
	}
	return parseIssued(it)
}

// mostRotations is how many successors of a key are followed: no key is rotated so often while a request for it waits.
const mostRotations = 100

// LastOf is the key that stands in a key's place by now: the last of its successors, or the key itself where it has none.
func (t *Table) LastOf(ctx context.Context, digest string) (*IssuedKey, error) {
	for range mostRotations {
		k, err := t.IssuedKey(ctx, digest)
		if err != nil || k == nil || k.Rotation == nil {
			return k, err
		}
		digest = k.Rotation.Successor
	}
	return nil, portal.Refuse(portal.Conflict, "The key has been rotated more than %d times since; name the one that it is now.", mostRotations)
}

func parseIssued(it item) (*IssuedKey, error) {
	var k IssuedKey
	if err := parse(it, &k); err != nil {
		return nil, err
	}
	return &k, nil
}

// Standing is what a key's goodness hangs on beside itself.
type Standing struct {
	DeveloperActive bool // there, not inactive, and not being deleted
	Policies        map[string]portal.Policy
}

// Standing reads how a key's developer and policies stand, in one call.
func (t *Table) Standing(ctx context.Context, k *IssuedKey) (Standing, error) {
	keys := []key{developerKey(k.OrgID, k.Developer)}
	for _, policy := range k.Policies {
		keys = append(keys, policyKey(k.OrgID, policy))
	}
	found, err := t.readOnly(ctx, []string{"inactive", "deleting", "document"}, keys...) // no password's hash comes near the data plane
	if err != nil {
		return Standing{}, err
	}
	var s Standing
	if s.Policies, err = parseDocuments[portal.Policy](found, k.OrgID, k.Policies, policyKey); err != nil {
		return Standing{}, err
	}
	s.DeveloperActive, err = active(found[keys[0]])
	return s, err
}

// active tells whether a developer may use keys, and be given any.
func active(developer item) (bool, error) {
	if developer == nil {
		return false, nil
	}
	d, err := parseDeveloper(developer)
	return err == nil && !d.Inactive && !d.Deleting, err
}

// Used notes the day on which a key was presented. It is no part of the key's revision, and is tried once: a day that is lost to a
// conflict will be noted by the next call.
func (t *Table) Used(ctx context.Context, digest, day string) error {
	_, err := t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &t.name, Key: issuedKey(digest).item(), UpdateExpression: aws.String("SET last_used = :day"),
		ConditionExpression:       aws.String("attribute_exists(PK) AND (attribute_not_exists(last_used) OR last_used < :day)"),
		ExpressionAttributeValues: item{":day": str(day)},
	}, tryOnce)
	var noted *types.ConditionalCheckFailedException
	if errors.As(err, &noted) {
		return nil
	}
	return failed(err, "note a key's last use")
}
