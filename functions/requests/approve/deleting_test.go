package main

import (
	"net/http"
	"strings"
	"testing"

	"keydesk/infra/desktest"
	"keydesk/infra/faults"
	"keydesk/infra/fixture"
)

// TestSecretIsBeingDeleted approves a request whose delivery secret was deleted a moment ago: the caller is told to try again, and does.
func TestSecretIsBeingDeleted(t *testing.T) {
	t.Parallel()
	plan := faults.New(t)
	d := desktest.New(t, fixture.Desk, plan.Install)
	plan.Add(faults.Rule{Operation: "CreateSecret", Fault: faults.Deleting})
	said := approve(d, fixture.ReviewerCredential, fixture.Pending, "")
	if said.Status != http.StatusTooManyRequests || said.Headers["Retry-After"] != "1" || !strings.HasPrefix(said.Message, "The secret of this name was deleted a moment ago") {
		t.Errorf("%d %v %s", said.Status, said.Headers, said.Text)
	}
	if r := request(t, d, fixture.Pending); r.Approved {
		t.Errorf("it is approved, and no key was given: %+v", r.Request)
	}
	if again := approve(d, fixture.ReviewerCredential, fixture.Pending, ""); again.Status != http.StatusOK || !strings.Contains(again.Text, `"RawKey":"`) {
		t.Errorf("again: %d %s", again.Status, again.Message)
	}
}
