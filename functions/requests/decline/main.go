// PUT /api/portal/requests/decline/{id}: a reviewer says no, and may say why. Without an id: to many.
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
	rest.Serve(t, operations(t)...)
}

func operations(t *table.Table) []rest.Endpoint { return []rest.Endpoint{one(t), many(t)} }

// found is what First reads: the request, and the organisation's settings.
type found struct {
	request  table.Request
	settings portal.Configuration
}

func one(t *table.Table) rest.Operation[found] {
	return rest.Operation[found]{
		Route:   "PUT /api/portal/requests/decline/{id}",
		Matches: true,
		First: func(ctx context.Context, in rest.In) (f found, err error) {
			requests, settings, err := t.RequestsAndConfiguration(ctx, in.Org, []string{in.ID})
			if err != nil {
				return f, err
			}
			request, there := requests[in.ID]
			if !there {
				return f, portal.ErrNotFound
			}
			return found{request, settings}, nil
		},
		Then: func(ctx context.Context, in rest.In, who caller.Caller, f found) (rest.Out, error) {
			reason, err := readReason(in.Body)
			if err != nil {
				return rest.Out{}, err
			}
			act := approval.Act{By: who, At: in.At, Reason: reason, IfMatch: in.IfMatch, RequestID: in.RequestID}
			return rest.OK(in.ID), approval.Decline(ctx, t, f.request, f.settings, act)
		},
	}
}

// many says no to requests one by one, several at a time.
func many(t *table.Table) rest.Operation[rest.Many] {
	return rest.Operation[rest.Many]{
		Route: "PUT /api/portal/requests/decline",
		First: func(_ context.Context, in rest.In) (rest.Many, error) { return rest.DecodeMany(in) },
		Then: func(ctx context.Context, in rest.In, who caller.Caller, asked rest.Many) (rest.Out, error) {
			requests, settings, err := t.RequestsAndConfiguration(ctx, in.Org, asked.IDs)
			if err != nil {
				return rest.Out{}, err
			}
			return asked.Each(ctx, in, "declined", func(ctx context.Context, id string) error {
				r, there := requests[id]
				if !there {
					return portal.ErrNotFound
				}
				act := approval.Act{By: who, At: in.At, Reason: asked.Reason, IfMatch: asked.Revisions[id], RequestID: in.RequestID}
				return approval.Decline(ctx, t, r, settings, act)
			}), nil
		},
	}
}

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
	if err := rest.Only(body, "reason"); err != nil {
		return "", err
	}
	return said.Reason, portal.ValidReason(said.Reason)
}
