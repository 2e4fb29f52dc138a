package main

import (
	"context"

	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/rest"
	"keydesk/shared/table"
)

func get(t *table.Table) rest.Operation[portal.Policy] {
	return rest.Operation[portal.Policy]{
		Route: "GET /api/portal/policies/{policy}",
		First: func(ctx context.Context, in rest.In) (portal.Policy, error) { return named(ctx, t, in) },
		Then: func(_ context.Context, _ rest.In, _ caller.Caller, p portal.Policy) (rest.Out, error) {
			return rest.Out{Body: p}, nil
		},
	}
}
