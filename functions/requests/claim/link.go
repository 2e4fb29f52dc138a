package main

import (
	"context"

	"keydesk/shared/approval"
	"keydesk/shared/caller"
	"keydesk/shared/rest"
	"keydesk/shared/table"
)

// sendLink has a new link sent: the mail follows from the line of history.
func sendLink(t *table.Table) rest.Operation[table.Request] {
	return rest.Operation[table.Request]{
		Route:   "POST /api/portal/requests/{id}/claim-link",
		Matches: true,
		First:   func(ctx context.Context, in rest.In) (table.Request, error) { return t.Request(ctx, in.Org, in.ID) },
		Then: func(ctx context.Context, in rest.In, who caller.Caller, r table.Request) (rest.Out, error) {
			act := approval.Act{By: who, At: in.At, IfMatch: in.IfMatch, RequestID: in.RequestID}
			return rest.OK(in.ID), approval.SendLink(ctx, t, r, act)
		},
	}
}
