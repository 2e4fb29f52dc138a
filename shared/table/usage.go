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

// Limited is something of which an organisation may have only so many.
type Limited string

// What is limited.
const (
	OpenRequests Limited = "requests"
	Developers   Limited = "developers"
)

// Usage is how many of something an organisation had when they were last counted. A counter in each write would be one item that all
// writers of an organisation share. Instead the index of the lists is counted now and then: by deliver while things are created, and by a
// create that the last count refuses. It is stored only where it has reached the limit, so that most organisations have no such item.
type Usage struct {
	Counted int   `json:"counted"`
	Limit   int   `json:"limit"`           // that it was counted for
	At      int64 `json:"at"`              // Unix milliseconds: when the count began
	Begun   int64 `json:"begun,omitempty"` // when another count began that has not ended yet
}

const (
	beyond       = 1000             // how far beyond the limit is counted, so that the answer can say how many there are
	mostCounting = 50               // Queries of one count, a megabyte each
	lostCount    = 10 * time.Second // a count that takes longer has died
	mostWaits    = 12               // how often a create looks for the end of another's count: about two seconds in all
)

// errCounting is the answer while another count takes long.
var errCounting = portal.Refuse(portal.Busy, "What the organisation has is being counted. Nothing was changed; try again in a moment.")

// GoodFor is how long a count is believed. A count of many takes long and costs more, so it is believed for longer.
func GoodFor(counted int) time.Duration {
	return max(2*time.Second, time.Duration(counted)*time.Second/5000)
}

// AtLimit tells whether a create would be one more than the limit allows; 0 is no limit.
func (u *Usage) AtLimit(limit int) bool { return u != nil && limit > 0 && u.Counted >= limit }

// CountUsage counts what the organisation has, up to a little beyond the limit, and stores the count where it has reached the limit.
func (t *Table) CountUsage(ctx context.Context, org string, what Limited, limit int, now time.Time) (Usage, error) {
	u, err := t.count(ctx, org, what, limit, now)
	if err == nil && u.AtLimit(limit) {
		err = t.storeUsage(ctx, org, what, u)
	}
	return u, err
}

func (t *Table) count(ctx context.Context, org string, what Limited, limit int, now time.Time) (Usage, error) {
	q := developersQuery(org)
	if what == OpenRequests {
		q = Filter{States: []portal.State{portal.Pending, portal.Waiting}}.query(org)
	}
	n, err := t.countWithin(ctx, q, limit+beyond, mostCounting)
	return Usage{Counted: n, Limit: limit, At: now.UnixMilli()}, failed(err, "count the %s of the organisation", what)
}

// storeUsage stores a count, unless one is stored that began later.
func (t *Table) storeUsage(ctx context.Context, org string, what Limited, u Usage) error {
	it, err := usageKey(org, what).with(u)
	if err != nil {
		return err
	}
	_, err = t.db.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: &t.name, Item: it, ConditionExpression: aws.String("attribute_not_exists(#at) OR #at < :at"),
		ExpressionAttributeNames: map[string]string{"#at": "at"}, ExpressionAttributeValues: item{":at": number(int(u.At))},
	})
	return unlessOvertaken(err, "store how many "+string(what)+" the organisation has")
}

// UsageNow is a count that can be believed: the stored one, or where that is old another. Of many creates at once one counts, and the
// others wait for it.
func (t *Table) UsageNow(ctx context.Context, org string, what Limited, stored Usage, limit int) (Usage, error) {
	u := stored
	for attempt := 1; attempt <= mostWaits; attempt++ {
		now := time.Now()
		if now.Before(time.UnixMilli(u.At).Add(GoodFor(u.Counted))) || u.At != stored.At {
			return u, nil
		}
		if now.After(time.UnixMilli(u.Begun).Add(lostCount)) {
			mine, err := t.beginCount(ctx, org, what, u, now)
			if err != nil {
				return u, err
			}
			if mine {
				return t.countAgain(ctx, org, what, limit, now)
			}
		}
		if !pause(ctx, attempt+2) {
			break
		}
		var err error
		if u, err = t.usage(ctx, org, what); err != nil {
			return u, err
		}
	}
	return u, errCounting
}

func (t *Table) usage(ctx context.Context, org string, what Limited) (u Usage, err error) {
	it, err := t.get(ctx, usageKey(org, what))
	if err != nil {
		return u, err
	}
	return u, parse(it, &u)
}

// beginCount notes that a count begins, and tells whether it is the caller's: not where another began since.
func (t *Table) beginCount(ctx context.Context, org string, what Limited, seen Usage, now time.Time) (mine bool, err error) {
	_, err = t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &t.name, Key: usageKey(org, what).item(), UpdateExpression: aws.String("SET begun = :now"),
		ConditionExpression:      aws.String("#at = :at AND (attribute_not_exists(begun) OR begun = :begun)"),
		ExpressionAttributeNames: map[string]string{"#at": "at"},
		ExpressionAttributeValues: item{
			":now": number(int(now.UnixMilli())), ":at": number(int(seen.At)), ":begun": number(int(seen.Begun)),
		},
	})
	var other *types.ConditionalCheckFailedException
	if errors.As(err, &other) {
		return false, nil
	}
	return err == nil, failed(err, "begin to count the %s of the organisation", what)
}

// countAgain counts, and stores the count whatever it is: those who wait for it read it there.
func (t *Table) countAgain(ctx context.Context, org string, what Limited, limit int, now time.Time) (Usage, error) {
	u, err := t.count(ctx, org, what, limit, now)
	if err != nil {
		return u, err
	}
	return u, t.storeUsage(ctx, org, what, u)
}

// Full is the refusal of a create that is one more than the limit allows, by a count that can be believed; nil where there is room.
func (t *Table) Full(ctx context.Context, org string, what Limited, stored *Usage, limit int) (refusal *portal.Error, err error) {
	if !stored.AtLimit(limit) {
		return nil, nil //nolint:nilnil // that there is room is an answer
	}
	now, err := t.UsageNow(ctx, org, what, *stored, limit)
	if err != nil || !now.AtLimit(limit) {
		return nil, err
	}
	return what.refuseMore(now, limit), nil
}

func (what Limited) refuseMore(u Usage, limit int) *portal.Error {
	form := "max_open_requests: the organisation had %d open requests when they were last counted, and may have %d; decide or delete some, " +
		"or have an admin raise max_open_requests in the configuration."
	if what == Developers {
		form = "max_developers: the organisation had %d developers when they were last counted, and may have %d; delete some, " +
			"or have an admin raise max_developers in the configuration."
	}
	refusal := portal.Refuse(portal.Conflict, form, u.Counted, limit)
	refusal.Meta = map[string]int{"held": u.Counted, "limit": limit}
	return refusal
}

// parseUsage reads a stored count; nil where there is none.
func parseUsage(it item) (*Usage, error) {
	if it == nil {
		return nil, nil //nolint:nilnil // that none is stored is an answer: the limit was never reached
	}
	var u Usage
	return &u, parse(it, &u)
}
