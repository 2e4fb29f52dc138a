package main

import (
	"context"

	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/rest"
	"keydesk/shared/table"
)

func get(t *table.Table) rest.Operation[portal.Configuration] {
	return rest.Operation[portal.Configuration]{
		Route: "GET /api/portal/configuration",
		First: func(ctx context.Context, in rest.In) (portal.Configuration, error) {
			return t.Configuration(ctx, in.Org)
		},
		Then: func(_ context.Context, _ rest.In, who caller.Caller, c portal.Configuration) (rest.Out, error) {
			if !who.May(caller.WriteConfiguration) {
				c = c.WithoutToken()
			}
			return rest.Out{Body: c}, nil
		},
	}
}
