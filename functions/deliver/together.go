package main

import (
	"slices"
	"time"

	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// Mails to one address about the changes of one request are told together: the first at once, those of the next ten minutes in one mail at
// the end of them. Whoever changes a request in a loop sends a mail in ten minutes, and no more. One notice of the ledger stands for all of
// them: it knows which revision was told last, and waits where there is more to tell.

// changes is the Line of that notice.
const changes = "changes"

// window is how long after one such mail the next may come.
const window = 10 * time.Minute

// together tells whether an act is told to somebody together with others.
func together(act, to string) bool {
	return (to == reviewers || to == watchers) && slices.Contains([]string{"created", "updated", "asked"}, act)
}

// tooSoon tells whether a mail about a request has to wait, since there was one a moment ago.
func tooSoon(name table.NoticeName, before *table.Notice, again bool, now time.Time) bool {
	return name.Line == changes && !again && before.State == table.Sent && now.Before(sentAt(before).Add(window))
}

// putOff is the notice of a mail that was sent, with more to tell at the end of the window. Its tries begin at none.
func putOff(before *table.Notice) table.Notice {
	after := *before
	after.State, after.Tries, after.Error, after.DueAt = table.Waiting, 0, "", portal.Timestamp(sentAt(before).Add(window))
	return after
}

func sentAt(n *table.Notice) time.Time {
	at, _ := time.Parse(time.RFC3339Nano, n.At) // our own
	return at
}

// sinceThen stands for all lines of a request's history after a revision: how it stands by now.
func (s *story) sinceThen(told int) table.Line {
	r := s.Request
	line := table.Line{History: table.History{At: portal.Timestamp(portal.CreatedAt(r.ID)), Act: "updated", State: r.State, Revision: r.Revision}}
	switch {
	case told == 0 && r.Revision == 1:
		line.Act = "created"
	case r.Asked:
		line.Act, line.Reason = "asked", r.Reason
	}
	return line
}
