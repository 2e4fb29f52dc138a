package main

import (
	"context"
	"errors"

	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/rest"
	"keydesk/shared/table"
)

// oneContent are the operations of a kind of which an organisation has one document.
func oneContent(t *table.Table, kind portal.ContentKind, path string) []rest.Endpoint {
	first := func(ctx context.Context, in rest.In) (portal.Content, error) {
		c, err := t.Content(ctx, in.Org, kind, "")
		if errors.Is(err, portal.ErrNotFound) { // what it would be, without an id
			return portal.NewContent(kind, in.Org, "", "")
		}
		return c, err
	}
	return []rest.Endpoint{getContent(path, first), createOneContent(t, kind, path), updateOneContent(t, kind, path, first)}
}

func createOneContent(t *table.Table, kind portal.ContentKind, path string) rest.Operation[struct{}] {
	return rest.Operation[struct{}]{
		Route: "POST " + path,
		Then: func(ctx context.Context, in rest.In, _ caller.Caller, _ struct{}) (rest.Out, error) {
			c, err := readContent(in, kind, portal.NewID(in.At))
			if err != nil {
				return rest.Out{}, err
			}
			err = t.CreateOneContent(ctx, in.Org, kind, c)
			var there *table.ContentExists
			if errors.As(err, &there) {
				refusal := portal.Refuse(portal.Conflict, "There is one already; change it with PUT.")
				refusal.Meta = map[string]string{"id": there.ID}
				return rest.Out{}, refusal
			}
			return rest.OK(c.ID), err
		},
	}
}

func updateOneContent(t *table.Table, kind portal.ContentKind, path string, first reading) rest.Operation[portal.Content] {
	return rest.Operation[portal.Content]{
		Route: "PUT " + path,
		First: first,
		Then: func(ctx context.Context, in rest.In, _ caller.Caller, before portal.Content) (rest.Out, error) {
			after, err := readContent(in, kind, portal.NewID(in.At))
			if err != nil {
				return rest.Out{}, err
			}
			if before.ID == "" {
				err := t.CreateOneContent(ctx, in.Org, kind, after)
				var there *table.ContentExists
				if !errors.As(err, &there) {
					return rest.OK("Data updated"), err
				}
				before.ID = there.ID // another call, at the same time, was faster
			}
			if after = after.WithID(before.ID); after.Equal(&before) {
				return rest.OK("Data updated"), nil
			}
			return rest.OK("Data updated"), t.PutOneContent(ctx, in.Org, kind, after)
		},
	}
}
