package table

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"keydesk/shared/portal"
)

// ErrPlanTaken is the answer, in Tyk's own words, to a second request for a plan that is asked for or in use.
var ErrPlanTaken = portal.Refuse(portal.Conflict, "There is already an API key for this Plan associated with this account.")

// PlanTaken says which plan was refused, and who has it: a request, or a key that has it by itself.
type PlanTaken struct {
	Plan, HeldBy string
	Refusal      error // in words that hold whatever has become of the request
}

func (p *PlanTaken) Error() string { return p.Refusal.Error() }

// Unwrap is the refusal that a client reads.
func (p *PlanTaken) Unwrap() error { return p.Refusal }

// planWrites takes the places in plans that the change holds anew and frees those that it holds no more.
func (t *Table) planWrites(c Change) ([]write, error) {
	var writes []write
	keyOf := func(place string) key { return planKey(c.After.OrgID, c.After.ByUser, place) }
	for _, place := range c.After.Holds {
		if slices.Contains(c.Before.Holds, place) {
			continue
		}
		w, err := t.take(keyOf(place), heldPlan{HeldBy: c.After.ID})
		if err != nil {
			return nil, err
		}
		writes = append(writes, w)
	}
	for _, place := range c.Before.Holds {
		if !slices.Contains(c.After.Holds, place) {
			writes = append(writes, t.free(keyOf(place), c.After.ID))
		}
	}
	return writes, nil
}

// heldWrites free the plans that the key holds no more, take those that it holds by itself, and have all of them end with it. (A request
// takes its plans when it is created.)
func (t *Table) heldWrites(c KeyChange) ([]write, error) {
	var writes []write
	keyOf := func(place string) key { return planKey(c.After.OrgID, c.After.Developer, place) }
	for place, holder := range c.Before.Holds {
		if c.After.Holds[place] == "" {
			writes = append(writes, t.free(keyOf(place), holder))
		}
	}
	for place, holder := range c.After.Holds {
		anew := c.Before.Holds[place] == ""
		switch {
		case anew && holder == c.After.ID:
			taken, err := t.take(keyOf(place), heldPlan{holder, c.After.Expires})
			if err != nil {
				return nil, err
			}
			writes = append(writes, taken)
		case c.After.Expires != c.Before.Expires || anew && c.After.Expires > 0:
			writes = append(writes, t.holdUntil(keyOf(place), holder, c.After.Expires))
		}
	}
	return writes, nil
}

// heldPlan is a place in a plan that is taken.
type heldPlan struct {
	HeldBy string `json:"held_by"`        // a request, or a key; "request" is a word of DynamoDB's own
	Ends   int64  `json:"ends,omitempty"` // Unix seconds: when its key expires, and the place is free again; 0: it does not
}

// take takes a place in a plan for a request, or a key. One whose key has expired is free.
func (t *Table) take(place key, plan heldPlan) (write, error) {
	return t.replace(place, plan, "attribute_not_exists(PK) OR ends <= :now",
		item{":now": number(int(time.Now().Unix()))}, func(found item) error {
			return &PlanTaken{Plan: PlanOf(placeOf(place.SK)), HeldBy: text(found["held_by"]), Refusal: ErrPlanTaken}
		})
}

// free gives a place back. That it is gone already is no fault: the developer may be gone.
func (t *Table) free(place key, holder string) write {
	return t.remove(place, "attribute_not_exists(PK) OR held_by = :holder",
		item{":holder": str(holder)}, func(item) error { return errTooBusy })
}

// holdUntil has a place end with its key; 0: it does not.
func (t *Table) holdUntil(place key, holder string, ends int64) write {
	change, values := "SET ends = :ends", item{":ends": number(int(ends)), ":holder": str(holder)}
	if ends == 0 {
		change = "REMOVE ends"
		delete(values, ":ends")
	}
	return t.update(place, change, "held_by = :holder", nil, values, unexpected("plan"))
}

// errManyPlaces is the answer where the places in a plan are more than one call reads.
var errManyPlaces = portal.Refuse(portal.Conflict, "The developer has or has had too many keys of this plan to be counted; revoke some of them first.")

// Places are the places that a developer's requests and keys have in a policy, each with its holder, but for those of keys that have
// expired. It reads mostQueries megabytes of them, some thousands each.
func (t *Table) Places(ctx context.Context, org, developer, policy string) (map[string]string, error) {
	first, last := places(policy)
	// bounded by mostQueries
	pages := dynamodb.NewQueryPaginator(t.db, &dynamodb.QueryInput{
		TableName: &t.name, ConsistentRead: aws.Bool(true), ProjectionExpression: aws.String("SK, ends, held_by"),
		KeyConditionExpression:    aws.String("PK = :pk AND SK BETWEEN :first AND :last"),
		ExpressionAttributeValues: item{":pk": str(developerPK(org, developer)), ":first": str(first), ":last": str(last)},
	})
	taken := map[string]string{}
	for read := 0; pages.HasMorePages(); read++ {
		if read == mostQueries {
			return nil, errManyPlaces
		}
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, failed(err, "read the places in a plan")
		}
		for _, it := range page.Items {
			var plan heldPlan
			if err := parse(it, &plan); err != nil {
				return nil, err
			}
			place := placeOf(text(it["SK"]))
			if PlanOf(place) == policy && (plan.Ends == 0 || plan.Ends > time.Now().Unix()) {
				taken[place] = plan.HeldBy
			}
		}
	}
	return taken, nil
}
