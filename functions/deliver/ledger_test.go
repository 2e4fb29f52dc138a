package main

import (
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"keydesk/infra/faults"
	"keydesk/infra/fixture"
	"keydesk/shared/table"
)

// However often a record comes, what it tells is sent once, and nothing is noted but the first time.
func TestOneRecordFiveTimes(t *testing.T) {
	t.Parallel()
	o := open(t)
	records := o.stream(func() { o.waiting() })
	records = append(records, records...) // twice in the first batch
	o.deliver(t.Context(), records)
	once, ledger := o.summaries(), o.ledger()
	if len(once) != 3 || len(ledger) != 3 {
		t.Errorf("sent %q, noted %d", once, len(ledger))
	}
	o.now = o.now.Add(time.Hour)
	for range 4 {
		o.plan.Reset()
		if failed := o.deliver(t.Context(), records); failed != nil {
			t.Errorf("to come once more: %v", failed)
		}
		if got := o.plan.Calls(); !slices.Equal(got, []string{"BatchGetItem"}) {
			t.Errorf("calls for what was told: %v", got)
		}
	}
	if got := o.summaries(); !slices.Equal(got, once) {
		t.Errorf("sent %q, then %q", once, got)
	}
	if !reflect.DeepEqual(o.ledger(), ledger) {
		t.Errorf("the ledger was %v, and is %v", ledger, o.ledger())
	}
}

// Wherever the function dies, every notice arrives, and none more than twice: once more where it was sent and not yet noted.
func TestKilledAnywhere(t *testing.T) {
	t.Parallel()
	begin := func(t *testing.T) (*office, []events.DynamoDBEventRecord) {
		t.Helper()
		o := open(t)
		id := o.Ask(fixture.Ben, fixture.Weather)
		return o, o.stream(func() {
			o.waiting()
			o.approve(id, true)
		})
	}
	o, records := begin(t)
	o.plan.Reset()
	o.deliver(t.Context(), records)
	calls, notices := len(o.plan.Calls()), o.summaries()
	if len(notices) != 5 || calls != 4+1+2*3+5 {
		t.Fatalf("in peace %d calls send %q", calls, notices)
	}
	twice := make(chan int, 2*calls)
	t.Run("at", func(t *testing.T) {
		for n := 1; n <= calls; n++ {
			for _, fault := range []faults.Fault{faults.CrashBefore, faults.CrashAfter} {
				t.Run(fmt.Sprint(fault, " call ", n), func(t *testing.T) {
					t.Parallel()
					o, records := begin(t)
					o.plan.Add(faults.Rule{Nth: n, Fault: fault})
					o.deliver(o.plan.Invocation(t.Context()), records)
					if failed := o.deliver(o.plan.Invocation(t.Context()), records); failed != nil {
						t.Errorf("to come once more, after all: %v", failed)
					}
					twice <- o.noneLost(notices)
				})
			}
		}
	})
	close(twice)
	total := 0
	for n := range twice {
		total += n
	}
	t.Logf("of %d notices in %d runs that died %d came twice", len(notices)*2*calls, 2*calls, total)
	if total == 0 {
		t.Error("no notice came twice: nothing died between sending and noting")
	}
}

// noneLost holds that all notices came, once or twice, and are noted as sent; it gives how many came twice.
func (o *office) noneLost(notices []string) (twice int) {
	o.t.Helper()
	came := map[string]int{}
	for _, one := range o.summaries() {
		came[one]++
	}
	if got := slices.Sorted(maps.Keys(came)); !slices.Equal(got, notices) {
		o.t.Errorf("there came %q, want %q", got, notices)
	}
	for one, n := range came {
		if n > 2 {
			o.t.Errorf("%s came %d times", one, n)
		}
		twice += n - 1
	}
	ids := map[string]string{}
	for _, h := range o.hooks.all() {
		if before := ids[h.body.Event]; before != "" && before != h.header.Get("Webhook-Id") {
			o.t.Errorf("%s came under two ids", h.body.Event)
		}
		ids[h.body.Event] = h.header.Get("Webhook-Id")
	}
	ledger := o.ledger()
	for _, n := range ledger {
		if n["state"] != "sent" {
			o.t.Errorf("noted: %v", n)
		}
	}
	if len(ledger) != len(notices) {
		o.t.Errorf("%d notices are noted", len(ledger))
	}
	return twice
}

