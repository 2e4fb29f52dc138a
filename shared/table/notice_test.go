package table_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"keydesk/infra/desktest"
	"keydesk/infra/faults"
	"keydesk/infra/fixture"
	"keydesk/infra/tabletest"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

var noticeNoon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// noticeTo names a notice of the pending request's first line.
func noticeTo(to string) table.NoticeName {
	return table.NoticeName{Subject: table.Subject{Org: fixture.Org, Request: fixture.Pending}, Line: "0000000001", To: to}
}

func noted(to string, state table.NoticeState, tries int) table.Notice {
	n := table.Notice{
		ID: noticeTo(to).ID(noticeNoon), Org: fixture.Org, Event: "submitted", To: to, State: state, Tries: tries, At: portal.Timestamp(noticeNoon),
	}
	if state == table.Failed {
		n.DueAt = portal.Timestamp(noticeNoon.Add(time.Minute))
	}
	return n
}

// A notice's id is an id as all are, the same each time, another for another notice, and sorts by what it tells of.
func TestNoticeIDs(t *testing.T) {
	t.Parallel()
	id := noticeTo("webhook").ID(noticeNoon)
	if !portal.ValidID(id) || id != noticeTo("webhook").ID(noticeNoon.Add(time.Millisecond)) || id >= noticeTo("webhook").ID(noticeNoon.Add(time.Second)) {
		t.Errorf("the id is %s", id)
	}
	seen := map[string]bool{}
	for _, n := range []table.NoticeName{
		noticeTo("webhook"), noticeTo("developer"),
		{Subject: table.Subject{Org: fixture.Org, Request: fixture.Pending}, Line: "0000000002", To: "webhook"},
		{Subject: table.Subject{Org: fixture.OtherOrg, Request: fixture.Pending}, Line: "0000000001", To: "webhook"},
		{Subject: table.Subject{Org: fixture.Org, Developer: fixture.Pending}, Line: "0000000001", To: "webhook"},
		{Subject: table.Subject{Key: fixture.Pending}, Line: "0000000001", To: "webhook"},
	} {
		if seen[n.ID(noticeNoon)] {
			t.Errorf("%+v has another's id", n)
		}
		seen[n.ID(noticeNoon)] = true
	}
}

// What is noted first stays, until a try more is noted by whoever knows of it.
func TestWriteNotice(t *testing.T) {
	t.Parallel()
	plan := faults.New(t)
	books := tabletest.New(t, plan.Install)
	webhook := noticeTo("webhook")
	for _, step := range []struct {
		name          string
		before, after table.Notice
		fault         faults.Fault
		state         table.NoticeState
		tries         int
	}{
		{"failed", table.Notice{}, noted("webhook", table.Failed, 1), 0, table.Failed, 1},
		{"noted by another as well", table.Notice{}, noted("webhook", table.Sent, 1), 0, table.Failed, 1},
		{"failed again, the answer lost", noted("webhook", table.Failed, 1), noted("webhook", table.Failed, 2), faults.AnswerLost, table.Failed, 2},
		{"what was overtaken", noted("webhook", table.Failed, 1), noted("webhook", table.Dead, 2), 0, table.Failed, 2},
		{"sent", noted("webhook", table.Failed, 2), noted("webhook", table.Sent, 3), 0, table.Sent, 3},
	} {
		if step.fault != 0 {
			plan.Add(faults.Rule{Operation: "PutItem", Fault: step.fault})
		}
		if err := books.WriteNotice(t.Context(), webhook, step.before, step.after); err != nil {
			t.Errorf("%s: %v", step.name, err)
		}
		if now := noticeOf(t, books, webhook); now.State != step.state || now.Tries != step.tries || now.Name() != webhook {
			t.Errorf("%s: it is %+v of %+v", step.name, now, now.Name())
		}
	}
	if due := noticesDue(t, books, noticeNoon.AddDate(1, 0, 0)); len(due) != 0 {
		t.Errorf("due still: %v", due)
	}
}

func noticeOf(t *testing.T, books *table.Table, name table.NoticeName) table.Notice {
	t.Helper()
	affair, err := books.Affair(t.Context(), name.Subject, []table.NoticeName{name})
	if err != nil {
		t.Fatal(err)
	}
	return affair.Notices[name]
}

// noticesDue are what the schedule finds due at a time.
func noticesDue(t *testing.T, books *table.Table, at time.Time) (all []table.DueItem) {
	t.Helper()
	for n := range table.DuePartitions {
		items, _, err := books.Due(t.Context(), n, at, 100, "")
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, slices.DeleteFunc(items, func(d table.DueItem) bool { return !d.Notice })...)
	}
	return all
}

