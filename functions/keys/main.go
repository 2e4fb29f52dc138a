// The keys of developers: what becomes of them after they were granted. One file an operation; the routes are in the permissions
// matrix.
package main

import (
	"context"

	"keydesk/shared/approval"
	"keydesk/shared/portal"
	"keydesk/shared/rest"
	"keydesk/shared/revocation"
	"keydesk/shared/table"
	"keydesk/shared/vault"
)

func main() {
	issuer := approval.FromEnv()
	rest.Serve(issuer.Table, operations(issuer, vault.SignersFromEnv(), rest.PagingFromEnv())...)
}

func operations(issuer *approval.Issuer, signers *vault.Signers, paging rest.Paging) []rest.Endpoint {
	t := issuer.Table
	return []rest.Endpoint{
		list(t, paging), get(t), add(issuer, signers, "keys"), add(issuer, signers, "subscriptions"), update(t), rotate(issuer), suspend(t), resume(t),
		revocation.At(t, "DELETE /api/portal/developers/{id}/keys/{key}"),
		revocation.At(t, "DELETE /api/portal/developers/oauth/{client}"),
	}
}

// named looks up, before it is known who asks, which key the path names; living reads it.
func named(t *table.Table) func(context.Context, rest.In) (table.KeyName, error) {
	return func(ctx context.Context, in rest.In) (table.KeyName, error) {
		return t.Named(ctx, in.Org, in.ID, in.Key)
	}
}

// living is the key that was named, unless it is gone for its clients.
func living(ctx context.Context, t *table.Table, n table.KeyName) (*table.IssuedKey, error) {
	k, err := t.Key(ctx, n)
	if err == nil && k.Over() {
		return nil, portal.ErrNotFound
	}
	return k, err
}
