package main

import (
	"context"
	"errors"

	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/rest"
	"keydesk/shared/table"
)

// POST /api/portal/developers: a new developer, whose e-mail no other in the organisation has.
func create(t *table.Table) rest.Operation[struct{}] {
	return rest.Operation[struct{}]{
		Route: "POST /api/portal/developers",
		Adds:  table.Developers,
		Then: func(ctx context.Context, in rest.In, who caller.Caller, _ struct{}) (rest.Out, error) {
			var said portal.DeveloperInput
			if err := rest.Decode(in.Body, &said); err != nil {
				return rest.Out{}, err
			}
			d, err := portal.NewDeveloper(who.Org, &said, in.At)
			if err != nil {
				return rest.Out{}, err
			}
			if err := roomForOne(ctx, t, in.Usage, &d); err != nil {
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

// roomForOne refuses a developer of an organisation that has as many as it may have. Where the e-mail is taken it does not: then the write
// says whose it is. The configuration is read only where the limit that it had at the last count was reached.
func roomForOne(ctx context.Context, t *table.Table, stored *table.Usage, d *portal.Developer) error {
	if stored == nil || !stored.AtLimit(stored.Limit) {
		return nil
	}
	settings, err := t.Configuration(ctx, d.OrgID)
	if err != nil {
		return err
	}
	refusal, err := t.Full(ctx, d.OrgID, table.Developers, stored, settings.MaxDevelopers())
	if err != nil || refusal == nil {
		return err
	}
	_, err = t.DeveloperByEmail(ctx, d.OrgID, d.Email)
	if errors.Is(err, portal.ErrNotFound) {
		return refusal
	}
	return err
}
