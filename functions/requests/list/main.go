// GET /api/portal/requests: an organisation's key requests, newest first, in pages.
package main

import (
	"context"
	"os"
	"strconv"

	"keydesk/shared/caller"
	"keydesk/shared/rest"
	"keydesk/shared/table"
	"keydesk/shared/view"
)

func main() {
	t := table.FromEnv()
	rest.Serve(t, operation(t, fromEnv()))
}

// settings are how much one answer shows.
type settings struct {
	pageSize   int
	maxUnpaged int    // requests that p=-1 shows at the most
	publicURL  string // of the API, for links; empty: the domain that the gateway answers for
	keysShown  int    // of each developer
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
		Needs: caller.ReadRequests,
		Path:  rest.Requests,
		Verbs: []string{"GET"},
		First: func(ctx context.Context, in rest.In) (found, error) {
			q, err := ask(in, s)
			if err != nil {
				return found{}, err
			}
			return q.read(ctx, t, in.Org)
		},
		Then: func(ctx context.Context, in rest.In, _ caller.Caller, f found) (rest.Out, error) {
			page, more, err := f.question.page(f.requests)
			if err != nil {
				return rest.Out{}, err
			}
			views, err := view.Join(ctx, t, page, s.keysShown)
			if err != nil {
				return rest.Out{}, err
			}
			out := rest.Out{Body: answer{Data: views, Pages: f.question.pages(f.total)}}
			if more {
				out.Header = map[string]string{"Link": f.question.next(in, s, page)}
			}
			return out, nil
		},
	}
}

// fromEnv are the settings of the template. It panics where one makes no sense.
func fromEnv() settings {
	return settings{
		pageSize: positive("KEYDESK_PAGE_SIZE"), maxUnpaged: positive("KEYDESK_MAX_UNPAGED"),
		publicURL: os.Getenv("KEYDESK_PUBLIC_URL"), keysShown: 100,
	}
}

func positive(variable string) int {
	n, err := strconv.Atoi(os.Getenv(variable))
	if err != nil || n < 1 {
		panic(variable + " is not a positive number")
	}
	return n
}
