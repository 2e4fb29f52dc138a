package table_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"keydesk/infra/fixture"
	"keydesk/infra/tabletest"
	"keydesk/shared/table"
)

// The tenth attempt is the last for a quarter of an hour from then on, under that name and in that organisation; after it the
// count begins anew.
func TestAttempts(t *testing.T) {
	t.Parallel()
	books := tabletest.New(t)
	begin := time.Now().Truncate(time.Second)
	try := func(org, name string, at time.Duration) error {
		return books.CountLogin(t.Context(), org, name, begin.Add(at))
	}
	for n := range 10 {
		if err := try(fixture.Org, "ada@example.com", time.Duration(n)*time.Minute); err != nil {
			t.Fatalf("attempt %d: %v", n+1, err)
		}
	}
	const end = 9*time.Minute + 15*time.Minute
	for _, at := range []time.Duration{9 * time.Minute, 15 * time.Minute, end - time.Second} {
		var locked *table.Locked
		if err := try(fixture.Org, "ADA@example.com", at); !errors.As(err, &locked) || !locked.Until.Equal(begin.Add(end)) {
			t.Errorf("after %v: %v", at, err)
		}
	}
	for _, other := range [][2]string{{fixture.Org, "ben@example.com"}, {fixture.OtherOrg, "ada@example.com"}} {
		if err := try(other[0], other[1], end-time.Second); err != nil {
			t.Errorf("%s of %s is locked with Ada: %v", other[1], other[0], err)
		}
	}
	for n := range 10 {
		if err := try(fixture.Org, "ada@example.com", end); err != nil {
			t.Errorf("when the lock has ended, attempt %d: %v", n+1, err)
		}
	}
	if err := try(fixture.Org, "ada@example.com", end); err == nil {
		t.Error("an eleventh attempt")
	}
}

// When a lock ends, many may come at once: no more than ten get through.
func TestAttemptsAtTheEndOfALock(t *testing.T) {
	t.Parallel()
	books := tabletest.New(t)
	begin := time.Now()
	for range 10 {
		if err := books.CountLogin(t.Context(), fixture.Org, "ada@example.com", begin); err != nil {
			t.Fatal(err)
		}
	}
	results := make([]error, 40)
	var racing sync.WaitGroup
	for n := range results {
		racing.Go(func() {
			results[n] = books.CountLogin(t.Context(), fixture.Org, "ada@example.com", begin.Add(time.Hour))
		})
	}
	racing.Wait()
	through := 0
	for _, err := range results {
		if err == nil {
			through++
		}
	}
	if through < 1 || through > 10 {
		t.Errorf("%d got through", through)
	}
}
