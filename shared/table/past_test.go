package table_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"keydesk/infra/desktest"
	"keydesk/infra/fixture"
	"keydesk/infra/tabletest"
	"keydesk/shared/table"
)

// The newest come first, whatever became of them. What was deleted, before its decision or after it, is left out.
func TestPast(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	past := func(want int) (ids []string) {
		t.Helper()
		listed, err := d.Table.LatestRequests(t.Context(), fixture.Org, want)
		if err != nil {
			t.Fatal(err)
		}
		found, err := d.Table.Past(t.Context(), fixture.Org, listed)
		if err != nil || found.Cut {
			t.Fatal(err)
		}
		for _, r := range found.Requests {
			ids = append(ids, r.ID)
		}
		return ids
	}
	all := []string{fixture.Pending, fixture.Approved, fixture.Declined, fixture.Automatic, fixture.Claimable, fixture.ByAdmin}
	for want := 1; want < 8; want++ {
		if got := past(want); !slices.Equal(got, all[:min(want, len(all))]) {
			t.Errorf("the newest %d: %v", want, got)
		}
	}
	for id, change := range map[string]func(*table.Request){
		fixture.Approved: func(r *table.Request) { r.Hidden = true }, fixture.Automatic: func(r *table.Request) { r.State = "cancelled" },
	} {
		before, err := d.Table.Request(t.Context(), fixture.Org, id)
		if err != nil {
			t.Fatal(err)
		}
		after := before
		change(&after)
		after.Revision++
		if err := d.Table.Write(t.Context(), table.Change{Before: before, After: after}); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := past(10), []string{fixture.Pending, fixture.Declined, fixture.Claimable, fixture.ByAdmin}; !slices.Equal(got, want) {
		t.Errorf("without those that were deleted: %v, want %v", got, want)
	}
	if got, want := past(2), []string{fixture.Pending}; !slices.Equal(got, want) {
		t.Errorf("the newest two without those that were deleted: %v, want %v", got, want)
	}
}

// Nothing comes along that nobody needs: no password, no keys. Who is gone is not there.
func TestAskers(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	listed := []table.Listed{
		{ID: fixture.Pending, ByUser: fixture.Ada, Policies: []string{fixture.Payments}}, {ID: fixture.Approved, ByUser: fixture.Ben, Policies: []string{fixture.Petstore}},
		{ID: fixture.Automatic, ByUser: fixture.Eve, Policies: []string{fixture.Petstore}}, // of another organisation
		{ID: fixture.Declined, ByUser: fixture.Ben, Policies: []string{fixture.Petstore}},  // for other policies by now
	}
	past, err := d.Table.Past(t.Context(), fixture.Org, listed)
	found := past.Developers
	if err != nil || len(found) != 2 || found[fixture.Ada].Email != fixture.AdaEmail || found[fixture.Ada].ID != fixture.Ada || len(found[fixture.Ben].Keys) > 0 {
		t.Errorf("%v: %+v", err, found)
	}
	if len(past.Requests) != 3 || past.Requests[0].Fields == "" || past.Requests[1].ID != fixture.Approved {
		t.Errorf("requests %+v", past.Requests)
	}
	none, err := d.Table.Past(t.Context(), fixture.Org, nil)
	if err != nil || len(none.Developers) != 0 || len(none.Requests) != 0 || none.Cut {
		t.Errorf("of nobody: %+v, %v", none, err)
	}
}

// A look back ends at eight megabytes, and says so.
func TestPastEndsSomewhere(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	listed := large(t, d, 60)
	past, err := d.Table.Past(t.Context(), fixture.Org, listed)
	if err != nil || !past.Cut || len(past.Requests) != 50 || past.Requests[0].ID != listed[0].ID {
		t.Errorf("of 60 requests with 10 MB it read %d, cut %t, %v", len(past.Requests), past.Cut, err)
	}
}

// large gives Ada as many requests with 170 KB of fields, the newest there are.
func large(t *testing.T, d *desktest.Desk, many int) (listed []table.Listed) {
	t.Helper()
	var items []map[string]types.AttributeValue
	for _, it := range tabletest.Dump(t, d.Table) {
		if id, _ := it["id"].(*types.AttributeValueMemberS); id == nil || id.Value != fixture.Pending || it["SK"].(*types.AttributeValueMemberS).Value != "REQUEST" {
			continue
		}
		text := func(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
		for n := range many {
			another := maps.Clone(it)
			id := fmt.Sprintf("6f0c0000000000000000%04d", n)
			another["PK"], another["id"], another["fields"] = text("ORG#"+fixture.Org+"#REQUEST#"+id), text(id), text(`{"essay":"`+strings.Repeat("x", 170_000)+`"}`)
			items = append(items, another)
			listed = append(listed, table.Listed{ID: id, ByUser: fixture.Ada, Policies: []string{fixture.Payments}})
		}
	}
	tabletest.Restore(t, d.Table, items)
	return listed
}
