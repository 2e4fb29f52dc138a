package main

import (
	"context"

	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/rest"
	"keydesk/shared/table"
)

// keysShown is how many of the developer's keys one answer shows.
const keysShown = 1000

// shown is a developer with the keys of one answer, and the key's id after which the next answer begins.
type shown struct {
	developer portal.Developer
	next      string
}

// GET /api/portal/developers/{id}: one developer with their keys, newest first.
func get(t *table.Table, paging rest.Paging) rest.Operation[shown] {
	return rest.Operation[shown]{
		Route: "GET /api/portal/developers/{id}",
		Query: []string{"cursor"},
		First: func(ctx context.Context, in rest.In) (shown, error) { return show(ctx, t, in, in.ID) },
		Then: func(_ context.Context, in rest.In, _ caller.Caller, s shown) (rest.Out, error) {
			return answer(paging, in, s), nil
		},
	}
}

// GET /api/portal/developers/email/{email}: the same, by the e-mail address, whatever its case.
func getByEmail(t *table.Table, paging rest.Paging) rest.Operation[string] {
	return getBy(t, paging, "GET /api/portal/developers/email/{email}", t.DeveloperByEmail)
}

// GET /api/portal/developers/ssokey/{ssokey}: the same, by the developer's name in single sign-on.
func getBySSOKey(t *table.Table, paging rest.Paging) rest.Operation[string] {
	return getBy(t, paging, "GET /api/portal/developers/ssokey/{ssokey}", t.DeveloperBySSOKey)
}

// getBy reads a developer by a name of theirs; id finds whose it is.
func getBy(t *table.Table, paging rest.Paging, route string, id func(ctx context.Context, org, name string) (string, error)) rest.Operation[string] {
	return rest.Operation[string]{
		Route: route,
		Query: []string{"cursor"},
		First: func(ctx context.Context, in rest.In) (string, error) { return id(ctx, in.Org, in.ID) },
		Then: func(ctx context.Context, in rest.In, _ caller.Caller, id string) (rest.Out, error) {
			s, err := show(ctx, t, in, id)
			return answer(paging, in, s), err
		},
	}
}

func show(ctx context.Context, t *table.Table, in rest.In, id string) (s shown, err error) {
	after, err := rest.After(in, keysOf(id))
	if err != nil {
		return s, err
	}
	s.developer, s.next, err = t.Developer(ctx, in.Org, id, keysShown, after)
	return s, err
}

// keysOf is what the cursors of a developer's keys are bound to.
func keysOf(id string) string { return "keys of " + id }

func answer(paging rest.Paging, in rest.In, s shown) rest.Out {
	out := rest.Out{Body: s.developer}
	if s.next != "" {
		out.Header = paging.Next(in, table.Cursor(in.Org, keysOf(s.developer.ID), s.next))
	}
	return out
}
