package main

import (
	"context"

	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/rest"
	"keydesk/shared/table"
)

func create(t *table.Table) rest.Operation[struct{}] {
	return rest.Operation[struct{}]{
		Route: "POST /api/portal/policies",
		Then: func(ctx context.Context, in rest.In, _ caller.Caller, _ struct{}) (rest.Out, error) {
			var sent portal.Object
			if err := rest.Decode(in.Body, &sent); err != nil {
				return rest.Out{}, err
			}
			p, err := portal.NewPolicy(in.Org, sent, in.At)
			if err != nil {
				return rest.Out{}, err
			}
			return rest.OKMeta(p.ID, p.ID), t.CreatePolicy(ctx, in.Org, p) // Tyk's own clients read the id from Meta
		},
	}
}
