package approval

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// Gone says what went with a developer: all keys, and the requests that this very call cancelled.
type Gone struct {
	KeysRevoked       int `json:"keys_revoked"`
	RequestsCancelled int `json:"requests_cancelled"`
}

// ErrMoreIsLeft says that a deletion has stopped half-way. The same again goes on.
var ErrMoreIsLeft = portal.Refuse(portal.Busy, "The developer is closed, but not all of their requests and keys are ended yet; send DELETE again to go on.")

// Bounds of a deletion.
const (
	listedAtOnce = 1000            // open requests that are found at a time
	readAtOnce   = 50              // and read whole: each may have 40 KB, and some are older than that bound
	cancelAside  = 8               // and cancelled side by side
	timeToStop   = 2 * time.Second // that is kept back, so that a call which will not finish is told so, and not cut off
)

// Leave ends what a developer has whose account is closed, and then the account. It does as much as the call has time for.
func Leave(ctx context.Context, t *table.Table, org, developer string, act Act) (Gone, error) {
	cancelled, err := cancelAll(ctx, t, org, developer, act)
	grants := 0
	if err == nil {
		grants, err = endKeys(ctx, t, org, developer, act)
	}
	if err != nil {
		return Gone{}, halfway(err)
	}
	revoked, err := t.Left(ctx, org, developer)
	return Gone{revoked, cancelled + grants}, err
}

// LeaveOn is the schedule's Leave, of a deletion that has stopped half-way. What is left after its time is due again in a minute.
func (i *Issuer) LeaveOn(ctx context.Context, org, developer string, now time.Time, requestID string) (Done, error) {
	account, err := i.Table.Account(ctx, org, developer)
	if errors.Is(err, portal.ErrNotFound) || err == nil && !account.Deleting {
		return Overtaken, nil
	}
	if err != nil {
		return "", err
	}
	act := Leaving(caller.Caller{Org: org, Name: schedule}, now, requestID)
	_, err = Leave(ctx, i.Table, org, developer, act)
	if errors.Is(err, ErrMoreIsLeft) {
		err = i.Table.Leave(ctx, org, developer, now)
	}
	if errors.Is(err, portal.ErrNotFound) { // another call was faster
		return Overtaken, nil
	}
	return Deleted, err
}

// Leaving is the act that cancels the requests of a developer who is deleted.
func Leaving(by caller.Caller, at time.Time, requestID string) Act {
	return Act{Name: "deleted", By: by, At: at, Reason: "The developer was deleted.", RequestID: requestID}
}

// halfway says what has become of a deletion that met too much at once: what table says then, that nothing was changed, is not so.
func halfway(err error) error {
	var refusal *portal.Error
	if errors.As(err, &refusal) && refusal.Kind == portal.Busy {
		return ErrMoreIsLeft
	}
	return err
}

// cancelAll closes what the developer still asks for: nobody could ever grant it. What somebody else decides meanwhile, or the index is
// late with, does no harm: no key is granted to an account that is closed.
func cancelAll(ctx context.Context, t *table.Table, org, developer string, act Act) (cancelled int, err error) {
	open := table.Filter{Developer: developer, States: []portal.State{portal.Pending, portal.Waiting}}
	for after := ""; ; {
		listed, on, err := t.List(ctx, org, open, after, listedAtOnce)
		if err != nil {
			return cancelled, err
		}
		for some := range slices.Chunk(listed, readAtOnce) {
			n, err := cancelSome(ctx, t, org, some, act)
			if cancelled += n; err != nil {
				return cancelled, err
			}
		}
		switch {
		case on != "":
			after = on
		case len(listed) == listedAtOnce:
			after = listed[len(listed)-1].ID
		default:
			return cancelled, nil
		}
	}
}

func cancelSome(ctx context.Context, t *table.Table, org string, listed []table.Listed, act Act) (int, error) {
	if err := timeIsLeft(ctx); err != nil {
		return 0, err
	}
	requests, err := t.RequestsListed(ctx, org, listed)
	if err != nil {
		return 0, err
	}
	var cancelled atomic.Int64
	cancelling, ctx := errgroup.WithContext(ctx)
	cancelling.SetLimit(cancelAside)
	for _, r := range requests {
		cancelling.Go(func() error {
			if err := timeIsLeft(ctx); err != nil {
				return err
			}
			err := Change(ctx, t, r, act, Close(act, portal.Cancelled))
			var refusal *portal.Error
			switch {
			case err == nil:
				cancelled.Add(1)
			case !errors.As(err, &refusal) || refusal.Kind == portal.Busy:
				return err
			}
			return nil
		})
	}
	err = cancelling.Wait()
	return int(cancelled.Load()), err
}

// endKeys revokes the developer's keys, and cancels the grants whose keys are not claimed.
func endKeys(ctx context.Context, t *table.Table, org, developer string, act Act) (cancelled int, err error) {
	for {
		if err := timeIsLeft(ctx); err != nil {
			return cancelled, err
		}
		grants, done, err := t.RevokeSome(ctx, org, developer, act.At)
		if done || err != nil {
			return cancelled, err
		}
		for _, id := range grants {
			if err := timeIsLeft(ctx); err != nil {
				return cancelled, err
			}
			ended, err := CancelGrant(ctx, t, org, id, act)
			if err != nil {
				return cancelled, err
			}
			if ended {
				cancelled++
			}
		}
	}
}

func timeIsLeft(ctx context.Context) error {
	if end, ok := ctx.Deadline(); ok && time.Until(end) < timeToStop {
		return ErrMoreIsLeft
	}
	return nil
}
