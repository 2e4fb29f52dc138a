package main

import (
	"context"
	"time"

	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/rest"
	"keydesk/shared/table"
)

// document is a key as the wire shows it: everything but the key.
type document struct {
	Key           string   `json:"key"` // the hash that it is shown by
	ID            string   `json:"id"`
	Developer     string   `json:"developer"`
	AuthType      string   `json:"auth_type"`
	ApplyPolicies []string `json:"apply_policies"`
	State         string   `json:"state"` // active, suspended, rotated or expired
	DateCreated   string   `json:"date_created"`
	Expires       string   `json:"expires"`              // empty: never
	GraceEnds     string   `json:"grace_ends,omitempty"` // of a rotated key: until then it is good
	Successor     string   `json:"successor,omitempty"`  // the hash that its successor is shown by
	LastUsed      string   `json:"last_used"`            // a day; empty: not yet
	Request       string   `json:"request"`              // that it was granted by
	Certificate   string   `json:"certificate,omitempty"`
	ClientID      string   `json:"client_id,omitempty"`
	RedirectURI   string   `json:"redirect_uri,omitempty"`
	Description   string   `json:"app_description,omitempty"`
	UseCase       string   `json:"use_case,omitempty"`
}

func show(k *table.IssuedKey, now time.Time) document {
	d := document{
		Key: k.Shown, ID: k.ID, Developer: k.Developer, AuthType: k.AuthType, ApplyPolicies: k.Policies, State: string(k.State),
		DateCreated: k.Created, LastUsed: k.LastUsed, Request: k.Request, Certificate: k.Certificate,
	}
	if k.Expires > 0 {
		d.Expires = portal.Timestamp(time.Unix(k.Expires, 0))
	}
	if k.Client != nil {
		d.ClientID, d.RedirectURI, d.Description, d.UseCase = k.Client.ClientID, k.Client.RedirectURI, k.Client.Description, k.Client.UseCase
	}
	if k.Rotation != nil {
		d.Successor, d.GraceEnds = k.Rotation.Shown, portal.Timestamp(time.Unix(k.Rotation.Ends, 0))
	}
	switch {
	case k.State != table.Active: // that it is suspended, a person has said
	case k.Expires > 0 && now.Unix() >= k.Expires:
		d.State = "expired"
	case k.Rotation != nil:
		d.State = "rotated"
	}
	return d
}

// keysAtOnce is how many keys one answer shows: what one read of the table can give.
const keysAtOnce = 100

// GET /api/portal/developers/{id}/keys: a developer's keys, newest first, those that are over for want of time included.
func list(t *table.Table, paging rest.Paging) rest.Operation[string] {
	return rest.Operation[string]{
		Route: "GET /api/portal/developers/{id}/keys",
		Query: []string{"p", "cursor"},
		First: func(_ context.Context, in rest.In) (string, error) {
			if p := in.Query.Get("p"); p != "" && p != "0" && p != "1" {
				return "", portal.Refuse(portal.Invalid, "p: the list of keys has no page numbers; go on by the Link header, as long as there is one.")
			}
			return rest.After(in, keysOf(in.ID))
		},
		Then: func(ctx context.Context, in rest.In, _ caller.Caller, after string) (rest.Out, error) {
			keys, next, err := t.KeysOf(ctx, in.Org, in.ID, after, keysAtOnce)
			if err == nil && len(keys) == 0 {
				_, err = t.Account(ctx, in.Org, in.ID) // nobody's list is no empty list
			}
			answer := struct {
				Data []document `json:"Data"`
			}{[]document{}}
			for _, k := range keys {
				answer.Data = append(answer.Data, show(&k, in.At))
			}
			out := rest.Out{Body: answer}
			if next != "" {
				out.Header = paging.Next(in, table.Cursor(in.Org, keysOf(in.ID), next))
			}
			return out, err
		},
	}
}

// keysOf is what the cursors of a developer's list of keys are bound to.
func keysOf(id string) string { return "list of the keys of " + id }

// GET /api/portal/developers/{id}/keys/{key}: one of them.
func get(t *table.Table) rest.Operation[table.KeyName] {
	return rest.Operation[table.KeyName]{
		Route: "GET /api/portal/developers/{id}/keys/{key}",
		First: named(t),
		Then: func(ctx context.Context, in rest.In, _ caller.Caller, n table.KeyName) (rest.Out, error) {
			k, err := living(ctx, t, n)
			if err != nil {
				return rest.Out{}, err
			}
			return rest.Out{Body: show(k, in.At)}, nil
		},
	}
}
