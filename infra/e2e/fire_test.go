package e2e

import (
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"
)

const (
	callers = 20
	breath  = 200 * time.Millisecond // between two calls of one caller
	memory  = 10 * time.Second       // of the check, for a verdict of before the rotation: it does not know of an end
	last    = 5 * time.Second        // of the grace, in which all calls are answered by what was read after the rotation
)

// shot is one call of many.
type shot struct {
	caller     int
	begin, end time.Time
	status     int
}

// TestRotationUnderFire has many use a key all the while that it is rotated: it opens until the grace is over, and not after.
func TestRotationUnderFire(t *testing.T) {
	decidedByFunctions(t)
	t.Parallel()
	g := arrives(t, authToken).receives(t, offers(t, offered{kind: authToken})...)
	path := g.path(t) + "/rotate"
	g.opens(t)
	grace := (memory + last + 2*front.skew).Seconds()
	over := make(chan struct{})
	fire := make(chan []shot, 1)
	go func() { fire <- shoot(t, g.key, over) }()
	time.Sleep(time.Second / 2) // all of them call by then
	turned := portal.call(t, http.MethodPost, path, object(t, map[string]any{"grace_seconds": grace}))
	ends, err := time.Parse(time.RFC3339, turned.string("grace_ends"))
	if err == nil {
		g.successor(t, turned).opens(t)
		time.Sleep(time.Until(ends) + 2*time.Second + front.skew)
	}
	close(over)
	all := <-fire
	if err != nil {
		t.Fatalf("%s: grace_ends: %v", turned.call, err)
	}
	judge(t, all, ends)
	refused(t, g.key, "rotated")
	g.successor(t, turned).opens(t)
}

// shoot has many call the sample API until it is over.
func shoot(t *testing.T, key string, over chan struct{}) (all []shot) {
	var mu sync.Mutex
	var done sync.WaitGroup
	for caller := range callers {
		done.Go(func() {
			for {
				select {
				case <-over:
					return
				case <-time.After(breath):
				}
				begin := time.Now()
				status := client{key}.send(t, http.MethodGet, sampleAPI, "").status
				mu.Lock()
				all = append(all, shot{caller, begin, time.Now(), status})
				mu.Unlock()
			}
		})
	}
	done.Wait()
	return all
}

// judge wants each call that was answered before the grace was over to be let pass, and none that began after; and enough of them, by
// each caller, just before and after.
func judge(t *testing.T, all []shot, ends time.Time) {
	t.Helper()
	var before, after [callers]int
	for _, s := range all {
		switch {
		case s.end.Before(ends.Add(-front.skew)):
			if ends.Add(-front.skew).Sub(s.begin) < last {
				before[s.caller]++
			}
			if s.status != http.StatusOK {
				t.Errorf("answered %d, %s before the grace was over", s.status, ends.Sub(s.end))
			}
		case s.begin.After(ends.Add(front.skew)):
			after[s.caller]++
			if s.status != http.StatusForbidden {
				t.Errorf("answered %d, %s after the grace was over", s.status, s.begin.Sub(ends))
			}
		}
	}
	if slices.Min(before[:]) < 3 || slices.Min(after[:]) == 0 {
		t.Errorf("calls in the last %s before the end, by caller: %v, and after it: %v; too few to show anything", last, before, after)
	}
}
