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

// A developer who is deleted may hold more keys than one transaction can revoke. So it is done in three acts, each of which
// can be done again: Leave closes the account to every new request and key; RevokeSome, said until it is done, revokes the
// keys, each counted once; Left removes the account.

// goesOn is when the schedule goes on with a deletion that has stopped half-way: after the call that began it, which lives for seconds.
const goesOn = time.Minute

// Leave closes a developer's account for good, and has the schedule go on with what is left after a while.
func (t *Table) Leave(ctx context.Context, org, id string, now time.Time) error {
	_, err := t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &t.name, Key: developerKey(org, id).item(),
		UpdateExpression:    aws.String("SET deleting = :yes, DuePK = :pk, DueSK = :sk REMOVE put_off"),
		ConditionExpression: aws.String("attribute_exists(PK)"),
		ExpressionAttributeValues: item{
			":yes": &types.AttributeValueMemberBOOL{Value: true}, ":pk": str(duePK(id)), ":sk": str(dueSK(now.Add(goesOn), org, id)),
		},
	})
	var gone *types.ConditionalCheckFailedException
	if errors.As(err, &gone) {
		return portal.ErrNotFound
	}
	return failed(err, "close an account")
}

// keysAtOnce is how many keys one transaction revokes: each is three of its hundred items, the count is one.
const keysAtOnce = 33

// RevokeSome revokes keys of a developer who leaves, and frees their plans. Where it finds requests granted by claim whose keys are not
// claimed, it gives their ids instead: they are cancelled first. Done says that there are no more.
func (t *Table) RevokeSome(ctx context.Context, org, id string, now time.Time) (grants []string, done bool, err error) {
	k := developerKey(org, id)
	// bounded by its limit
	out, err := t.db.Query(ctx, &dynamodb.QueryInput{
		TableName: &t.name, ConsistentRead: aws.Bool(true), Limit: aws.Int32(keysAtOnce),
		KeyConditionExpression:    aws.String("PK = :pk AND SK > :developer"),
		ExpressionAttributeValues: item{":pk": str(k.PK), ":developer": str(k.SK)},
	})
	if err != nil {
		return nil, false, failed(err, "read the keys of developer %s", id)
	}
	if len(out.Items) == 0 {
		return nil, true, nil
	}
	if grants = unclaimed(out.Items); len(grants) > 0 {
		return grants, false, nil
	}
	var writes []write
	keys := 0
	for _, it := range out.Items {
		var held developersKey
		if err := parse(it, &held); err != nil {
			return nil, false, err
		}
		writes = append(writes, t.remove(key{text(it["PK"]), text(it["SK"])}, "attribute_exists(PK)", nil, overtaken))
		if held.Digest != "" { // a key; else a plan
			keys++
			writes = append(writes, t.revoke(held.Digest, now), t.remove(shownKey(org, held.Shown, held.Digest), "", nil, nil))
		}
	}
	writes = append(writes, t.update(k, "ADD keys_revoked :n", "attribute_exists(deleting)", nil, item{":n": number(keys)}, overtaken))
	err = t.transact(ctx, writes...)
	if errors.Is(err, errOvertaken) { // by another call that deletes the same developer: look again
		err = nil
	}
	return nil, false, err
}

var errOvertaken = errors.New("somebody else was faster")

func overtaken(item) error { return errOvertaken }

// revoke ends a key at the data plane.
func (t *Table) revoke(digest string, now time.Time) write {
	return t.update(issuedKey(digest), "SET #state = :revoked, revoked_at = :now ADD revision :one",
		"attribute_exists(PK)", map[string]string{"#state": "state"}, item{
			":revoked": str(string(Revoked)), ":now": str(portal.Timestamp(now)), ":one": number(1),
		}, unexpected("issued key"))
}

// Left removes the account of a developer who has no keys any more, and says how many were revoked in all.
func (t *Table) Left(ctx context.Context, org, id string) (revoked int, err error) {
	it, err := t.get(ctx, developerKey(org, id))
	if err != nil {
		return 0, err
	}
	if len(it) == 0 {
		return 0, portal.ErrNotFound
	}
	var s storedDeveloper
	if err := parse(it, &s); err != nil {
		return 0, err
	}
	gone := func(item) error { return nil } // it was there a moment ago: by us, whose answer was lost, or by somebody beside us
	writes := []write{
		t.remove(developerKey(org, id), "attribute_exists(deleting)", nil, gone), t.remove(countKey(org, id), "", nil, nil),
		t.remove(emailKey(org, s.Email), "id = :id", item{":id": str(id)}, unexpected("e-mail")),
	}
	if s.SSOKey != "" {
		writes = append(writes, t.freeSSOKey(org, s.SSOKey, id))
	}
	return s.KeysRevoked, t.transact(ctx, writes...)
}
