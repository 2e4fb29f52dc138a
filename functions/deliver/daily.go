package main

import (
	"context"
	"errors"
	"time"
)

// An organisation's mails_a_day bounds what one flood can send in its name, and what it can cost. A mail is counted before it is sent, so
// the bound holds however many processes send at once, and whatever dies in between: such a mail comes again, and is counted again. A mail
// that SES then refuses was counted. Beyond the bound a mail is not lost: it waits for the next day of UTC. Webhooks are not counted.

// errTomorrow is why a mail waits.
var errTomorrow = errors.New("the organisation's mails_a_day is reached; the mail is sent when the next day of UTC begins")

// uncounted is a failure to count a mail. Of its fate nothing was decided: its record has to come once more.
type uncounted struct{ error }

// mailDay is an organisation's day of UTC.
type mailDay struct{ org, date string }

// sendMail makes one try. A mail that cannot be composed is not counted.
func (d *deliverer) sendMail(ctx context.Context, r *report, f *facts, to string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	mail, err := d.mail.compose(ctx, f, to)
	if err != nil {
		return err
	}
	if err := d.count(ctx, r, f.org, f.books.Configuration.MailsADay); err != nil {
		return err
	}
	return d.mail.send(ctx, mail)
}

// count counts a mail among those of today, or tells that there is no room for it. Once that is known, the batch does not ask again.
func (d *deliverer) count(ctx context.Context, r *report, org string, most int) error {
	now := d.now().UTC()
	today := mailDay{org, now.Format(time.DateOnly)}
	if r.isFull(today) {
		return errTomorrow
	}
	counted, err := d.table.CountMail(ctx, org, today.date, most, now)
	switch {
	case err != nil:
		return uncounted{err}
	case counted:
		return nil
	}
	if r.fill(today) {
		d.log.WarnContext(ctx, "mails wait for tomorrow", "org", org, "mails_a_day", most)
	}
	return errTomorrow
}

// tomorrow is when the next day of UTC begins.
func tomorrow(now time.Time) time.Time {
	return now.UTC().Truncate(24 * time.Hour).Add(24 * time.Hour)
}

func (r *report) isFull(d mailDay) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.full[d]
}

// fill notes that a day has no room for mails, and tells whether that is news.
func (r *report) fill(d mailDay) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	before := r.full[d]
	r.full[d] = true
	return !before
}
