package view_test

import (
	"testing"

	"keydesk/infra/desktest"
	"keydesk/infra/faults"
	"keydesk/infra/fixture"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/table"
	"keydesk/shared/view"
)

// The index that names requests is a moment late. What is gone by now is left out, and so is what the filter no longer shows; what has
// changed is shown as it is.
func TestListIsOfNow(t *testing.T) {
	t.Parallel()
	plan := faults.New(t)
	desk := desktest.New(t, fixture.Desk, plan.Install)
	who := caller.Caller{Role: caller.Admin, Org: fixture.Org}
	listed := []table.Listed{
		{ID: "5f0c00000000000000000001", ByUser: fixture.Ada}, // gone
		{ID: fixture.Pending, ByUser: fixture.Ada, Policies: []string{fixture.Weather}},
		{ID: fixture.Declined, ByUser: fixture.Ben, Policies: []string{fixture.Payments}},
		{ID: fixture.Approved, ByUser: fixture.Ben, Policies: []string{fixture.Petstore}},
	}
	for name, c := range map[string]struct {
		filter table.Filter
		want   []string
	}{
		"plain":     {table.Filter{}, []string{fixture.Pending, fixture.Approved}},
		"pending":   {table.Filter{States: []portal.State{portal.Pending}}, []string{fixture.Pending}},
		"declined":  {table.Filter{States: []portal.State{portal.Declined}}, []string{fixture.Declined}},
		"Ben's":     {table.Filter{Developer: fixture.Ben}, []string{fixture.Approved}},
		"cancelled": {table.Filter{States: []portal.State{portal.Cancelled}}, nil},
	} {
		views, err := view.List(t.Context(), desk.Table, who, listed, c.filter, 10)
		if err != nil || len(views) != len(c.want) {
			t.Fatalf("%s: %d views, %v; want %v", name, len(views), err, c.want)
		}
		for i, id := range c.want {
			got := wire(t, views[i])
			if got.ID != id || id == fixture.Pending && (got.Entry.Name != "Payments" || got.Developer.Email != fixture.AdaEmail) {
				t.Errorf("%s: %+v, want %s", name, got, id)
			}
		}
	}
	plan.Reset()
	if views, err := view.List(t.Context(), desk.Table, who, nil, table.Filter{}, 10); err != nil || views == nil || len(plan.Calls()) != 0 {
		t.Errorf("of no requests: %v, %v, after %v", views, err, plan.Calls())
	}
}
