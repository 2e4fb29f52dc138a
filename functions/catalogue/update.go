package main

import (
	"context"

	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/rest"
	"keydesk/shared/table"
)

// found is what First reads: what a call sends, and the catalogue as it stands.
type found struct {
	sent   portal.CatalogueInput
	stored table.Catalogue
}

func find(ctx context.Context, t *table.Table, in rest.In) (f found, err error) {
	if f.sent, err = read(in); err != nil {
		return f, err
	}
	f.stored, err = t.Catalogue(ctx, in.Org)
	return f, err
}

func update(t *table.Table) rest.Operation[found] {
	return rest.Operation[found]{
		Route:   "PUT /api/portal/catalogue",
		MaxBody: maxBody,
		First: func(ctx context.Context, in rest.In) (found, error) {
			f, err := find(ctx, t, in)
			if err == nil && !f.sent.Whole {
				err = portal.Refuse(portal.Invalid, "apis is missing; send the whole catalogue, with [] for one without entries.")
			}
			return f, err
		},
		Then: func(ctx context.Context, in rest.In, _ caller.Caller, f found) (rest.Out, error) {
			return rest.OK("Data updated"), t.ChangeCatalogue(ctx, in.Org, f.stored, func(now table.Catalogue) (portal.Catalogue, error) {
				return f.revise(now, in.IfMatch)
			})
		},
	}
}

// revise is what the client sends, in the place of the catalogue as it stands. Where the client says which one it has seen, that
// one alone will do, lest what others wrote meanwhile be lost.
func (f *found) revise(now table.Catalogue, ifMatch int) (portal.Catalogue, error) {
	var refusal *portal.Error
	switch copyOf := f.sent.CopyOf; {
	case ifMatch != 0 && ifMatch != now.Revision:
		refusal = portal.Refuse(portal.Stale, "If-Match: the catalogue is at revision %d, not %d; read it again, then change it.", now.Revision, ifMatch)
	case copyOf != nil && *copyOf != now.Revision:
		refusal = portal.Refuse(portal.Conflict, "revision: the catalogue is at revision %d, and this is a changed copy of %d; read the catalogue again, change that, and send it.",
			now.Revision, *copyOf)
	case now.ID == "":
		return f.sent.Catalogue, nil
	default:
		return f.sent.WithID(now.ID), nil
	}
	refusal.Meta = map[string]int{"revision": now.Revision}
	return portal.Catalogue{}, refusal
}
