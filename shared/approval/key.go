package approval

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"

	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// ChangeKey does an act to a key that others may be changing at the same time: revise says what becomes of the key as it stands,
// and is asked anew when somebody was faster.
func ChangeKey(ctx context.Context, t *table.Table, k table.IssuedKey, act Act, revise func(table.IssuedKey) (table.IssuedKey, error)) error {
	for {
		after, err := revise(k)
		if err != nil {
			return err
		}
		if after.State == k.State && slices.Equal(after.Policies, k.Policies) {
			return nil // it is so already
		}
		err = t.WriteKey(ctx, act.keyChange(k, after))
		var changed *table.ChangedKey
		if !errors.As(err, &changed) {
			return err
		}
		if err := rotatedMeanwhile(&k, &changed.Now); err != nil {
			return err
		}
		k = changed.Now
	}
}

// rotatedMeanwhile refuses an act on a key that its doer saw without a successor, and that has one now: whoever ends the one that they
// saw means to end the access.
func rotatedMeanwhile(seen, now *table.IssuedKey) error {
	if seen.Rotation != nil || now.Rotation == nil {
		return nil
	}
	return alreadyRotated(now, "It happened in this very moment: do the same to the successor.")
}

// Revoke ends a key, and with it the key whose place it took, if that has a grace yet: what was granted once ends as one. It gives that
// other key; nil: there was none.
func Revoke(ctx context.Context, t *table.Table, k table.IssuedKey, act Act) (older *table.IssuedKey, err error) {
	revoke := KeyTo(act, table.Revoked)
	for {
		if older, err = t.OlderThan(ctx, &k, act.At.Unix()); err != nil {
			return nil, err
		}
		after, err := revoke(k)
		if err != nil {
			return nil, err
		}
		change := act.keyChange(k, after)
		if older != nil {
			ended, err := revoke(*older)
			if err != nil {
				return nil, err
			}
			other := act.keyChange(*older, ended)
			change.Older = &other
		}
		err = t.WriteKey(ctx, change)
		var changed *table.ChangedKey
		if !errors.As(err, &changed) {
			if err == nil && k.Unclaimed {
				nothingToTake(ctx, t, &k, act.At)
			}
			return older, err
		}
		if changed.Now.Digest != k.Digest { // the other, which is read anew
			continue
		}
		if err := rotatedMeanwhile(&k, &changed.Now); err != nil {
			return nil, err
		}
		k = changed.Now
	}
}

// nothingToTake has the box of a revoked key emptied soon, and its developer not reminded of it. Where that fails, the time in which the key
// would have lapsed ends it.
func nothingToTake(ctx context.Context, t *table.Table, k *table.IssuedKey, now time.Time) {
	r, err := t.Request(ctx, k.OrgID, k.Request)
	if err != nil || !r.Claimable() {
		return
	}
	was := r.DueAt
	r.Due(table.Lapse, now.Add(table.BoxOutlives))
	_ = t.Reschedule(ctx, r, was)
}

// KeyTo is the revision that puts a key into a state. A key that is revoked exists for nobody any more.
func KeyTo(act Act, to table.KeyState) func(table.IssuedKey) (table.IssuedKey, error) {
	return func(k table.IssuedKey) (table.IssuedKey, error) {
		final := to == table.Revoked || to == table.Lapsed
		switch {
		case k.Over():
			return k, portal.ErrNotFound
		case !final && k.Ended(act.At.Unix()):
			return k, portal.Refuse(portal.Conflict, "The key is over: it has expired, or another took its place.")
		case !MayKey(k.State, to):
			return k, portal.Refuse(portal.Conflict, "The key is %s already.", k.State)
		}
		k.State = to
		if final {
			k.RevokedAt = portal.Timestamp(act.At)
			if !k.Ended(act.At.Unix()) { // else its plans have been free since then, and may be another's
				k.Holds = nil
			}
			k.Due(table.Empty, act.At.Add(table.BoxOutlives)) // a rotation that died may have filled one
		}
		return k, nil
	}
}

