package awsenv

import (
	"context"
	"testing"
	"time"
)

func TestTimeToAnswer(t *testing.T) {
	bounded, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	end, _ := bounded.Deadline()
	ctx, cancel := TimeToAnswer(bounded, time.Minute)
	defer cancel()
	if got, is := ctx.Deadline(); !is || !got.Equal(end.Add(-time.Minute)) {
		t.Errorf("it ends at %v, want a minute before %v", got, end)
	}
	ctx, cancel = TimeToAnswer(context.Background(), time.Minute)
	if _, is := ctx.Deadline(); is || ctx.Err() != nil {
		t.Error("a call without an end has one")
	}
	if cancel(); ctx.Err() == nil {
		t.Error("it does not end with the call")
	}
}
