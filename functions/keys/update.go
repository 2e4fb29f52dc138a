package main

import (
	"context"

	"keydesk/shared/approval"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/rest"
	"keydesk/shared/revocation"
	"keydesk/shared/table"
)

// changed is what First reads: which key is meant, and the policies that it shall have.
type changed struct {
	key      table.KeyName
	policies []string
}

// PUT /api/portal/developers/{id}/keys/{key}: the key gets another list of policies, and stays the key that it is.
func update(t *table.Table) rest.Operation[changed] {
	return rest.Operation[changed]{
		Route: "PUT /api/portal/developers/{id}/keys/{key}",
		First: func(ctx context.Context, in rest.In) (c changed, err error) {
			var input struct {
				ApplyPolicies []string `json:"apply_policies"`
				Inactive      bool     `json:"is_inactive"` // by which clients of a Tyk gateway suspend a key
			}
			if err := rest.Decode(in.Body, &input); err != nil {
				return c, err
			}
			if input.Inactive {
				return c, portal.Refuse(portal.Invalid, "is_inactive: a key is suspended by POST to its path with /suspend; leave it out.")
			}
			if c.policies = input.ApplyPolicies; len(c.policies) == 0 {
				return c, portal.Refuse(portal.Invalid, "apply_policies is missing; send all policies that the key shall have. To end the key, DELETE it.")
			}
			if err := portal.ValidPolicies("apply_policies", c.policies); err != nil {
				return c, err
			}
			c.key, err = named(t)(ctx, in)
			return c, err
		},
		Then: func(ctx context.Context, in rest.In, who caller.Caller, c changed) (rest.Out, error) {
			k, err := living(ctx, t, c.key)
			if err != nil {
				return rest.Out{}, err
			}
			books, err := t.Books(ctx, in.Org, k.Developer, c.policies)
			if err != nil {
				return rest.Out{}, err
			}
			act := approval.Act{By: who, At: in.At, RequestID: in.RequestID}
			older, err := approval.SetPolicies(ctx, t, *k, act, &books, c.policies)
			return revocation.Answer("Data updated", k, older), err
		},
	}
}
