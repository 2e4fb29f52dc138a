package approval

import (
	"context"
	"errors"
	"maps"
	"math"
	"math/rand/v2"
	"slices"

	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// A policy of which a developer may have so many keys and no more has as many places, and each key stands in one. A place is taken
// when the key is asked for, in the write that creates the request: two requests never stand in one. OAuth clients stand in places also
// where any number may be had, so that a limit which is set later counts them.

// placesFor are those that a request for the policies has to take.
func placesFor(ctx context.Context, t *table.Table, books *table.Books, org, developer string, policies []string) ([]string, error) {
	places := []string{}
	for _, policy := range policies {
		limit := limitOf(books, policy)
		switch {
		case books.Entry(policy).AuthType != portal.OAuth:
			places = append(places, []string{policy}[:limit]...)
		case limit == 0:
			places = append(places, table.Place(policy, rand.N(math.MaxInt))) //nolint:gosec // a place, not a secret
		default:
			taken, err := t.Places(ctx, org, developer, policy)
			if err != nil {
				return nil, err
			}
			place, err := freePlace(policy, limit, slices.Collect(maps.Keys(taken)))
			if err != nil {
				return nil, onlyOf(policy, limit, taken, err)
			}
			places = append(places, place)
		}
	}
	return places, nil
}

// choice is among how many places chance chooses at the most.
const choice = 100

// freePlace is any one that is free: by chance, so that those who ask at once do not all ask for the same. Of places beyond the limit, which
// were taken when it was higher, each closes one below it.
func freePlace(policy string, limit int, taken []string) (string, error) {
	free := limit - len(taken)
	if free <= 0 {
		return "", portal.Refuse(portal.Conflict, "The developer has or has asked for %d OAuth clients of the plan %s, and oauth_usage_limit allows no more; revoke one, or delete a request, first.", len(taken), policy)
	}
	skip := rand.N(min(free, choice)) //nolint:gosec // a place, not a secret
	for n := 0; ; n++ {
		switch place := table.Place(policy, n); {
		case slices.Contains(taken, place):
		case skip == 0:
			return place, nil
		default:
			skip--
		}
	}
}

// onlyOf adds to the refusal of the only client that a developer may have who has its place.
func onlyOf(policy string, limit int, taken map[string]string, refusal error) error {
	if limit > 1 || len(taken) > 1 {
		return refusal
	}
	for _, holder := range taken {
		return &table.PlanTaken{Plan: policy, HeldBy: holder, Refusal: refusal}
	}
	return refusal
}

// inPlaces writes a request with its places. Where another took one of several in the same moment, it looks for another.
func inPlaces(ctx context.Context, t *table.Table, books *table.Books, r table.Request, write func(table.Request) error) error {
	for {
		var err error
		if r.Holds, err = placesFor(ctx, t, books, r.OrgID, r.ByUser, r.ApplyPolicies); err != nil {
			return err
		}
		err = write(r)
		if !elsewhere(err, books, r.ApplyPolicies) {
			return err
		}
	}
}

// ChangeInPlaces is Change, of what a request asks for: another place is looked for where one was taken in the same moment. It gives the
// request as it stands then.
func ChangeInPlaces(ctx context.Context, t *table.Table, books *table.Books, r table.Request, act Act, revise func(table.Request) (table.Request, error)) (table.Request, error) {
	for {
		after, err := changeRequest(ctx, t, r, act, revise)
		if !elsewhere(err, books, after.ApplyPolicies) {
			_, err = explainTaken(ctx, t, r.OrgID, err)
			return after, err
		}
	}
}

// elsewhere tells whether a place was taken in this very moment, and there may be others.
func elsewhere(err error, books *table.Books, policies []string) bool {
	return errors.Is(err, table.ErrPlanTaken) &&
		slices.ContainsFunc(policies, func(policy string) bool { return books.Entry(policy).AuthType == portal.OAuth })
}
