package main

import (
	"context"
	"errors"

	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/rest"
	"keydesk/shared/table"
)

func create(t *table.Table) rest.Operation[struct{}] {
	return rest.Operation[struct{}]{
		Route: "POST /api/portal/configuration",
		Then: func(ctx context.Context, in rest.In, _ caller.Caller, _ struct{}) (rest.Out, error) {
			c, err := read(in)
			if err != nil {
				return rest.Out{}, err
			}
			err = t.CreateConfiguration(ctx, in.Org, c)
			var there *table.ConfigurationExists
			if errors.As(err, &there) {
				refusal := portal.Refuse(portal.Conflict, "There is a configuration already; change it with PUT.")
				refusal.Meta = map[string]string{"id": there.ID}
				return rest.Out{}, refusal
			}
			return rest.OK(c.ID), err
		},
	}
}
