package table_test

import (
	"slices"
	"testing"

	"keydesk/infra/desktest"
	"keydesk/infra/fixture"
	"keydesk/shared/table"
)

// The newest come first, whatever became of them. What was deleted, before its decision or after it, is left out.
func TestPast(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	past := func(want int) (ids []string) {
		t.Helper()
		found, err := d.Table.Past(t.Context(), fixture.Org, want)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range found {
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

// Nothing comes along that nobody needs: no password, no keys.
func TestAskers(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	found, err := d.Table.Askers(t.Context(), fixture.Org, []string{fixture.Ada, fixture.Ben, fixture.Eve})
	if err != nil || len(found) != 2 || found[fixture.Ada].Email != fixture.AdaEmail || found[fixture.Ada].ID != fixture.Ada || len(found[fixture.Ben].Keys) > 0 {
		t.Errorf("%v: %+v", err, found)
	}
	none, err := d.Table.Askers(t.Context(), fixture.Org, nil)
	if err != nil || len(none) != 0 {
		t.Errorf("of nobody: %v, %v", none, err)
	}
}
