package main

import (
	"context"
	"errors"

	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/rest"
	"keydesk/shared/table"
)

// found is what First reads: what a call sends, and the configuration as it stands.
type found struct{ sent, stored portal.Configuration }

func update(t *table.Table) rest.Operation[found] {
	return rest.Operation[found]{
		Route: "PUT /api/portal/configuration",
		First: func(ctx context.Context, in rest.In) (f found, err error) {
			if f.sent, err = read(in); err != nil {
				return f, err
			}
			f.stored, err = t.Configuration(ctx, in.Org)
			return f, err
		},
		Then: func(ctx context.Context, in rest.In, _ caller.Caller, f found) (rest.Out, error) {
			return rest.OK("Data updated"), f.write(ctx, t, in.Org)
		},
	}
}

// write replaces the configuration under the id that it has, or creates it.
func (f *found) write(ctx context.Context, t *table.Table, org string) error {
	id := f.stored.ID
	if id == "" {
		err := t.CreateConfiguration(ctx, org, f.sent)
		var there *table.ConfigurationExists
		if !errors.As(err, &there) {
			return err
		}
		id = there.ID // another call, at the same time, was faster
	}
	return t.PutConfiguration(ctx, org, f.sent.WithID(id))
}
