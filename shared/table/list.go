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

// Bounds of what one call reads of an index: so many Queries, of so many entries each. That is what a megabyte holds, DynamoDB's own
// bound of a Query, where entries are small; where they are large, the megabyte ends it first. To count brings nothing over the wire.
const (
	mostQueries = 5
	mostCounts  = 10
	mostRead    = 2500
)

// Listed is a request as the lists' indexes have it: enough to find it, and to read what is joined to it at the same time.
type Listed struct {
	ID       string   `json:"id"`
	ByUser   string   `json:"by_user"`
	Policies []string `json:"apply_policies"`
}

// List reads up to want of the organisation's requests, newest first, from the one after an id on ("": from the newest). Where one call
// may not read so far, on is the id to go on from.
func (t *Table) List(ctx context.Context, org string, f Filter, after string, want int) (found []Listed, on string, err error) {
	q := f.query(org)
	if after != "" {
		q.ExclusiveStartKey = f.place(org, after)
	}
	items, on, err := t.newest(ctx, q, want) // bounded by mostQueries
	if err != nil {
		return nil, "", failed(err, "list requests")
	}
	found = make([]Listed, len(items))
	for i, it := range items {
		if err := parse(it, &found[i]); err != nil {
			return nil, "", err
		}
	}
	return found, on, nil
}

// newest reads up to want of the items that a Query finds, from the newest down. Where mostQueries do not find so many, on is the id
// to go on from.
func (t *Table) newest(ctx context.Context, q *dynamodb.QueryInput, want int) (found []item, on string, err error) {
	q.TableName, q.ScanIndexForward = &t.name, aws.Bool(false)
	found = []item{}
	for range mostQueries {
		limit := want - len(found)
		if q.FilterExpression != nil {
			limit = mostRead // the filter comes after the limit: a small one would mean a Query for each item left out
		}
		q.Limit = aws.Int32(int32(min(limit, mostRead)))
		out, err := t.db.Query(ctx, q)
		if err != nil {
			return nil, "", err
		}
		found = append(found, out.Items...)
		if len(out.LastEvaluatedKey) == 0 || len(found) >= want {
			return found[:min(want, len(found))], "", nil
		}
		q.ExclusiveStartKey = out.LastEvaluatedKey
	}
	return found, text(q.ExclusiveStartKey["id"]), nil
}

// Count is how many requests the filter lets through: exact up to MostCounted, if mostCounts find them all; else there are at least so
// many.
func (t *Table) Count(ctx context.Context, org string, f Filter) (int, error) {
	total, err := t.countWithin(ctx, f.query(org), MostCounted, mostCounts)
	return total, failed(err, "count requests")
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

// Shows tells whether a request is one of the filter's. The index that named it may have been late.
func (f Filter) Shows(r *Request) bool {
	return !r.Hidden && (f.Developer == "" || f.Developer == r.ByUser) && slices.Contains(f.states(), r.State)
}

func (f Filter) states() []portal.State {
	if len(f.States) == 0 {
		return shown
	}
	return f.States
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
	var names []string
	for i, state := range f.states() {
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
