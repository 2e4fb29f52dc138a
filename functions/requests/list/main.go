// GET /api/portal/requests: an organisation's key requests, newest first, in pages.
package main

import (
	"context"
	"encoding/json"

	"keydesk/shared/caller"
	"keydesk/shared/rest"
	"keydesk/shared/table"
	"keydesk/shared/view"
)

func main() {
	t := table.FromEnv()
	rest.Serve(t, operation(t, settings{rest.PagingFromEnv(), keysShown}))
}

// keysShown is how many of each developer's keys the list shows; the developer's own document has more.
const keysShown = 100

// settings are how much one answer shows.
type settings struct {
	rest.Paging
	keysShown int // of each developer
}

// answer is Tyk's.
type answer struct {
	Data  []json.RawMessage `json:"Data"`
	Pages int               `json:"Pages"`
}

// A list reads nothing before it is known who asks: what an organisation has may be much, and costs whoever it is asked of.
func operation(t *table.Table, s settings) rest.Operation[question] {
	return rest.Operation[question]{
		Route: "GET /api/portal/requests",
		Query: []string{"p", "cursor", "approved", "state", "by_user"},
		First: func(_ context.Context, in rest.In) (question, error) { return ask(in, s) },
		Then: func(ctx context.Context, in rest.In, who caller.Caller, q question) (rest.Out, error) {
			p, err := q.read(ctx, t, who.Org)
			if err != nil {
				return rest.Out{}, err
			}
			data, next, err := rest.Written(q.page, p.listed, p.next, func(listed []table.Listed) ([]view.Request, error) {
				return view.List(ctx, t, who, listed, q.filter, s.keysShown)
			}, func(v *view.Request) string { return v.ID })
			if err != nil {
				return rest.Out{}, err
			}
			out := rest.Out{Body: answer{Data: data, Pages: q.page.Pages(p.total)}}
			if next != "" {
				out.Header = s.Next(in, table.Cursor(who.Org, q.filter.Question(), next), "approved", "state", "by_user")
			}
			return out, nil
		},
	}
}
