package main

import (
	"context"

	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/rest"
	"keydesk/shared/table"
)

func create(t *table.Table) rest.Operation[portal.Policy] {
	return rest.Operation[portal.Policy]{
		Route: "POST /api/portal/policies",
		First: func(_ context.Context, in rest.In) (portal.Policy, error) {
			var sent portal.Object
			if err := rest.Decode(in.Body, &sent); err != nil {
				return portal.Policy{}, err
			}
			return portal.NewPolicy(in.Org, sent, in.At)
		},
		Then: func(ctx context.Context, in rest.In, _ caller.Caller, p portal.Policy) (rest.Out, error) {
			return rest.OKMeta(p.ID, p.ID), t.CreatePolicy(ctx, in.Org, p) // Tyk's own clients read the id from Meta
		},
	}
}