// What cannot be noted comes once more, and all of the same request that follows it; others are not held up.
func TestTheTableFails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rule      faults.Rule
		onceMore  int
		sentAtAll int
	}{
		"no note":    {faults.Rule{Operation: "PutItem", Fault: faults.NeverSent, Times: faults.Always}, 2, 1},
		"no reading": {faults.Rule{Operation: "BatchGetItem", Fault: faults.NeverSent, Times: faults.Always}, 2, 0},
		"one note":   {faults.Rule{Operation: "PutItem", Fault: faults.AnswerLost}, 0, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := open(t)
			records := o.stream(func() {
				id := o.automatic()
				o.update(id)
			})
			o.plan.Add(c.rule)
			if failed := o.deliver(t.Context(), records); len(failed) != c.onceMore {
				t.Errorf("to come once more: %v, want %d", failed, c.onceMore)
			}
			if sent := o.summaries(); len(sent) != c.sentAtAll {
				t.Errorf("sent %q, want %d", sent, c.sentAtAll)
			}
		})
	}
}

// due is what the schedule finds due of notices, in a while.
func (o *office) due(in time.Duration) []table.DueItem {
	o.t.Helper()
	var notices []table.DueItem
	for n := range table.DuePartitions {
		items, _, err := o.Table.Due(o.t.Context(), n, o.now.Add(in), 100, "")
		o.must(err)
		notices = append(notices, slices.DeleteFunc(items, func(d table.DueItem) bool { return !d.Notice })...)
	}
	return notices
}

// again is what the stream shows when the schedule comes by in a while.
func (o *office) again(in time.Duration, want int) []events.DynamoDBEventRecord {
	o.t.Helper()
	due := o.due(in)
	if len(due) != want {
		o.t.Errorf("%d notices are due within %s, want %d", len(due), in, want)
	}
	return o.stream(func() {
		for _, d := range due {
			o.must(o.Table.SendAgain(o.t.Context(), d))
		}
	})
}

