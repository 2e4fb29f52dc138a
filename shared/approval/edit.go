package approval

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// SetPolicies gives a key a new list of policies. What is taken away goes from the key whose place it took, too; it gives that key, if it
// was changed.
func SetPolicies(ctx context.Context, t *table.Table, k table.IssuedKey, act Act, books *table.Books, policies []string) (older *table.IssuedKey, err error) {
	act.Name = "edited"
	change, err := changeKeys(ctx, t, k, act, withPolicies(ctx, t, act, books, policies), keepOnly(act))
	_, err = explainTaken(ctx, t, k.OrgID, err)
	return olderOf(&change), err
}

// withPolicies is the revision that gives a key a list of policies. What is added has to be grantable, for the same kind of key; who may not
// decide adds only what nobody needs to decide.
func withPolicies(ctx context.Context, t *table.Table, act Act, books *table.Books, policies []string) KeyRevision {
	return func(k table.IssuedKey) (table.IssuedKey, error) {
		added := without(policies, k.Policies)
		if len(added) > 0 && (books.Developer == nil || books.Developer.Inactive) {
			return k, portal.Refuse(portal.Conflict, "The key's developer is inactive; activate the developer first.")
		}
		places := map[string]string{}
		for _, policy := range added {
			if limitOf(books, policy) == 1 {
				places[policy] = k.ID
			}
		}
		after, err := edited(k, books, added, without(k.Policies, policies), places, act.At)
		if err == nil {
			err = mayAdd(ctx, t, act, books, &k, added)
		}
		after.Policies = policies // in the order that was asked for
		return after, err
	}
}

// keepOnly has a key open nothing that its successor does not, and end when that does. A key that would be left with nothing is revoked.
func keepOnly(act Act) alongside {
	return func(k, newer table.IssuedKey) (table.IssuedKey, error) {
		removed := without(k.Policies, newer.Policies)
		if len(removed) == len(k.Policies) {
			return KeyTo(act, table.Revoked)(k)
		}
		k.Policies = without(k.Policies, removed)
		k.Ends = exchanged(k.Ends, removed, nil)
		k.Expires = first(k.Ends)
		rotation := *k.Rotation
		rotation.Ends = earlier(rotation.Ends, newer.Expires)
		k.Rotation = &rotation
		return k, nil
	}
}

// mayAdd refuses to give a key by hand what a request for it would not be given.
func mayAdd(ctx context.Context, t *table.Table, act Act, books *table.Books, k *table.IssuedKey, added []string) error {
	asked := table.Request{Request: portal.Request{OrgID: k.OrgID, ByUser: k.Developer, ApplyPolicies: added}}
	if act.By.May(caller.DecideRequests) {
		if books.Configuration.FourEyes && !automatic(books, added) {
			return portal.Refuse(portal.Forbidden, "access denied: a policy that is added requires approval, and the organisation has four_eyes on. Create a request with key and apply_policies instead, POST /api/portal/requests, which another reviewer decides.")
		}
		return nil
	}
	held, err := countKeys(ctx, t, books, &asked.Request)
	if err == nil && judge(books, &asked.Request, &form{absent: true}, held, keptForPerson).Outcome != portal.Approve {
		err = portal.Refuse(portal.Forbidden, "access denied: a policy that is added requires approval, or a rule says no. Create a request with key and apply_policies instead: POST /api/portal/requests.")
	}
	return err
}

// edited is the key with policies added and removed. It ends with the first of the policies that it has then.
func edited(k table.IssuedKey, books *table.Books, added, removed []string, places map[string]string, now time.Time) (table.IssuedKey, error) {
	if err := fits(&k, added, removed, now); err != nil {
		return k, err
	}
	kind, err := grantable(books, added)
	if err != nil {
		return k, err
	}
	if len(added) > 0 && kind != k.AuthType {
		return k, portal.Refuse(portal.Invalid, "apply_policies: %s gives %s, and the key is one of the kind %s; ask for a new key.", added[0], kind, k.AuthType)
	}
	k.Policies = append(without(k.Policies, removed), added...)
	k.Holds = exchanged(k.Holds, removed, places)
	k.Ends = exchanged(k.Ends, removed, ends(books, added, now))
	k.Expires = first(k.Ends)
	return k, nil
}

// exchanged is a map by places in policies, or policies, without those that are removed and with what is added.
func exchanged[V any](held map[string]V, removed []string, added map[string]V) map[string]V {
	next := map[string]V{}
	for place, v := range held {
		if !slices.Contains(removed, table.PlanOf(place)) {
			next[place] = v
		}
	}
	maps.Copy(next, added)
	return next
}

// fits refuses to add what a key has, and to take away what it has not, or all of it.
func fits(k *table.IssuedKey, added, removed []string, now time.Time) error {
	if err := mayEdit(k, now); err != nil {
		return err
	}
	for _, policy := range removed {
		if !slices.Contains(k.Policies, policy) {
			return portal.Refuse(portal.Conflict, "remove_policies: the key does not have the policy %s.", policy)
		}
	}
	for _, policy := range added {
		if slices.Contains(k.Policies, policy) {
			return portal.Refuse(portal.Conflict, "apply_policies: the key has the policy %s already.", policy)
		}
	}
	switch left := len(k.Policies) - len(removed) + len(added); {
	case left == 0:
		return portal.Refuse(portal.Conflict, "A key without policies opens nothing; revoke it instead.")
	case left > portal.MaxPolicies:
		return portal.Refuse(portal.Conflict, "The key would have %d policies; %d are the most.", left, portal.MaxPolicies)
	}
	return nil
}

