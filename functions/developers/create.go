package main

import (
	"context"

	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/rest"
	"keydesk/shared/table"
)

// POST /api/portal/developers: a new developer, whose e-mail nobody else in the organisation has.
func create(t *table.Table) rest.Operation[struct{}] {
	return rest.Operation[struct{}]{
		Route: "POST /api/portal/developers",
		Then: func(ctx context.Context, in rest.In, who caller.Caller, _ struct{}) (rest.Out, error) {
			var said portal.DeveloperInput
			if err := rest.Decode(in.Body, &said); err != nil {
				return rest.Out{}, err
			}
			d, err := portal.NewDeveloper(who.Org, &said, in.At)
			if err != nil {
				return rest.Out{}, err
			}
			account := table.Account{Developer: d}
			password, err := chosen(said.Password)
			if err != nil {
				return rest.Out{}, err
			}
			if password != nil {
				if account, err = password.giveTo(account, in.At); err != nil {
					return rest.Out{}, err
				}
			}
			return rest.OK(d.ID), t.CreateDeveloper(ctx, account)
		},
	}
}