// What is due is touched once, however many see it; and once more an hour later, if nothing comes of it.
func TestSendAgain(t *testing.T) {
	t.Parallel()
	books, now := tabletest.New(t), time.Now()
	failed := noted("webhook", table.Failed, 1)
	failed.DueAt = portal.Timestamp(now)
	note(t, books, failed)
	if early := noticesDue(t, books, now.Add(-time.Second)); len(early) != 0 {
		t.Errorf("due before its time: %v", early)
	}
	due := noticesDue(t, books, now)
	if len(due) != 1 {
		t.Fatalf("due: %v", due)
	}
	for range 2 {
		if err := books.SendAgain(t.Context(), due[0]); err != nil {
			t.Error(err)
		}
	}
	if n := noticeOf(t, books, noticeTo("webhook")); n.Again != 1 || n.State != table.Failed || n.Tries != 1 {
		t.Errorf("it is %+v", n)
	}
	if left := noticesDue(t, books, now.Add(59*time.Minute)); len(left) != 0 {
		t.Errorf("due still: %v", left)
	}
	if later := noticesDue(t, books, now.Add(61*time.Minute)); len(later) != 1 {
		t.Errorf("due an hour later: %v", later)
	}
}

func note(t *testing.T, books *table.Table, n table.Notice) {
	t.Helper()
	if err := books.WriteNotice(t.Context(), noticeTo(n.To), table.Notice{}, n); err != nil {
		t.Fatal(err)
	}
}

// The dead are listed, each by its organisation, and leave the list when they are revived, which only the dead are.
func TestDeadNotices(t *testing.T) {
	t.Parallel()
	books := tabletest.New(t)
	dead := noted("webhook", table.Dead, 8)
	dead.Error = "it answers 500"
	note(t, books, dead)
	note(t, books, noted("developer", table.Failed, 1))
	all, err := books.DeadNotices(t.Context(), fixture.Org)
	if err != nil || len(all) != 1 || all[0].Name() != noticeTo("webhook") || all[0].Error != dead.Error {
		t.Fatalf("dead: %+v, %v", all, err)
	}
	if others, err := books.DeadNotices(t.Context(), fixture.OtherOrg); err != nil || len(others) != 0 {
		t.Errorf("the other organisation's: %+v, %v", others, err)
	}
	if err := books.ReviveNotice(t.Context(), all[0].Name()); err != nil {
		t.Fatal(err)
	}
	if now := noticeOf(t, books, noticeTo("webhook")); now.State != table.Failed || now.Tries != 0 || now.Again != 1 {
		t.Errorf("revived, it is %+v", now)
	}
	if all, err := books.DeadNotices(t.Context(), fixture.Org); err != nil || len(all) != 0 {
		t.Errorf("dead: %+v, %v", all, err)
	}
	for to, want := range map[string]error{"webhook": table.ErrNotDead, "developer": table.ErrNotDead, "reviewers": portal.ErrNotFound} {
		if err := books.ReviveNotice(t.Context(), noticeTo(to)); !errors.Is(err, want) {
			t.Errorf("reviving that to %s: %v", to, err)
		}
	}
}

// All that there is to tell of a subject is read in one call; what was not asked for is not there.
func TestAffair(t *testing.T) {
	t.Parallel()
	plan := faults.New(t)
	desk := desktest.New(t, fixture.Desk, plan.Install)
	note(t, desk.Table, noted("webhook", table.Sent, 1))
	note(t, desk.Table, noted("developer", table.Sent, 1))
	plan.Reset()
	affair, err := desk.Table.Affair(t.Context(), noticeTo("").Subject, []table.NoticeName{noticeTo("webhook"), noticeTo("reviewers")})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"BatchGetItem"}, plan.Calls()); diff != "" {
		t.Error(diff)
	}
	if affair.Request == nil || affair.Request.ID != fixture.Pending || affair.Key != nil {
		t.Errorf("of %+v and %+v", affair.Request, affair.Key)
	}
	if len(affair.Lines) != 1 || affair.Lines["0000000001"].Act != "created" {
		t.Errorf("the lines %+v", affair.Lines)
	}
	if len(affair.Notices) != 1 || affair.Notices[noticeTo("webhook")].State != table.Sent {
		t.Errorf("the notices %+v", affair.Notices)
	}
}

func TestAffairOfAKey(t *testing.T) {
	t.Parallel()
	desk := desktest.New(t, fixture.Desk)
	digest := desk.Issued(fixture.Approved)[0]["digest"].(string)
	for of, want := range map[table.Subject]string{
		{Key: digest}:      fixture.Approved,
		{Key: "of nobody"}: "",
		{Org: fixture.OtherOrg, Request: fixture.Pending}: "",
	} {
		affair, err := desk.Table.Affair(t.Context(), of, nil)
		found := ""
		if affair.Key != nil {
			found = affair.Key.Request
		}
		if err != nil || found != want || affair.Request != nil {
			t.Errorf("of %+v: %+v, %v", of, affair, err)
		}
	}
}
