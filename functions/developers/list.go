package main

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"

	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/rest"
	"keydesk/shared/table"
)

const (
	keysListed  = 100    // of each developer; the developer's own document has more
	mostCounted = 10_000 // a page number reaches no further, and a call has to end
	aside       = 32     // developers are read side by side
)

// listed is a developer as lists show them: Tyk's still call the id _id there.
type listed struct {
	UnderscoreID string `json:"_id"`
	portal.Developer
}

type page struct {
	Data  []listed `json:"Data"`
	Pages int      `json:"Pages"`
}

// foundPage is what list reads first: whose turn it is, and how many developers there are.
type foundPage struct {
	page  rest.Page
	ids   []string
	total int
}

// GET /api/portal/developers: an organisation's developers, newest first, in pages.
func list(t *table.Table, paging rest.Paging) rest.Operation[foundPage] {
	return rest.Operation[foundPage]{
		Route: "GET /api/portal/developers",
		First: func(ctx context.Context, in rest.In) (f foundPage, err error) {
			if f.page, err = paging.Page(in.Query); err != nil {
				return f, err
			}
			after, err := listedAfter(in)
			if err != nil {
				return f, err
			}
			group, ctx := errgroup.WithContext(ctx)
			group.Go(func() (err error) {
				f.ids, err = t.Developers(ctx, in.Org, after, f.page.Reads())
				return err
			})
			if !f.page.Whole {
				group.Go(func() (err error) {
					f.total, err = t.CountDevelopers(ctx, in.Org, mostCounted)
					return err
				})
			}
			return f, group.Wait()
		},
		Then: func(ctx context.Context, in rest.In, who caller.Caller, f foundPage) (rest.Out, error) {
			ids, more, err := rest.Part(f.page, f.ids)
			if err != nil {
				return rest.Out{}, err
			}
			developers, err := read(ctx, t, who.Org, ids)
			if err != nil {
				return rest.Out{}, err
			}
			out := rest.Out{Body: page{Data: developers, Pages: f.page.Pages(f.total)}}
			if more {
				out.Header = paging.Next(in, table.Cursor(who.Org, table.DevelopersQuestion, ids[len(ids)-1]))
			}
			return out, nil
		},
	}
}

// listedAfter is the developer after whom the page begins, where the call names one.
func listedAfter(in rest.In) (string, error) {
	cursor := in.Query.Get("cursor")
	switch {
	case cursor == "":
		return "", nil
	case in.Query.Get("p") != "":
		return "", portal.Refuse(portal.Invalid, "p and cursor exclude one another; send one of them.")
	}
	return table.After(in.Org, table.DevelopersQuestion, cursor)
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
