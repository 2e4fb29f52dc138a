package main

import (
	"context"

	"golang.org/x/sync/errgroup"

	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/rest"
	"keydesk/shared/table"
)

func list(t *table.Table, paging rest.Paging) rest.Operation[rest.Page] {
	return rest.Operation[rest.Page]{
		Route: "GET /api/portal/policies",
		Query: []string{"p"},
		First: func(_ context.Context, in rest.In) (rest.Page, error) { return paging.Page(in.Query) },
		Then: func(ctx context.Context, in rest.In, _ caller.Caller, page rest.Page) (rest.Out, error) {
			policies, total, err := readPage(ctx, t, in.Org, page)
			if err != nil {
				return rest.Out{}, err
			}
			shown, _, err := rest.Part(page, policies, false)
			return rest.Out{Body: answer{Data: shown, Pages: page.Pages(total)}}, err
		},
	}
}

// readPage reads the page, with one policy more to know whether another page follows, and counts what there is in all, side by
// side.
func readPage(ctx context.Context, t *table.Table, org string, page rest.Page) (policies []portal.Policy, total int, err error) {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		policies, err = t.Policies(ctx, org, page.Reads(), nil)
		return err
	})
	if !page.Whole {
		group.Go(func() (err error) {
			total, err = t.CountPolicies(ctx, org)
			return err
		})
	}
	err = group.Wait()
	return policies, total, err
}
