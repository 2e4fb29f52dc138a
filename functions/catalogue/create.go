package main

import (
	"context"
	"errors"

	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/rest"
	"keydesk/shared/table"
)

func create(t *table.Table) rest.Operation[struct{}] {
	return rest.Operation[struct{}]{
		Route:   "POST /api/portal/catalogue",
		MaxBody: maxBody,
		Then: func(ctx context.Context, in rest.In, _ caller.Caller, _ struct{}) (rest.Out, error) {
			sent, stored, err := find(ctx, t, in)
			switch {
			case err != nil:
				return rest.Out{}, err
			case stored.Revision > 0:
				return rest.Out{}, exists(stored.ID)
			}
			err = t.WriteCatalogue(ctx, in.Org, stored, sent.Catalogue)
			var changed *table.CatalogueChanged
			if errors.As(err, &changed) { // another POST, at the same time, was faster
				return rest.Out{}, exists(changed.ID)
			}
			return rest.OK(sent.ID), err
		},
	}
}

func exists(id string) error {
	refusal := portal.Refuse(portal.Conflict, "There is a catalogue already; change it with PUT.")
	refusal.Meta = map[string]string{"id": id}
	return refusal
}
