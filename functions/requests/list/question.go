package main

import (
	"context"
	"fmt"
	"net/url"
	"strconv"

	"golang.org/x/sync/errgroup"

	"keydesk/shared/approval"
	"keydesk/shared/portal"
	"keydesk/shared/rest"
	"keydesk/shared/table"
)

// deepest is the last request that a page number may reach: all that come before it have to be read. A cursor reaches any.
const deepest = 10_000

// question is what a call asks for: which requests, and which of them to show.
type question struct {
	filter table.Filter
	after  string // the id of a cursor
	skip   int    // requests before the page
	size   int    // of the page
	whole  bool   // p=-1: everything
}

func ask(in rest.In, s settings) (question, error) {
	q := question{size: s.pageSize}
	var err error
	if q.filter, err = filter(in.Query); err != nil {
		return q, err
	}
	p, cursor := in.Query.Get("p"), in.Query.Get("cursor")
	number := 1
	if p != "" {
		if number, err = strconv.Atoi(p); err != nil {
			return q, portal.Refuse(portal.Invalid, "p: %.40q is not the number of a page; the first is 1, and -1 asks for everything.", p)
		}
	}
	switch {
	case cursor != "" && p != "":
		return q, portal.Refuse(portal.Invalid, "p and cursor exclude one another; send one of them.")
	case cursor != "":
		q.after, err = q.filter.After(in.Org, cursor)
		return q, err
	case number < 0:
		q.size, q.whole = s.maxUnpaged, true
	case number > deepest/s.pageSize:
		return q, portal.Refuse(portal.TooLarge, "p: page numbers reach the newest %d key requests; go on from there with the cursor of the Link header.", deepest)
	case number > 1:
		q.skip = (number - 1) * s.pageSize
	}
	return q, nil
}

// filter reads approved, state and by_user.
func filter(query url.Values) (table.Filter, error) {
	f := table.Filter{Developer: query.Get("by_user")}
	state, approved := portal.State(query.Get("state")), query.Get("approved")
	switch {
	case f.Developer != "" && !portal.ValidID(f.Developer):
		return f, portal.Refuse(portal.Invalid, "by_user is not an id; send the developer's id, 24 hexadecimal digits.")
	case state != "" && approved != "":
		return f, portal.Refuse(portal.Invalid, "state and approved exclude one another; send one of them.")
	case state != "" && !approval.Known(state):
		return f, portal.Refuse(portal.Invalid, "state: %.40q is none; send pending, waiting, approved, declined, cancelled, expired or lapsed.", state)
	case state != "":
		f.States = []portal.State{state}
	case approved == "true":
		f.States = []portal.State{portal.Approved}
	case approved == "false":
		f.States = []portal.State{portal.Pending, portal.Waiting}
	case approved != "":
		return f, portal.Refuse(portal.Invalid, "approved: %.40q is neither true nor false.", approved)
	}
	return f, nil
}

// read reads the page and counts what there is, side by side.
func (q question) read(ctx context.Context, t *table.Table, org string) (found, error) {
	f := found{question: q}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		f.requests, err = t.Requests(ctx, org, q.filter, q.after, q.skip+q.size+1)
		return err
	})
	if !q.whole {
		group.Go(func() (err error) {
			f.total, err = t.Count(ctx, org, q.filter)
			return err
		})
	}
	err := group.Wait()
	return f, err
}

// page is the part of what was read that is shown, and whether more follows.
func (q question) page(read []table.Request) (shown []table.Request, more bool, err error) {
	read = read[min(q.skip, len(read)):]
	if len(read) <= q.size {
		return read, false, nil
	}
	if q.whole {
		return nil, false, portal.Refuse(portal.TooLarge, "There are more than %d key requests; read them in pages, with ?p=1, 2, ... or the cursor of the Link header.", q.size)
	}
	return read[:q.size], true, nil
}

// pages is how many there are; everything at once is one.
func (q question) pages(total int) int {
	if q.whole {
		return 1
	}
	return max(1, (total+q.size-1)/q.size)
}

// next is the Link to the page that follows: a cursor, since page numbers shift with every new request.
func (q question) next(in rest.In, s settings, page []table.Request) string {
	base := s.publicURL
	if base == "" {
		base = "https://" + in.Domain
	}
	query := url.Values{"cursor": {q.filter.Cursor(in.Org, page[len(page)-1].ID)}}
	for _, name := range []string{"approved", "state", "by_user"} {
		if value := in.Query.Get(name); value != "" {
			query.Set(name, value)
		}
	}
	return fmt.Sprintf("<%s%s?%s>; rel=%q", base, in.Path, query.Encode(), "next")
}
