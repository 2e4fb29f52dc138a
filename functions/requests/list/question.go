package main

import (
	"context"
	"net/url"

	"golang.org/x/sync/errgroup"

	"keydesk/shared/approval"
	"keydesk/shared/portal"
	"keydesk/shared/rest"
	"keydesk/shared/table"
)

// question is what a call asks for: which requests, and which of them to show.
type question struct {
	filter table.Filter
	after  string // the id of a cursor
	page   rest.Page
}

func ask(in rest.In, s settings) (question, error) {
	var q question
	var err error
	if q.filter, err = filter(in.Query); err != nil {
		return q, err
	}
	if q.page, err = s.Page(in.Query); err != nil {
		return q, err
	}
	q.after, err = rest.After(in, q.filter.Question())
	return q, err
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

// part is what the index says of a page.
type part struct {
	listed []table.Listed // on it
	next   string         // the id that the page after it begins behind; empty: there is none
	total  int            // requests in the list, or at least so many
}

// read reads what stands on the page, with one request more to know whether another page follows, and counts what there is, side by side.
func (q question) read(ctx context.Context, t *table.Table, org string) (p part, err error) {
	var read []table.Listed
	var on string
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		read, on, err = t.List(ctx, org, q.filter, q.after, q.page.Reads())
		return err
	})
	if !q.page.Whole {
		group.Go(func() (err error) {
			p.total, err = t.Count(ctx, org, q.filter)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return p, err
	}
	p.total = max(p.total, len(read)) // what was read is there, whatever could be counted
	var more bool
	if p.listed, more, err = rest.Part(q.page, read, on != ""); err != nil || !more {
		return p, err
	}
	if p.next = on; on == "" {
		p.next = p.listed[len(p.listed)-1].ID
	}
	return p, nil
}
