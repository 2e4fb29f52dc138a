package approval

import (
	"context"
	"errors"
	"time"

	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// Act is something that somebody does to a request.
type Act struct {
	Name      string // as history tells it: "updated", "declined"
	By        caller.Caller
	At        time.Time
	Reason    string // what the developer is told
	Why       string // how the rules were read, for reviewers
	IfMatch   int    // the revision that By has seen; 0: whichever it is
	RequestID string // of the call, as the log names it
	Automatic bool   // an approval of what nobody needs to decide, whatever By may decide
	Rule      string // by whose word, if by a rule's
	ByClaim   bool   // the key goes to the developer, not to By

	entitled bool    // the right to decide was proved otherwise than by By's role
	callback string  // of a third party's answer: hash of its message's id
	answers  *Answer // the third party's answer that this is
}

// Change does an act to a request that others may be changing at the same time: revise says what becomes of the request as
// it stands, and is asked anew when somebody was faster, unless IfMatch says that only the seen revision will do. errUnchanged of
// revise ends it well, with nothing written.
func Change(ctx context.Context, t *table.Table, r table.Request, act Act, revise func(table.Request) (table.Request, error)) error {
	_, err := changeRequest(ctx, t, r, act, revise)
	return err
}

// errUnchanged says that a request is already as it is to be.
var errUnchanged = errors.New("the request is so already")

// changeRequest is Change. It gives the request as it stands in the table then.
func changeRequest(
	ctx context.Context, t *table.Table, r table.Request, act Act, revise func(table.Request) (table.Request, error),
) (table.Request, error) {
	for {
		if r.Deleted() {
			return r, portal.ErrNotFound
		}
		if err := act.seen(&r); err != nil {
			return r, err
		}
		after, err := revise(r)
		switch {
		case errors.Is(err, errUnchanged):
			return r, nil
		case err != nil:
			return after, err
		}
		change := act.change(r, after)
		err = t.Write(ctx, change)
		var changed *table.Changed
		if !errors.As(err, &changed) {
			return change.After, err
		}
		r = changed.Now
	}
}

// Close is the revision that ends an open request in the state, and frees its slots.
func Close(act Act, to portal.State) func(table.Request) (table.Request, error) {
	return func(r table.Request) (table.Request, error) {
		if !r.Open() || !may(r.State, to) {
			return r, processed(&r)
		}
		return act.ended(r, to), nil
	}
}

// Withdraw is Close, of a grant as well whose key is not claimed yet: there is no key then, and its link opens nothing any more.
func Withdraw(act Act, to portal.State) func(table.Request) (table.Request, error) {
	return func(r table.Request) (table.Request, error) {
		if !r.Claimable() {
			return Close(act, to)(r)
		}
		return act.ended(r, to), nil
	}
}

// CancelGrant ends a grant of a developer who goes, a hidden one as well, and tells whether it did: its key may be claimed meanwhile.
func CancelGrant(ctx context.Context, t *table.Table, org, id string, act Act) (ended bool, err error) {
	r, err := t.Request(ctx, org, id)
	for err == nil && r.Claimable() {
		err = t.Write(ctx, act.change(r, act.ended(r, portal.Cancelled)))
		var changed *table.Changed
		if !errors.As(err, &changed) {
			return err == nil, err
		}
		r, err = changed.Now, nil
	}
	return false, err
}

// ended is the request in a final state, without its slots and with nothing left to do.
func (a *Act) ended(r table.Request, to portal.State) table.Request {
	r.State, r.Approved, r.Holds = to, false, nil
	a.sign(&r)
	r.NotDue()
	return r
}

// sign writes down who decided, when, by which rule and why.
func (a *Act) sign(r *table.Request) {
	r.DecidedBy, r.DecidedAt, r.Callback = a.By.Name, portal.Timestamp(a.At), a.callback
	r.Rule, r.Reason, r.Why, r.Deferred = a.Rule, a.Reason, a.Why, false
}

// Decline ends an open request, or a grant whose key is not claimed yet. It reads what bears on it only where the organisation asks for four eyes.
func Decline(ctx context.Context, t *table.Table, r table.Request, settings portal.Configuration, act Act) error {
	act.Name = "declined"
	decline := Withdraw(act, portal.Declined)
	if !settings.FourEyes {
		return Change(ctx, t, r, act, decline)
	}
	return Change(ctx, t, r, act, func(r table.Request) (table.Request, error) { // whoever changed it meanwhile does not decline it
		books, err := t.Books(ctx, r.OrgID, r.ByUser, r.ApplyPolicies)
		if err != nil {
			return r, err
		}
		if err := fourEyes(&act.By, &r, &books); err != nil {
			return r, err
		}
		return decline(r)
	})
}

// seen refuses when the request is not what By decided about.
func (a *Act) seen(r *table.Request) error {
	if a.answers != nil && !a.answers.isFor(r) {
		refusal := portal.Refuse(portal.Stale, "asked: the request asks for something else now (revision %d, %s); answer what the developer comes with next.", r.Revision, r.State)
		refusal.Meta = map[string]any{"revision": r.Revision, "state": r.State}
		return refusal
	}
	if a.IfMatch == 0 || a.IfMatch == r.Revision {
		return nil
	}
	refusal := portal.Refuse(portal.Stale, "If-Match: the request is at revision %d (%s), not %d; read it again, then decide.", r.Revision, r.State, a.IfMatch)
	refusal.Meta = map[string]any{"revision": r.Revision, "state": r.State}
	return refusal
}

// change numbers the revision, signs it, and writes its line of history.
func (a *Act) change(before, after table.Request) table.Change {
	after.Revision, after.Attempt = before.Revision+1, portal.NewID(a.At)
	if before.ID == "" || !sameAsked(&before, &after) {
		after.AskedFrom = after.Revision
	}
	return table.Change{Before: before, After: after, History: a.history(&after)}
}

func (a *Act) history(r *table.Request) table.History {
	return table.History{
		At: portal.Timestamp(a.At), Act: a.Name, By: a.By.Name, Credential: a.By.Credential, Role: string(a.By.Role),
		State: r.State, Revision: r.Revision, Rule: a.Rule, Reason: a.Reason, Why: a.Why, RequestID: a.RequestID,
	}
}

// Create is the first revision of a request.
func Create(act Act, first table.Request) table.Change {
	first.CreatedBy = act.By.Holder()
	return act.change(table.Request{}, first)
}

// Processed says that a request was decided before, and what became of it.
type Processed struct {
	Now     table.Request
	refusal *portal.Error
}

func (p *Processed) Error() string { return p.refusal.Error() }

// Unwrap is the refusal that a client reads.
func (p *Processed) Unwrap() error { return p.refusal }

func processed(r *table.Request) error {
	refusal := portal.Refuse(portal.Conflict, "Key request has already been processed.")
	refusal.Meta = map[string]any{
		"state": r.State, "decided_by": r.DecidedBy, "decided_at": r.DecidedAt, "delivered": r.Delivery != nil, "remedy": remedy(r),
	}
	return &Processed{Now: *r, refusal: refusal}
}

func remedy(r *table.Request) string {
	switch {
	case r.State != portal.Approved:
		return "Create a new key request."
	case r.Edits != "":
		return "The key's policies were changed; there is nothing to deliver."
	case r.Delivery == nil:
		return "The key waits for its developer, who claims it; POST /api/portal/requests/" + r.ID + "/claim-link sends the link again."
	default:
		return "The key was given to " + r.Delivery.To + ", once. If that answer was lost, repeat the very call with its Idempotency-Key within ten minutes; " +
			"without one, rotate the key, POST /api/portal/developers/" + r.ByUser + "/keys/" + r.KeyID + "/rotate; if that was revoked, ask for a new one."
	}
}
