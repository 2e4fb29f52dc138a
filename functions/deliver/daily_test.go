package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"keydesk/infra/faults"
	"keydesk/infra/fixture"
	"keydesk/infra/tabletest"
	"keydesk/shared/table"
)

// openDaily sets up an office that may send one mail a day.
func openDaily(t *testing.T) *office {
	t.Helper()
	o := open(t)
	o.now = time.Now().UTC().Truncate(day).Add(day / 2) // midday: no test runs into the next day
	o.allow(1)
	return o
}

func (o *office) allow(most int) {
	o.t.Helper()
	o.configure(fixture.Org, strings.Replace(o.settings(), "{", fmt.Sprintf(`{"mails_a_day": %d, `, most), 1))
}

// counted is how many mails were counted of the organisation on each day.
func (o *office) counted() map[string]string {
	o.t.Helper()
	found := map[string]string{}
	for _, it := range tabletest.Items(o.t, o.Table) {
		if date, is := strings.CutPrefix(fmt.Sprint(it["SK"]), "MAILS#"); is && it["PK"] == "ORG#"+fixture.Org {
			found[date] = fmt.Sprint(it["mails"])
		}
	}
	return found
}

// states counts the notices of mails in the ledger by their states.
func (o *office) states() map[string]int {
	o.t.Helper()
	states := map[string]int{}
	for _, it := range tabletest.Items(o.t, o.Table) {
		if strings.HasPrefix(fmt.Sprint(it["SK"]), "NOTICE#") && it["to"] != webhook {
			states[fmt.Sprint(it["state"])]++
		}
	}
	return states
}

// Beyond the bound mails wait for midnight, and webhooks go on; one line of the log says so. On the next day the same bound holds.
func TestMailsADay(t *testing.T) {
	t.Parallel()
	o := openDaily(t)
	o.deliver(t.Context(), o.stream(func() {
		o.waiting()
		o.newDeveloper()
		o.account(newPassword)
	}))
	if hooks, mails, states := len(o.hooks.all()), len(o.post.all()), o.states(); hooks != 1 || mails != 1 || states["sent"] != 1 || states["waiting"] != 3 {
		t.Fatalf("%d webhooks, %d mails; mails are %v", hooks, mails, states)
	}
	if log := o.log.String(); strings.Count(log, `"level":"WARN","msg":"mails wait for tomorrow","org":"`+fixture.Org+`","mails_a_day":1`) != 1 {
		t.Errorf("the log says %s", log)
	}
	records := o.midnight(3)
	o.deliver(t.Context(), slices.Concat(records, records))
	if mails, states := len(o.post.all()), o.states(); mails != 2 || states["sent"] != 2 || states["waiting"] != 2 {
		t.Errorf("on the next day %d mails in all; mails are %v", mails, states)
	}
	today, before := o.now.Format(time.DateOnly), o.now.Add(-day).Format(time.DateOnly)
	if counted := o.counted(); len(counted) != 2 || counted[today] != "1" || counted[before] != "1" {
		t.Errorf("counted %v", counted)
	}
	o.allow(3) // which counts at once
	if got := o.told(func() { o.account(newPassword) }); len(got) != 1 {
		t.Errorf("with a higher bound: %q", got)
	}
	o.deliver(t.Context(), o.midnight(2))
	if states := o.states(); states["sent"] != 5 || states["waiting"] != 0 {
		t.Errorf("in the end mails are %v", states)
	}
}

// midnight has the next day begin, and is what the stream shows when the schedule comes by.
func (o *office) midnight(want int) []events.DynamoDBEventRecord {
	o.t.Helper()
	rest := o.now.Truncate(day).Add(day).Sub(o.now)
	o.again(rest-time.Millisecond, 0)
	records := o.again(rest, want)
	o.now = o.now.Add(rest)
	return records
}

