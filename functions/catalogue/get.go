package main

import (
	"context"

	"keydesk/shared/caller"
	"keydesk/shared/rest"
	"keydesk/shared/table"
)

func get(t *table.Table) rest.Operation[table.Catalogue] {
	return rest.Operation[table.Catalogue]{
		Route: "GET /api/portal/catalogue",
		First: func(ctx context.Context, in rest.In) (table.Catalogue, error) { return t.Catalogue(ctx, in.Org) },
		Then: func(_ context.Context, _ rest.In, who caller.Caller, stored table.Catalogue) (rest.Out, error) {
			shown := stored.Catalogue
			if !who.May(caller.WriteCatalogue) {
				shown = shown.WithoutTokens()
			}
			if shown.Revision == 0 { // nothing to match yet
				return rest.Out{Body: shown}, nil
			}
			return rest.Document(shown, shown.Revision), nil
		},
	}
}