// WithPolicies is the revision that gives a key a new list of policies. What is added has to be grantable, for the same kind of key;
// who may not decide adds only what nobody needs to decide.
func WithPolicies(ctx context.Context, t *table.Table, act Act, books *table.Books, policies []string) func(table.IssuedKey) (table.IssuedKey, error) {
	return func(k table.IssuedKey) (table.IssuedKey, error) {
		added := without(policies, k.Policies)
		removed := without(k.Policies, policies)
		if err := mayAdd(ctx, t, act, books, &k, added); err != nil {
			return k, err
		}
		places := map[string]string{}
		for _, policy := range added {
			if Limit(books, policy) == 1 {
				places[policy] = k.ID
			}
		}
		if books.Developer == nil || books.Developer.Inactive {
			return k, portal.Refuse(portal.Conflict, "The key's developer is inactive; activate the developer first.")
		}
		k, err := edited(k, books, added, removed, places, act.At)
		k.Policies = policies // in the order that was asked for
		return k, err
	}
}

// mayAdd refuses to give a key by hand what a request for it would not be given.
func mayAdd(ctx context.Context, t *table.Table, act Act, books *table.Books, k *table.IssuedKey, added []string) error {
	asked := table.Request{Request: portal.Request{OrgID: k.OrgID, ByUser: k.Developer, ApplyPolicies: added}}
	if act.By.May(caller.DecideRequests) {
		return fourEyes(&act.By, &asked, books)
	}
	held, err := countKeys(ctx, t, books, &asked.Request)
	if err == nil && Judge(books, &asked.Request, held).Outcome != portal.Approve {
		err = portal.Refuse(portal.Forbidden, "access denied: a policy that is added requires approval, or a rule says no. Create a request with key and apply_policies instead: POST /api/portal/requests.")
	}
	return err
}

// edited is the key with policies added and removed. It ends with the first of the policies that it has then.
func edited(k table.IssuedKey, books *table.Books, added, removed []string, places map[string]string, now time.Time) (table.IssuedKey, error) {
	if err := fits(&k, added, removed, now); err != nil {
		return k, err
	}
	kind, err := Grantable(books, added)
	if err != nil {
		return k, err
	}
	if len(added) > 0 && kind != k.AuthType {
		return k, portal.Refuse(portal.Invalid, "apply_policies: %s gives %s, and the key is one of the kind %s; ask for a new key.", added[0], kind, k.AuthType)
	}
	k.Policies = append(without(k.Policies, removed), added...)
	k.Holds = maps.Clone(k.Holds)
	maps.DeleteFunc(k.Holds, func(place, _ string) bool { return slices.Contains(removed, table.PlanOf(place)) })
	if k.Holds == nil {
		k.Holds = map[string]string{}
	}
	maps.Copy(k.Holds, places)
	k.Ends = maps.Clone(k.Ends)
	maps.DeleteFunc(k.Ends, func(policy string, _ int64) bool { return slices.Contains(removed, policy) })
	if k.Ends == nil {
		k.Ends = map[string]int64{}
	}
	maps.Copy(k.Ends, ends(books, added, now))
	k.Expires = first(k.Ends)
	return k, nil
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
	case k.Ended(now.Unix()):
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

// keyChange numbers the revision, signs it, and writes its line of history.
func (a *Act) keyChange(before, after table.IssuedKey) table.KeyChange {
	after.Revision, after.Attempt = before.Revision+1, portal.NewID(a.At)
	return table.KeyChange{Before: before, After: after, History: a.keyHistory(&after)}
}

func (a *Act) keyHistory(k *table.IssuedKey) table.KeyHistory {
	return table.KeyHistory{
		At: portal.Timestamp(a.At), Act: a.Name, By: a.By.Name, Credential: a.By.Credential, Role: string(a.By.Role),
		State: k.State, Policies: k.Policies, Revision: k.Revision, RequestID: a.RequestID,
	}
}

// Bounds of what an API is told of a request's fields: they travel with every call that is let through.
const (
	longestField = 1 << 10
	mostFields   = 4 << 10
)

// flat are the members of a request's fields as texts: what an API can be told of whoever calls it. Texts stand as they are, all else
// as JSON; null, what has no name and what is too long is left out.
func flat(fields portal.Object) map[string]string {
	var members map[string]json.RawMessage
	if json.Unmarshal([]byte(fields), &members) != nil {
		return nil
	}
	told, room := map[string]string{}, mostFields
	for _, name := range slices.Sorted(maps.Keys(members)) {
		value := string(members[name])
		if value == "null" || name == "" || value[0] == '"' && json.Unmarshal(members[name], &value) != nil {
			continue
		}
		if size := len(name) + len(value); len(value) <= longestField && len(name) <= longestField && size <= room {
			told[name], room = value, room-size
		}
	}
	return told
}
