package main

import (
	"context"

	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/rest"
	"keydesk/shared/table"
)

func update(t *table.Table) rest.Operation[struct{}] {
	return rest.Operation[struct{}]{
		Route:   "PUT /api/portal/catalogue",
		Matches: true,
		MaxBody: maxBody,
		Then: func(ctx context.Context, in rest.In, _ caller.Caller, _ struct{}) (rest.Out, error) {
			sent, stored, err := find(ctx, t, in)
			if err != nil {
				return rest.Out{}, err
			}
			return rest.OK("Data updated"), t.ChangeCatalogue(ctx, in.Org, stored, func(now table.Catalogue) (portal.Catalogue, error) {
				return revise(now, sent, in.IfMatch)
			})
		},
	}
}

// revise is what the client sends, in the place of the catalogue as it stands. Where the client says which one it has seen, that
// one alone will do, lest what others wrote meanwhile be lost.
func revise(now table.Catalogue, sent portal.CatalogueInput, ifMatch int) (portal.Catalogue, error) {
	var refusal *portal.Error
	switch {
	case ifMatch != 0 && ifMatch != now.Revision:
		refusal = portal.Refuse(portal.Stale, "If-Match: the catalogue is at revision %d, not %d; read it again, then change it.", now.Revision, ifMatch)
	case !sent.Whole:
		return portal.Catalogue{}, portal.Refuse(portal.Invalid, "apis is missing; send the whole catalogue, with [] for one without entries.")
	case sent.CopyOf != nil && *sent.CopyOf != now.Revision:
		refusal = portal.Refuse(portal.Conflict, "revision: this is a stale copy, of revision %d, and the catalogue is at revision %d; read it again, change that, and send it.",
			*sent.CopyOf, now.Revision)
	case ifMatch == 0 && sent.CopyOf == nil && wipes(&now, &sent):
		refusal = portal.Refuse(portal.Conflict, "apis: this would remove %d of the catalogue's %d entries; if that is meant, send the revision that you have read, in If-Match or in revision.",
			now.Missing(sent.Entries), len(now.Entries))
	case now.ID == "":
		return sent.Catalogue, nil
	default:
		return sent.WithID(now.ID), nil
	}
	refusal.Meta = map[string]int{"revision": now.Revision}
	return portal.Catalogue{}, refusal
}

// wipes tells whether more than half of the entries would go, of four or more: rarely what is meant by a client that does not say which
// catalogue it has read.
func wipes(now *table.Catalogue, sent *portal.CatalogueInput) bool {
	const few = 4
	return len(now.Entries) >= few && 2*now.Missing(sent.Entries) > len(now.Entries)
}
