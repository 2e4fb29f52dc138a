package table

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"keydesk/shared/portal"
)

// A name may be tried so often; then it is locked for so long from the last try on. Both hold for names that nobody has, too,
// so that a lock tells nothing about who is known here.
const (
	mostAttempts = 10
	lockedFor    = 15 * time.Minute
)

// Locked says until when nobody can log in under a name.
type Locked struct{ Until time.Time }

func (l *Locked) Error() string { return "locked until " + portal.Timestamp(l.Until) }

// CountLogin notes that somebody tries to log in under a name, before it is known whether they can: of a hundred who try at
// once, too, only so many come through. Locked refuses the rest.
func (t *Table) CountLogin(ctx context.Context, org, name string, now time.Time) error {
	k := loginKey(org, name)
	values := item{":one": number(1), ":until": number(int(now.Add(lockedFor).Unix())), ":most": number(mostAttempts), ":now": number(int(now.Unix()))}
	_, err := t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &t.name, Key: k.item(),
		UpdateExpression:                    aws.String("SET expires_at = :until ADD attempts :one"),
		ConditionExpression:                 aws.String("attribute_not_exists(PK) OR attempts < :most AND expires_at > :now"),
		ExpressionAttributeValues:           values,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	var refused *types.ConditionalCheckFailedException
	if !errors.As(err, &refused) {
		return failed(err, "note an attempt to log in")
	}
	until, err := parseUnix(refused.Item["expires_at"])
	if err != nil || until.After(now) {
		return errors.Join(err, &Locked{Until: until})
	}
	_, err = t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{ // the last count has run out: begin anew
		TableName: &t.name, Key: k.item(),
		UpdateExpression:          aws.String("SET expires_at = :until, attempts = :one"),
		ConditionExpression:       aws.String("attribute_not_exists(PK) OR expires_at = :before"),
		ExpressionAttributeValues: item{":until": values[":until"], ":one": values[":one"], ":before": number(int(until.Unix()))},
	})
	if errors.As(err, &refused) { // somebody else has begun anew
		return t.CountLogin(ctx, org, name, now)
	}
	return failed(err, "note an attempt to log in")
}

func parseUnix(v types.AttributeValue) (time.Time, error) {
	n, _ := v.(*types.AttributeValueMemberN)
	if n == nil {
		return time.Time{}, errors.New("stored LOGIN: no expires_at")
	}
	seconds, err := strconv.ParseInt(n.Value, 10, 64)
	return time.Unix(seconds, 0), err
}

// LoggedIn notes that a developer has logged in under a name, and forgets the attempts that led to it.
func (t *Table) LoggedIn(ctx context.Context, a Account, name string, now time.Time) error {
	return t.transact(ctx,
		t.update(developerKey(a.OrgID, a.ID), "SET last_login_date = :now ADD revision :one", "attribute_exists(PK)", nil,
			item{":now": str(portal.Timestamp(now)), ":one": number(1)}, func(item) error { return portal.ErrNotAuthorised }),
		t.forgetLogins(a.OrgID, name))
}

// ForgetLogins lets a name be tried anew: whoever tries has shown that they may.
func (t *Table) ForgetLogins(ctx context.Context, org, name string) error {
	return t.transact(ctx, t.forgetLogins(org, name))
}

func (t *Table) forgetLogins(org, name string) write {
	return t.remove(loginKey(org, name), "", nil, nil)
}
