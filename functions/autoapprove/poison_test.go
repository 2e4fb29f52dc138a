package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"keydesk/infra/faults"
	"keydesk/infra/fixture"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// poisons are what can be the matter with one request, and what the report says of it.
var poisons = []struct {
	name   string
	poison func(d *desk, request string)
	words  string
}{
	{"what is stored cannot be read", func(d *desk, r string) { d.Spoil(r, "apply_policies", &types.AttributeValueMemberN{Value: "5"}) }, "stored REQUEST: "},
	{"nobody knows the task", func(d *desk, r string) { d.Spoil(r, "task", str("dance")) }, `the task "dance" is none`},
}

// A request that is poisonous stops no other. It is put off, further each time; the third time somebody hears of it, with the report,
// and until it is mended.
func TestPoisonousRequests(t *testing.T) {
	t.Parallel()
	d := open(t)
	ids := d.asked(len(poisons)+5, func(int) int { return 3 })
	bad, good := ids[:len(poisons)], ids[len(poisons):]
	for i, p := range poisons {
		p.poison(d, bad[i])
	}
	d.ran(0, report{Approved: len(good), Failed: len(bad)})
	d.granted(good)
	d.ran(50*time.Second, report{})
	d.ran(time.Minute+5*time.Second, report{Failed: len(bad)})
	d.ran(2*time.Minute, report{})
	third, err := d.run(t.Context(), 4*time.Minute)
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%d things that are due have failed 3 times or more: %s", len(bad), third.text())) {
		t.Errorf("the third time: %v", err)
	}
	d.same(third, report{Failed: len(bad)})
	for i, p := range poisons {
		if !slices.ContainsFunc(third.Why, func(w why) bool { return w.ID == "request "+bad[i] && strings.Contains(w.Error, p.words) }) {
			t.Errorf("%s: the report says %+v", p.name, third.Why)
		}
	}
	if _, err := d.run(t.Context(), 10*time.Minute); err == nil {
		t.Error("the fourth time nobody hears of it")
	}
	d.Spoil(bad[0], "apply_policies", &types.AttributeValueMemberL{Value: []types.AttributeValue{str(fixture.Petstore)}})
	d.Spoil(bad[1], "task", str(string(table.Decide)))
	if mended, _ := d.run(t.Context(), 20*time.Minute); mended.Approved != 2 || mended.Failed != 0 {
		t.Errorf("mended: %s", mended.text())
	}
	d.granted(bad)
}

// A policy that is gone is no poison: a person is asked.
func TestPolicyThatIsGone(t *testing.T) {
	t.Parallel()
	d := open(t)
	const brief = "5f2b6c7d8e9fa00001c3d3e3"
	d.Offer(brief, portal.AuthToken, `{}`, 0)
	r := d.Ask(d.sender, brief)
	d.Remove("ORG#"+fixture.Org, "POLICY#"+brief)
	d.ran(0, report{Asked: 1})
	if after := d.Audit(r.ID); after.State != portal.Pending || !strings.Contains(after.Why, "there is no policy "+brief) {
		t.Errorf("%s: %s", after.State, after.Why)
	}
	d.ran(time.Hour, report{Overtaken: 1}) // it was tried again, and the policy is still gone
}

// An item that panics fails alone. The schedule has no vault here, which only the end of a delivery secret needs.
func TestPanicOfOne(t *testing.T) {
	t.Parallel()
	d := open(t)
	ids := d.asked(4, spread)
	var log bytes.Buffer
	d.log = &log
	secret := table.SecretTask{Org: fixture.Org, ID: ids[0], Kind: portal.AuthToken}
	d.must(d.Books.PlanSecret(t.Context(), secret.AtOnce(time.Now())))
	issuer := d.Issuer()
	issuer.Vault = nil
	got, err := d.by(issuer, time.Second).Invoke(t.Context())
	if err != nil || len(got.Why) != 1 || !strings.HasPrefix(got.Why[0].Error, "panic: runtime error: ") {
		t.Errorf("%v, %+v", err, got.Why)
	}
	d.same(got, report{Approved: len(ids), Failed: 1})
	var first struct{ Msg, Item, Panic, Stack string }
	if err := json.NewDecoder(&log).Decode(&first); err != nil || first.Msg != "panic" || first.Item != got.Why[0].ID || !strings.Contains(first.Stack, "vault") {
		t.Errorf("logged %+v, %v", first, err)
	}
	d.ran(2*time.Minute, report{Emptied: 1})
	d.granted(ids)
}

// What cannot even be put off stands in nobody's way: the run pages on past it, and somebody hears of it at once.
func TestWhatCannotBePutOff(t *testing.T) {
	t.Parallel()
	d := open(t)
	const bad = 2*fewAtATime + 10
	ids := d.asked(bad+1, func(int) int { return 0 })
	for _, id := range ids[:bad] {
		d.Spoil(id, "task", str("dance"))
	}
	d.Spoil(ids[bad], "DueSK", str(portal.Timestamp(time.Now())+"#"+fixture.Org+"#"+ids[bad])) // the last of all
	d.Add(faults.Rule{Operation: "UpdateItem", Fault: faults.NeverSent, Times: faults.Always, If: func(input any) bool {
		return strings.Contains(*input.(*dynamodb.UpdateItemInput).UpdateExpression, "tries")
	}})
	got, err := d.run(t.Context(), time.Second)
	if err == nil || len(got.Why) != mostTold || !strings.Contains(got.Why[0].Error, "is none; nor could it be put off: ") {
		t.Errorf("%v, %+v", err, got.Why)
	}
	d.same(got, report{Approved: 1, Failed: bad})
	d.granted(ids[bad:])
}

// What cannot be read of the index is told of at once: nothing else would say that it is there.
func TestIndexThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		partition string // whose reads fail; empty: all
		unread    int
		approved  int
	}{"all of it": {"", table.DuePartitions, 0}, "one partition": {"DUE#5", 1, 1}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			ids := d.asked(2, func(i int) int { return 4 + i })
			d.Add(faults.Rule{Operation: "Query", Fault: faults.NeverSent, Times: faults.Always, If: func(input any) bool {
				q := input.(*dynamodb.QueryInput)
				return *q.IndexName == "due" && (c.partition == "" || text(q.ExpressionAttributeValues[":partition"]) == c.partition)
			}})
			got, err := d.run(t.Context(), 0)
			if err == nil || !strings.HasPrefix(err.Error(), fmt.Sprintf("what is due could not be read of %d partitions: {", c.unread)) || len(got.Why) != c.unread {
				t.Errorf("%v", err)
			}
			d.same(got, report{Approved: c.approved, More: true})
			d.granted(ids[:c.approved])
		})
	}
}

// What a report tells of an error is short, and nothing of a client's.
func TestWords(t *testing.T) {
	refusal := portal.Refuse(portal.Invalid, "email: %s is taken.", "ada@example.com")
	for _, c := range []struct {
		err  error
		want string
	}{
		{errors.New("plain"), "plain"},
		{refusal, "email: %s is taken."},
		{fmt.Errorf("wrapped: %w", refusal), "email: %s is taken."},
		{errors.New(strings.Repeat("é", 400)), strings.Repeat("é", 250) + "..."},
		{errors.New("x" + strings.Repeat("é", 400)), "x" + strings.Repeat("é", 249) + "..."},
		{io.EOF, "EOF"},
	} {
		if got := words(c.err); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

func TestLeave(t *testing.T) {
	var c tally
	c.leave(2, true)
	c.leave(1, false)
	if c.report.Left != 3 || !c.report.More {
		t.Errorf("%+v", c.report)
	}
}
