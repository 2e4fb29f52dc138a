package main

import (
	"context"
	"sync"
	"time"

	"keydesk/shared/table"
)

// An organisation may have so many open requests and developers (max_open_requests, max_developers). Where one was created, deliver counts
// them, and stores the count where it has reached the limit: then a create refuses the next. Counting again and again what does not come
// near the limit would be waste, so a process counts no sooner than the room that was left could be used up. What ends is not followed: a
// create that the stored count refuses counts again by itself. A count that fails is logged, and the next create has it made.

// fastest is how many a second might use up the room below a limit, and mostCounts how many counts a process remembers.
const (
	fastest    = 1000
	mostCounts = 1000
)

// usages are the counts that a process has made.
type usages struct {
	mu   sync.Mutex
	made map[usage]made
}

// usage is something limited of an organisation.
type usage struct {
	org  string
	what table.Limited
}

// made is a count that began at a time.
type made struct {
	counted int
	at      time.Time
}

// begin tells whether it is time to count, with the limit as it is now. No other record of the batch counts then.
func (u *usages) begin(of usage, limit int, now time.Time) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	before, is := u.made[of]
	room := time.Duration(limit-before.counted) * time.Second / fastest
	if is && now.Before(before.at.Add(max(room, table.GoodFor(before.counted)))) {
		return false
	}
	if u.made == nil || len(u.made) >= mostCounts {
		u.made = map[usage]made{}
	}
	u.made[of] = made{max(before.counted, limit), now} // until the count has ended
	return true
}

// end remembers a count.
func (u *usages) end(of usage, counted int, at time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.made[of] = made{counted, at}
}

// countUsage counts what a story adds to, if it tells of something that was created.
func (d *deliverer) countUsage(ctx context.Context, s *story, records []record) {
	of, limit := usage{org: s.of.Org}, 0
	for i := range records {
		switch one := &records[i]; {
		case one.To != "":
		case one.act == welcome:
			of.what, limit = table.Developers, s.books.Configuration.MaxDevelopers()
		case one.act == "created" && s.Request != nil:
			of.what, limit = table.OpenRequests, s.books.Configuration.MaxOpenRequests()
		}
	}
	if limit == 0 || !d.usages.begin(of, limit, d.now()) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	now := d.now()
	u, err := d.table.CountUsage(ctx, of.org, of.what, limit, now)
	switch {
	case err != nil:
		d.log.WarnContext(ctx, "not counted", "org", of.org, "what", of.what, "error", err.Error())
		return
	case u.AtLimit(limit):
		d.log.WarnContext(ctx, "limit reached", "org", of.org, "what", of.what, "counted", u.Counted, "limit", limit)
	}
	d.usages.end(of, u.Counted, now)
}
