package approval

import (
	"context"
	"errors"
	"slices"

	"keydesk/shared/apikey"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// Wish is what somebody asks for, and the memory of it under their Idempotency-Key, if they sent one.
type Wish struct {
	Request portal.Request
	Replay  *table.Replay
}

// Ask writes the first revision of a request and gives it; or the id alone, at revision 0, of the request that the same call came to
// before, or of the open one that has the plan and asks for the same: a double click is one request. What can never be granted is refused,
// so that no developer waits for it.
func Ask(ctx context.Context, t *table.Table, books *table.Books, asked Wish, act Act) (r table.Request, err error) {
	first, err := firstRevision(ctx, t, books, asked.Request, act)
	if err != nil {
		return r, err
	}
	if err := roomForOne(ctx, t, books, &first); err != nil {
		return r, err
	}
	err = inPlaces(ctx, t, books, first, func(placed table.Request) error {
		change := Create(act, placed)
		change.Replay, r = asked.Replay, change.After
		change.Most = books.Configuration.KeysPerDeveloper()
		return t.Write(ctx, change)
	})
	var replayed *table.Replayed
	if errors.As(err, &replayed) { // the same call was faster, or came before a rotation
		return idAlone(replayed.ID), nil
	}
	holder, err := explainTaken(ctx, t, first.OrgID, err)
	if holder.Open() && sameAsked(&holder, &first) {
		return idAlone(holder.ID), nil
	}
	return r, err
}

// roomForOne refuses a request of an organisation that has as many open ones as it may have. Where the developer's plan is taken it does
// not: then the write says so, or answers with the open request that asks for the same.
func roomForOne(ctx context.Context, t *table.Table, books *table.Books, r *table.Request) error {
	if books.Open == nil {
		return nil
	}
	refusal, err := t.Full(ctx, r.OrgID, table.OpenRequests, books.Open, books.Configuration.MaxOpenRequests())
	if err != nil || refusal == nil {
		return err
	}
	for _, policy := range r.ApplyPolicies {
		if limitOf(books, policy) != 1 {
			continue
		}
		taken, err := t.Places(ctx, r.OrgID, r.ByUser, policy)
		if err != nil || len(taken) > 0 {
			return err
		}
	}
	return refusal
}

func idAlone(id string) (r table.Request) {
	r.ID = id
	return r
}

func firstRevision(ctx context.Context, t *table.Table, books *table.Books, asked portal.Request, act Act) (table.Request, error) {
	r := table.Request{Request: asked}
	switch {
	case books.Developer == nil:
		return r, table.UnknownDeveloper(r.ByUser)
	case books.Developer.Inactive:
		return r, table.InactiveDeveloper(r.ByUser)
	}
	var err error
	if r.AuthType, err = grantable(books, r.ApplyPolicies); err != nil {
		return r, err
	}
	if err := suits(r.AuthType, &r.Request); err != nil {
		return r, err
	}
	switch {
	case r.Key != "":
		err = ofKey(ctx, t, books, &r, act)
	case r.AuthType == portal.MutualTLS:
		err = newCertificate(ctx, t, &r.Request)
	}
	if err != nil {
		return r, err
	}
	return r, beginTurn(books, &r, act.At)
}

// newCertificate refuses a certificate that has a key, or had one.
func newCertificate(ctx context.Context, t *table.Table, r *portal.Request) error {
	fingerprint, err := portal.Fingerprint(r.OrgID, r.Certificate)
	if err != nil {
		return err
	}
	k, err := t.IssuedKey(ctx, apikey.OfCertificate(r.OrgID, fingerprint, apikey.Base64).Digest())
	if err == nil && k != nil {
		err = table.ErrCertificateTaken
	}
	return err
}

// AskInstead is an open request as somebody would have it instead. What changes is evaluated again. The kind of key
// stays: a grant that died may have filled the box with one already. Where it asks for the same, there is
// nothing to change: errUnchanged.
func AskInstead(ctx context.Context, t *table.Table, books *table.Books, before, r table.Request, act Act) (table.Request, error) {
	if sameAsked(&before, &r) {
		return before, errUnchanged
	}
	var err error
	if r.Changers, err = changers(&before, act.By.Holder()); err != nil {
		return r, err
	}
	if r.Certificate != before.Certificate && r.AuthType == portal.MutualTLS {
		if err := newCertificate(ctx, t, &r.Request); err != nil {
			return r, err
		}
	}
	if !slices.Equal(before.ApplyPolicies, r.ApplyPolicies) {
		return withOtherPolicies(ctx, t, books, r, act)
	}
	if err := judgeAgain(ctx, t, books, &r, act); err != nil {
		return r, err
	}
	if err := suits(r.AuthType, &r.Request); err != nil || slices.Equal(before.RemovePolicies, r.RemovePolicies) {
		return r, err
	}
	return r, stillOfKey(ctx, t, &r, act)
}

// withOtherPolicies is a request that asks for other policies than before: it takes their places, and its turn begins again.
func withOtherPolicies(ctx context.Context, t *table.Table, books *table.Books, r table.Request, act Act) (table.Request, error) {
	kind, err := grantable(books, r.ApplyPolicies)
	if err != nil {
		return r, err
	}
	if kind != r.AuthType && len(r.ApplyPolicies) > 0 {
		return r, portal.Refuse(portal.Conflict, "apply_policies: the request is for a key of the kind %s, and %s gives %s; delete it and create another.", r.AuthType, r.ApplyPolicies[0], kind)
	}
	if err := suits(kind, &r.Request); err != nil {
		return r, err
	}
	if err := stillOfKey(ctx, t, &r, act); err != nil {
		return r, err
	}
	taken, err := placesFor(ctx, t, books, r.OrgID, r.ByUser, without(r.ApplyPolicies, plans(r.Holds)))
	if err != nil {
		return r, err
	}
	held := slices.DeleteFunc(slices.Clone(r.Holds), func(place string) bool { return !slices.Contains(r.ApplyPolicies, table.PlanOf(place)) })
	r.Holds = slices.Concat(held, taken)
	return r, beginTurn(books, &r, act.At)
}

// judgeAgain has the schedule evaluate what is asked now, where it has anything to say of the policies. What a third party decides is
// evaluated when it answers.
func judgeAgain(ctx context.Context, t *table.Table, books *table.Books, r *table.Request, act Act) error {
	if r.State != portal.Pending {
		return nil
	}
	speaks := r.Asked || r.Task == table.Decide || judged(books, r.ApplyPolicies)
	if !speaks && len(books.Policies) == 0 { // the call names no policies, and their entries were not read
		entries, err := t.Entries(ctx, r.OrgID, r.ApplyPolicies)
		if err != nil {
			return err
		}
		read := *books
		read.Entries = entries
		speaks = judged(&read, r.ApplyPolicies)
	}
	if speaks {
		r.Asked, r.Deferred, r.Rule, r.Reason, r.Why = false, false, "", "", ""
		r.Due(table.Decide, act.At)
	}
	return nil
}

// mostChangers is how many callers may change one request: each of them is remembered, since none of them may decide it alone.
const mostChangers = 20

// changers are all who changed what a request asks for, and one more.
func changers(r *table.Request, holder string) ([]string, error) {
	all := r.Changers
	if r.ChangedBy != "" && !slices.Contains(all, r.ChangedBy) {
		all = slices.Concat(all, []string{r.ChangedBy})
	}
	switch {
	case slices.Contains(all, holder):
		return all, nil
	case len(all) >= mostChangers:
		return nil, portal.Refuse(portal.Conflict, "The request was changed by %d different credentials, and no more may change it; delete it and create another.", len(all))
	}
	return slices.Concat(all, []string{holder}), nil
}

// plans are the policies that places are in.
func plans(places []string) []string {
	var policies []string
	for _, place := range places {
		policies = append(policies, table.PlanOf(place))
	}
	return policies
}
