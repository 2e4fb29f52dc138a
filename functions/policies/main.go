// /api/portal/policies: the plans that keys are granted for.
package main

import (
	"context"

	"keydesk/shared/portal"
	"keydesk/shared/rest"
	"keydesk/shared/table"
)

func main() {
	t := table.FromEnv()
	rest.Serve(t, operations(t, rest.PagingFromEnv())...)
}

func operations(t *table.Table, paging rest.Paging) []rest.Endpoint {
	return []rest.Endpoint{list(t, paging), search(t, paging), get(t), create(t), update(t), remove(t)}
}

// answer is Tyk's, of a list.
type answer struct {
	Data  []portal.Policy `json:"Data"`
	Pages int             `json:"Pages"`
}

// named reads the policy that the path names.
func named(ctx context.Context, t *table.Table, in rest.In) (portal.Policy, error) {
	if !portal.ValidPolicyID(in.ID) {
		return portal.Policy{}, portal.ErrPolicyID
	}
	return t.Policy(ctx, in.Org, in.ID)
}
