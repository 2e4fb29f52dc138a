// POST /api/portal/requests: a developer asks for a key.
package main

import (
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

// found is what First reads: what is asked for, what the books say of it, and whether this very POST was answered before.
type found struct {
	request portal.Request
	books   table.Books
	before  *table.Replay
}

func operation(t *table.Table) rest.Operation[found] {
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
				return rest.OK(f.before.ID), nil
			}
			r, err := approval.Ask(ctx, t, &f.books, approval.Asked{
				Request: f.request, Replay: table.NewReplay(who.Holder(), in.IdempotencyKey, in.Body, in.At),
			}, approval.Act{Name: "created", By: who, At: in.At, RequestID: in.RequestID})
			return rest.OK(r.ID), err
		},
	}
}
