package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"keydesk/infra/faults"
	"keydesk/infra/fixture"
	"keydesk/infra/tabletest"
	"keydesk/shared/portal"
)

// limit has the organisation's settings say more.
func (o *office) limit(name string, most int) {
	o.t.Helper()
	o.configure(fixture.Org, strings.Replace(o.settings(), "{", fmt.Sprintf(`{%q: %d, `, name, most), 1))
}

// stored is the count that is stored of something of the organisation's, "counted of limit"; empty for none.
func (o *office) stored(what string) string {
	o.t.Helper()
	for _, it := range tabletest.Items(o.t, o.Table) {
		if it["PK"] == "ORG#"+fixture.Org && it["SK"] == "USAGE#"+what {
			return fmt.Sprint(it["counted"], " of ", it["limit"])
		}
	}
	return ""
}

// invoke hands records to a process.
func (o *office) invoke(ctx context.Context, d *deliverer, records []events.DynamoDBEventRecord) {
	o.t.Helper()
	answer, err := d.Invoke(ctx, events.DynamoDBEvent{Records: records})
	if err != nil || len(answer.BatchItemFailures) > 0 {
		o.t.Errorf("to come once more: %v, %v", answer.BatchItemFailures, err)
	}
}

// What was created is counted, and the count is stored where it has reached the limit; the log says so. The fixture has four developers and
// four open requests.
func TestUsageIsCounted(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		setting string
		most    int
		what    string
		do      func(*office)
		want    string
	}{
		"requests, with room":         {"max_open_requests", 100, "requests", func(o *office) { o.waiting() }, ""},
		"requests, at the limit":      {"max_open_requests", 6, "requests", func(o *office) { o.waiting(); o.automatic() }, "6 of 6"},
		"requests, beyond it":         {"max_open_requests", 5, "requests", func(o *office) { o.waiting(); o.automatic() }, "6 of 5"},
		"requests, without a limit":   {"max_open_requests", 0, "requests", func(o *office) { o.waiting() }, ""},
		"requests, one that ended":    {"max_open_requests", 6, "requests", func(o *office) { o.claimable(); o.automatic() }, ""},
		"developers, with room":       {"max_developers", 6, "developers", (*office).newDeveloper, ""},
		"developers, at the limit":    {"max_developers", 5, "developers", (*office).newDeveloper, "5 of 5"},
		"developers, without a limit": {"max_developers", 0, "developers", (*office).newDeveloper, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := open(t)
			o.limit(c.setting, c.most)
			records := o.stream(func() { c.do(o) })
			if c.most > 0 {
				o.deliver(t.Context(), records)
			}
			o.plan.Reset()
			o.deliver(t.Context(), records) // a replay changes nothing
			if got := o.stored(c.what); got != c.want {
				t.Errorf("stored is %q, want %q", got, c.want)
			}
			if logged := strings.Contains(o.log.String(), `"msg":"limit reached","org":"`+fixture.Org+`","what":"`+c.what+`"`); logged != (c.want != "") {
				t.Errorf("the log says %s", o.log)
			}
			if c.most == 0 && slices.Contains(o.plan.Calls(), "Query") {
				t.Error("without a limit there is nothing to count")
			}
		})
	}
}

// A process counts once in a batch, and again when the room that was left could be used up. At the limit that is after two seconds.
func TestUsageIsCountedNowAndThen(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.limit("max_open_requests", 5004)
	d := o.deliverer()
	counts := func(after time.Duration, want int) {
		t.Helper()
		o.now = o.now.Add(after)
		records := o.stream(func() {
			for _, id := range []string{o.waiting(), o.automatic()} {
				o.end(id, "declined", portal.Declined)
			}
		})
		o.plan.Reset()
		o.invoke(t.Context(), d, records)
		queries := 0
		for _, call := range o.plan.Calls() {
			if call == "Query" {
				queries++
			}
		}
		if queries != want {
			t.Errorf("%s later: %d Queries, want %d", after, queries, want)
		}
	}
	counts(0, 1)
	counts(4900*time.Millisecond, 0)
	counts(100*time.Millisecond, 1)
	o.limit("max_open_requests", 4) // which counts at once
	counts(2*time.Second, 1)
	counts(1900*time.Millisecond, 0)
	counts(100*time.Millisecond, 1)
}

// A count that fails does not hold up what is told, and is made with what is created next.
func TestUsageThatCannotBeCounted(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.limit("max_developers", 5)
	o.plan.Add(faults.Rule{Operation: "Query", Fault: faults.NeverSent, Times: 6})
	if got := o.told(o.newDeveloper); len(got) != 1 || o.stored("developers") != "" {
		t.Errorf("told %q, stored %q", got, o.stored("developers"))
	}
	if log := o.log.String(); !strings.Contains(log, `"msg":"not counted"`) {
		t.Errorf("the log says %s", log)
	}
}
