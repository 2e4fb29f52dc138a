package main

import (
	"context"

	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/rest"
	"keydesk/shared/table"
)

// remove leaves the catalogue's entry of the policy as it is: who asks for a key to it is told that there is no such policy.
func remove(t *table.Table) rest.Operation[portal.Policy] {
	return rest.Operation[portal.Policy]{
		Route: "DELETE /api/portal/policies/{policy}",
		First: func(ctx context.Context, in rest.In) (portal.Policy, error) {
			p, err := named(ctx, t, in)
			return p, portal.ForDeletion(err)
		},
		Then: func(ctx context.Context, in rest.In, _ caller.Caller, p portal.Policy) (rest.Out, error) {
			return rest.OK("Data deleted"), t.DeletePolicy(ctx, in.Org, p.ID)
		},
	}
}
