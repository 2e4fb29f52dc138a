package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"keydesk/infra/faults"
	"keydesk/shared/table"
)

// Fifty changes of a request within minutes are two mails to each: of the first at once, of the others at the end of ten minutes. The webhook
// hears of each.
func TestManyChangesAreFewMails(t *testing.T) {
	t.Parallel()
	o := open(t)
	var id string
	o.deliver(t.Context(), o.stream(func() { id = o.waiting() }))
	for range 50 {
		o.now = o.now.Add(5 * time.Second)
		o.deliver(t.Context(), o.stream(func() { o.update(id) }))
	}
	const asked, changed = "A request for Payments waits for a decision", "A request for Payments was changed"
	if hooks, mails := len(o.hooks.all()), o.summaries()[:2]; hooks != 51 || len(o.post.all()) != 2 || !slices.Equal(mails, []string{mailToReviewers + asked, mailToWatchers + asked}) {
		t.Errorf("%d webhooks, mails %q", hooks, o.summaries())
	}
	o.again(349*time.Second, 0)
	rest := o.again(351*time.Second, 2)
	o.now = o.now.Add(351 * time.Second)
	o.forget()
	o.deliver(t.Context(), slices.Concat(rest, rest))
	if got := o.summaries(); !slices.Equal(got, []string{mailToReviewers + changed, mailToWatchers + changed}) {
		t.Errorf("at the end of the window %q", got)
	}
	if text := *o.post.all()[0].Content.Simple.Body.Text.Data; !strings.Contains(text, "that told revision 1, and this is revision 51.") {
		t.Error(text)
	}
	o.again(365*day, 0)
	o.now = o.now.Add(window)
	if got := o.told(func() { o.update(id) }); len(got) != 3 { // at once again
		t.Errorf("after that %q", got)
	}
}

// What waits, and is decided meanwhile, is told to no one.
func TestDecidedWhileTheMailWaits(t *testing.T) {
	t.Parallel()
	o := open(t)
	var id string
	o.deliver(t.Context(), o.stream(func() { id = o.waiting() }))
	o.deliver(t.Context(), o.stream(func() { o.update(id) }))
	o.approve(id, false)
	o.forget()
	if o.deliver(t.Context(), o.again(window, 2)); o.summaries() != nil {
		t.Errorf("sent %q", o.summaries())
	}
	if noted := o.ledger()["submitted reviewers"]; noted["state"] != "skipped" || noted["error"] != errNothing {
		t.Errorf("noted: %v", noted)
	}
}

// Wherever the function dies while a mail is put off and sent, the mail comes, and no more than twice.
func TestKilledWhileAMailWaits(t *testing.T) {
	t.Parallel()
	for n := 1; n <= 8; n++ {
		for _, fault := range []faults.Fault{faults.CrashBefore, faults.CrashAfter} {
			t.Run(fmt.Sprint(fault, " call ", n), func(t *testing.T) {
				t.Parallel()
				o := open(t)
				var id string
				o.deliver(t.Context(), o.stream(func() { id = o.waiting() }))
				later := o.stream(func() { o.update(id) })
				deliver := func(records []events.DynamoDBEventRecord, calls int) {
					if n <= calls {
						o.plan.Add(faults.Rule{Nth: n, Fault: fault})
						o.deliver(o.plan.Invocation(t.Context()), records)
					}
					if failed := o.deliver(o.plan.Invocation(t.Context()), records); failed != nil {
						t.Errorf("to come once more, after all: %v", failed)
					}
				}
				o.plan.Reset()
				deliver(later, 5) // two to read, the webhook's note, and two that put the mails off
				o.forget()
				o.plan.Reset()
				deliver(o.again(window, 2), 8) // two to read, two that count, two mails, two notes
				if mails := len(o.post.all()); mails < 2 || mails > 4 {
					t.Errorf("%d mails came", mails)
				}
				for _, to := range []string{"submitted reviewers", "submitted watchers"} {
					if noted := o.ledger()[to]; noted["state"] != string(table.Sent) || fmt.Sprint(noted["told"]) != "2" {
						t.Errorf("%s: noted %v", to, noted)
					}
				}
			})
		}
	}
}
