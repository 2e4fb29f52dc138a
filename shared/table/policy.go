package table

import (
	"context"
	"encoding/json"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"keydesk/shared/portal"
)

// document is how a policy or a configuration is stored: its JSON, just as it came.
type document struct {
	Document string `json:"document"`
	Attempt  string `json:"attempt"` // the invocation that wrote it
}

func newDocument(v json.Marshaler) (document, error) {
	text, err := v.MarshalJSON()
	return document{string(text), portal.NewID(time.Now())}, err
}

// Policy reads one policy.
func (t *Table) Policy(ctx context.Context, org, id string) (portal.Policy, error) {
	it, err := t.get(ctx, policyKey(org, id))
	if err != nil {
		return portal.Policy{}, err
	}
	var p portal.Policy
	there, err := parseDocument(it, &p)
	if err == nil && !there {
		err = portal.ErrNotFound
	}
	return p, err
}

// mostPolicyQueries bounds what one call reads of policies: each may have 128 KB, and a Query finds a megabyte.
const mostPolicyQueries = 10

// errManyPolicies is the answer to a call that would have to read more.
var errManyPolicies = portal.Refuse(portal.TooLarge, "This takes more than the 10 MB of policies that one call reads; ask for fewer, or for one by its id.")

// Policies reads up to want of the organisation's policies, the greatest id first, which is the newest where the ids are ours.
// Keep says which; nil keeps all.
func (t *Table) Policies(ctx context.Context, org string, want int, keep func(*portal.Policy) bool) ([]portal.Policy, error) {
	q := t.policies(org)
	q.ScanIndexForward, q.ConsistentRead = aws.Bool(false), aws.Bool(true)
	found := []portal.Policy{}
	for range mostPolicyQueries {
		if keep == nil {
			q.Limit = aws.Int32(int32(min(want-len(found), mostRead))) //nolint:gosec // at most mostRead
		}
		out, err := t.db.Query(ctx, q)
		if err != nil {
			return nil, failed(err, "list policies")
		}
		for _, it := range out.Items {
			var p portal.Policy
			if _, err := parseDocument(it, &p); err != nil {
				return nil, err
			}
			if keep == nil || keep(&p) {
				found = append(found, p)
			}
		}
		if len(found) >= want || len(out.LastEvaluatedKey) == 0 {
			return found[:min(want, len(found))], nil
		}
		q.ExclusiveStartKey = out.LastEvaluatedKey
	}
	return nil, errManyPolicies
}

// CountPolicies is how many policies the organisation has, or at least has where they are many and long.
func (t *Table) CountPolicies(ctx context.Context, org string) (int, error) {
	total, err := t.countWithin(ctx, t.policies(org), MostCounted, mostPolicyQueries)
	return total, failed(err, "count policies")
}

func (t *Table) policies(org string) *dynamodb.QueryInput {
	first := policyKey(org, "")
	return &dynamodb.QueryInput{
		TableName: &t.name, KeyConditionExpression: aws.String("PK = :pk AND begins_with(SK, :policy)"),
		ExpressionAttributeValues: item{":pk": str(first.PK), ":policy": str(first.SK)},
	}
}

// CreatePolicy writes a new policy. Its id may be a client's own, so that somebody else may have had it first.
func (t *Table) CreatePolicy(ctx context.Context, org string, p portal.Policy) error {
	stored, err := newDocument(p)
	if err != nil {
		return err
	}
	created, err := t.create(policyKey(org, p.ID), stored, func(found item) error {
		if text(found["attempt"]) == stored.Attempt {
			return nil
		}
		return portal.Refuse(portal.Conflict, "_id: there is a policy %s already; change it with PUT, or leave _id out for one of ours.", p.ID)
	})
	if err != nil {
		return err
	}
	return t.transact(ctx, created)
}

// ReplacePolicy writes another policy in the place of one.
func (t *Table) ReplacePolicy(ctx context.Context, org string, p portal.Policy) error {
	stored, err := newDocument(p)
	if err != nil {
		return err
	}
	replaced, err := t.replace(policyKey(org, p.ID), stored, "attribute_exists(PK)", nil, func(item) error { return portal.ErrNotFound })
	if err != nil {
		return err
	}
	return t.transact(ctx, replaced)
}

// DeletePolicy deletes a policy. That it was there has been seen before: a delete may be said again when its answer is lost.
func (t *Table) DeletePolicy(ctx context.Context, org, id string) error {
	if _, err := t.db.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &t.name, Key: policyKey(org, id).item()}); err != nil {
		return failed(err, "delete policy %s", id)
	}
	return nil
}