// A mail that dies between its count and its sending is counted again, and waits where that is too many. It comes all the same.
func TestKilledAfterTheCount(t *testing.T) {
	t.Parallel()
	o := openDaily(t)
	records := o.stream(o.newDeveloper)
	o.plan.Add(faults.Rule{Operation: "UpdateItem", Fault: faults.CrashAfter})
	if failed := o.deliver(o.plan.Invocation(t.Context()), records); len(failed) != 1 {
		t.Fatalf("to come once more: %v", failed)
	}
	if failed := o.deliver(t.Context(), records); failed != nil || len(o.post.all()) != 0 {
		t.Errorf("to come once more: %v; sent %q", failed, o.summaries())
	}
	o.deliver(t.Context(), o.midnight(1))
	if noted := o.ledger()["welcome developer"]; len(o.post.all()) != 1 || noted["state"] != string(table.Sent) || noted["error"] != nil {
		t.Errorf("sent %q, noted %v", o.summaries(), noted)
	}
}

// What a mail tells that waited is how things stand when it is sent.
func TestChangedUntilTomorrow(t *testing.T) {
	t.Parallel()
	o := openDaily(t)
	o.deliver(t.Context(), o.stream(o.newDeveloper)) // the one of today
	var id string
	o.deliver(t.Context(), o.stream(func() { id = o.waiting() }))
	o.deliver(t.Context(), o.stream(func() { o.update(id) }))
	if noted := o.ledger()["submitted reviewers"]; noted["state"] != string(table.Waiting) || noted["told"] != nil {
		t.Errorf("until then noted %v", noted)
	}
	o.allow(10)
	o.forget()
	o.deliver(t.Context(), o.midnight(2))
	const changed = "A request for Payments was changed"
	if got := o.summaries(); !slices.Equal(got, []string{mailToReviewers + changed, mailToWatchers + changed}) {
		t.Errorf("sent %q", got)
	}
	if noted := o.ledger()["submitted reviewers"]; fmt.Sprint(noted["told"]) != "2" {
		t.Errorf("noted %v", noted)
	}
}

// A mail about another e-mail address waits with the address that it goes to.
func TestAddressUntilTomorrow(t *testing.T) {
	t.Parallel()
	o := openDaily(t)
	o.deliver(t.Context(), o.stream(o.newDeveloper))
	o.deliver(t.Context(), o.stream(func() {
		o.account(func(a *table.Account) { a.Email = "countess@example.com" })
	}))
	o.account(func(a *table.Account) { a.Email = "lovelace@example.com" })
	o.allow(10)
	o.forget()
	o.deliver(t.Context(), o.midnight(2))
	const changed = "The e-mail address of your account was changed"
	if got := o.summaries(); !slices.Equal(got, []string{mailToAda + changed, "mail to countess@example.com: " + changed}) {
		t.Errorf("sent %q", got)
	}
}

// A mail that failed counts, and keeps its tries when it has to wait.
func TestFailedUntilTomorrow(t *testing.T) {
	t.Parallel()
	o := openDaily(t)
	o.plan.Add(faults.Rule{Operation: "SendEmail", Fault: faults.NeverSent})
	o.deliver(t.Context(), o.stream(o.newDeveloper))
	records := o.again(time.Minute, 1)
	o.now = o.now.Add(time.Minute)
	o.deliver(t.Context(), records)
	if noted := o.ledger()["welcome developer"]; noted["state"] != string(table.Waiting) || fmt.Sprint(noted["tries"]) != "1" || noted["error"] != errTomorrow.Error() {
		t.Errorf("noted %v", noted)
	}
	o.deliver(t.Context(), o.midnight(1))
	if noted := o.ledger()["welcome developer"]; noted["state"] != string(table.Sent) || fmt.Sprint(noted["tries"]) != "2" {
		t.Errorf("on the next day noted %v", noted)
	}
}

// A mail that cannot be counted is not sent; its record comes once more.
func TestMailThatCannotBeCounted(t *testing.T) {
	t.Parallel()
	o := openDaily(t)
	records := o.stream(o.newDeveloper)
	o.plan.Add(faults.Rule{Operation: "UpdateItem", Fault: faults.NeverSent, Times: 6})
	if failed := o.deliver(t.Context(), records); len(failed) != 1 || len(o.post.all()) != 0 || len(o.ledger()) != 0 {
		t.Errorf("to come once more: %v; sent %q", failed, o.summaries())
	}
	if failed := o.deliver(t.Context(), records); failed != nil || len(o.post.all()) != 1 {
		t.Errorf("to come once more: %v; sent %q", failed, o.summaries())
	}
}
