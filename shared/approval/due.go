package approval

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// Done is what the schedule has done with something that was due.
type Done string

// What the schedule does.
const (
	Approved  Done = "approved"
	Declined  Done = "declined"
	Asked     Done = "asked" // it was left to a person
	Reminded  Done = "reminded"
	Expired   Done = "expired"
	Lapsed    Done = "lapsed"
	Emptied   Done = "emptied"
	Deleted   Done = "deleted"   // it went on with the deletion of a developer
	Overtaken Done = "overtaken" // there was nothing left to do: somebody else was faster
)

const schedule = "the schedule"

func (a *Act) bySchedule() bool { return a.entitled && a.By.Name == schedule }

// errOvertaken ends an act of the schedule on what is not due any more.
var errOvertaken = errors.New("somebody else was faster")

// Due does with a request what is due. However many runs do so at once, it is done once.
func (i *Issuer) Due(ctx context.Context, r table.Request, now time.Time, requestID string) (Done, error) {
	if r.DueAt == "" || r.DueAt > portal.Timestamp(now) {
		return Overtaken, nil
	}
	act := Act{By: caller.Caller{Org: r.OrgID, Name: schedule}, At: now, RequestID: requestID, entitled: true}
	done, err := i.due(ctx, r, act)
	var before *Processed
	if errors.Is(err, errOvertaken) || errors.Is(err, portal.ErrNotFound) || errors.As(err, &before) {
		return Overtaken, nil
	}
	return done, err
}

func (i *Issuer) due(ctx context.Context, r table.Request, act Act) (Done, error) {
	switch r.Task {
	case table.Decide:
		return i.decide(ctx, r, act)
	case table.AnswerInstead:
		return i.answerInstead(ctx, r, act)
	case table.Remind:
		return i.remind(ctx, r, act)
	case table.Expire:
		return i.expire(ctx, r, act)
	case table.Lapse:
		return i.lapse(ctx, r, act)
	}
	return "", fmt.Errorf("the task %q is none", r.Task)
}

// decide approves a request if the rules say so, else does what they say instead. What could not be granted as things stand, a person may
// mend, and is tried again.
func (i *Issuer) decide(ctx context.Context, r table.Request, act Act) (Done, error) {
	grant := act
	grant.ByClaim, grant.IfMatch = true, r.Revision
	_, err := i.Issue(ctx, r, grant, "")
	var open *leftOpen
	var declined *outdated
	switch {
	case errors.As(err, &open):
		return i.decideOtherwise(ctx, r, act, open)
	case errors.As(err, &declined):
		return Declined, nil
	}
	refusal, lasts := lasting(err)
	switch {
	case refusal != nil && refusal.Kind == portal.Stale: // it was changed meanwhile, and is due again if it has to be
		return "", errOvertaken
	case !lasts:
		return Approved, err
	}
	books, err := i.Table.Books(ctx, r.OrgID, r.ByUser, r.ApplyPolicies)
	if err != nil {
		return "", err
	}
	act.Why = "It could not be approved: " + refusal.Message
	return i.tryLater(ctx, r, act, &books)
}

// tryLater leaves a request to a person, who may mend what is in the way, or decide; and has the schedule try again meanwhile. The person
// is asked once.
func (i *Issuer) tryLater(ctx context.Context, r table.Request, act Act, books *table.Books) (Done, error) {
	if r.Asked && r.Deferred {
		return "", i.putOff(ctx, r, act.At, books)
	}
	return Asked, i.ask(ctx, r, act, books, true)
}

// putOff writes when the schedule looks at a request next. It gives errOvertaken: there is nothing to do now.
func (i *Issuer) putOff(ctx context.Context, r table.Request, now time.Time, books *table.Books) error {
	was := r.DueAt
	wait(books, &r, now)
	if err := i.Table.Reschedule(ctx, r, was); err != nil {
		return err
	}
	return errOvertaken
}

// lasting finds the refusal of a grant, if it was refused. One that lasts a person has to mend; others are over by themselves, or somebody
// has decided before.
func lasting(err error) (refusal *portal.Error, lasts bool) {
	var before *Processed
	if !errors.As(err, &refusal) || errors.As(err, &before) {
		return refusal, false
	}
	return refusal, !slices.Contains([]portal.Kind{portal.Busy, portal.NotFound, portal.Stale}, refusal.Kind)
}

// declineNobodys declines a request whose developer is not there any more.
func (i *Issuer) declineNobodys(ctx context.Context, r table.Request, act Act) (Done, error) {
	act.Name, act.Reason = "declined", "The developer's account was deleted."
	return Declined, i.whileDue(ctx, r, act, Close(act, portal.Declined))
}

func (i *Issuer) decideOtherwise(ctx context.Context, r table.Request, act Act, open *leftOpen) (Done, error) {
	if open.books.Developer == nil {
		return i.declineNobodys(ctx, r, act)
	}
	act.Rule, act.Reason, act.Why = open.verdict.Rule, open.verdict.Reason, open.verdict.Why
	switch {
	case open.verdict.Outcome == portal.Ask && r.Asked: // a person was asked before, when something else was in the way
		r.Deferred = false
		return "", i.putOff(ctx, r, act.At, &open.books)
	case open.verdict.Outcome == portal.Ask:
	case !open.books.Configuration.AutoApprove: // it may be switched on
		act.Reason, act.Why = "", "The organisation's auto_approve is off. With it: "+open.verdict.Why
		return i.tryLater(ctx, r, act, &open.books)
	default:
		act.Name = "declined"
		return Declined, i.whileDue(ctx, r, act, Close(act, portal.Declined))
	}
	return Asked, i.ask(ctx, r, act, &open.books, false)
}

