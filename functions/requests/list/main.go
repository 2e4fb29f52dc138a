// GET /api/portal/requests: an organisation's key requests, newest first, in pages.
package main

import (
	"context"

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
	Data  []view.Request `json:"Data"`
	Pages int            `json:"Pages"`
}

// found is what First reads: the page, one request more to know whether another page follows, and how many there are in all.
type found struct {
	question question
	requests []table.Request
	total    int
}

func operation(t *table.Table, s settings) rest.Operation[found] {
	return rest.Operation[found]{
		Route: "GET /api/portal/requests",
		First: func(ctx context.Context, in rest.In) (found, error) {
			q, err := ask(in, s)
			if err != nil {
				return found{}, err
			}
			return q.read(ctx, t, in.Org)
		},
		Then: func(ctx context.Context, in rest.In, who caller.Caller, f found) (rest.Out, error) {
			page, more, err := rest.Part(f.question.page, f.requests)
			if err != nil {
				return rest.Out{}, err
			}
			views, err := view.Join(ctx, t, who, page, s.keysShown)
			if err != nil {
				return rest.Out{}, err
			}
			out := rest.Out{Body: answer{Data: views, Pages: f.question.page.Pages(f.total)}}
			if more {
				out.Header = s.Next(in, f.question.filter.Cursor(in.Org, page[len(page)-1].ID), "approved", "state", "by_user")
			}
			return out, nil
		},
	}
}
