package main

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// tellOf tells what the records of one subject give to tell, one record after another, so that nobody hears of its end before its
// beginning. A record of which something could not be read or noted has to come once more, and all that follow it.
func (d *deliverer) tellOf(ctx context.Context, r *report, of table.Subject, records []record) {
	s, err := d.read(ctx, of, records)
	if err == nil && s.anyOpen(records) { // its books are read
		var counting sync.WaitGroup
		defer counting.Wait()
		created := records
		counting.Go(func() { d.countUsage(ctx, s, created) })
	}
	for len(records) > 0 && err == nil && timeFor(ctx) {
		if err = d.tell(ctx, r, s, &records[0]); err == nil {
			records = records[1:]
		}
	}
	if err != nil {
		d.log.ErrorContext(ctx, "once more", "org", of.Org, "request", of.Request, "developer", of.Developer, "records", len(records), "error", err.Error())
	}
	r.onceMore(records)
}

func timeFor(ctx context.Context) bool {
	deadline, bounded := ctx.Deadline()
	return !bounded || time.Until(deadline) > forOne
}

// tell sends the notices of one record, side by side. That one of them fails is no error: it is noted. That it cannot be noted, or not
// be counted, is.
func (d *deliverer) tell(ctx context.Context, r *report, s *story, one *record) error {
	var all errgroup.Group
	f, names := s.facts(one), one.names()
	noted := make([]table.Notice, len(names))
	for i, name := range names {
		if !s.isOpen(one, name) {
			continue
		}
		before := s.Notices[name]
		all.Go(func() error {
			after, err := d.attempt(ctx, r, f, name, &before, one.To != "")
			if err != nil || after.State == "" {
				return err
			}
			if err := d.table.WriteNotice(ctx, name, before, after); err != nil {
				return err
			}
			noted[i] = after
			r.count(after.State)
			d.mention(ctx, f, &after)
			return nil
		})
	}
	err := all.Wait()
	for i, name := range names {
		if noted[i].State != "" {
			s.Notices[name] = noted[i]
		}
	}
	return err
}

// errNothing is why a notice that failed is not sent again.
const errNothing = "there is nothing to tell any more"

// attempt sends a notice, and gives what is to be noted of it; the zero Notice is nothing at all.
func (d *deliverer) attempt(ctx context.Context, r *report, f *facts, name table.NoticeName, before *table.Notice, again bool) (table.Notice, error) {
	send, reason := f.whether(name.To)
	switch {
	case !send && reason == "" && !again:
		return table.Notice{}, nil
	case send && tooSoon(name, before, again, d.now()):
		return putOff(before), nil
	}
	after := table.Notice{
		ID: cmp.Or(before.ID, name.ID(f.at)), Org: f.org, Event: f.event(), To: name.To, Tries: before.Tries, Again: before.Again,
		At: portal.Timestamp(d.now()),
	}
	if name.Line == changes {
		after.Told = f.line.Revision
	}
	if !again {
		after.Tries = 0
	}
	if !send {
		after.State, after.Error = table.Skipped, cmp.Or(reason, errNothing)
		return after, nil
	}
	failure := d.send(ctx, r, f, name.To, after.ID)
	if errors.As(failure, &uncounted{}) {
		return table.Notice{}, failure
	}
	if after = tried(after, failure, d.now()); after.State == table.Failed || after.State == table.Waiting {
		after.Told = before.Told
	}
	if f.act == emailChanged && after.State != table.Sent { // which no other item holds any more
		after.Address = f.address(name.To)
	}
	return after, nil
}

func (d *deliverer) send(ctx context.Context, r *report, f *facts, to, id string) error {
	if to == webhook {
		return d.webhooks.send(ctx, f, id)
	}
	return d.sendMail(ctx, r, f, to)
}

// pauses are those after each failed try but the last.
var pauses = []time.Duration{
	time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour,
}

// tried is a notice after one try more. That there was no room for it today is no try.
func tried(n table.Notice, failure error, now time.Time) table.Notice {
	if errors.Is(failure, errTomorrow) {
		n.State, n.Error, n.DueAt = table.Waiting, failure.Error(), portal.Timestamp(tomorrow(now))
		return n
	}
	n.Tries++
	if failure == nil {
		n.State = table.Sent
		return n
	}
	n.State, n.Error = table.Dead, failure.Error()
	if !errors.As(failure, &refusal{}) && n.Tries <= len(pauses) {
		n.State, n.DueAt = table.Failed, portal.Timestamp(now.Add(pauses[n.Tries-1]))
	}
	return n
}

// mention logs a notice that failed: where it would have gone, and what it says, are not for the log.
func (d *deliverer) mention(ctx context.Context, f *facts, n *table.Notice) {
	level, says := slog.LevelWarn, "notice failed"
	switch n.State {
	case table.Sent, table.Skipped, table.Waiting:
		return
	case table.Dead:
		level, says = slog.LevelError, "notice dead"
	}
	channel := "mail"
	if n.To == webhook {
		channel = webhook
	}
	d.log.Log(ctx, level, says, "org", n.Org, "request", f.requestID(), "event", n.Event, "channel", channel, "to", n.To, "notice", n.ID,
		"tries", n.Tries, "error", n.Error)
}
