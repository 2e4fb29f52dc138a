package approval

import (
	"context"
	"errors"
	"slices"

	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// KeyRevision says what becomes of a key as it stands.
type KeyRevision = func(table.IssuedKey) (table.IssuedKey, error)

// alongside says what becomes of a key when the one that took its place is as newer says.
type alongside = func(older, newer table.IssuedKey) (table.IssuedKey, error)

// ChangeKey does an act to a key that others may be changing at the same time: revise is asked anew when somebody was faster.
func ChangeKey(ctx context.Context, t *table.Table, k table.IssuedKey, act Act, revise KeyRevision) error {
	_, err := changeKeys(ctx, t, k, act, revise, nil)
	return err
}

// changeKeys is ChangeKey; what comes of the key whose place it took, if that has a grace yet, along says. It gives the change that was
// made.
func changeKeys(ctx context.Context, t *table.Table, k table.IssuedKey, act Act, revise KeyRevision, along alongside) (table.KeyChange, error) {
	for {
		after, err := revise(k)
		if err != nil || same(&k, &after) {
			return table.KeyChange{Before: k, After: k}, err
		}
		change := act.keyChange(k, after)
		if err := act.takeAlong(ctx, t, &change, along); err != nil {
			return change, err
		}
		err = t.WriteKey(ctx, change)
		var changed *table.ChangedKey
		switch {
		case !errors.As(err, &changed):
			return change, err
		case changed.Now.Digest != k.Digest: // the other, which is read anew
			continue
		}
		if err := rotatedMeanwhile(&k, &changed.Now); err != nil {
			return change, err
		}
		k = changed.Now
	}
}

// same tells whether a key is already as it is to be.
func same(k, after *table.IssuedKey) bool {
	return after.State == k.State && slices.Equal(after.Policies, k.Policies) && after.End() == k.End()
}

// takeAlong has the change of a key befall the key whose place it took as well, if that has a grace yet: what was granted once is
// changed, and ends, as one.
func (a *Act) takeAlong(ctx context.Context, t *table.Table, change *table.KeyChange, along alongside) error {
	if along == nil {
		return nil
	}
	older, err := t.OlderThan(ctx, &change.Before, a.At)
	if err != nil || older == nil {
		return err
	}
	after, err := along(*older, change.After)
	if err != nil || same(older, &after) {
		return err
	}
	act := *a
	if after.State == table.Revoked {
		act.Name = "revoked"
	}
	other := act.keyChange(*older, after)
	change.Older = &other
	return nil
}

// rotatedMeanwhile refuses an act on a key that its doer saw without a successor, and that has one now: whoever ends the one that they
// saw means to end the access.
func rotatedMeanwhile(seen, now *table.IssuedKey) error {
	if seen.Rotation != nil || now.Rotation == nil {
		return nil
	}
	return alreadyRotated(now, "It happened in this very moment: do the same to the successor.")
}

// Revoke ends a key, and with it the key whose place it took. It gives that other key; nil: there was none.
func Revoke(ctx context.Context, t *table.Table, k table.IssuedKey, act Act) (older *table.IssuedKey, err error) {
	act.Name = "revoked"
	revoke := KeyTo(act, table.Revoked)
	change, err := changeKeys(ctx, t, k, act, revoke, func(older, _ table.IssuedKey) (table.IssuedKey, error) { return revoke(older) })
	if err != nil {
		return nil, err
	}
	return olderOf(&change), nil
}

// olderOf is the other key that a change has befallen; nil: none.
func olderOf(change *table.KeyChange) *table.IssuedKey {
	if change.Older == nil {
		return nil
	}
	return &change.Older.After
}

// KeyTo is the revision that puts a key into a state. A key that is revoked exists for nobody any more.
func KeyTo(act Act, to table.KeyState) KeyRevision {
	return func(k table.IssuedKey) (table.IssuedKey, error) {
		final := to == table.Revoked
		switch {
		case k.Over():
			return k, portal.ErrNotFound
		case !final && k.Ended(act.At):
			return k, portal.Refuse(portal.Conflict, "The key is over: it has expired, or another took its place.")
		case !mayKey(k.State, to):
			return k, portal.Refuse(portal.Conflict, "The key is %s already.", k.State)
		}
		k.State = to
		if final {
			k.RevokedAt = portal.Timestamp(act.At)
			if !k.Ended(act.At) { // else its plans have been free since then, and may be another's
				k.Holds = nil
			}
		}
		return k, nil
	}
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
