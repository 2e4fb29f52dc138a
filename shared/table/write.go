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
	Replay  *Replay    // of a create under an Idempotency-Key
	Key     *IssuedKey // of a grant
}

// IssuedKey is what the data plane needs to know of a key: everything but the key.
type IssuedKey struct {
	Digest    string   `json:"digest"` // SHA-256 of the whole key: its name here
	Shown     string   `json:"shown"`  // the hash that Tyk would show
	OrgID     string   `json:"org_id"`
	Developer string   `json:"developer"`
	Policies  []string `json:"policies"`
	AuthType  string   `json:"auth_type"`
	Request   string   `json:"request"`
	State     string   `json:"state"` // "active"
	Created   string   `json:"created"`
	Expires   int64    `json:"expires"` // Unix seconds; 0: never
	ID        string   `json:"id"`      // its place among the developer's keys
}

// Active is the state of a key that opens doors.
const Active = "active"

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
	if c.After.State == portal.Approved && c.Before.State != portal.Approved || c.Before.ID == "" {
		writes = append(writes, t.developerIsActive(c.After))
	}
	plans, err := t.planWrites(c)
	if err != nil {
		return err
	}
	keys, err := t.keyWrites(c)
	if err != nil {
		return err
	}
	return t.transact(ctx, slices.Concat(writes, plans, keys)...)
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
	history, err := t.create(historyKey(r.OrgID, r.ID, r.Revision, ""), c.History, unexpected("history"))
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

func (t *Table) developerIsActive(r Request) write {
	return t.check(developerKey(r.OrgID, r.ByUser), "inactive = :no AND attribute_not_exists(deleting)",
		item{":no": &types.AttributeValueMemberBOOL{Value: false}}, func(found item) error {
			if len(found) == 0 || found["deleting"] != nil {
				return UnknownDeveloper(r.ByUser)
			}
			return InactiveDeveloper(r.ByUser)
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

// planWrites takes the plans that the change holds anew and frees those that it holds no more.
func (t *Table) planWrites(c Change) ([]write, error) {
	var writes []write
	for _, policy := range c.After.Holds {
		if slices.Contains(c.Before.Holds, policy) {
			continue
		}
		w, err := t.create(planKey(c.After.OrgID, c.After.ByUser, policy), struct {
			HeldBy string `json:"held_by"` // "request" is a word of DynamoDB's own
		}{c.After.ID}, func(item) error { return ErrPlanTaken })
		if err != nil {
			return nil, err
		}
		writes = append(writes, w)
	}
	for _, policy := range c.Before.Holds {
		if !slices.Contains(c.After.Holds, policy) {
			writes = append(writes, t.remove(planKey(c.After.OrgID, c.After.ByUser, policy), "attribute_not_exists(PK) OR held_by = :request",
				item{":request": str(c.After.ID)}, unexpected("plan")))
		}
	}
	return writes, nil
}

// keyWrites are the issued key for the data plane, its place among the developer's keys, and its shown hash.
func (t *Table) keyWrites(c Change) ([]write, error) {
	if c.Key == nil {
		return nil, nil
	}
	k := c.Key
	issued, err := t.create(issuedKey(k.Digest), k, unexpected("issued key"))
	if err != nil {
		return nil, err
	}
	held, err := t.create(developersKeyKey(k.OrgID, k.Developer, k.ID), developersKey{
		Digest: k.Digest, Shown: k.Shown, Policies: k.Policies, Request: k.Request, Created: k.Created,
	}, unexpected("developer's key"))
	if err != nil {
		return nil, err
	}
	shown, err := t.create(shownKey(k.OrgID, k.Shown, k.Digest), struct {
		Developer string `json:"developer"`
	}{k.Developer}, unexpected("shown hash"))
	return []write{issued, held, shown}, err
}

// unexpected is the refusal of a condition that only a fault of ours can fail, once the request's own has held.
func unexpected(what string) func(item) error {
	return func(item) error { return fmt.Errorf("%s: another stands in its place", what) }
}
