// Package view joins a request with what it refers to: Tyk's clients expect the developer and the catalogue entries inside of
// it. The joined members are made anew at each reading and never stored.
package view

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"

	"keydesk/shared/approval"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// Request is a key request as the wire shows it.
type Request struct {
	portal.Request
	Due        string           `json:"due,omitempty"`  // when the desk will next do something by itself
	Next       string           `json:"next,omitempty"` // who acts next
	Developer  portal.Developer `json:"portal_developer"`
	Entry      any              `json:"catalogue_entry"` // the first policy's; {} where it has none
	Catalogues []portal.Entry   `json:"catalogues"`      // of all policies that have one
}

// aside is how many developers are read side by side.
const aside = 32

// Join reads each developer once, with up to a number of their keys, and beside them the entries of all policies, as the caller
// may see them.
func Join(ctx context.Context, t *table.Table, who caller.Caller, requests []table.Request, keys int) ([]Request, error) {
	views := make([]Request, len(requests))
	if len(requests) == 0 {
		return views, nil
	}
	developers := map[string]*portal.Developer{}
	var policies []string
	for _, r := range requests {
		developers[r.ByUser] = &portal.Developer{}
		policies = append(policies, r.ApplyPolicies...)
	}
	var entries map[string]portal.Entry
	org := requests[0].OrgID
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(aside)
	group.Go(func() (err error) {
		entries, err = t.Entries(ctx, org, policies)
		if !who.May(caller.WriteCatalogue) {
			for policy, entry := range entries {
				entries[policy] = entry.WithoutToken()
			}
		}
		return err
	})
	for id, developer := range developers {
		group.Go(func() (err error) {
			*developer, _, err = t.Developer(ctx, org, id, keys, "")
			if errors.Is(err, portal.ErrNotFound) { // a developer who was deleted leaves their requests behind
				*developer = portal.NoDeveloper()
				return nil
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for i, r := range requests {
		views[i] = join(r, *developers[r.ByUser], entries)
	}
	return views, nil
}

func join(r table.Request, developer portal.Developer, entries map[string]portal.Entry) Request {
	v := Request{Request: r.Request, Next: approval.NextActor(&r), Developer: developer, Entry: portal.Object(""), Catalogues: []portal.Entry{}}
	if r.Task != table.Empty { // that a box is emptied, nobody waits for
		v.Due = r.DueAt
	}
	for i, policy := range r.ApplyPolicies {
		entry, ok := entries[policy]
		if !ok {
			continue
		}
		v.Catalogues = append(v.Catalogues, entry)
		if i == 0 {
			v.Entry = entry
		}
	}
	return v
}
