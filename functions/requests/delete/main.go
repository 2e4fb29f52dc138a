// DELETE /api/portal/requests/{id}: an open request is cancelled. A closed one is hidden, and a key that came of it lives on:
// keys are revoked where keys are.
package main

import (
	"context"

	"keydesk/shared/approval"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/rest"
	"keydesk/shared/table"
)

func main() {
	t := table.FromEnv()
	rest.Serve(t, operation(t))
}

func operation(t *table.Table) rest.Operation[table.Request] {
	return rest.Operation[table.Request]{
		Route:   "DELETE /api/portal/requests/{id}",
		Matches: true,
		First:   func(ctx context.Context, in rest.In) (table.Request, error) { return t.Request(ctx, in.Org, in.ID) },
		Then: func(ctx context.Context, in rest.In, who caller.Caller, r table.Request) (rest.Out, error) {
			act := approval.Act{Name: "deleted", By: who, At: in.At, IfMatch: in.IfMatch, RequestID: in.RequestID}
			revise := hide
			if r.Open() { // whoever cancels a request does not mean to hide a key that came of it meanwhile
				revise = approval.Close(act, portal.Cancelled)
			}
			return rest.OK("Data deleted"), approval.Change(ctx, t, r, act, revise)
		},
	}
}

func hide(r table.Request) (table.Request, error) {
	r.Hidden = true
	return r, nil
}
