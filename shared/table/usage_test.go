package table_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"keydesk/infra/desktest"
	"keydesk/infra/faults"
	"keydesk/infra/fixture"
	"keydesk/infra/tabletest"
	"keydesk/shared/table"
)

// signUp writes so many developers more, as the index of the list has them.
func signUp(t *testing.T, desk *desktest.Desk, many int) {
	t.Helper()
	text := func(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
	var items []map[string]types.AttributeValue
	for n := range many {
		id := fmt.Sprintf("5f0d%020x", n)
		items = append(items, map[string]types.AttributeValue{
			"PK": text("ORG#" + fixture.Org + "#EMAIL#" + id + "@example.com"), "SK": text("EMAIL"), "id": text(id), "ListPK": text("ORG#" + fixture.Org + "#DEVELOPERS"),
		})
	}
	tabletest.Restore(t, desk.Table, items)
}

// A count ends a little beyond the limit, and in any case after fifty Queries, however much others have written.
func TestCountsEnd(t *testing.T) {
	t.Parallel()
	plan := faults.New(t)
	desk := desktest.New(t, fixture.Desk, plan.Install, faults.SmallQueries(1))
	signUp(t, desk, 60)
	plan.Reset()
	u, err := desk.Table.CountUsage(t.Context(), fixture.Org, table.Developers, 10, time.Now())
	if err != nil || u.Counted > 50 || u.Counted < 10 || len(plan.Calls()) != 51 { // the last call stores it
		t.Errorf("counted %d in %d calls, %v", u.Counted, len(plan.Calls()), err)
	}
	desk = desktest.New(t, fixture.Desk)
	signUp(t, desk, 1020)
	if u, err := desk.Table.CountUsage(t.Context(), fixture.Org, table.Developers, 10, time.Now()); err != nil || u.Counted != 1010 {
		t.Errorf("counted %d, %v", u.Counted, err)
	}
}

// Of two counts the one that began later stands, whichever is stored first.
func TestTheLaterCountStands(t *testing.T) {
	t.Parallel()
	desk := desktest.New(t, fixture.Desk)
	now := time.Now()
	for _, at := range []time.Time{now, now.Add(-time.Second)} {
		limit := 4
		if at != now {
			limit = 1 // as if it had counted another number
		}
		if _, err := desk.Table.CountUsage(t.Context(), fixture.Org, table.Developers, limit, at); err != nil {
			t.Fatal(err)
		}
	}
	u, err := desk.Table.UsageNow(t.Context(), fixture.Org, table.Developers, table.Usage{Counted: 9, At: now.Add(-time.Hour).UnixMilli(), Begun: now.UnixMilli()}, 4)
	if err != nil || u.Limit != 4 || u.At != now.UnixMilli() {
		t.Errorf("it stands at %+v, %v", u, err)
	}
}

// A count of many is believed for longer, since it costs more.
func TestGoodFor(t *testing.T) {
	t.Parallel()
	for counted, want := range map[int]time.Duration{0: 2 * time.Second, 10_000: 2 * time.Second, 100_000: 20 * time.Second} {
		if got := table.GoodFor(counted); got != want {
			t.Errorf("%d: %s, want %s", counted, got, want)
		}
	}
}