// fail has the organisation's webhook fail until it is dead, as the schedule has it sent again and again.
func (o *office) fail() {
	o.t.Helper()
	o.hooks.answers(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	records := o.stream(func() { o.automatic() })
	for i, pause := range []time.Duration{time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 6 * time.Hour, 12 * time.Hour, day} {
		if failed := o.deliver(o.t.Context(), records); failed != nil {
			o.t.Errorf("try %d: to come once more: %v", i+1, failed)
		}
		noted := o.ledger()["submitted webhook"]
		if noted["state"] != "failed" || fmt.Sprint(noted["tries"]) != fmt.Sprint(i+1) || noted["error"] != "it answers 500" {
			o.t.Errorf("try %d is noted as %v", i+1, noted)
		}
		o.again(pause-time.Second, 0)
		records = o.again(pause, 1)
		o.now = o.now.Add(pause)
	}
	o.deliver(o.t.Context(), records)
}

// A notice that fails is sent again, later each time, until it is dead, and the log says so.
func TestFromFailedToDead(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.fail()
	if n := len(o.hooks.all()); n != 8 {
		t.Errorf("there were %d tries", n)
	}
	o.again(365*day, 0)
	dead := o.dead()
	if len(dead) != 1 || dead[0].Tries != 8 || dead[0].Event != "submitted" || dead[0].ID != o.hooks.all()[0].header.Get("Webhook-Id") {
		t.Fatalf("dead: %+v", dead)
	}
	log := o.log.String()
	if strings.Count(log, `"notice failed"`) != 7 || strings.Count(log, `"level":"ERROR","msg":"notice dead"`) != 1 {
		t.Errorf("the log says %s", log)
	}
	if strings.Contains(log, o.hooks.URL) {
		t.Errorf("the log shows the address: %s", log)
	}
}

// The operator may have a dead notice sent once more, under its id.
func TestRevive(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.fail()
	dead := o.dead()
	id := o.hooks.all()[0].header.Get("Webhook-Id")
	o.hooks.answers(nil)
	got := o.told(func() { o.must(o.Table.ReviveNotice(t.Context(), dead[0].Name())) })
	if !slices.Equal(got, []string{hookOf + "submitted"}) || o.hooks.all()[0].header.Get("Webhook-Id") != id {
		t.Errorf("revived, it is told %q", got)
	}
	if dead := o.dead(); len(dead) != 0 {
		t.Errorf("dead still: %v", dead)
	}
	o.again(365*day, 0)
}

func (o *office) dead() []table.Notice {
	o.t.Helper()
	dead, err := o.Table.DeadNotices(o.t.Context(), fixture.Org)
	o.must(err)
	return dead
}

// Two runs of the schedule at once have a notice sent once; so does a touch that is brought twice.
func TestTouchedTwice(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.hooks.answers(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	o.deliver(t.Context(), o.stream(func() { o.automatic() }))
	due := o.due(time.Hour)
	touch := func() { o.must(o.Table.SendAgain(t.Context(), due[0])) }
	first, second := o.stream(touch), o.stream(touch)
	if len(first) != 1 || len(second) != 0 {
		t.Errorf("touched %d and %d", len(first), len(second))
	}
	o.forget()
	noted := o.stream(func() { o.deliver(t.Context(), append(first, first...)) })
	o.deliver(t.Context(), first)
	o.deliver(t.Context(), noted) // the ledger's own note, which the stream brings as well
	if got := o.summaries(); !slices.Equal(got, []string{hookOf + "submitted"}) {
		t.Errorf("tried %q", got)
	}
}

// The mails about another e-mail address go to the two that it was about, though the account has a third by the time that they are sent.
func TestBothAddressesAgain(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.plan.Add(faults.Rule{Operation: "SendEmail", Fault: faults.NeverSent, Times: 2})
	o.deliver(t.Context(), o.stream(func() {
		o.account(func(a *table.Account) { a.Email = "countess@example.com" })
	}))
	o.account(func(a *table.Account) { a.Email = "lovelace@example.com" })
	const changed = "The e-mail address of your account was changed"
	got := o.told(func() {
		for _, d := range o.due(time.Hour) {
			o.must(o.Table.SendAgain(t.Context(), d))
		}
	})
	if want := []string{mailToAda + changed, "mail to countess@example.com: " + changed}; !slices.Equal(got, want) {
		t.Errorf("sent %q", got)
	}
	for name, noted := range o.ledger() {
		if noted["state"] != "sent" || noted["address"] != nil {
			t.Errorf("%s is noted as %v", name, noted)
		}
	}
}

// A notice that was to be sent again, and is of no use by then, is not.
func TestNothingToTellAnyMore(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.plan.Add(faults.Rule{Operation: "SendEmail", Fault: faults.NeverSent, Times: 2})
	var id string
	o.deliver(t.Context(), o.stream(func() { id = o.waiting() }))
	o.approve(id, false)
	if got := o.told(func() {
		for _, d := range o.due(time.Hour) {
			o.must(o.Table.SendAgain(t.Context(), d))
		}
	}); got != nil {
		t.Errorf("sent %q", got)
	}
	if noted := o.ledger()["submitted reviewers"]; noted["state"] != "skipped" || noted["error"] != errNothing {
		t.Errorf("noted: %v", noted)
	}
}
