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
			if err := in.NoRevision(); err != nil {
				return table.KeyName{}, err
			}
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
			act := approval.Act{Name: "revoked", By: who, At: in.At, RequestID: in.RequestID}
			older, err := approval.Revoke(ctx, t, *k, act)
			switch {
			case err != nil:
				return rest.Out{}, portal.ForDeletion(err)
			case older != nil:
				return rest.OKMeta("Data deleted", map[string]string{"predecessor": older.Shown}), nil // ended with it
			case k.Rotation != nil:
				return rest.OKMeta("Data deleted", map[string]string{"successor": k.Rotation.Shown}), nil // lives on
			}
			return rest.OK("Data deleted"), nil
		},
	}
}
