package main

import (
	"context"
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/rest"
	"keydesk/shared/table"
)

func search(t *table.Table, paging rest.Paging) rest.Operation[string] {
	return rest.Operation[string]{
		Route: "GET /api/portal/policies/search",
		Query: []string{"q"},
		First: func(_ context.Context, in rest.In) (string, error) {
			part := folded(strings.TrimSpace(in.Query.Get("q")))
			if part == "" {
				return "", portal.Refuse(portal.Invalid, "q is missing; send a part of the policy's name.")
			}
			return part, nil
		},
		Then: func(ctx context.Context, in rest.In, _ caller.Caller, part string) (rest.Out, error) {
			hits, err := t.Policies(ctx, in.Org, paging.MaxUnpaged+1, func(p *portal.Policy) bool { return strings.Contains(folded(p.Name), part) })
			if err == nil && len(hits) > paging.MaxUnpaged {
				err = portal.Refuse(portal.TooLarge, "q: more than %d policies have that in their names; send a longer part of the name.", paging.MaxUnpaged)
			}
			return rest.Out{Body: answer{Data: hits, Pages: 1}}, err
		},
	}
}

// folded is a text as names are compared: composed, and without the difference of upper and lower case.
func folded(text string) string { return norm.NFC.String(cases.Fold().String(norm.NFC.String(text))) }
