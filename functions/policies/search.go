package main

import (
	"context"
	"strings"

	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/rest"
	"keydesk/shared/table"
)

func search(t *table.Table, paging rest.Paging) rest.Operation[[]portal.Policy] {
	whole := rest.Page{Size: paging.MaxUnpaged, Whole: true}
	return rest.Operation[[]portal.Policy]{
		Route: "GET /api/portal/policies/search",
		First: func(ctx context.Context, in rest.In) ([]portal.Policy, error) {
			part := strings.ToLower(strings.TrimSpace(in.Query.Get("q")))
			if part == "" {
				return nil, portal.Refuse(portal.Invalid, "q is missing; send a part of the policy's name.")
			}
			return t.Policies(ctx, in.Org, whole.Reads(), func(p *portal.Policy) bool { return strings.Contains(strings.ToLower(p.Name), part) })
		},
		Then: func(_ context.Context, _ rest.In, _ caller.Caller, hits []portal.Policy) (rest.Out, error) {
			shown, _, err := rest.Part(whole, hits)
			return rest.Out{Body: answer{Data: shown, Pages: whole.Pages(0)}}, err
		},
	}
}
