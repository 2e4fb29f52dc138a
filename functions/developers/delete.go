package main

import (
	"context"
	"errors"
	"time"

	"keydesk/shared/approval"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/rest"
	"keydesk/shared/table"
)

// DELETE /api/portal/developers/{id}: the developer goes, and with them their keys and what they still ask for. It may stop
// half-way, when there is more to do than one call has time for; the same call again goes on.
func remove(t *table.Table) rest.Operation[table.Account] {
	return rest.Operation[table.Account]{
		Route: "DELETE /api/portal/developers/{id}",
		First: func(ctx context.Context, in rest.In) (table.Account, error) {
			account, err := accountIn(t)(ctx, in)
			return account, portal.ForDeletion(err)
		},
		Then: func(ctx context.Context, in rest.In, who caller.Caller, account table.Account) (rest.Out, error) {
			if err := t.Leave(ctx, who.Org, account.ID); err != nil {
				return rest.Out{}, portal.ForDeletion(err)
			}
			act := approval.Act{Name: "deleted", By: who, At: in.At, Reason: "The developer was deleted.", RequestID: in.RequestID}
			cancelled, err := cancelRequests(ctx, t, account, act)
			if err == nil {
				err = revokeKeys(ctx, t, account, in.At)
			}
			if err != nil {
				return rest.Out{}, halfway(err)
			}
			revoked, err := t.Left(ctx, who.Org, account.ID)
			return rest.OKMeta("Data deleted", gone{revoked, cancelled}), portal.ForDeletion(err)
		},
	}
}

// gone says what went with a developer: all keys, and the requests that this very call cancelled.
type gone struct {
	KeysRevoked       int `json:"keys_revoked"`
	RequestsCancelled int `json:"requests_cancelled"`
}

// halfway says what has become of a deletion that met too much at once: what table says then, that nothing was changed, is not so.
func halfway(err error) error {
	var refusal *portal.Error
	if errors.As(err, &refusal) && refusal.Kind == portal.Busy {
		return errMoreIsLeft
	}
	return err
}

// requestsAtOnce is how many open requests are read at a time.
const requestsAtOnce = 1000

// cancelRequests closes what the developer still asks for: nobody could ever grant it. What somebody else decides meanwhile, or
// the index is late with, does no harm: no key is granted to an account that is closed.
func cancelRequests(ctx context.Context, t *table.Table, account table.Account, act approval.Act) (cancelled int, err error) {
	filter := table.Filter{Developer: account.ID, States: []portal.State{portal.Pending, portal.Waiting}}
	requests, err := t.Requests(ctx, account.OrgID, filter, "", requestsAtOnce)
	if err != nil {
		return 0, err
	}
	for _, r := range requests {
		if err := timeIsLeft(ctx); err != nil {
			return cancelled, err
		}
		err := approval.Change(ctx, t, r, act, approval.Close(act, portal.Cancelled))
		var refusal *portal.Error
		switch {
		case err == nil:
			cancelled++
		case !errors.As(err, &refusal) || refusal.Kind == portal.Busy:
			return cancelled, err
		}
	}
	if len(requests) == requestsAtOnce {
		return cancelled, errMoreIsLeft
	}
	return cancelled, nil
}

func revokeKeys(ctx context.Context, t *table.Table, account table.Account, now time.Time) error {
	for {
		if err := timeIsLeft(ctx); err != nil {
			return err
		}
		if done, err := t.RevokeSome(ctx, account.OrgID, account.ID, now); done || err != nil {
			return err
		}
	}
}

var errMoreIsLeft = portal.Refuse(portal.Busy, "The developer is closed, but not all of their requests and keys are ended yet; send DELETE again to go on.")

// timeToStop is kept back so that a call which will not finish is told so, and not cut off.
const timeToStop = 2 * time.Second

func timeIsLeft(ctx context.Context) error {
	if end, ok := ctx.Deadline(); ok && time.Until(end) < timeToStop {
		return errMoreIsLeft
	}
	return nil
}
