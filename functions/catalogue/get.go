package main

import (
	"context"

	"keydesk/shared/caller"
	"keydesk/shared/rest"
	"keydesk/shared/table"
)

func get(t *table.Table) rest.Operation[struct{}] {
	return rest.Operation[struct{}]{
		Route: "GET /api/portal/catalogue",
		Then: func(ctx context.Context, in rest.In, who caller.Caller, _ struct{}) (rest.Out, error) {
			stored, err := t.Catalogue(ctx, in.Org)
			if err != nil {
				return rest.Out{}, err
			}
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
