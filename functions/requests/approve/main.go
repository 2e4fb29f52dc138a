// PUT /api/portal/requests/approve/{id}: a request is granted, and its key given to whoever asks first, once.
package main

import (
	"context"

	"keydesk/shared/approval"
	"keydesk/shared/caller"
	"keydesk/shared/rest"
	"keydesk/shared/table"
	"keydesk/shared/view"
)

func main() {
	issuer := approval.FromEnv()
	rest.Serve(issuer.Table, operation(issuer))
}

func operation(issuer *approval.Issuer) rest.Operation[table.Request] {
	return rest.Operation[table.Request]{
		Route: "PUT /api/portal/requests/approve/{id}",
		First: func(ctx context.Context, in rest.In) (table.Request, error) {
			return issuer.Table.Request(ctx, in.Org, in.ID)
		},
		Then: func(ctx context.Context, in rest.In, who caller.Caller, r table.Request) (rest.Out, error) {
			act := approval.Act{Name: "approved", By: who, At: in.At, IfMatch: in.IfMatch, RequestID: in.RequestID}
			grant, err := issuer.Issue(ctx, r, act, approval.Proof(who.Holder(), in.IdempotencyKey, in.Body))
			if err != nil {
				return rest.Out{}, err
			}
			return rest.Out{Body: view.Approved(grant)}, nil
		},
	}
}
