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
		First: func(ctx context.Context, in rest.In) (portal.Policy, error) {
			var sent portal.Object
			if err := rest.Decode(in.Body, &sent); err != nil {
				return portal.Policy{}, err
			}
			before, err := named(ctx, t, in)
			if err != nil {
				return portal.Policy{}, err
			}
			return before.Replaced(in.Org, sent)
		},
		Then: func(ctx context.Context, in rest.In, _ caller.Caller, p portal.Policy) (rest.Out, error) {
			return rest.OK("Data updated"), t.ReplacePolicy(ctx, in.Org, p)
		},
	}
}
