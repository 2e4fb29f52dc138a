package table

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"keydesk/shared/portal"
)

// Change is one move of a request and all that comes of it. It is written whole or not at all.
type Change struct {
	Before  Request // the zero Request on create
	After   Request // one revision further
	History History
	Replay  *Replay     // of a create under an Idempotency-Key
	Key     *IssuedKey  // that is delivered
	Edit    *KeyChange  // of a grant that changes a key there is
	Secret  *SecretTask // of a delivery secret that is needed no more
	Most    int         // open requests and keys that the developer may have, of a create; 0: any number
}

// Changed says that a request is no longer what the caller of Write had read: somebody else was faster.
type Changed struct{ Now Request }

func (c *Changed) Error() string {
	return fmt.Sprintf("request %s is %s, revision %d", c.Now.ID, c.Now.State, c.Now.Revision)
}

// Write makes the change, if the request is still as Before says, the developer may have keys and has room for it, and the plans are free.
// The request itself comes first: why it was refused says more than what follows from it.
func (t *Table) Write(ctx context.Context, c Change) error {
	writes, err := t.changeWrites(c)
	if err != nil {
		return err
	}
	return t.withRoom(ctx, c, func(most int) error {
		return t.transactCounted(ctx, writes, c.After.OrgID, c.After.ByUser, c.occupied(), most)
	})
}

func (t *Table) changeWrites(c Change) ([]write, error) {
	writes, err := t.requestWrites(c)
	if err != nil {
		return nil, err
	}
	if successor := c.Edit != nil && c.Edit.Successor != nil; c.asksForDeveloper() && !successor { // which asks for the developer itself
		writes = append(writes, t.developerIsActive(c.After.OrgID, c.After.ByUser))
	}
	plans, err := t.planWrites(c)
	if err != nil {
		return nil, err
	}
	var keys []write
	switch {
	case c.Key != nil:
		keys, err = t.grantWrites(c.Key)
	case c.Edit != nil:
		keys, err = t.keyWrites(*c.Edit)
	}
	if err != nil {
		return nil, err
	}
	more, err := t.besideWrites(c)
	return slices.Concat(writes, plans, keys, more), err
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

// unexpected is the refusal of a condition that only a fault of ours can fail, once the request's own has held.
func unexpected(what string) func(item) error {
	return func(item) error { return fmt.Errorf("%s: another stands in its place", what) }
}
