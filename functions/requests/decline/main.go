// PUT /api/portal/requests/decline/{id}: a reviewer says no, and may say why.
package main

import (
	"bytes"
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
		Route: "PUT /api/portal/requests/decline/{id}",
		First: func(ctx context.Context, in rest.In) (table.Request, error) { return t.Request(ctx, in.Org, in.ID) },
		Then: func(ctx context.Context, in rest.In, who caller.Caller, r table.Request) (rest.Out, error) {
			reason, err := readReason(in.Body)
			if err != nil {
				return rest.Out{}, err
			}
			act := approval.Act{Name: "declined", By: who, At: in.At, Reason: reason, IfMatch: in.IfMatch, RequestID: in.RequestID}
			err = approval.Change(ctx, t, r, act, approval.Close(act, portal.Declined))
			return rest.OK(in.ID), err
		},
	}
}

// longestReason keeps a reason a sentence or two, and an item of the table small.
const longestReason = 2000

// readReason reads {"reason": "..."}; no body is no reason.
func readReason(body []byte) (string, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return "", nil
	}
	var said struct {
		Reason string `json:"reason"`
	}
	if err := rest.Decode(body, &said); err != nil {
		return "", err
	}
	if len(said.Reason) > longestReason {
		return "", portal.Refuse(portal.Invalid, "reason is %d bytes long; at most %d are kept.", len(said.Reason), longestReason)
	}
	return said.Reason, nil
}
