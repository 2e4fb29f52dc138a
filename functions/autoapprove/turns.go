package main

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"keydesk/shared/table"
)

// stretch is what of one partition a run has not read yet.
type stretch struct {
	partition int
	after     string // the place that it begins behind; empty: it is all of the partition
	before    string // the place that it ends before; empty: it goes to the end
}

func everyPartition() []stretch {
	all := make([]stretch, table.DuePartitions)
	for n := range all {
		all[n].partition = n
	}
	return all
}

// read reads a page of each stretch, side by side, and gives what stays unread. What cannot be done, nor put off, stays where it is; the
// next page begins behind it, so that it does not stand in the way.
func (r *run) read(ctx context.Context, stretches []stretch, until time.Time) (items []table.DueItem, unread []stretch) {
	pages := make([]page, len(stretches))
	var reading sync.WaitGroup
	for i, s := range stretches {
		reading.Go(func() { pages[i] = r.readOne(ctx, s, until) })
	}
	reading.Wait()
	for _, p := range pages {
		items = append(items, p.items...)
		if p.rest != nil {
			unread = append(unread, *p.rest)
		}
	}
	return items, unread
}

// page is what a run reads of a partition at a time, and what it leaves for the next time.
type page struct {
	items []table.DueItem
	rest  *stretch
}

// readOne reads what is due longest. Where that is not all, it reads what fell due last as well, once: whatever flood of one organisation
// waits, what fell due for another since the run before is among it.
func (r *run) readOne(ctx context.Context, s stretch, until time.Time) page {
	items, next, err := r.issuer.Table.Due(ctx, s.partition, until, r.page, s.after)
	if err != nil {
		r.unreadable(ctx, s.partition, err)
		return page{}
	}
	if s.before != "" {
		if end := slices.IndexFunc(items, func(d table.DueItem) bool { return d.Place() >= s.before }); end >= 0 {
			return page{items: items[:end]}
		}
	}
	if next == "" {
		return page{items: items}
	}
	rest := &stretch{partition: s.partition, after: next, before: s.before}
	if s.before != "" {
		return page{items, rest}
	}
	last, all, err := r.issuer.Table.DueLast(ctx, s.partition, until, r.page, next)
	switch {
	case err != nil:
		r.unreadable(ctx, s.partition, err)
		return page{items: items}
	case all:
		return page{items: append(items, last...)}
	case len(last) > 0:
		rest.before = last[0].Place()
	}
	return page{append(items, last...), rest}
}

// unreadable notes a partition that could not be read: the run was cut off, or there is a fault.
func (r *run) unreadable(ctx context.Context, partition int, err error) {
	if ctx.Err() != nil {
		r.leave(0, true)
		return
	}
	r.blind(partition, words(err))
}

// inTurns puts what is due into the order in which it is done: one of each organisation, then a second of each, and so on. Of one
// organisation, and among organisations in a turn, the longest due comes first. So a flood of one delays the others by as many items as
// there are organisations, and no more.
func inTurns(items []table.DueItem) []table.DueItem {
	byPlace := func(a, b table.DueItem) int { return cmp.Compare(a.Place(), b.Place()) }
	slices.SortFunc(items, byPlace)
	turn, turns := make([]int, len(items)), map[string]int{}
	order := make([]int, len(items))
	for i := range items {
		order[i], turn[i] = i, turns[items[i].Org]
		turns[items[i].Org]++
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(turn[a], turn[b]) })
	ordered := make([]table.DueItem, len(items))
	for i, from := range order {
		ordered[i] = items[from]
	}
	return ordered
}
