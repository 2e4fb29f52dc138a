package approval

import (
	"context"
	"errors"

	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// Answer is a third party's yes or no.
type Answer struct {
	Approved bool
	Message  string // hash of the message's id: the same message, sent again, is answered the same
	Asked    string // what it answers to: the Digest that the developer came with
	Revision int    // the same in an answer without Asked: the revision that the developer came with
}

// isFor tells whether an answer is for what a request asks for now. A revision counts for as long as the request has asked for the same
// since.
func (a *Answer) isFor(r *table.Request) bool {
	if a.Asked != "" {
		return a.Asked == Digest(r)
	}
	from := r.AskedFrom
	if from == 0 { // it was written before this was noted
		from = r.Revision
	}
	return from <= a.Revision && a.Revision <= r.Revision
}

// ThirdParty is whoever signs with the organisation's signing secret.
func ThirdParty(org string) caller.Caller { return caller.Caller{Org: org, Name: "third party"} }

// Callback decides a request that waits for a third party by its answer, whose signature was verified. An answer to
// something else than what is asked now is refused.
func (i *Issuer) Callback(ctx context.Context, r table.Request, act Act, answer Answer) error {
	if r.Callback == answer.Message {
		return nil
	}
	act.entitled, act.ByClaim, act.callback, act.answers = true, true, answer.Message, &answer
	err := i.answer(ctx, r, act, answer)
	if err == nil {
		return nil
	}
	if now, readErr := i.Table.Request(ctx, r.OrgID, r.ID); readErr == nil && now.Callback == answer.Message {
		return nil // the same message, said twice in one moment
	}
	return err
}

func (i *Issuer) answer(ctx context.Context, r table.Request, act Act, answer Answer) error {
	switch {
	case r.State == portal.Pending:
		return portal.Refuse(portal.Conflict, "The request does not wait for a third party (any more); a reviewer decides it.")
	case r.State != portal.Waiting:
		return processed(&r)
	case answer.Approved:
		_, err := i.Issue(ctx, r, act, "")
		return i.orAsk(ctx, r, act, err)
	}
	act.Name = "declined"
	return Change(ctx, i.Table, r, act, Close(act, portal.Declined))
}

// orAsk keeps a yes that could not be followed, and leaves the request to a person: a third party does not say it twice.
func (i *Issuer) orAsk(ctx context.Context, r table.Request, act Act, err error) error {
	var open *leftOpen
	var books table.Books
	if errors.As(err, &open) {
		act.Rule, act.Why, books = open.verdict.Rule, open.verdict.Why, open.books
	} else {
		refusal, lasts := lasting(err)
		if !lasts {
			return err
		}
		act.Why = refusal.Message
		if books, err = i.Table.Books(ctx, r.OrgID, r.ByUser, r.ApplyPolicies); err != nil {
			return err
		}
	}
	act.Why = "The third party said yes, and it could not be approved. " + act.Why
	act.Why += act.thirdPartysWords()
	act.Name, act.Reason = "asked", ""
	return Change(ctx, i.Table, r, act, func(r table.Request) (table.Request, error) {
		if r.State != portal.Waiting {
			return r, processed(&r)
		}
		act.askPerson(&r, &books, false)
		return r, nil
	})
}

// thirdPartysWords are what a third party said beside its yes, for reviewers.
func (a *Act) thirdPartysWords() string {
	if a.Reason == "" {
		return ""
	}
	return " The third party's words: " + a.Reason
}
