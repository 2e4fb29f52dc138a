package main

import (
	"context"

	"keydesk/shared/approval"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/rest"
	"keydesk/shared/table"
)

// DELETE /api/portal/developers/{id}: the developer goes, and with them their keys and what they still ask for. It may stop
// half-way, when there is more to do than one call has time for; the same call again goes on, and so does the schedule.
func remove(t *table.Table) rest.Operation[table.Account] {
	return rest.Operation[table.Account]{
		Route: "DELETE /api/portal/developers/{id}",
		First: func(ctx context.Context, in rest.In) (table.Account, error) {
			account, err := accountIn(t)(ctx, in)
			return account, portal.ForDeletion(err)
		},
		Then: func(ctx context.Context, in rest.In, who caller.Caller, account table.Account) (rest.Out, error) {
			if err := t.Leave(ctx, who.Org, account.ID, in.At); err != nil {
				return rest.Out{}, portal.ForDeletion(err)
			}
			gone, err := approval.Leave(ctx, t, who.Org, account.ID, approval.Leaving(who, in.At, in.RequestID))
			return rest.OKMeta("Data deleted", gone), portal.ForDeletion(err)
		},
	}
}
