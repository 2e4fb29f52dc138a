// GET /api/portal/requests/{id}: one key request, with its developer and catalogue entries joined to it.
package main

import (
	"context"

	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/rest"
	"keydesk/shared/table"
	"keydesk/shared/view"
)

func main() {
	t := table.FromEnv()
	rest.Serve(t, operation(t))
}

// keysShown is how many of the developer's keys the view lists; all of them are the developer's own document.
const keysShown = 1000

func operation(t *table.Table) rest.Operation[table.Request] {
	return rest.Operation[table.Request]{
		Route: "GET /api/portal/requests/{id}",
		First: func(ctx context.Context, in rest.In) (table.Request, error) {
			r, err := t.Request(ctx, in.Org, in.ID)
			if err == nil && r.Deleted() {
				err = portal.ErrNotFound
			}
			return r, err
		},
		Then: func(ctx context.Context, _ rest.In, who caller.Caller, r table.Request) (rest.Out, error) {
			views, err := view.Join(ctx, t, who, []table.Request{r}, keysShown)
			if err != nil {
				return rest.Out{}, err
			}
			return rest.Document(views[0], r.Revision), nil
		},
	}
}
