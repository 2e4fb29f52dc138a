// Package view joins a request with what it refers to: Tyk's clients expect the developer and the catalogue entries inside of
// it. The joined members are made anew at each reading and never stored.
package view

import (
	"context"
	"errors"
	"maps"

	"golang.org/x/sync/errgroup"

	"keydesk/shared/approval"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// Request is a key request as the wire shows it.
type Request struct {
	portal.Request
	Due        string           `json:"due,omitempty"`     // when the desk will next do something by itself
	Next       string           `json:"next,omitempty"`    // who acts next
	Rotates    string           `json:"rotates,omitempty"` // the hash of the key that the claim gives a successor
	Developer  portal.Developer `json:"portal_developer"`
	Entry      any              `json:"catalogue_entry"` // the first policy's; {} where it has none
	Catalogues []portal.Entry   `json:"catalogues"`      // of all policies that have one
}

// aside is how many developers are read side by side.
const aside = 32

// Join reads each developer once, with up to a number of their keys, and beside them the entries of all policies, as the caller
// may see them.
func Join(ctx context.Context, t *table.Table, who caller.Caller, requests []table.Request, keys int) ([]Request, error) {
	if len(requests) == 0 {
		return []Request{}, nil
	}
	org, developers := requests[0].OrgID, []string{}
	for _, r := range requests {
		developers = append(developers, r.ByUser)
	}
	var entries map[string]portal.Entry
	askers, err := beside(ctx, t, org, developers, keys, func(ctx context.Context) (err error) {
		entries, err = t.Entries(ctx, org, policiesOf(requests, nil))
		return err
	})
	if err != nil {
		return nil, err
	}
	return joined(who, requests, askers, entries), nil
}

// List is Join, of requests that a list names: they are read at the same time as what is joined to them. What the filter no longer shows is
// left out: the index that named it comes a moment late.
func List(ctx context.Context, t *table.Table, who caller.Caller, listed []table.Listed, f table.Filter, keys int) ([]Request, error) {
	if len(listed) == 0 {
		return []Request{}, nil
	}
	developers := make([]string, len(listed))
	for i, l := range listed {
		developers[i] = l.ByUser
	}
	var found map[string]table.Request
	var entries map[string]portal.Entry
	askers, err := beside(ctx, t, who.Org, developers, keys, func(ctx context.Context) (err error) {
		found, entries, err = t.RequestsAndEntries(ctx, who.Org, listed)
		return err
	})
	if err != nil {
		return nil, err
	}
	var requests []table.Request
	asked := map[string]bool{} // the policies whose entries were read, whether or not they have one
	for _, l := range listed {
		if r, there := found[l.ID]; there && f.Shows(&r) {
			requests = append(requests, r)
		}
		for _, policy := range l.Policies {
			asked[policy] = true
		}
	}
	if late := policiesOf(requests, asked); len(late) > 0 { // a request that has just been changed is for others than the list said
		more, err := t.Entries(ctx, who.Org, late)
		if err != nil {
			return nil, err
		}
		maps.Copy(entries, more)
	}
	return joined(who, requests, askers, entries), nil
}

// policiesOf are the policies that the requests are for, but for those that are known.
func policiesOf(requests []table.Request, known map[string]bool) []string {
	var policies []string
	for _, r := range requests {
		for _, policy := range r.ApplyPolicies {
			if !known[policy] {
				policies = append(policies, policy)
			}
		}
	}
	return policies
}

// beside reads developers, each once, with up to a number of their keys, and something else beside them. A developer who was deleted
// leaves their requests behind.
func beside(ctx context.Context, t *table.Table, org string, ids []string, keys int, other func(context.Context) error) (map[string]*portal.Developer, error) {
	developers := map[string]*portal.Developer{}
	for _, id := range ids {
		developers[id] = &portal.Developer{}
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(aside)
	group.Go(func() error { return other(ctx) })
	for id, developer := range developers {
		group.Go(func() (err error) {
			*developer, _, err = t.Developer(ctx, org, id, keys, "")
			if errors.Is(err, portal.ErrNotFound) {
				*developer = portal.NoDeveloper()
				return nil
			}
			return err
		})
	}
	return developers, group.Wait()
}

// joined are the views of requests, as the caller may see them.
func joined(who caller.Caller, requests []table.Request, askers map[string]*portal.Developer, entries map[string]portal.Entry) []Request {
	if !who.May(caller.WriteCatalogue) {
		for policy, entry := range entries {
			entries[policy] = entry.WithoutToken()
		}
	}
	views := make([]Request, len(requests))
	for i, r := range requests {
		views[i] = join(r, *askers[r.ByUser], entries)
	}
	return views
}

func join(r table.Request, developer portal.Developer, entries map[string]portal.Entry) Request {
	v := Request{
		Request: r.Request, Due: r.DueAt, Next: approval.NextActor(&r), Developer: developer, Entry: portal.Object(""), Catalogues: []portal.Entry{},
	}
	if r.Rotates != nil {
		v.Rotates = r.Rotates.Shown
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
