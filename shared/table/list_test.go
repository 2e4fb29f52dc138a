package table_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"keydesk/infra/desktest"
	"keydesk/infra/faults"
	"keydesk/infra/fixture"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// One Query reads 1 MB; of requests with 60 KB of fields that is seventeen. Every list goes on from there.
func TestListsLongerThanOneAnswer(t *testing.T) {
	t.Parallel()
	plan := faults.New(t)
	desk := desktest.New(t, fixture.Desk, plan.Install)
	var big []string
	for n := range 20 {
		w := fixture.Wish{
			ID: fmt.Sprintf("5f0c0000000000000000%04d", n), Developer: fixture.Ben, Policy: fixture.Identity, By: fixture.Clerk(),
			At: time.Now(), Fields: portal.Object(`{"essay":"` + strings.Repeat("x", 60_000) + `"}`),
		}
		if err := fixture.Ask(t.Context(), desk.Table, w); err != nil {
			t.Fatal(err)
		}
		big = append(big, w.ID)
	}
	slices.Reverse(big)
	plain := append(slices.Clone(big), fixture.Pending, fixture.Approved, fixture.Automatic, fixture.Claimable, fixture.ByAdmin)
	open := append(slices.Clone(big), fixture.Pending, fixture.Automatic, fixture.Claimable, fixture.ByAdmin)
	for name, c := range map[string]struct {
		filter table.Filter
		want   []string
	}{
		"plain":            {table.Filter{}, plain},
		"open":             {table.Filter{States: []portal.State{portal.Pending, portal.Waiting}}, open},
		"pending":          {table.Filter{States: []portal.State{portal.Pending}}, open},
		"Ben's":            {table.Filter{Developer: fixture.Ben}, append(slices.Clone(big), fixture.Approved)},
		"Ben's that wait":  {table.Filter{Developer: fixture.Ben, States: []portal.State{portal.Pending}}, big},
		"Ben's that ended": {table.Filter{Developer: fixture.Ben, States: []portal.State{portal.Declined}}, []string{fixture.Declined}},
	} {
		plan.Reset()
		got, err := desk.Table.Requests(t.Context(), fixture.Org, c.filter, "", 1000)
		if err != nil {
			t.Fatal(err)
		}
		if len(c.want) >= len(big) && len(plan.Calls()) < 2 {
			t.Errorf("%s: calls %v: everything was in one answer, and nothing was tested", name, plan.Calls())
		}
		if ids := idsOf(got); !reflect.DeepEqual(ids, c.want) {
			t.Errorf("%s: %v, want %v", name, ids, c.want)
		}
		if count, err := desk.Table.Count(t.Context(), fixture.Org, c.filter); err != nil || count != len(c.want) {
			t.Errorf("%s: counted %d, %v; want %d", name, count, err, len(c.want))
		}
		part, err := desk.Table.Requests(t.Context(), fixture.Org, c.filter, c.want[0], 2)
		if want := c.want[1:min(3, len(c.want))]; err != nil || !slices.Equal(idsOf(part), want) {
			t.Errorf("%s: two after the first are %v, %v; want %v", name, idsOf(part), err, want)
		}
	}
}

func idsOf(requests []table.Request) []string {
	ids := []string{}
	for _, r := range requests {
		ids = append(ids, r.ID)
	}
	return ids
}

func TestListsOfStates(t *testing.T) {
	t.Parallel()
	desk := desktest.New(t, fixture.Desk)
	for _, c := range []struct {
		org    string
		states []portal.State
		want   []string
	}{
		{fixture.Org, []portal.State{portal.Approved}, []string{fixture.Approved}},
		{fixture.Org, []portal.State{portal.Waiting}, []string{}},
		{fixture.Org, []portal.State{portal.Declined}, []string{fixture.Declined}},
		{fixture.Org, []portal.State{portal.Cancelled}, []string{}},
		{fixture.Org, []portal.State{portal.Declined, portal.Expired}, []string{fixture.Declined}},
		{fixture.OtherOrg, nil, []string{fixture.Theirs}},
		{fixture.OtherOrg, []portal.State{portal.Approved}, []string{}},
		{"000000000000000000000000", nil, []string{}},
	} {
		filter := table.Filter{States: c.states}
		got, err := desk.Table.Requests(t.Context(), c.org, filter, "", 10)
		if err != nil || !reflect.DeepEqual(idsOf(got), c.want) {
			t.Errorf("%v of %s: %v, %v; want %v", c.states, c.org, idsOf(got), err, c.want)
		}
		if count, err := desk.Table.Count(t.Context(), c.org, filter); err != nil || count != len(c.want) {
			t.Errorf("%v of %s: counted %d, %v", c.states, c.org, count, err)
		}
	}
}

// A cursor names a place in one list of one organisation. A place whose request is gone is still a place.
func TestCursor(t *testing.T) {
	t.Parallel()
	filters := []table.Filter{
		{}, {Developer: fixture.Ada}, {Developer: fixture.Ben}, {States: []portal.State{portal.Approved}},
		{States: []portal.State{portal.Pending, portal.Waiting}}, {Developer: fixture.Ada, States: []portal.State{portal.Approved}},
	}
	for i, filter := range filters {
		cursor := table.Cursor(fixture.Org, filter.Question(), fixture.Pending)
		if after, err := table.After(fixture.Org, filter.Question(), cursor); err != nil || after != fixture.Pending {
			t.Errorf("%v: %s leads to %s, %v", filter, cursor, after, err)
		}
		if strings.Contains(cursor, fixture.Org) || strings.Contains(cursor, "#") {
			t.Errorf("%v: %s shows a key of the table", filter, cursor)
		}
		for j, other := range filters {
			if after, err := table.After(fixture.Org, other.Question(), cursor); i != j && err == nil {
				t.Errorf("the cursor of %v leads to %s in %v", filter, after, other)
			}
		}
		if after, err := table.After(fixture.OtherOrg, filter.Question(), cursor); err == nil {
			t.Errorf("%v: it leads to %s in another organisation", filter, after)
		}
		for _, forged := range []string{
			"", fixture.Pending, cursor[:len(cursor)-1], cursor + "0", strings.ToUpper(cursor), fixture.Approved + cursor[24:],
			strings.Repeat("x", len(cursor)), strings.Repeat("é", 20),
		} {
			_, err := table.After(fixture.Org, filter.Question(), forged)
			var refusal *portal.Error
			if !errors.As(err, &refusal) || refusal.Kind != portal.Invalid {
				t.Errorf("%v: %q is taken for a cursor: %v", filter, forged, err)
			}
		}
	}
}
