package main

import (
	"context"
	"errors"
	"reflect"

	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/rest"
	"keydesk/shared/table"
)

// PUT /api/portal/developers/{id}: what the client names changes, what it leaves out stays.
func update(t *table.Table) rest.Operation[table.Account] {
	return rest.Operation[table.Account]{
		Route: "PUT /api/portal/developers/{id}",
		First: accountIn(t),
		Then: func(ctx context.Context, in rest.In, _ caller.Caller, account table.Account) (rest.Out, error) {
			var said portal.DeveloperInput
			if err := rest.Decode(in.Body, &said); err != nil {
				return rest.Out{}, err
			}
			if said.Email != nil && *said.Email == account.Email {
				said.Email = nil // sent back with the whole developer: it may be older than what is refused by now
			}
			if err := said.Validate(); err != nil {
				return rest.Out{}, err
			}
			password, err := chosen(said.Password) // clients that were shown an empty one send it back: that is none
			if err != nil {
				return rest.Out{}, err
			}
			return rest.OK("Data updated"), change(ctx, t, account, func(account table.Account) (table.Account, error) {
				account.Developer = account.Revise(&said)
				if password == nil || password.is(account.Password) {
					return account, nil
				}
				return password.giveTo(account, in.At)
			})
		},
	}
}

// accountIn reads the account that a call is about to change.
func accountIn(t *table.Table) func(context.Context, rest.In) (table.Account, error) {
	return func(ctx context.Context, in rest.In) (table.Account, error) {
		return t.Account(ctx, in.Org, in.ID)
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
		if reflect.DeepEqual(revised, account) {
			return nil
		}
		err = t.UpdateDeveloper(ctx, account, revised)
		var changed *table.ChangedDeveloper
		if !errors.As(err, &changed) {
			return err
		}
		account = changed.Now
	}
}
