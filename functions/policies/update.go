package main

import (
	"context"

	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/rest"
	"keydesk/shared/table"
)

func update(t *table.Table) rest.Operation[portal.Policy] {
	return rest.Operation[portal.Policy]{
		Route: "PUT /api/portal/policies/{policy}",
		First: func(ctx context.Context, in rest.In) (portal.Policy, error) { return named(ctx, t, in) },
		Then: func(ctx context.Context, in rest.In, _ caller.Caller, before portal.Policy) (rest.Out, error) {
			var sent portal.Object
			if err := rest.Decode(in.Body, &sent); err != nil {
				return rest.Out{}, err
			}
			after, err := before.Replaced(in.Org, sent)
			if err != nil {
				return rest.Out{}, err
			}
			if after.Equal(&before) {
				return rest.OK("Data updated"), nil
			}
			return rest.OK("Data updated"), t.ReplacePolicy(ctx, in.Org, after)
		},
	}
}
