package main

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"golang.org/x/sync/errgroup"

	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/rest"
	"keydesk/shared/table"
)

const (
	keysListed = 100 // of each developer; the developer's own document has more
	aside      = 32  // developers are read side by side
)

// listed is a developer as lists show them: Tyk's still call the id _id there.
type listed struct {
	UnderscoreID string `json:"_id"`
	portal.Developer
}

type page struct {
	Data  []json.RawMessage `json:"Data"`
	Pages int               `json:"Pages"`
}

// question is which of the developers a call asks for.
type question struct {
	page  rest.Page
	after string // the id of a cursor
}

// GET /api/portal/developers: an organisation's developers, newest first, in pages. It reads nothing before it is known who asks.
func list(t *table.Table, paging rest.Paging) rest.Operation[question] {
	return rest.Operation[question]{
		Route: "GET /api/portal/developers",
		Query: []string{"p", "cursor"},
		First: func(_ context.Context, in rest.In) (q question, err error) {
			if q.page, err = paging.Page(in.Query); err == nil {
				q.after, err = rest.After(in, table.DevelopersQuestion)
			}
			return q, err
		},
		Then: func(ctx context.Context, in rest.In, who caller.Caller, q question) (rest.Out, error) {
			p, err := q.read(ctx, t, who.Org)
			if err != nil {
				return rest.Out{}, err
			}
			data, next, err := rest.Written(q.page, p.ids, p.next, func(ids []string) ([]listed, error) {
				return read(ctx, t, who.Org, ids)
			}, func(d *listed) string { return d.ID })
			if err != nil {
				return rest.Out{}, err
			}
			out := rest.Out{Body: page{Data: data, Pages: q.page.Pages(p.total)}}
			if next != "" {
				out.Header = paging.Next(in, table.Cursor(who.Org, table.DevelopersQuestion, next))
			}
			return out, nil
		},
	}
}

// part is what the index says of a page.
type part struct {
	ids   []string // on it
	next  string   // the id that the page after it begins behind; empty: there is none
	total int      // developers, or at least so many
}

// read reads whose turn it is, and counts how many there are, side by side.
func (q question) read(ctx context.Context, t *table.Table, org string) (p part, err error) {
	var ids []string
	var on string
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		ids, on, err = t.Developers(ctx, org, q.after, q.page.Reads())
		return err
	})
	if !q.page.Whole {
		group.Go(func() (err error) {
			p.total, err = t.CountDevelopers(ctx, org, table.MostCounted)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return p, err
	}
	all := len(ids)
	if ids = slices.Compact(ids); on == "" && len(ids) < all && all == q.page.Reads() { // an e-mail that has just changed stands twice in the index
		on = ids[len(ids)-1] // else the page would end without a Link
	}
	p.total = max(p.total, len(ids))
	var more bool
	if p.ids, more, err = rest.Part(q.page, ids, on != ""); err != nil || !more {
		return p, err
	}
	if p.next = on; on == "" {
		p.next = p.ids[len(p.ids)-1]
	}
	return p, nil
}

// read reads the developers. The index that named them comes a moment late: who is gone by now is left out.
func read(ctx context.Context, t *table.Table, org string, ids []string) ([]listed, error) {
	found := make([]*portal.Developer, len(ids))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(aside)
	for i, id := range ids {
		group.Go(func() error {
			d, _, err := t.Developer(ctx, org, id, keysListed, "")
			switch {
			case errors.Is(err, portal.ErrNotFound):
				return nil
			case err == nil:
				found[i] = &d
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	developers := []listed{}
	for _, d := range found {
		if d != nil {
			developers = append(developers, listed{d.ID, *d})
		}
	}
	return developers, nil
}
