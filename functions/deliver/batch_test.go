package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"keydesk/infra/faults"
	"keydesk/infra/fixture"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// The calls that a batch makes, side by side in rounds: two to read a request, however many of its records there are, one for each notice's
// note, and one for each mail, which counts it. One counts what the organisation has, where something was created. Signing secrets are known by then.
func TestCalls(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before func(*office) string
		do     func(o *office, id string)
		want   [][]string
	}{
		"a request": {nil, func(o *office, _ string) { o.waiting() }, [][]string{
			{"BatchGetItem"}, {"BatchGetItem"}, {"PutItem", "Query", "UpdateItem", "UpdateItem"}, {"SendEmail", "SendEmail"}, {"PutItem", "PutItem"},
		}},
		"three records of a request": {nil, func(o *office, _ string) {
			id := o.automatic()
			o.update(id)
			o.update(id)
		}, [][]string{{"BatchGetItem"}, {"BatchGetItem"}, {"PutItem", "Query"}, {"PutItem"}, {"PutItem"}}},
		"a key": {(*office).granted, (*office).revoke, [][]string{
			{"BatchGetItem"}, {"GetItem"}, {"BatchGetItem"}, {"PutItem", "UpdateItem"}, {"SendEmail"}, {"PutItem"},
		}},
		"a rotation": {(*office).granted, (*office).rotate, [][]string{
			{"BatchGetItem"}, {"GetItem"}, {"BatchGetItem"}, {"PutItem", "UpdateItem"}, {"SendEmail"}, {"PutItem"},
		}},
		"a developer": {nil, func(o *office, _ string) { o.newDeveloper() }, [][]string{
			{"BatchGetItem"}, {"BatchGetItem"}, {"Query", "UpdateItem"}, {"SendEmail"}, {"PutItem"},
		}},
		"nothing that is told":  {(*office).waiting, func(o *office, id string) { o.end(id, "deleted", portal.Cancelled) }, nil},
		"a developer who moved": {nil, func(o *office, _ string) { o.account(func(a *table.Account) { a.Inactive = true }) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := open(t)
			var id string
			if c.before != nil {
				id = c.before(o)
			}
			records := o.stream(func() { c.do(o, id) })
			o.plan.Reset()
			o.plan.Hold(50 * time.Millisecond)
			o.deliver(t.Context(), records)
			if got := o.plan.Rounds(); !reflect.DeepEqual(got, c.want) {
				t.Errorf("calls in rounds: %v, want %v", got, c.want)
			}
		})
	}
}

// One organisation's broken receiver, and mails that SES refuses, are nobody else's business.
func TestOneBrokenOrganisation(t *testing.T) {
	t.Parallel()
	o := open(t)
	hangs, over := receive(t), make(chan struct{})
	defer close(over)
	ours := make(chan struct{})
	o.hooks.answers(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNoContent)
		close(ours)
	})
	hangs.answers(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-ours:
		case <-r.Context().Done():
			t.Error("ours waited for theirs, which does not answer")
		}
		<-over
	})
	o.configure(fixture.OtherOrg, fmt.Sprintf(everything, hangs.URL, "desk@not-verified.example"))
	records := o.stream(func() {
		theirs, err := o.Table.Request(t.Context(), fixture.OtherOrg, fixture.Theirs)
		o.must(err)
		for range 2 {
			o.must(o.Table.Write(t.Context(), revised(&theirs)))
		}
		o.waiting()
	})
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	if failed := o.deliver(ctx, records); failed != nil {
		t.Errorf("to come once more: %v", failed)
	}
	if got := o.summaries(); len(got) != 3 {
		t.Errorf("ours: %q", got)
	}
	if n := len(hangs.all()); n != 1 { // the second time it is let be
		t.Errorf("theirs were tried %d times", n)
	}
	refused := o.ledgerOf(fixture.OtherOrg)["submitted reviewers"]
	if refused["state"] != "dead" || refused["error"] != "SES does not take the mail: MessageRejected" {
		t.Errorf("noted: %v", refused)
	}
	if log := o.log.String(); strings.Count(log, `"error":"there is no answer within 5s"`) != 1 || strings.Count(log, `"error":"it did not answer a moment ago, and is let be for a minute"`) != 1 || strings.Contains(log, "example.com") {
		t.Errorf("the log says %s", log)
	}
}

