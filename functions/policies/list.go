package main

import (
	"context"

	"golang.org/x/sync/errgroup"

	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/rest"
	"keydesk/shared/table"
)

// listed is what First reads: the page, one policy more to know whether another page follows, and how many there are in all.
type listed struct {
	page     rest.Page
	policies []portal.Policy
	total    int
}

func list(t *table.Table, paging rest.Paging) rest.Operation[listed] {
	return rest.Operation[listed]{
		Route: "GET /api/portal/policies",
		First: func(ctx context.Context, in rest.In) (listed, error) {
			page, err := paging.Page(in.Query)
			if err != nil {
				return listed{}, err
			}
			return readPage(ctx, t, in.Org, page)
		},
		Then: func(_ context.Context, _ rest.In, _ caller.Caller, l listed) (rest.Out, error) {
			shown, _, err := rest.Part(l.page, l.policies)
			return rest.Out{Body: answer{Data: shown, Pages: l.page.Pages(l.total)}}, err
		},
	}
}

// readPage reads the page and counts what there is, side by side.
func readPage(ctx context.Context, t *table.Table, org string, page rest.Page) (listed, error) {
	l := listed{page: page}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		l.policies, err = t.Policies(ctx, org, page.Reads(), nil)
		return err
	})
	if !page.Whole {
		group.Go(func() (err error) {
			l.total, err = t.CountPolicies(ctx, org)
			return err
		})
	}
	err := group.Wait()
	return l, err
}
