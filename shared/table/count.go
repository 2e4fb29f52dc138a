package table

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"keydesk/shared/portal"
)

// How many requests and keys a developer has is counted beside them, in the same write that changes it: a request counts from its creation on,
// and the key that comes of it in its place. A key that was rotated counts no more, since its successor does. Nothing is written when the time
// of a key is over: such keys are found, and not held against the developer, when the count has reached the limit.

// storedCount is what stands under countKey.
type storedCount struct {
	Held int `json:"held"` // open requests and keys, keys whose time is over included
}

// TooMany says that a developer has as many requests and keys as the organisation allows.
type TooMany struct{ held, most int }

func (e *TooMany) Error() string { return e.refusal(0).Error() }

// refusal is the answer; ended is how many of those counted are keys whose time is over.
func (e *TooMany) refusal(ended int) *portal.Error {
	refusal := portal.Refuse(portal.Conflict, "by_user: the developer has %d open requests and keys, and max_keys_per_developer is %d; "+
		"delete a request, revoke a key, or have an admin raise max_keys_per_developer in the configuration.", e.held-ended, e.most)
	refusal.Meta = map[string]int{"held": e.held - ended, "limit": e.most}
	return refusal
}

// occupied is by how many a change changes what its developer has.
func (c *Change) occupied() int {
	n := requestCounts(&c.After) - requestCounts(&c.Before)
	if c.Key != nil {
		n += keyCounts(c.Key)
	}
	if c.Edit != nil {
		n += c.Edit.occupied()
	}
	return n
}

func (c *KeyChange) occupied() int {
	n := keyCounts(&c.After) - keyCounts(&c.Before)
	if c.Successor != nil {
		n += keyCounts(c.Successor)
	}
	if c.Older != nil {
		n += c.Older.occupied()
	}
	return n
}

// requestCounts is 1 while a request is open, or is granted and its key is not made yet. The key that is rotated counts for its successor.
func requestCounts(r *Request) int {
	if r.Open() || r.State == portal.Approved && r.Edits == "" && r.Rotates == nil && r.KeyID == "" {
		return 1
	}
	return 0
}

func keyCounts(k *IssuedKey) int {
	if k.Over() || k.Rotation != nil {
		return 0
	}
	return 1
}

// errNoCount says that a count cannot go down: the developer has gone, and their count with them, or was never counted.
var errNoCount = errors.New("the developer has no count")

// transactCounted does the writes, and counts n more, or fewer, in the same transaction. Only more than most are refused; 0 is no limit. A
// count that has gone is not made again by what ends afterwards.
func (t *Table) transactCounted(ctx context.Context, writes []write, org, developer string, n, most int) error {
	err := t.transact(ctx, slices.Concat(writes, t.countWrites(org, developer, n, most))...)
	if errors.Is(err, errNoCount) {
		err = t.transact(ctx, writes...)
	}
	return err
}

// countWrites are those that n more, or fewer, bring: none for 0.
func (t *Table) countWrites(org, developer string, n, most int) []write {
	if n == 0 {
		return nil
	}
	condition, values := "", item{":n": number(n)}
	switch {
	case n < 0:
		condition = "attribute_exists(PK)"
	case most > 0:
		condition, values[":room"] = "attribute_not_exists(held) OR held <= :room", number(most-n)
	}
	return []write{t.update(countKey(org, developer), "ADD held :n", condition, nil, values, func(found item) error {
		if n < 0 {
			return errNoCount
		}
		var now storedCount
		if err := parse(found, &now); err != nil {
			return err
		}
		return &TooMany{now.Held, most}
	})}
}

// withRoom writes a change under the limit of what its developer may have. Where the count has reached it, it looks how many of the keys
// counted have ended, and tries once more with so many more.
func (t *Table) withRoom(ctx context.Context, c Change, write func(most int) error) error {
	err := write(c.Most)
	var full *TooMany
	if !errors.As(err, &full) {
		return err
	}
	ended, err := t.endedKeys(ctx, c.After.OrgID, c.After.ByUser)
	if err != nil {
		return err
	}
	if full.held+c.occupied()-ended > c.Most {
		return full.refusal(ended)
	}
	if err = write(c.Most + ended); errors.As(err, &full) { // others took what room there was
		full.most = c.Most
		return full.refusal(ended)
	}
	return err
}

// endedPages bounds how much is read to find keys that have ended: a megabyte each, some thousands of keys.
const endedPages = 4

// endedKeys counts a developer's keys whose time is over and that were not rotated.
func (t *Table) endedKeys(ctx context.Context, org, developer string) (int, error) {
	q := &dynamodb.QueryInput{
		ConsistentRead:         aws.Bool(true),
		KeyConditionExpression: aws.String("PK = :pk AND SK BETWEEN :first AND :last"),
		FilterExpression:       aws.String("ends BETWEEN :one AND :now AND (attribute_not_exists(rotated) OR rotated = :no)"),
		ExpressionAttributeValues: item{
			":pk": str(developerPK(org, developer)), ":first": str(firstKey("")), ":last": str(lastKey), ":one": number(1),
			":now": number(int(time.Now().Unix())), ":no": &types.AttributeValueMemberBOOL{Value: false},
		},
	}
	n, err := t.countWithin(ctx, q, portal.MostKeysPerDeveloper, endedPages)
	return n, failed(err, "count the keys of developer %s that have ended", developer)
}
