package main

import (
	"context"
	"errors"
	"time"

	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/rest"
	"keydesk/shared/table"
)

// asked is what update reads first: the developer as they are, and as the client would have them.
type asked struct {
	account table.Account
	said    portal.DeveloperInput
}

// PUT /api/portal/developers/{id}: what the client names changes, what it leaves out stays.
func update(t *table.Table) rest.Operation[asked] {
	return rest.Operation[asked]{
		Route: "PUT /api/portal/developers/{id}",
		First: func(ctx context.Context, in rest.In) (a asked, err error) {
			if a.said, err = decode(ctx, in); err != nil {
				return a, err
			}
			a.account, err = t.Account(ctx, in.Org, in.ID)
			return a, err
		},
		Then: func(ctx context.Context, in rest.In, _ caller.Caller, a asked) (rest.Out, error) {
			return rest.OK("Data updated"), change(ctx, t, a.account, func(account table.Account) (table.Account, error) {
				return revise(account, &a.said, in.At)
			})
		},
	}
}

// change writes a developer's account as revise would have it, however many change it at once.
func change(ctx context.Context, t *table.Table, account table.Account, revise func(table.Account) (table.Account, error)) error {
	for {
		if account.Deleting {
			return table.ErrDeleting
		}
		revised, err := revise(account)
		if err != nil {
			return err
		}
		err = t.UpdateDeveloper(ctx, account, revised)
		var changed *table.ChangedDeveloper
		if !errors.As(err, &changed) {
			return err
		}
		account = changed.Now
	}
}

func revise(account table.Account, said *portal.DeveloperInput, now time.Time) (table.Account, error) {
	account.Developer = account.Revise(said)
	if said.Password == nil || said.Password.IsZero() || isPassword(account.Password, *said.Password) {
		return account, nil // clients that were shown an empty password send it back
	}
	return withPassword(account, *said.Password, now)
}
