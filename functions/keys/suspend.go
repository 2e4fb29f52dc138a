package main

import (
	"context"

	"keydesk/shared/approval"
	"keydesk/shared/caller"
	"keydesk/shared/rest"
	"keydesk/shared/revocation"
	"keydesk/shared/table"
)

// POST /api/portal/developers/{id}/keys/{key}/suspend: the key opens nothing until it is resumed.
func suspend(t *table.Table) rest.Operation[table.KeyName] {
	return setState(t, "POST /api/portal/developers/{id}/keys/{key}/suspend", "suspended", table.Suspended)
}

// POST /api/portal/developers/{id}/keys/{key}/resume: it opens what it opened before.
func resume(t *table.Table) rest.Operation[table.KeyName] {
	return setState(t, "POST /api/portal/developers/{id}/keys/{key}/resume", "resumed", table.Active)
}

func setState(t *table.Table, route, name string, state table.KeyState) rest.Operation[table.KeyName] {
	return rest.Operation[table.KeyName]{
		Route: route,
		First: named(t),
		Then: func(ctx context.Context, in rest.In, who caller.Caller, n table.KeyName) (rest.Out, error) {
			k, err := living(ctx, t, n)
			if err != nil {
				return rest.Out{}, err
			}
			older, err := t.OlderThan(ctx, k, in.At) // is another key, and as good as before
			if err != nil {
				return rest.Out{}, err
			}
			act := approval.Act{Name: name, By: who, At: in.At, RequestID: in.RequestID}
			err = approval.ChangeKey(ctx, t, *k, act, approval.KeyTo(act, state))
			return revocation.Answer("Data updated", k, older), err
		},
	}
}
