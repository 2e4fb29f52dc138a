package desktest

import (
	"runtime"
	"testing"

	"keydesk/infra/fixture"
)

// Allocates is how many bytes of memory the function takes to answer an event. The test must not be parallel to others.
func Allocates(t *testing.T, function Function, event Event) uint64 {
	t.Helper()
	desk := New(t, fixture.Desk)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	desk.Answer(function, event)
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
