// POST /api/portal/requests: a developer asks for a key.
package main

import (
	"context"

	"keydesk/shared/approval"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/rest"
	"keydesk/shared/table"
	"keydesk/shared/vault"
)

func main() {
	t := table.FromEnv()
	rest.Serve(t, operation(t, vault.SignersFromEnv()))
}

// found is what First reads: what is asked for, what the books say of it, and whether this very POST was answered before.
type found struct {
	request portal.Request
	books   table.Books
	before  *table.Replay
}

func operation(t *table.Table, signers *vault.Signers) rest.Operation[found] {
	return rest.Operation[found]{
		Route: "POST /api/portal/requests",
		First: func(ctx context.Context, in rest.In) (found, error) {
			var asked portal.RequestInput
			if err := rest.Decode(in.Body, &asked); err != nil {
				return found{}, err
			}
			r, err := portal.NewRequest(in.Org, &asked, in.At)
			if err != nil {
				return found{}, err
			}
			// Whose credential it is, is not known yet. What its holder said with the first of their line is seen by the write.
			replay := table.NewReplay(in.Credential, in.IdempotencyKey, in.Body, in.At)
			books, before, err := t.BooksAndReplay(ctx, in.Org, r.ByUser, r.ApplyPolicies, replay)
			return found{r, books, before}, err
		},
		Then: func(ctx context.Context, in rest.In, who caller.Caller, f found) (rest.Out, error) {
			if f.before != nil {
				if !approval.Redirects(&f.books, f.request.ApplyPolicies) {
					return rest.OK(f.before.ID), nil
				}
				return again(ctx, t, signers, in, f.before.ID)
			}
			if approval.Redirects(&f.books, f.request.ApplyPolicies) { // what cannot be signed is not written
				if _, err := signers.Of(ctx, in.Org); err != nil {
					return rest.Out{}, err
				}
			}
			r, err := approval.Ask(ctx, t, &f.books, approval.Wish{
				Request: f.request, Replay: table.NewReplay(who.Holder(), in.IdempotencyKey, in.Body, in.At),
			}, approval.Act{Name: "created", By: who, At: in.At, RequestID: in.RequestID})
			switch {
			case err != nil:
				return rest.Out{}, err
			case r.Revision == 0 && approval.Redirects(&f.books, f.request.ApplyPolicies):
				return again(ctx, t, signers, in, r.ID)
			}
			return answer(ctx, signers, in, &r)
		},
	}
}

// again answers a POST that was answered before, of a developer who is sent to a third party.
func again(ctx context.Context, t *table.Table, signers *vault.Signers, in rest.In, id string) (rest.Out, error) {
	r, err := t.Request(ctx, in.Org, id)
	if err != nil {
		return rest.Out{}, err
	}
	return answer(ctx, signers, in, &r)
}

// answer is the request's id, and where to send the developer if a third party decides.
func answer(ctx context.Context, signers *vault.Signers, in rest.In, r *table.Request) (rest.Out, error) {
	way, err := approval.Redirect(ctx, signers, r, in.At)
	if way == nil {
		return rest.OK(r.ID), err
	}
	return rest.OKMeta(r.ID, way), err
}
