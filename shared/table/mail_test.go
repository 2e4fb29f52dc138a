package table_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"keydesk/infra/fixture"
	"keydesk/infra/tabletest"
)

// Of forty mails at once as many are counted as may be sent, for each organisation and day by itself.
func TestCountMail(t *testing.T) {
	t.Parallel()
	books := tabletest.New(t)
	const most = 7
	for _, at := range []struct{ org, day string }{{fixture.Org, "2026-11-29"}, {fixture.Org, "2026-11-30"}, {fixture.OtherOrg, "2026-11-29"}} {
		var all sync.WaitGroup
		var counted atomic.Int32
		for range 40 {
			all.Go(func() {
				is, err := books.CountMail(t.Context(), at.org, at.day, most, time.Now())
				if err != nil {
					t.Error(err)
				}
				if is {
					counted.Add(1)
				}
			})
		}
		all.Wait()
		if n := counted.Load(); n != most {
			t.Errorf("%v: %d mails are counted", at, n)
		}
	}
}
