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
	"keydesk/shared/view"
)

// asked is what First reads: what is asked for, what the books say of it, and whether this very POST was answered before.
type asked struct {
	request portal.Request
	books   table.Books
	before  *table.Replay
}

// POST /api/portal/developers/{id}/keys: a key for the developer, by a request that is made here. It is granted at once where nobody
// needs to be asked; else it waits for its decision as every request does. The path ends in "keys", or in "subscriptions": that is
// Tyk's older name for the same call, and clients still use it.
func add(issuer *approval.Issuer, signers *vault.Signers, end string) rest.Operation[asked] {
	t := issuer.Table
	return rest.Operation[asked]{
		Route: "POST /api/portal/developers/{id}/" + end,
		First: func(ctx context.Context, in rest.In) (a asked, err error) {
			if a.request, err = requested(in); err != nil {
				return a, err
			}
			replay := table.NewReplay(in.Credential, in.IdempotencyKey, body(in), in.At)
			a.books, a.before, err = t.BooksAndReplay(ctx, in.Org, in.ID, a.request.ApplyPolicies, replay)
			if err == nil && a.books.Developer == nil { // the path leads nowhere
				err = portal.ErrNotFound
			}
			return a, err
		},
		Then: func(ctx context.Context, in rest.In, who caller.Caller, a asked) (rest.Out, error) {
			call := adding{issuer, signers, in, who}
			if a.before != nil {
				return call.again(ctx, a.before.ID)
			}
			replay := table.NewReplay(who.Holder(), in.IdempotencyKey, body(in), in.At)
			act := approval.Act{Name: "created", By: who, At: in.At, RequestID: in.RequestID}
			r, err := approval.Ask(ctx, t, &a.books, approval.Wish{Request: a.request, Replay: replay}, act)
			switch {
			case err != nil:
				return rest.Out{}, err
			case r.Revision == 0:
				return call.again(ctx, r.ID)
			}
			return call.grantOrWait(ctx, r)
		},
	}
}

// requested is the request that the body asks for, of the developer of the path.
func requested(in rest.In) (portal.Request, error) {
	var input portal.RequestInput
	if err := rest.Decode(in.Body, &input); err != nil {
		return portal.Request{}, err
	}
	if err := policyID(in.Body, &input); err != nil {
		return portal.Request{}, err
	}
	if by := input.ByUser; by != nil && *by != "" && *by != in.ID {
		return portal.Request{}, portal.Refuse(portal.Invalid, "by_user is not the developer of the path; leave it out.")
	}
	input.ByUser = &in.ID
	return portal.NewRequest(in.Org, &input, in.At)
}

// policyID takes policy_id, the name that Tyk's documents and clients have for the policy here.
func policyID(body []byte, input *portal.RequestInput) error {
	var named struct {
		PolicyID *string `json:"policy_id"`
	}
	if err := rest.Decode(body, &named); err != nil {
		return err
	}
	switch id := named.PolicyID; {
	case id == nil || *id == "":
		return nil
	case len(input.ApplyPolicies) == 0 && (input.ForPlan == nil || *input.ForPlan == ""):
		input.ForPlan = id
	case len(input.ApplyPolicies) == 1 && input.ApplyPolicies[0] == *id: // the same, said twice
	case len(input.ApplyPolicies) == 0 && *input.ForPlan == *id:
	default:
		return portal.Refuse(portal.Invalid, "policy_id: apply_policies or for_plan names other policies; send one of them.")
	}
	return nil
}

// body is what an Idempotency-Key is bound to: with the developer, whom the path names.
func body(in rest.In) []byte { return append([]byte(in.ID+"\n"), in.Body...) }

// adding is one POST.
type adding struct {
	issuer  *approval.Issuer
	signers *vault.Signers
	in      rest.In
	who     caller.Caller
}

// again goes on with the request that the same call came to before.
func (a *adding) again(ctx context.Context, id string) (rest.Out, error) {
	r, err := a.issuer.Table.Request(ctx, a.in.Org, id)
	if err != nil {
		return rest.Out{}, err
	}
	return a.grantOrWait(ctx, r)
}

// grantOrWait grants a request of the caller's own that nobody needs to decide, gives a key again that this very call was given, and says
// where any other request stands. A request that another credential created may ask for the same; its key is not the caller's.
func (a *adding) grantOrWait(ctx context.Context, r table.Request) (rest.Out, error) {
	proof := approval.Proof(a.who.Holder(), a.in.IdempotencyKey, 0, body(a.in))
	given := r.State == portal.Approved && proof != "" && r.Proof == proof
	if r.Task == table.Decide && r.CreatedBy == a.who.Holder() || given {
		return a.grant(ctx, r, proof)
	}
	way, err := approval.Redirect(ctx, a.signers, &r, a.in.At)
	return rest.OKMeta(r.ID, waiting{r.State, way}), err
}

func (a *adding) grant(ctx context.Context, r table.Request, proof string) (rest.Out, error) {
	act := approval.Act{By: a.who, At: a.in.At, RequestID: a.in.RequestID, Automatic: true}
	grant, err := a.issuer.Issue(ctx, r, act, proof)
	var refusal *portal.Error
	switch {
	case err == nil:
		return rest.Out{Body: view.Approved(grant)}, nil
	case errors.Is(err, approval.ErrToBeDecided), // now it is
		errors.As(err, &refusal) && refusal.Kind == portal.Busy: // nothing was granted; the request stands, and can be approved
		return rest.OKMeta(r.ID, waiting{State: portal.Pending}), nil
	case errors.As(err, &refusal) && refusal.Meta == nil:
		stands := *refusal
		stands.Meta = map[string]string{"request": r.ID}
		return rest.Out{}, &stands
	}
	return rest.Out{}, err
}

type waiting struct {
	State portal.State `json:"state"`
	*approval.Redirected
}
