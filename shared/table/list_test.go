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

// crowd has Ben ask for as many keys, and gives the requests' ids, the newest first.
func crowd(t *testing.T, desk *desktest.Desk, many int) (ids []string) {
	t.Helper()
	for n := range many {
		w := fixture.Wish{
			ID: fmt.Sprintf("5f0c0000000000000000%04d", n), Developer: fixture.Ben, Policy: fixture.Identity, By: fixture.Clerk(), At: time.Now(),
		}
		if err := fixture.Ask(t.Context(), desk.Table, w); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, w.ID)
	}
	slices.Reverse(ids)
	return ids
}

// Whatever one Query reads, every list goes on from there.
func TestListsLongerThanOneQuery(t *testing.T) {
	t.Parallel()
	plan := faults.New(t)
	desk := desktest.New(t, fixture.Desk, plan.Install, faults.SmallQueries(7))
	many := crowd(t, desk, 20)
	plain := append(slices.Clone(many), fixture.Pending, fixture.Approved, fixture.Automatic, fixture.Claimable, fixture.ByAdmin)
	open := append(slices.Clone(many), fixture.Pending, fixture.Automatic, fixture.Claimable, fixture.ByAdmin)
	for name, c := range map[string]struct {
		filter table.Filter
		want   []string
	}{
		"plain":            {table.Filter{}, plain},
		"open":             {table.Filter{States: []portal.State{portal.Pending, portal.Waiting}}, open},
		"pending":          {table.Filter{States: []portal.State{portal.Pending}}, open},
		"Ben's":            {table.Filter{Developer: fixture.Ben}, append(slices.Clone(many), fixture.Approved)},
		"Ben's that wait":  {table.Filter{Developer: fixture.Ben, States: []portal.State{portal.Pending}}, many},
		"Ben's that ended": {table.Filter{Developer: fixture.Ben, States: []portal.State{portal.Declined}}, []string{fixture.Declined}},
	} {
		plan.Reset()
		got, on, err := desk.Table.List(t.Context(), fixture.Org, c.filter, "", 1000)
		if err != nil || on != "" {
			t.Fatal(on, err)
		}
		if len(c.want) >= len(many) && len(plan.Calls()) < 2 {
			t.Errorf("%s: calls %v: everything was in one answer, and nothing was tested", name, plan.Calls())
		}
		if ids := idsOf(got); !reflect.DeepEqual(ids, c.want) {
			t.Errorf("%s: %v, want %v", name, ids, c.want)
		}
		if count, err := desk.Table.Count(t.Context(), fixture.Org, c.filter); err != nil || count != len(c.want) {
			t.Errorf("%s: counted %d, %v; want %d", name, count, err, len(c.want))
		}
		part, _, err := desk.Table.List(t.Context(), fixture.Org, c.filter, c.want[0], 2)
		if want := c.want[1:min(3, len(c.want))]; err != nil || !slices.Equal(idsOf(part), want) {
			t.Errorf("%s: two after the first are %v, %v; want %v", name, idsOf(part), err, want)
		}
	}
}

// However many requests there are, one call makes five Queries to read them and ten to count them, and says where to go on. Nothing is lost on the way.
func TestListsEndSomewhere(t *testing.T) {
	t.Parallel()
	plan := faults.New(t)
	desk := desktest.New(t, fixture.Desk, plan.Install, faults.SmallQueries(3))
	many := crowd(t, desk, 40)
	for name, c := range map[string]struct {
		filter table.Filter
		want   []string
	}{
		"plain":            {table.Filter{}, append(slices.Clone(many), fixture.Pending, fixture.Approved, fixture.Automatic, fixture.Claimable, fixture.ByAdmin)},
		"Ben's":            {table.Filter{Developer: fixture.Ben}, append(slices.Clone(many), fixture.Approved)},
		"Ben's that ended": {table.Filter{Developer: fixture.Ben, States: []portal.State{portal.Declined}}, []string{fixture.Declined}},
	} {
		var all []string
		parts := 0
		for after := ""; ; parts++ {
			plan.Reset()
			got, on, err := desk.Table.List(t.Context(), fixture.Org, c.filter, after, 1000)
			if calls := plan.Calls(); err != nil || len(calls) > 5 {
				t.Fatalf("%s: %d calls, %v", name, len(calls), err)
			}
			if all = append(all, idsOf(got)...); on == "" {
				break
			}
			after = on
		}
		if !slices.Equal(all, c.want) || parts < 2 {
			t.Errorf("%s: %v in %d parts, want %v", name, all, parts, c.want)
		}
		plan.Reset()
		if count, err := desk.Table.Count(t.Context(), fixture.Org, c.filter); err != nil || count > 30 || len(plan.Calls()) != 10 {
			t.Errorf("%s: counted %d of %d, in %d calls, %v", name, count, len(c.want), len(plan.Calls()), err)
		}
	}
	if ids, on, err := desk.Table.Developers(t.Context(), fixture.Org, "", 1000); err != nil || on != "" || len(ids) != 4 {
		t.Errorf("four developers are %v, go on from %q, %v", ids, on, err)
	}
}

func idsOf(requests []table.Listed) []string {
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
		got, _, err := desk.Table.List(t.Context(), c.org, filter, "", 10)
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
