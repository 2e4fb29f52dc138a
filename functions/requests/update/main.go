// PUT /api/portal/requests/{id}, or the UPDATE of Tyk's documents: an open request asks for something else.
package main

import (
	"context"
	"errors"

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

// found is what First reads: the request, what is asked of it, and what the books say of that.
type found struct {
	request table.Request
	asked   portal.RequestInput
	books   table.Books
}

func operation(t *table.Table, signers *vault.Signers) rest.Operation[found] {
	return rest.Operation[found]{
		Route:   "PUT /api/portal/requests/{id}",
		Matches: true,
		First: func(ctx context.Context, in rest.In) (found, error) {
			var f found
			if err := rest.Decode(in.Body, &f.asked); err != nil {
				return f, err
			}
			policies, err := f.asked.Policies()
			if err != nil {
				return f, err
			}
			f.books, f.request, err = t.BooksAndRequest(ctx, in.Org, policies, in.ID)
			return f, err
		},
		Then: func(ctx context.Context, in rest.In, who caller.Caller, f found) (rest.Out, error) {
			act := approval.Act{Name: "updated", By: who, At: in.At, IfMatch: in.IfMatch, RequestID: in.RequestID}
			after, err := approval.ChangeInPlaces(ctx, t, &f.books, f.request, act, func(r table.Request) (table.Request, error) {
				return revise(ctx, t, r, f, act)
			})
			if err != nil {
				return rest.Out{}, err
			}
			way, err := approval.Redirect(ctx, signers, &after, in.At)
			if way == nil {
				return rest.OK(in.ID), err
			}
			return rest.OKMeta(in.ID, way), err
		},
	}
}

// revise is the request as it stands, changed as asked.
func revise(ctx context.Context, t *table.Table, r table.Request, f found, act approval.Act) (table.Request, error) {
	if !r.Open() {
		return r, portal.Refuse(portal.Conflict, "The key request is %s and can no longer be changed.", r.State)
	}
	before := r
	if err := sameKey(ctx, t, &before, &f.asked); err != nil {
		return before, err
	}
	var err error
	if r.Request, err = before.Revise(&f.asked); err != nil {
		return before, err
	}
	return approval.AskInstead(ctx, t, &f.books, before, r, act)
}

// sameKey takes another name of the key that is to be changed, its own id say, for the one that the request has for it.
func sameKey(ctx context.Context, t *table.Table, r *table.Request, asked *portal.RequestInput) error {
	if r.Edits == "" || asked.Key == nil || *asked.Key == "" || *asked.Key == r.Key || !portal.ValidKeyName(*asked.Key) {
		return nil
	}
	k, err := t.KeyNamed(ctx, r.OrgID, r.ByUser, *asked.Key)
	var refusal *portal.Error
	if err != nil && !errors.As(err, &refusal) {
		return err
	}
	if err == nil && k.Digest == r.Edits {
		asked.Key = &r.Key
	}
	return nil
}
