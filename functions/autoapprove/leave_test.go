package main

import (
	"context"
	"errors"
	"testing"
	"time"

	"keydesk/infra/fixture"
	"keydesk/shared/approval"
	"keydesk/shared/portal"
)

// A deletion that was killed goes on by itself, a minute after it began; one that a run has not the time to end goes on in a later one.
// Nobody repeats the DELETE.
func TestDeletionGoesOn(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.must(d.Books.Leave(d.t.Context(), fixture.Org, fixture.Chen, time.Now().Add(-time.Hour)))
	short, cancel := context.WithTimeout(t.Context(), 1900*time.Millisecond)
	defer cancel()
	if done, err := d.Issuer().LeaveOn(d.Invocation(short), fixture.Org, fixture.Chen, time.Now(), "a run"); done != approval.Deleted || err != nil {
		t.Fatalf("without time: %q, %v", done, err)
	}
	if account, err := d.Books.Account(t.Context(), fixture.Org, fixture.Chen); err != nil || !account.Deleting {
		t.Fatalf("the account is %+v, %v", account, err)
	}
	if r := d.Read(fixture.ByAdmin); r.State != portal.Pending {
		t.Fatalf("a request is %s", r.State)
	}
	d.ran(0, report{}) // it is due in a minute
	d.ran(2*time.Minute, report{Deleted: 1})
	if _, err := d.Books.Account(t.Context(), fixture.Org, fixture.Chen); !errors.Is(err, portal.ErrNotFound) {
		t.Errorf("the account is there: %v", err)
	}
	for _, id := range []string{fixture.ByAdmin, fixture.Automatic} {
		if r := d.Read(id); r.State != portal.Cancelled || r.DecidedBy != "the schedule" || r.Reason != "The developer was deleted." {
			t.Errorf("request %s is %s by %s: %s", id, r.State, r.DecidedBy, r.Reason)
		}
	}
	d.ran(4*time.Minute, report{})
}
