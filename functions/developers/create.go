package main

import (
	"context"

	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/rest"
	"keydesk/shared/table"
)

// POST /api/portal/developers: a new developer, whose e-mail nobody else in the organisation has.
func create(t *table.Table) rest.Operation[portal.DeveloperInput] {
	return rest.Operation[portal.DeveloperInput]{
		Route: "POST /api/portal/developers",
		First: decode,
		Then: func(ctx context.Context, in rest.In, who caller.Caller, said portal.DeveloperInput) (rest.Out, error) {
			d, err := portal.NewDeveloper(who.Org, &said, in.At)
			if err != nil {
				return rest.Out{}, err
			}
			account := table.Account{Developer: d}
			if said.Password != nil {
				if account, err = withPassword(account, *said.Password, in.At); err != nil {
					return rest.Out{}, err
				}
			}
			return rest.OK(d.ID), t.CreateDeveloper(ctx, account)
		},
	}
}

func decode(_ context.Context, in rest.In) (said portal.DeveloperInput, err error) {
	if err = rest.Decode(in.Body, &said); err == nil {
		err = said.Validate()
	}
	return said, err
}
