package approval

import (
	"slices"
	"time"

	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// An open request has one next thing that the schedule will do with it: each stands below with the time it comes.

// wait sets what the schedule has to do next with an open request, as the books have it now.
func wait(books *table.Books, r *table.Request, now time.Time) {
	since := timeOf(r.Since, portal.CreatedAt(r.ID))
	remind := shortest(books, r.ApplyPolicies, func(c portal.Config) time.Duration { return c.RemindAfter })
	expire := shortest(books, r.ApplyPolicies, func(c portal.Config) time.Duration { return c.ExpireAfter })
	switch {
	case r.State == portal.Waiting:
		within := shortest(books, r.ApplyPolicies, func(c portal.Config) time.Duration {
			if !c.Redirect {
				return 0
			}
			return c.CallbackWithin
		})
		r.Due(table.AnswerInstead, since.Add(within))
	case !r.Asked && judged(books, r.ApplyPolicies):
		r.Due(table.Decide, now)
	case !r.Reminded && remind > 0 && (expire == 0 || remind < expire):
		r.Due(table.Remind, since.Add(remind))
	case expire > 0:
		r.Due(table.Expire, since.Add(expire))
	default:
		r.NotDue()
	}
	if r.State == portal.Pending && r.Asked && r.Deferred {
		tryAgain(r, since, now)
	}
}

// The pauses between the tries of what the schedule could not do for the moment: as long as it has waited for, between these two. After
// lastTry it is a person's alone.
const (
	shortPause = 5 * time.Minute
	longPause  = time.Hour
	lastTry    = 30 * 24 * time.Hour
)

// tryAgain has the schedule look at a request once more, unless something else is due before that.
func tryAgain(r *table.Request, since, now time.Time) {
	waited := now.Sub(since)
	if waited > lastTry {
		return
	}
	next := now.Add(min(max(waited, shortPause), longPause))
	if r.DueAt == "" || portal.Timestamp(next) < r.DueAt {
		r.Due(table.Decide, next)
	}
}

// shortest is the shortest of a time that the policies' settings give; 0: none gives any.
func shortest(books *table.Books, policies []string, of func(portal.Config) time.Duration) (least time.Duration) {
	for _, id := range policies {
		if d := of(books.Settings(id)); d > 0 && (least == 0 || d < least) {
			least = d
		}
	}
	return least
}

// reminder is how long before its lapse a developer is reminded of a key.
const reminder = 48 * time.Hour

// awaitClaim sets when the developer of an unclaimed key is reminded, and when the key lapses.
func (i *Issuer) awaitClaim(r *table.Request) {
	lapse := Lapses(r, i.Retention)
	if i.Retention > reminder && !r.Reminded {
		r.Due(table.Remind, lapse.Add(-reminder))
		return
	}
	r.Due(table.Lapse, lapse)
}

// Lapses is when the key of a request lapses unless it is taken.
func Lapses(r *table.Request, retention time.Duration) time.Time {
	return timeOf(r.DecidedAt, time.Time{}).Add(retention)
}

// timeOf reads one of our own times; now where there is none.
func timeOf(timestamp string, now time.Time) time.Time {
	at, err := time.Parse(time.RFC3339Nano, timestamp)
	if err != nil {
		return now
	}
	return at
}

// beginTurn begins the turn of whoever is to decide: a third party where an entry sends developers to one.
func beginTurn(books *table.Books, r *table.Request, now time.Time) (err error) {
	if r.RedirectTo, err = thirdParty(books, r.ApplyPolicies); err != nil {
		return err
	}
	r.State = portal.Pending
	if r.RedirectTo != "" {
		r.State = portal.Waiting
	}
	r.Since, r.Asked, r.Deferred, r.Reminded, r.Rule, r.Reason, r.Why = portal.Timestamp(now), false, false, false, "", "", ""
	wait(books, r, now)
	return nil
}

// thirdParty is where a developer is sent who asks for the policies; empty: nowhere. One yes cannot be for what another has to decide.
func thirdParty(books *table.Books, policies []string) (address string, err error) {
	i := slices.IndexFunc(policies, func(id string) bool { return books.Settings(id).Redirect })
	if i < 0 {
		return "", nil
	}
	first := books.Settings(policies[i])
	if err := books.Configuration.Allows("The catalogue entry of "+policies[i]+": ", first); err != nil {
		return "", err
	}
	for _, id := range policies {
		settings := books.Settings(id)
		if settings.Redirect && settings.RedirectTo != first.RedirectTo || !settings.Redirect && keptForPerson(books, id) != "" {
			return "", portal.Refuse(portal.Invalid, "apply_policies: a third party decides on the plan %s, and somebody else on %s; ask for them one by one.", policies[i], id)
		}
	}
	return first.RedirectTo, nil
}

// NextActor is who acts next on a request; empty: nobody.
func NextActor(r *table.Request) string {
	switch {
	case r.State == portal.Waiting:
		return "third party"
	case r.State == portal.Pending && r.Task == table.Decide && !r.Asked:
		return "schedule"
	case r.State == portal.Pending:
		return "reviewer"
	case r.Claimable():
		return "developer"
	}
	return ""
}
