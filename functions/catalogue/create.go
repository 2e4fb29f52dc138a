package main

import (
	"context"
	"errors"

	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/rest"
	"keydesk/shared/table"
)

func create(t *table.Table) rest.Operation[found] {
	return rest.Operation[found]{
		Route:   "POST /api/portal/catalogue",
		MaxBody: maxBody,
		First:   func(ctx context.Context, in rest.In) (found, error) { return find(ctx, t, in) },
		Then: func(ctx context.Context, in rest.In, _ caller.Caller, f found) (rest.Out, error) {
			if f.stored.Revision > 0 {
				return rest.Out{}, exists(f.stored.ID)
			}
			err := t.WriteCatalogue(ctx, in.Org, f.stored, f.sent.Catalogue)
			var changed *table.CatalogueChanged
			if errors.As(err, &changed) { // another POST, at the same time, was faster
				return rest.Out{}, exists(changed.ID)
			}
			return rest.OK(f.sent.ID), err
		},
	}
}

func exists(id string) error {
	refusal := portal.Refuse(portal.Conflict, "There is a catalogue already; change it with PUT.")
	refusal.Meta = map[string]string{"id": id}
	return refusal
}
