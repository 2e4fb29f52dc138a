package table

import (
	"context"
	"time"

	"keydesk/shared/caller"
	"keydesk/shared/portal"
)

// Caller finds who presented a credential. Unknown, expired, or of another organisation than it says: not authorised.
func (t *Table) Caller(ctx context.Context, presented caller.Presented) (caller.Caller, error) {
	it, err := t.get(ctx, credentialKey(presented.Hash))
	if err != nil {
		return caller.Caller{}, err
	}
	var who caller.Caller
	if err := parse(it, &who); err != nil {
		return caller.Caller{}, err
	}
	if it == nil || who.Org != presented.Org || who.Expires != 0 && who.Expires <= time.Now().Unix() {
		return caller.Caller{}, portal.ErrNotAuthorised
	}
	return who, nil
}

// PutCaller makes the credential's holder known.
func (t *Table) PutCaller(ctx context.Context, who caller.Caller) error {
	return t.put(ctx, credentialKey(who.Credential), who)
}
