package approval

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"

	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// A policy of which a developer may have so many keys and no more has as many places, and each key stands in one. A place is taken
// when the key is asked for, in the write that creates the request: two requests never stand in one.

// Places are those that a request for the policies has to take: none where there is no limit.
func Places(ctx context.Context, t *table.Table, books *table.Books, org, developer string, policies []string) ([]string, error) {
	places := []string{}
	for _, policy := range policies {
		limit := Limit(books, policy)
		if limit < 2 {
			places = append(places, []string{policy}[:limit]...)
			continue
		}
		taken, err := t.Places(ctx, org, developer, policy)
		if err != nil {
			return nil, err
		}
		place, err := freePlace(policy, limit, taken)
		if err != nil {
			return nil, err
		}
		places = append(places, place)
	}
	return places, nil
}

// freePlace is any one that is free: by chance, so that those who ask at once do not all ask for the same.
func freePlace(policy string, limit int, taken []string) (string, error) {
	if len(taken) >= limit {
		return "", portal.Refuse(portal.Conflict, "The developer has or has asked for %d OAuth clients of the plan %s, and oauth_usage_limit allows no more; revoke one, or delete a request, first.", len(taken), policy)
	}
	n := rand.N(limit) //nolint:gosec // a place, not a secret
	for slices.Contains(taken, table.Place(policy, n)) {
		n = (n + 1) % limit
	}
	return table.Place(policy, n), nil
}

// inPlaces writes a request with its places. Where another took one of several in the same moment, it looks for another.
func inPlaces(ctx context.Context, t *table.Table, books *table.Books, r table.Request, write func(table.Request) error) error {
	for {
		var err error
		if r.Holds, err = Places(ctx, t, books, r.OrgID, r.ByUser, r.ApplyPolicies); err != nil {
			return err
		}
		err = write(r)
		elsewhere := slices.ContainsFunc(r.ApplyPolicies, func(policy string) bool { return Limit(books, policy) > 1 })
		if !errors.Is(err, table.ErrPlanTaken) || !elsewhere {
			return err
		}
	}
}