// mayEdit refuses to change what a key opens when it opens nothing any more, or will not for long.
func mayEdit(k *table.IssuedKey, now time.Time) error {
	switch {
	case k.Over():
		return portal.ErrNotFound
	case k.AuthType == portal.OAuth:
		return portal.Refuse(portal.Conflict, "An OAuth client is for one policy; ask for another client instead.")
	case k.Rotation != nil:
		return portal.Refuse(portal.Conflict, "The key has been rotated; change its successor %s instead.", k.Rotation.Shown)
	case k.Ended(now):
		return portal.Refuse(portal.Conflict, "The key has expired; ask for a new one.")
	}
	return nil
}

func without(list, removed []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(removed, s) })
}

// ends are when policies end that a key is given now, in Unix seconds; those that do.
func ends(books *table.Books, policies []string, now time.Time) map[string]int64 {
	all := map[string]int64{}
	for _, id := range policies {
		if policy := books.Policies[id]; policy.KeyExpiresIn > 0 {
			all[id] = now.Unix() + policy.KeyExpiresIn
		}
	}
	return all
}

// first is when a key ends: with the first of its policies; 0: never.
func first(ends map[string]int64) (end int64) {
	for _, e := range ends {
		end = earlier(end, e)
	}
	return end
}

// earlier is the earlier of two ends, of which 0 is never.
func earlier(a, b int64) int64 {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// edit changes the policies of the key that the request is for, and mints none. A key that was rotated meanwhile is not what was meant any
// more: its successor is.
func (i *Issuer) edit(ctx context.Context, r table.Request, act Act, books *table.Books, proof string) (Grant, error) {
	k, err := i.Table.LastOf(ctx, r.Edits)
	switch {
	case err != nil:
		return Grant{}, err
	case k == nil || k.Over():
		return Grant{}, i.declineOutdated(ctx, r, act)
	}
	r.Edits, r.Key = k.Digest, k.Shown
	places := map[string]string{}
	for _, place := range r.Holds {
		places[place] = r.ID
	}
	after, err := edited(*k, books, r.ApplyPolicies, r.RemovePolicies, places, act.At)
	if err != nil {
		return Grant{}, err
	}
	change := act.change(r, decided(r, act, proof))
	act.Name = "edited"
	edit := act.keyChange(*k, after)
	edit.History.ForRequest = r.ID
	if err := act.takeAlong(ctx, i.Table, &edit, keepOnly(act)); err != nil {
		return Grant{}, err
	}
	change.Edit = &edit
	return Grant{Request: change.After, Edited: &edit.After}, i.Table.Write(ctx, change)
}

// outdated says that a request was declined instead of granted: the key that it was to change is over.
type outdated struct{ *Processed }

func (o *outdated) Unwrap() error { return o.Processed }

// declineOutdated declines a request for a change of a key that is over: nobody can grant it, and it must not go on holding plans.
func (i *Issuer) declineOutdated(ctx context.Context, r table.Request, act Act) error {
	why := ""
	if act.callback != "" {
		why = "The third party said yes." + act.thirdPartysWords()
	}
	act.Name, act.Rule, act.Why, act.Reason = "declined", "", why, "The key is over: it was revoked, or not taken in time. Ask for a new one."
	closed := r
	err := Change(ctx, i.Table, r, act, func(r table.Request) (after table.Request, err error) {
		closed, err = Close(act, portal.Declined)(r)
		return closed, err
	})
	if err != nil {
		return err
	}
	return &outdated{&Processed{Now: closed, refusal: portal.Refuse(portal.Conflict, "key: %s is over: it was revoked, or not taken in time. The request is declined now; ask for a new key.", r.Key)}}
}

// ofKey finds the key that a request is to change, and refuses what could not come of it as it stands.
func ofKey(ctx context.Context, t *table.Table, books *table.Books, r *table.Request, act Act) error {
	k, err := t.KeyNamed(ctx, r.OrgID, r.ByUser, r.Key)
	if errors.Is(err, portal.ErrNotFound) {
		return portal.Refuse(portal.Invalid, "key: the developer has no key that is shown as %s; leave it empty to ask for a new one.", r.Key)
	}
	if err != nil {
		return err
	}
	if err := saysWhat(r); err != nil {
		return err
	}
	r.Edits, r.AuthType, r.Key = k.Digest, k.AuthType, k.Shown // whichever of its names was said
	_, err = edited(*k, books, r.ApplyPolicies, r.RemovePolicies, nil, act.At)
	return err
}

// saysWhat refuses an edit that names no policy, or one twice.
func saysWhat(r *table.Request) error {
	if len(r.ApplyPolicies)+len(r.RemovePolicies) == 0 {
		return portal.ErrNothingToEdit
	}
	for _, policy := range r.RemovePolicies {
		if slices.Contains(r.ApplyPolicies, policy) {
			return portal.Refuse(portal.Invalid, "remove_policies: %s is in apply_policies too; name it once.", policy)
		}
	}
	return nil
}

// stillOfKey refuses what could not come of the key that a request is to change, if it is to change one.
func stillOfKey(ctx context.Context, t *table.Table, r *table.Request, act Act) error {
	if r.Edits == "" {
		return nil
	}
	if err := saysWhat(r); err != nil {
		return err
	}
	k, err := t.LastOf(ctx, r.Edits)
	switch {
	case err != nil:
		return err
	case k == nil || k.Over():
		return portal.Refuse(portal.Conflict, "key: %s is over: it was revoked, or not taken in time. Delete this request, and ask for a new key.", r.Key)
	}
	return fits(k, r.ApplyPolicies, r.RemovePolicies, act.At)
}
