// Package revocation is the one operation that has many paths: clients of Tyk, older and newer, revoke keys at five of them. Two
// functions serve them.
package revocation

import (
	"context"
	"strings"

	"keydesk/shared/approval"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/rest"
	"keydesk/shared/table"
)

// At revokes, at one of the routes, the key that the path names: it opens nothing any more, for ever. Who is not told which
// developer's key is meant looks for it in the whole organisation.
func At(t *table.Table, route string) rest.Operation[table.KeyName] {
	return rest.Operation[table.KeyName]{
		Route: route,
		First: func(ctx context.Context, in rest.In) (table.KeyName, error) {
			return t.Named(ctx, in.Org, in.ID, in.Key)
		},
		Then: func(ctx context.Context, in rest.In, who caller.Caller, n table.KeyName) (rest.Out, error) {
			k, err := t.Key(ctx, n)
			if err == nil && k.Client == nil && strings.HasSuffix(route, "/{client}") {
				err = portal.ErrNotFound
			}
			if err != nil {
				return rest.Out{}, portal.ForDeletion(err)
			}
			older, err := approval.Revoke(ctx, t, *k, approval.Act{By: who, At: in.At, RequestID: in.RequestID})
			return Answer("Data deleted", k, older), portal.ForDeletion(err)
		},
	}
}

// Answer names the keys that were granted as one with a key: the one whose place it took, and the one that took its own.
func Answer(message string, k, older *table.IssuedKey) rest.Out {
	others := map[string]string{}
	if older != nil {
		others["predecessor"] = older.Shown
	}
	if k.Rotation != nil {
		others["successor"] = k.Rotation.Shown
	}
	if len(others) == 0 {
		return rest.OK(message)
	}
	return rest.OKMeta(message, others)
}
