package table

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"keydesk/shared/portal"
)

// Change is one move of a request and all that comes of it. It is written whole or not at all.
type Change struct {
	Before  Request // the zero Request on create
	After   Request // one revision further
	History History
	Replay  *Replay    // of a create under an Idempotency-Key
	Key     *IssuedKey // of a grant
	Edit    *KeyChange // of a grant that changes a key there is, of a delivery, and of a lapse
}

// Changed says that a request is no longer what the caller of Write had read: somebody else was faster.
type Changed struct{ Now Request }

func (c *Changed) Error() string {
	return fmt.Sprintf("request %s is %s, revision %d", c.Now.ID, c.Now.State, c.Now.Revision)
}

// ErrPlanTaken is the answer, in Tyk's own words, to a second request for a plan that is asked for or in use.
var ErrPlanTaken = portal.Refuse(portal.Conflict, "There is already an API key for this Plan associated with this account.")

// Write makes the change, if the request is still as Before says, the developer may have keys, and the plans are free. The
// request itself comes first: why it was refused says more than what follows from it.
func (t *Table) Write(ctx context.Context, c Change) error {
	writes, err := t.requestWrites(c)
	if err != nil {
		return err
	}
	if c.asksForDeveloper() {
		writes = append(writes, t.developerIsActive(c.After.OrgID, c.After.ByUser))
	}
	plans, err := t.planWrites(c)
	if err != nil {
		return err
	}
	var keys []write
	switch {
	case c.Key != nil:
		keys, err = t.grantWrites(c.Key)
	case c.Edit != nil:
		keys, err = t.keyWrites(*c.Edit)
	}
	if err != nil {
		return err
	}
	return t.transact(ctx, slices.Concat(writes, plans, keys)...)
}

// asksForDeveloper tells whether the change is for an active developer alone: a request, a grant, and the delivery of a key.
func (c *Change) asksForDeveloper() bool {
	granted := c.After.State == portal.Approved && c.Before.State != portal.Approved
	return c.Before.ID == "" || granted || c.After.Delivery != nil && c.Before.Delivery == nil
}

// requestWrites are the request, the memory of an idempotent create, and the line of history.
func (t *Table) requestWrites(c Change) ([]write, error) {
	r := c.After
	k := requestKey(r.OrgID, r.ID)
	condition, values := "attribute_not_exists(PK)", item(nil)
	if c.Before.ID != "" {
		condition, values = "revision = :revision", item{":revision": number(c.Before.Revision)}
	}
	request, err := t.replace(k, store(r), condition, values, func(found item) error { return changed(found, r.Attempt) })
	if err != nil {
		return nil, err
	}
	writes := []write{request}
	if c.Replay != nil {
		c.Replay.ID = r.ID
		replay, err := t.replace(c.Replay.key(r.OrgID), c.Replay, "attribute_not_exists(PK) OR expires_at <= :now",
			item{":now": number(c.Replay.saidAt())}, c.Replay.replayed)
		if err != nil {
			return nil, err
		}
		writes = append(writes, replay)
	}
	history, err := t.create(historyKey(k, r.Revision, ""), c.History, unexpected("history"))
	return append(writes, history), err
}

// changed reads what stands in the place of the revision that a write expected. Our own attempt there means that an earlier
// try of this very write was done and its answer lost.
func changed(found item, attempt string) error {
	if text(found["attempt"]) == attempt {
		return nil
	}
	now, err := parseRequest(found)
	if err != nil {
		return err
	}
	return &Changed{Now: now}
}

func (r *Replay) replayed(found item) error {
	before, err := r.parse(found)
	if err != nil {
		return err
	}
	if before == nil {
		return errTooBusy
	}
	return &Replayed{ID: before.ID}
}

func (t *Table) developerIsActive(org, id string) write {
	return t.check(developerKey(org, id), "inactive = :no AND attribute_not_exists(deleting)",
		item{":no": &types.AttributeValueMemberBOOL{Value: false}}, func(found item) error {
			if len(found) == 0 || found["deleting"] != nil {
				return UnknownDeveloper(id)
			}
			return InactiveDeveloper(id)
		})
}

// UnknownDeveloper refuses a developer who is not there.
func UnknownDeveloper(id string) error {
	return portal.Refuse(portal.Invalid, "by_user: there is no developer %s.", id)
}

// InactiveDeveloper refuses a developer who may not have keys.
func InactiveDeveloper(id string) error {
	return portal.Refuse(portal.Invalid, "by_user: the developer %s is inactive; activate the developer first.", id)
}

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

// heldPlan is a place in a plan that is taken.
type heldPlan struct {
	HeldBy string `json:"held_by"`        // a request, or a key; "request" is a word of DynamoDB's own
	Ends   int64  `json:"ends,omitempty"` // Unix seconds: when its key expires, and the place is free again; 0: it does not
}

// take takes a place in a plan for a request, or a key. One whose key has expired is free.
func (t *Table) take(place key, plan heldPlan) (write, error) {
	return t.replace(place, plan, "attribute_not_exists(PK) OR ends <= :now",
		item{":now": number(int(time.Now().Unix()))}, func(item) error { return ErrPlanTaken })
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

// Places are the places that a developer's requests and keys have in a policy, but for those of keys that have expired.
func (t *Table) Places(ctx context.Context, org, developer, policy string) ([]string, error) {
	first := planKey(org, developer, policy)
	pages := dynamodb.NewQueryPaginator(t.db, &dynamodb.QueryInput{
		TableName: &t.name, ConsistentRead: aws.Bool(true), ProjectionExpression: aws.String("SK, ends"),
		KeyConditionExpression:    aws.String("PK = :pk AND SK BETWEEN :first AND :last"),
		ExpressionAttributeValues: item{":pk": str(first.PK), ":first": str(first.SK), ":last": str(first.SK + "$")}, // "$" follows "#"
	})
	var places []string
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, failed(err, "read the places in a plan")
		}
		for _, it := range page.Items {
			var plan heldPlan
			if err := parse(it, &plan); err != nil {
				return nil, err
			}
			place := strings.TrimPrefix(text(it["SK"]), "PLAN#")
			if PlanOf(place) == policy && (plan.Ends == 0 || plan.Ends > time.Now().Unix()) {
				places = append(places, place)
			}
		}
	}
	return places, nil
}

// unexpected is the refusal of a condition that only a fault of ours can fail, once the request's own has held.
func unexpected(what string) func(item) error {
	return func(item) error { return fmt.Errorf("%s: another stands in its place", what) }
}