// ask leaves a request to a person, and says why. Again says that the schedule tries again.
func (i *Issuer) ask(ctx context.Context, r table.Request, act Act, books *table.Books, again bool) error {
	act.Name = "asked"
	return i.whileDue(ctx, r, act, func(r table.Request) (table.Request, error) {
		act.askPerson(&r, books, again)
		return r, nil
	})
}

// askPerson begins a person's turn, and writes down why.
func (a *Act) askPerson(r *table.Request, books *table.Books, again bool) {
	r.State, r.Since, r.Asked, r.Deferred = portal.Pending, portal.Timestamp(a.At), true, again
	r.Rule, r.Reason, r.Why, r.Callback = a.Rule, a.Reason, a.Why, a.callback
	wait(books, r, a.At)
}

// answerInstead is what comes in the place of a third party that was silent: never a yes.
func (i *Issuer) answerInstead(ctx context.Context, r table.Request, act Act) (Done, error) {
	books, err := i.ripe(ctx, r, act.At)
	if err != nil {
		return "", err
	}
	act.Reason = "No answer came in time from where the developer was sent."
	for _, id := range r.ApplyPolicies {
		if settings := books.Settings(id); settings.Redirect && settings.CallbackDefault == portal.Decline {
			act.Name = "declined"
			return Declined, i.whileDue(ctx, r, act, Close(act, portal.Declined))
		}
	}
	return Asked, i.ask(ctx, r, act, &books, false)
}

// remind notes that whoever is to act next is reminded: the notice follows from the note. Where the settings give more time by now, it
// waits for that.
func (i *Issuer) remind(ctx context.Context, r table.Request, act Act) (Done, error) {
	act.Name = "reminded"
	if !r.Open() {
		if over, err := i.rotationIsOver(ctx, &r); err != nil || over {
			return Lapsed, cmp.Or(err, i.lapseFor(ctx, r, act, "The key that was to be rotated is over."))
		}
		return Reminded, i.whileDue(ctx, r, act, func(r table.Request) (table.Request, error) {
			r.Reminded = true
			i.awaitClaim(&r)
			return r, nil
		})
	}
	books, err := i.ripe(ctx, r, act.At)
	if err != nil {
		return "", err
	}
	return Reminded, i.whileDue(ctx, r, act, func(r table.Request) (table.Request, error) {
		r.Reminded = true
		wait(&books, &r, act.At)
		return r, nil
	})
}

// expire ends a request that nobody decided, unless the settings give more time by now.
func (i *Issuer) expire(ctx context.Context, r table.Request, act Act) (Done, error) {
	if _, err := i.ripe(ctx, r, act.At); err != nil {
		return "", err
	}
	act.Name, act.Reason = "expired", "Nobody decided in time."
	return Expired, i.whileDue(ctx, r, act, Close(act, portal.Expired))
}

// ripe reads the books of an open request. What the settings, as they are now, would have later or never, it puts off: errOvertaken.
func (i *Issuer) ripe(ctx context.Context, r table.Request, now time.Time) (table.Books, error) {
	books, err := i.Table.Books(ctx, r.OrgID, r.ByUser, r.ApplyPolicies)
	if err != nil {
		return books, err
	}
	then := r
	then.Asked = true
	if wait(&books, &then, now); then.Task == r.Task && then.DueAt <= portal.Timestamp(now) {
		return books, nil
	}
	if err := i.Table.Reschedule(ctx, then, r.DueAt); err != nil {
		return books, err
	}
	return books, errOvertaken
}

// lapse ends a grant whose key the developer did not claim in time, and frees its slots. There is no key to revoke.
func (i *Issuer) lapse(ctx context.Context, r table.Request, act Act) (Done, error) {
	if !r.Claimable() {
		return Overtaken, i.Table.Done(ctx, r)
	}
	return Lapsed, i.lapseFor(ctx, r, act, fmt.Sprintf("The key was not claimed within %d days.", i.Retention/(24*time.Hour)))
}

func (i *Issuer) lapseFor(ctx context.Context, r table.Request, act Act, reason string) error {
	act.Name, act.Reason = "lapsed", reason
	return i.whileDue(ctx, r, act, func(r table.Request) (table.Request, error) {
		r.State, r.Approved, r.Holds, r.Reason = portal.Lapsed, false, nil, act.Reason
		r.NotDue()
		return r, nil
	})
}

// DueSecret deletes a delivery secret that is due to be deleted. A grant in flight may yet write the key that it has read there: its
// transaction carries the key's digest, and its answer the key.
func (i *Issuer) DueSecret(ctx context.Context, item table.DueItem, now time.Time) (Done, error) {
	task, err := i.Table.SecretTask(ctx, item)
	if err != nil {
		return "", err
	}
	if task == nil || task.DueAt > portal.Timestamp(now) {
		return Overtaken, nil
	}
	if err := i.Vault.Empty(ctx, task.Org, task.ID, task.Kind); err != nil {
		return "", err
	}
	return Emptied, i.Table.SecretDeleted(ctx, *task, now)
}

// whileDue makes the revision of a request, if the request is still as the schedule found it: one that was changed is due again if it
// has to be.
func (i *Issuer) whileDue(ctx context.Context, r table.Request, act Act, revise func(table.Request) (table.Request, error)) error {
	after, err := revise(r)
	if err != nil {
		return err
	}
	return unlessFaster(i.Table.Write(ctx, act.change(r, after)))
}

// unlessFaster takes it for no fault that somebody else has changed the request or its key meanwhile.
func unlessFaster(err error) error {
	var changed *table.Changed
	var changedKey *table.ChangedKey
	if errors.As(err, &changed) || errors.As(err, &changedKey) {
		return errOvertaken
	}
	return err
}
