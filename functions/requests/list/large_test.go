package main

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"keydesk/infra/desktest"
	"keydesk/infra/faults"
	"keydesk/infra/fixture"
	"keydesk/infra/tabletest"
	"keydesk/shared/rest"
	"keydesk/shared/table"
)

// multiply gives Ada many more requests like the one that is pending, each with so many bytes of fields, and gives their ids, the
// newest first.
func multiply(t *testing.T, d *desktest.Desk, many, bytes int) (ids []string) {
	t.Helper()
	text := func(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
	pk := "ORG#" + fixture.Org + "#REQUEST#"
	var items []map[string]types.AttributeValue
	for _, it := range tabletest.Dump(t, d.Table) {
		if it["PK"].(*types.AttributeValueMemberS).Value != pk+fixture.Pending || it["SK"].(*types.AttributeValueMemberS).Value != "REQUEST" {
			continue
		}
		for n := range many {
			another, id := maps.Clone(it), fmt.Sprintf("6f0c0000000000000000%04d", n)
			another["PK"], another["id"], another["fields"] = text(pk+id), text(id), text(`{"essay":"`+strings.Repeat("x", bytes)+`"}`)
			items, ids = append(items, another), append(ids, id)
		}
	}
	tabletest.Restore(t, d.Table, items)
	slices.Reverse(ids)
	return ids
}

// answered is the answer to a query.
func answered(t *testing.T, d *desktest.Desk, s settings, query string) desktest.Said {
	t.Helper()
	event := desktest.Read(t, "../../../events/requests/list/plain.json")
	event.RawQueryString = query
	return d.Say(func(d *desktest.Desk) rest.Handler { return rest.Handle(d.Table, operation(d.Table, s)) }, event)
}

// What no answer holds is not read to its end. A page that would be longer than an answer ends early, and the Link goes on. A hundred requests
// with 64 KB each, as they were taken once, are more than that.
func TestLargeRequests(t *testing.T) {
	t.Parallel()
	plan := faults.New(t)
	d := desktest.New(t, fixture.Desk, plan.Install)
	many := multiply(t, d, 110, 64_000)
	plan.Reset()
	said := answered(t, d, defaults, "p=-1")
	calls := plan.Calls()
	if batches := len(slices.DeleteFunc(calls, func(call string) bool { return call != "BatchGetItem" })); said.Status != http.StatusRequestEntityTooLarge || batches > 1 {
		t.Errorf("everything: %d %.200s, after %d BatchGetItems", said.Status, said.Text, batches)
	}
	s := defaults
	s.Size = 100
	var all []string
	pages := 0
	for query := "state=pending"; query != ""; pages++ {
		ids, _, next := read(t, d, s, query)
		all, query = append(all, ids...), ""
		if next != nil {
			query = next.RawQuery
		}
	}
	want := slices.Concat(many, []string{fixture.Pending, fixture.Automatic, fixture.Claimable, fixture.ByAdmin})
	if !slices.Equal(all, want) || pages != 2 {
		t.Errorf("on %d pages there are %v, want %v", pages, all, want)
	}
	plan.Reset()
	ids, _, _ := read(t, d, defaults, "")
	if rounds := plan.Rounds(); len(ids) != 10 || len(plan.Calls()) > 1+2+2+9 {
		t.Errorf("a page of %d takes %v", len(ids), rounds)
	}
}

// Where one call may not read as far as the page goes, it shows what it has read, and the Link goes on. A page number that it cannot reach
// is refused, and the Pages are at least so many.
func TestListsEndSomewhere(t *testing.T) {
	t.Parallel()
	plan := faults.New(t)
	d := desktest.New(t, fixture.Desk, plan.Install, faults.SmallQueries(3))
	many := multiply(t, d, 40, 10)
	filter := "by_user=" + fixture.Ada + "&state=approved" // of whom none is approved
	var pages []int
	for query := filter; query != ""; {
		plan.Reset()
		ids, least, next := read(t, d, defaults, query)
		if calls := plan.Calls(); len(calls) > 1+5+10 || len(ids) > 0 || least != 1 {
			t.Errorf("%s: %v of %d pages, after %d calls", query, ids, least, len(calls))
		}
		pages, query = append(pages, least), ""
		if next != nil {
			query = next.RawQuery
		}
	}
	if len(pages) != 3 { // of fifteen entries each; there are 42
		t.Errorf("%d pages, and the list ended", len(pages))
	}
	ids, least, next := read(t, d, defaults, "p=2") // counted are thirty of 45
	if !slices.Equal(ids, many[10:15]) || least != 3 || next == nil {
		t.Errorf("the second page is %v of %d, and then %v", ids, least, next)
	}
	if ids, _, _ := read(t, d, defaults, next.RawQuery); !slices.Equal(ids, many[15:25]) {
		t.Errorf("the Link leads to %v, want %v", ids, many[15:25])
	}
	for query, want := range map[string]string{
		"p=3":  "p: one call does not read as far as that page of this list; go on from a page before it by the Link header.",
		"p=-1": "The list is longer than one call reads; read it in pages, by the Link header.",
	} {
		if said := answered(t, d, defaults, query); said.Status != http.StatusRequestEntityTooLarge || said.Message != want {
			t.Errorf("%s: %d %s", query, said.Status, said.Message)
		}
	}
}

// Page numbers skip what was decided meanwhile. The Link of a numbered page leads to the request that follows, with any filter: a client
// that has begun with numbers can change over on any page.
func TestNumberedPagesHaveLinks(t *testing.T) {
	t.Parallel()
	for _, filter := range []string{"", "approved=false", "state=pending", "by_user=" + fixture.Ada, "by_user=" + fixture.Ada + "&state=pending"} {
		d := desktest.New(t, fixture.Desk)
		many := multiply(t, d, 12, 10)
		s := defaults
		s.Size = 3
		for _, p := range []string{"&p=0", "&p=1"} { // both are the first
			ids, _, next := read(t, d, s, filter+p)
			if !slices.Equal(ids, many[:3]) || next == nil || next.Query().Has("p") {
				t.Fatalf("%q%s: %v, then %v", filter, p, ids, next)
			}
		}
		ids, _, next := read(t, d, s, filter+"&p=2")
		if !slices.Equal(ids, many[3:6]) || next == nil {
			t.Fatalf("%q, second: %v, then %v", filter, ids, next)
		}
		for _, id := range many[:6] { // the client decides what it has seen
			decline(t, d, id)
		}
		if ids, _, _ := read(t, d, s, next.RawQuery); !slices.Equal(ids, many[6:9]) {
			t.Errorf("%q: by the Link the next are %v, want %v", filter, ids, many[6:9])
		}
		if ids, _, _ := read(t, d, s, filter+"&p=3"); slices.Equal(ids, many[6:9]) {
			t.Errorf("%q: by number none is skipped, and the contract says so", filter)
		}
	}
}

func decline(t *testing.T, d *desktest.Desk, id string) {
	t.Helper()
	before, err := d.Table.Request(t.Context(), fixture.Org, id)
	if err != nil {
		t.Fatal(err)
	}
	after := before
	after.State, after.Holds = "declined", nil
	after.Revision++
	before.Holds = nil // they are the first one's
	if err := d.Table.Write(t.Context(), table.Change{Before: before, After: after}); err != nil {
		t.Fatal(err)
	}
}