// revised is another revision of a request, which it becomes.
func revised(r *table.Request) table.Change {
	before := *r
	r.Revision++
	r.Attempt = portal.NewID(time.Now())
	return table.Change{Before: before, After: *r, History: table.History{
		At: portal.Timestamp(time.Now()), Act: "updated", By: "stranger", State: r.State, Revision: r.Revision,
	}}
}

// What there is no time for is left to the next batch, in order: what was told of one request is its beginning.
func TestTimeRunsOut(t *testing.T) {
	t.Parallel()
	o := open(t)
	var id string
	records := o.stream(func() {
		id = o.automatic()
		o.update(id)
		o.update(id)
	})
	limit := time.Now().Add(forOne + timeToAnswer + 2*time.Second)
	ctx, cancel := context.WithDeadline(t.Context(), limit)
	defer cancel()
	o.hooks.answers(func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(time.Until(limit) - forOne - timeToAnswer) // so that there is no time for another
		w.WriteHeader(http.StatusNoContent)
	})
	lines := slices.DeleteFunc(slices.Clone(records), func(r events.DynamoDBEventRecord) bool {
		return !strings.HasPrefix(r.Change.Keys["SK"].String(), "HISTORY#")
	})
	want := []string{lines[1].Change.SequenceNumber, lines[2].Change.SequenceNumber}
	if failed := o.deliver(ctx, records); !slices.Equal(failed, want) {
		t.Errorf("to come once more: %v, want %v", failed, want)
	}
	if hooks := o.hooks.all(); len(hooks) != 1 || hooks[0].body.Data["revision"] != 1.0 {
		t.Errorf("sent %v", hooks)
	}
	o.hooks.answers(nil)
	o.deliver(t.Context(), records)
	var revisions []any
	for _, h := range o.hooks.all() {
		revisions = append(revisions, h.body.Data["revision"])
	}
	if !reflect.DeepEqual(revisions, []any{1.0, 2.0, 3.0}) {
		t.Errorf("told in the order %v", revisions)
	}
}

// One line a batch says what became of it.
func TestLogLine(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.plan.Add(faults.Rule{Operation: "SendEmail", Fault: faults.NeverSent})
	o.deliver(t.Context(), o.stream(func() {
		o.waiting()
		o.automatic()
	}))
	var line map[string]any
	for text := range strings.Lines(o.log.String()) {
		line = nil
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatal(err)
		}
		if line["msg"] == "notice failed" && (line["org"] != fixture.Org || line["channel"] != "mail" || line["event"] != "submitted" || line["tries"] != 1.0 ||
			line["error"] != "SES does not take the mail: there is no answer") {
			t.Errorf("it says %v", line)
		}
	}
	delete(line, "time")
	delete(line, "ms")
	want := map[string]any{
		"level": "INFO", "msg": "batch", "records": line["records"], "subjects": 2.0, "sent": 3.0, "skipped": 0.0, "waiting": 0.0, "failed": 1.0, "dead": 0.0, "once_more": 0.0,
	}
	if !reflect.DeepEqual(line, want) {
		t.Errorf("the last line is %v, want %v", line, want)
	}
}

// Where nobody is to hear of anything, nothing is sent; that mails have no sender is noted.
func TestNobodyHears(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ settings, noted string }{
		"no settings":     {`{}`, ""},
		"no sender":       {`{"email": "reviewers@example.com"}`, "skipped: " + errNoFrom},
		"no mails wanted": {`{"mail_options": {"mail_from_email": "desk@example.com"}}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := open(t)
			o.configure(fixture.Org, c.settings)
			if got := o.told(func() { o.waiting(); o.newDeveloper() }); got != nil {
				t.Errorf("sent %q", got)
			}
			noted := ""
			for _, n := range o.ledger() {
				noted = fmt.Sprint(n["state"], ": ", n["error"])
			}
			if noted != c.noted {
				t.Errorf("noted %q, want %q", noted, c.noted)
			}
		})
	}
}
