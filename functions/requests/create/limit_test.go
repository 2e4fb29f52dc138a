package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"keydesk/infra/fixture"
	"keydesk/infra/tabletest"
	"keydesk/infra/trial"
	"keydesk/shared/approval"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// full is the refusal of an organisation that has as many open requests as may be.
func full(held, limit int) string {
	return fmt.Sprintf("max_open_requests: the organisation had %d open requests when they were last counted, and may have %d; decide or delete "+
		"some, or have an admin raise max_open_requests in the configuration.", held, limit)
}

// limited is a desk whose organisation may have so many open requests, one more than it has; one is then asked for, and all are counted, as
// deliver does it.
func limited(t *testing.T) (d *trial.Desk, a ask, limit int) {
	t.Helper()
	d = trial.Open(t)
	open, err := d.Books.Count(t.Context(), fixture.Org, table.Filter{States: []portal.State{portal.Pending, portal.Waiting}})
	must(t, err)
	limit = open + 1
	allow(t, d, limit)
	a = ask{desk: d, portal: d.Person(caller.Portal), developer: d.Developer(), policy: fixture.Weather}
	created(t, []said{a.create(t)}, 1, "")
	count(t, d, limit)
	return d, a, limit
}

func allow(t *testing.T, d *trial.Desk, limit int) {
	t.Helper()
	configure(t, d, fmt.Sprintf(`{"enable_multi_selection": true, "max_open_requests": %d}`, limit))
}

// count has all open requests be counted; the count is believed for a minute, however slow the machine is.
func count(t *testing.T, d *trial.Desk, limit int) {
	t.Helper()
	_, err := d.Books.CountUsage(t.Context(), fixture.Org, table.OpenRequests, limit, time.Now().Add(time.Minute))
	must(t, err)
}

// set changes an attribute of the stored count.
func set(t *testing.T, d *trial.Desk, name string, value int64) {
	t.Helper()
	items := slices.DeleteFunc(tabletest.Dump(t, d.Books), func(it map[string]types.AttributeValue) bool {
		return it["SK"].(*types.AttributeValueMemberS).Value != "USAGE#requests"
	})
	if len(items) != 1 {
		t.Fatalf("%d counts are stored", len(items))
	}
	items[0][name] = &types.AttributeValueMemberN{Value: fmt.Sprint(value)}
	tabletest.Restore(t, d.Books, items)
}

// age makes the stored count an old one.
func age(t *testing.T, d *trial.Desk) {
	t.Helper()
	set(t, d, "at", time.Now().Add(-time.Hour).UnixMilli())
}

// An organisation at its limit is refused one more request, in words and figures. What ended is noticed when the count is old, and a limit
// that was raised at once. No count is a reason to make a call more: neither where there is room, nor for the refusal.
func TestOpenRequestsOfAnOrganisation(t *testing.T) {
	t.Parallel()
	d, a, limit := limited(t)
	d.Reset()
	created(t, []said{a.create(t)}, 0, full(limit, limit))
	if calls := d.Calls(); len(calls) != 2 {
		t.Errorf("a refusal takes the calls %v", calls)
	}
	allow(t, d, limit+1)
	d.Reset()
	id := created(t, []said{a.create(t)}, 1, "")[0]
	if calls := d.Calls(); len(calls) != 3 {
		t.Errorf("a create takes the calls %v", calls)
	}
	count(t, d, limit+1)
	age(t, d)
	created(t, []said{a.create(t)}, 0, full(limit+1, limit+1))
	act := a.portal.Act("deleted")
	must(t, approval.Change(t.Context(), d.Books, d.Read(id), act, approval.Close(act, portal.Cancelled)))
	age(t, d)
	id = created(t, []said{a.create(t)}, 1, "")[0]
	count(t, d, limit+1)
	created(t, []said{a.create(t)}, 0, full(limit+1, limit+1))
	allow(t, d, 0)
	created(t, []said{a.create(t)}, 1, "")
	d.Audit(id)
}

// Many creates meet an old count in the same moment: one of them counts, and the others decide on what it counted.
func TestOneCountsForMany(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		limit  func(now int) int
		create int
	}{"full": {func(now int) int { return now }, 0}, "with room": {func(now int) int { return now + 1000 }, many}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, a, now := limited(t)
			limit := c.limit(now)
			allow(t, d, limit)
			age(t, d)
			if c.create > 0 { // the old count says that all is taken
				set(t, d, "counted", int64(limit))
			}
			d.Reset()
			d.Gate("BatchGetItem", many)
			answers := make([]said, many)
			var racing sync.WaitGroup
			for i := range answers {
				racing.Go(func() { answers[i] = a.create(t) })
			}
			racing.Wait()
			created(t, answers, c.create, full(now, limit))
			counts := slices.DeleteFunc(d.Calls(), func(call string) bool { return !strings.HasPrefix(call, "Query") })
			if len(counts) != 1 {
				t.Errorf("they count %d times", len(counts))
			}
		})
	}
}

// A create that died while it counted holds up the others for ten seconds at most; until then they are asked to come again.
func TestCountThatDied(t *testing.T) {
	t.Parallel()
	d, a, limit := limited(t)
	for began, want := range map[time.Duration]string{
		time.Second:      "What the organisation has is being counted. Nothing was changed; try again in a moment.",
		11 * time.Second: full(limit, limit),
	} {
		age(t, d)
		set(t, d, "begun", time.Now().Add(-began).UnixMilli())
		if answer := a.create(t); answer.status == http.StatusOK || answer.Message != want {
			t.Errorf("after %s: %d %s", began, answer.status, answer.Message)
		}
	}
}

// At the limit, too, a second call for the same is answered with the request that there is, and one for something else of the same plan
// with that plan's refusal: a client must not believe that its first call failed.
func TestTheSameRequestAtTheLimit(t *testing.T) {
	t.Parallel()
	d, _, limit := limited(t)
	configure(t, d, fmt.Sprintf(`{"max_open_requests": %d}`, limit+1))
	a := ask{desk: d, portal: d.Person(caller.Portal), developer: d.Developer(), policy: fixture.Payments, idempotencyKey: "one"}
	first := a.create(t)
	count(t, d, limit+1)
	if again := a.create(t); again != first {
		t.Errorf("with its Idempotency-Key: %v after %v", again, first)
	}
	a.idempotencyKey = ""
	if again := a.create(t); again != first {
		t.Errorf("the same: %v after %v", again, first)
	}
	other := a
	other.version = "v2"
	created(t, []said{other.create(t)}, 0, planWaits)
	other.developer = d.Developer()
	created(t, []said{other.create(t)}, 0, full(limit+1, limit+1))
}
