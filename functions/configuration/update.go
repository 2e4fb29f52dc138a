package main

import (
	"context"
	"errors"

	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/rest"
	"keydesk/shared/table"
)

func update(t *table.Table) rest.Operation[portal.Configuration] {
	return rest.Operation[portal.Configuration]{
		Route: "PUT /api/portal/configuration",
		First: func(ctx context.Context, in rest.In) (portal.Configuration, error) {
			return t.Configuration(ctx, in.Org)
		},
		Then: func(ctx context.Context, in rest.In, _ caller.Caller, stored portal.Configuration) (rest.Out, error) {
			sent, err := read(in)
			if err != nil {
				return rest.Out{}, err
			}
			if same := sent.WithID(stored.ID); stored.ID != "" && same.Equal(&stored) {
				return rest.OK("Data updated"), nil
			}
			return rest.OK("Data updated"), write(ctx, t, in.Org, sent, stored.ID)
		},
	}
}

// write replaces the configuration under the id that it has, or creates it.
func write(ctx context.Context, t *table.Table, org string, c portal.Configuration, id string) error {
	if id == "" {
		err := t.CreateConfiguration(ctx, org, c)
		var there *table.ConfigurationExists
		if !errors.As(err, &there) {
			return err
		}
		id = there.ID // another call, at the same time, was faster
	}
	return t.PutConfiguration(ctx, org, c.WithID(id))
}
