package table

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"keydesk/shared/portal"
)

// DueItem is something that is due: a request, the deletion of a delivery secret, a notice, or a developer who is being deleted. The index that names it may be a moment behind; what
// is to be done stands in the item itself.
type DueItem struct {
	Org     string // whose it is; empty for what was written before the index named organisations, but for requests
	Request string
	Leaves  string // a developer whose deletion has stopped half-way
	Secret  bool
	Notice  bool
	key     key
	sort    string // its place among all that is due
}

// Place is where the item stands among all that is due: the longest due has the least.
func (d *DueItem) Place() string { return d.sort }

// Name is what a report calls it.
func (d *DueItem) Name() string {
	switch {
	case d.Request != "":
		return "request " + d.Request
	case d.Leaves != "":
		return "developer " + d.Leaves
	case d.Secret:
		return "secret of " + d.sort[strings.LastIndexByte(d.sort, '#')+1:]
	}
	return d.key.SK
}

// Due is what of one of the DuePartitions is due at a time, the longest due first: up to limit of it, from the place that the
// call before gave ("": from the first). Next is empty where there is no more.
func (t *Table) Due(ctx context.Context, partition int, now time.Time, limit int, after string) (items []DueItem, next string, err error) {
	out, err := t.db.Query(ctx, t.dueQuery(partition, now, limit, after))
	if err != nil {
		return nil, "", failed(err, "read what is due")
	}
	if items = dueItems(out.Items); len(out.LastEvaluatedKey) > 0 {
		next = text(out.LastEvaluatedKey["DueSK"]) + " " // the least that follows it
	}
	return items, next, nil
}

// DueLast is the same from the other end: up to limit of what fell due last, but nothing before a place. The longest due comes first here
// too. All says that nothing lies between them and that place.
func (t *Table) DueLast(ctx context.Context, partition int, now time.Time, limit int, after string) (items []DueItem, all bool, err error) {
	q := t.dueQuery(partition, now, limit, after)
	q.ScanIndexForward = aws.Bool(false)
	out, err := t.db.Query(ctx, q)
	if err != nil {
		return nil, false, failed(err, "read what fell due last")
	}
	slices.Reverse(out.Items)
	return dueItems(out.Items), len(out.LastEvaluatedKey) == 0, nil
}

func (t *Table) dueQuery(partition int, now time.Time, limit int, after string) *dynamodb.QueryInput {
	return &dynamodb.QueryInput{
		TableName: &t.name, IndexName: aws.String("due"), Limit: aws.Int32(int32(limit)), //nolint:gosec // a small number of ours
		KeyConditionExpression: aws.String("DuePK = :partition AND DueSK BETWEEN :after AND :now"),
		ExpressionAttributeValues: item{
			":partition": str(duePartition(partition)), ":after": str(cmp.Or(after, " ")), ":now": str(dueUntil(now)),
		},
	}
}

func dueItems(found []item) []DueItem {
	var items []DueItem
	for _, it := range found {
		if d, ok := dueOf(key{text(it["PK"]), text(it["SK"])}); ok {
			d.sort = text(it["DueSK"])
			d.Org = cmp.Or(d.Org, dueOrg(d.sort))
			items = append(items, d)
		}
	}
	return items
}

// Postpone puts off what could not be done: a minute, and twice as long at each further try, up to six hours. It gives the number of
// tries so far. What is no longer due where it was is let be.
func (t *Table) Postpone(ctx context.Context, d DueItem, now time.Time) (tries int, err error) {
	it, err := t.get(ctx, d.key)
	if err != nil {
		return 0, err
	}
	if text(it["DueSK"]) != d.sort {
		return 0, nil
	}
	if n, ok := it["put_off"].(*types.AttributeValueMemberN); ok { // a notice counts its own tries
		tries, _ = strconv.Atoi(n.Value)
	}
	tries++
	_, err = t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &t.name, Key: d.key.item(), UpdateExpression: aws.String("SET DueSK = :later, put_off = :tries"),
		ConditionExpression:       aws.String("DueSK = :due"),
		ExpressionAttributeValues: item{":due": str(d.sort), ":later": str(dueLater(d.sort, now.Add(putOff(tries)))), ":tries": number(tries)},
	})
	return tries, unlessOvertaken(err, "put off what is due")
}

// putOff is how long something is put off after so many tries.
func putOff(tries int) time.Duration {
	return min(6*time.Hour, time.Minute<<min(tries-1, 10))
}

// Done notes that nothing is to be done with the request any more. It is no revision: nothing that anybody can see has changed.
func (t *Table) Done(ctx context.Context, r Request) error {
	return t.done(ctx, requestKey(r.OrgID, r.ID), r.Revision, r.DueAt)
}

func (t *Table) done(ctx context.Context, k key, revision int, due string) error {
	_, err := t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &t.name, Key: k.item(), UpdateExpression: aws.String("REMOVE DuePK, DueSK, due_at, task, put_off, tries_again"),
		ConditionExpression:       aws.String("revision = :revision AND due_at = :due"),
		ExpressionAttributeValues: item{":revision": number(revision), ":due": str(due)},
	})
	return unlessOvertaken(err, "note that a thing is done")
}

// Reschedule writes when the schedule is to look at a request, and for what, in the place of the time it was. It is no revision.
func (t *Table) Reschedule(ctx context.Context, r Request, was string) error {
	if r.DueAt == "" {
		return t.done(ctx, requestKey(r.OrgID, r.ID), r.Revision, was)
	}
	place := dueAt(r.DueAt, r.OrgID, r.ID)
	_, err := t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &t.name, Key: requestKey(r.OrgID, r.ID).item(),
		UpdateExpression:    aws.String("SET DuePK = :pk, DueSK = :sk, due_at = :at, task = :task, tries_again = :again REMOVE put_off"),
		ConditionExpression: aws.String("revision = :revision AND due_at = :due"),
		ExpressionAttributeValues: item{
			":pk": str(place.DuePK), ":sk": str(place.DueSK), ":at": str(r.DueAt), ":task": str(string(r.Task)),
			":revision": number(r.Revision), ":due": str(was), ":again": &types.AttributeValueMemberBOOL{Value: r.Deferred},
		},
	})
	return unlessOvertaken(err, "put off what is due")
}

// unlessOvertaken takes a failed condition for what it is here: somebody else has seen to it.
func unlessOvertaken(err error, what string) error {
	var overtaken *types.ConditionalCheckFailedException
	if errors.As(err, &overtaken) {
		return nil
	}
	return failed(err, "%s", what)
}

// Refused notes on a request whose key was claimed that somebody else has tried to claim it, once a minute at most. It is
// no revision.
func (t *Table) Refused(ctx context.Context, r Request, at time.Time) error {
	_, err := t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &t.name, Key: requestKey(r.OrgID, r.ID).item(), UpdateExpression: aws.String("SET delivery.refused_at = :at"),
		ConditionExpression: aws.String("attribute_type(delivery, :map) AND (attribute_not_exists(delivery.refused_at) OR delivery.refused_at < :before)"),
		ExpressionAttributeValues: item{
			":at": str(portal.Timestamp(at)), ":before": str(portal.Timestamp(at.Add(-time.Minute))), ":map": str("M"),
		},
	})
	return unlessOvertaken(err, "note a claim that was refused")
}
