package approval

import (
	"context"
	"errors"

	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// explainTaken reads the request that has the plan for want of which a call was refused, and says how it stands. Only a refused call reads
// it. The request is the zero one where a key has the plan by itself, and where err is about something else.
func explainTaken(ctx context.Context, t *table.Table, org string, err error) (table.Request, error) {
	var taken *table.PlanTaken
	if !errors.As(err, &taken) {
		return table.Request{}, err
	}
	holder, failed := t.Request(ctx, org, taken.HeldBy)
	switch {
	case errors.Is(failed, portal.ErrNotFound): // the key's policies were changed by hand
		return table.Request{}, err
	case failed != nil:
		return table.Request{}, failed
	}
	return holder, heldBy(taken, &holder)
}

// heldBy is the refusal of a plan that a request has. What a client deleted is not named: no client can read it.
func heldBy(taken *table.PlanTaken, holder *table.Request) error {
	var refusal *portal.Error
	switch {
	case holder.Open():
		refusal = portal.Refuse(portal.Conflict,
			"A request for the plan %s is waiting for a decision. Change that request, or wait for the decision.", taken.Plan)
	case holder.Claimable() && !holder.Hidden:
		refusal = portal.Refuse(portal.Conflict, "The key of a request for the plan %s waits for its developer, who claims it. "+
			"POST /api/portal/requests/%s/claim-link sends the link again.", taken.Plan, holder.ID)
	case holder.State == portal.Approved:
		return taken
	default: // it gave the plan back after the write was refused
		refusal = portal.Refuse(portal.Conflict, "The request that had the plan %s has just ended. Try again.", taken.Plan)
	}
	refusal.Meta = map[string]string{"request": holder.ID}
	return refusal
}
