package table

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"keydesk/shared/portal"
)

// Filter says which of an organisation's requests a list is of.
type Filter struct {
	Developer string         // an id; empty: everybody's
	States    []portal.State // empty: those of the plain list, which shows what is open or approved
}

// shown is what the plain list shows: a client would try to approve whatever else it saw there.
var shown = []portal.State{portal.Pending, portal.Waiting, portal.Approved}

// MostCounted is the last object that a page number may reach, since all that come before it have to be read; so there is no need
// to count further. A cursor reaches any.
const MostCounted = 10_000

// mostRead is how many requests one Query reads: at a kilobyte each, about what DynamoDB returns at most.
const mostRead = 1000

// Requests reads up to want of the organisation's requests, newest first, from the one after an id on ("": from the newest).
func (t *Table) Requests(ctx context.Context, org string, f Filter, after string, want int) ([]Request, error) {
	q := f.query(org)
	if after != "" {
		q.ExclusiveStartKey = f.place(org, after)
	}
	items, err := t.newest(ctx, q, want)
	if err != nil {
		return nil, failed(err, "list requests")
	}
	found := make([]Request, len(items))
	for i, it := range items {
		if err := parse(it, &found[i]); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// newest reads up to want of the items that a Query finds, from the newest down.
func (t *Table) newest(ctx context.Context, q *dynamodb.QueryInput, want int) ([]item, error) {
	q.TableName, q.ScanIndexForward = &t.name, aws.Bool(false)
	found := []item{}
	for len(found) < want {
		limit := want - len(found)
		if q.FilterExpression != nil {
			limit = mostRead // the filter comes after the limit: a small one would mean a Query for each item left out
		}
		q.Limit = aws.Int32(int32(min(limit, mostRead)))
		out, err := t.db.Query(ctx, q)
		if err != nil {
			return nil, err
		}
		found = append(found, out.Items...)
		if len(out.LastEvaluatedKey) == 0 {
			break
		}
		q.ExclusiveStartKey = out.LastEvaluatedKey
	}
	return found[:min(want, len(found))], nil
}

// Count is how many requests the filter lets through.
func (t *Table) Count(ctx context.Context, org string, f Filter) (int, error) {
	total, err := t.count(ctx, f.query(org), math.MaxInt)
	if err != nil {
		return 0, failed(err, "count requests")
	}
	return total, nil
}

// count is how many items a Query finds; it stops counting at most.
func (t *Table) count(ctx context.Context, q *dynamodb.QueryInput, most int) (int, error) {
	return t.countWithin(ctx, q, most, math.MaxInt)
}

// countWithin counts what so many Queries find, a megabyte each, and stops at most.
func (t *Table) countWithin(ctx context.Context, q *dynamodb.QueryInput, most, queries int) (int, error) {
	q.TableName, q.Select = &t.name, types.SelectCount
	total := 0
	for range queries {
		q.Limit = aws.Int32(int32(min(most-total, math.MaxInt32))) //nolint:gosec // just bounded
		out, err := t.db.Query(ctx, q)
		if err != nil {
			return 0, err
		}
		total += int(out.Count)
		if len(out.LastEvaluatedKey) == 0 || total >= most {
			break
		}
		q.ExclusiveStartKey = out.LastEvaluatedKey
	}
	return total, nil
}

// query is the partition of the index that answers the filter, and what has to be left out of it, if anything.
func (f Filter) query(org string) *dynamodb.QueryInput {
	index, attribute, partition, exact := f.partition(org)
	q := &dynamodb.QueryInput{
		IndexName: &index, KeyConditionExpression: aws.String(attribute + " = :partition"),
		ExpressionAttributeValues: item{":partition": str(partition)},
	}
	if exact {
		return q
	}
	states := f.States
	if len(states) == 0 {
		states = shown
	}
	var names []string
	for i, state := range states {
		name := ":s" + strconv.Itoa(i)
		names = append(names, name)
		q.ExpressionAttributeValues[name] = str(string(state))
	}
	q.ExpressionAttributeNames = map[string]string{"#state": "state", "#hidden": "hidden"} // both are words of DynamoDB's own
	q.FilterExpression = aws.String("#state IN (" + strings.Join(names, ", ") + ") AND #hidden = :no")
	q.ExpressionAttributeValues[":no"] = &types.AttributeValueMemberBOOL{Value: false}
	return q
}

// partition names the partition to read, and whether all of it is wanted.
func (f Filter) partition(org string) (index, attribute, partition string, exact bool) {
	is := func(states ...portal.State) bool {
		return len(states) == len(f.States) && !slices.ContainsFunc(states, func(s portal.State) bool {
			return !slices.Contains(f.States, s)
		})
	}
	switch {
	case f.Developer != "":
		return "developer", "DeveloperPK", developerPK(org, f.Developer), false
	case len(f.States) == 0:
		return "list", "ListPK", listPK(org), true
	case is(portal.Approved):
		return "view", "ViewPK", viewPK(org, approved), true
	case is(portal.Pending, portal.Waiting):
		return "view", "ViewPK", viewPK(org, open), true
	case is(portal.Pending), is(portal.Waiting):
		return "view", "ViewPK", viewPK(org, open), false
	default:
		return "view", "ViewPK", viewPK(org, closed), false
	}
}

// place is where a request stands in the filter's index, whether or not it still does.
func (f Filter) place(org, id string) item {
	_, attribute, partition, _ := f.partition(org)
	start := requestKey(org, id).item()
	start[attribute], start["id"] = str(partition), str(id)
	return start
}

// Question is what the cursors of the filter's list are bound to.
func (f Filter) Question() string { return fmt.Sprint(f.Developer, f.States) }
