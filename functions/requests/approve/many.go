package main

import (
	"context"

	"keydesk/shared/approval"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/rest"
)

// many grants requests one by one, several at a time. No key is in the answer: each waits for its developer.
func many(issuer *approval.Issuer) rest.Operation[rest.Many] {
	return rest.Operation[rest.Many]{
		Route: "PUT /api/portal/requests/approve",
		First: func(_ context.Context, in rest.In) (rest.Many, error) { return rest.DecodeMany(in) },
		Then: func(ctx context.Context, in rest.In, who caller.Caller, asked rest.Many) (rest.Out, error) {
			requests, _, err := issuer.Table.RequestsAndConfiguration(ctx, in.Org, asked.IDs)
			if err != nil {
				return rest.Out{}, err
			}
			return asked.Each(ctx, in, "approved", func(ctx context.Context, id string) error {
				r, there := requests[id]
				if !there {
					return portal.ErrNotFound
				}
				act := approval.Act{
					By: who, At: in.At, Reason: asked.Reason, IfMatch: asked.Revisions[id], RequestID: in.RequestID, ByClaim: true,
				}
				_, err := issuer.Issue(ctx, r, act, "")
				return err
			}), nil
		},
	}
}
