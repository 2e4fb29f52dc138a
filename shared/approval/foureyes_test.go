package approval

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// Whoever created a request, or said what it asks for, or is the developer whom it is for, does not decide it where the organisation has
// four eyes on it: but for what nobody needs to decide.
func TestFourEyes(t *testing.T) {
	const mine, email = "mine", "ada@bücher.example"
	for _, c := range []struct {
		name                 string
		off                  bool
		policy               string
		createdBy, changedBy string
		reviewers            string // e-mail
		refused              bool
	}{
		{"somebody else's", false, "reviewed", "theirs", "", "bob@example.com", false},
		{"created", false, "reviewed", mine, "", "bob@example.com", true},
		{"changed", false, "reviewed", "theirs", mine, "bob@example.com", true},
		{"for them", false, "reviewed", "theirs", "", email, true},
		{"for them, in capitals", false, "reviewed", "theirs", "", "ADA@BÜCHER.Example", true},
		{"for them, in the letters of DNS", false, "reviewed", "theirs", "", "ada@xn--bcher-kva.example", true},
		{"for them, taken apart", false, "reviewed", "theirs", "", "ada@bu\u0308cher.example", true},
		{"by a reviewer without an address", false, "reviewed", "theirs", "", "", false},
		{"without an entry", false, "no entry", mine, "", "", true},
		{"that a developer claims", false, "claimed", mine, "", "", true},
		{"that nobody needs to decide", false, "automatic", mine, mine, email, false},
		{"where it is off", true, "reviewed", mine, mine, email, false},
	} {
		b := desk(portal.Config{})
		b.Configuration.FourEyes = !c.off
		b.Developer = &portal.Developer{Email: email}
		r := table.Request{CreatedBy: c.createdBy, ChangedBy: c.changedBy, Request: portal.Request{ApplyPolicies: []string{c.policy}}}
		for _, role := range []caller.Role{caller.Reviewer, caller.Admin} {
			for _, who := range []caller.Caller{{Role: role, Credential: mine, Email: c.reviewers}, {Role: role, Credential: "rotated", First: mine, Email: c.reviewers}} {
				err := (&Issuer{}).mayApprove(t.Context(), &Act{By: who}, &r, b)
				var refusal *portal.Error
				if refused := errors.As(err, &refusal) && refusal.Kind == portal.Forbidden && strings.Contains(refusal.Message, "four_eyes"); refused != c.refused || !refused && err != nil {
					t.Errorf("%s, by the %s: %v", c.name, role, err)
				}
			}
		}
	}
	several := table.Request{CreatedBy: "theirs", Changers: []string{"a", mine, "b"}, Request: portal.Request{ApplyPolicies: []string{"reviewed"}}}
	withFour := desk(portal.Config{})
	withFour.Configuration.FourEyes = true
	if err := fourEyes(&caller.Caller{Credential: mine}, &several, withFour); err == nil {
		t.Error("a change before the last is forgotten")
	}
	b := desk(portal.Config{}) // of a developer who is gone
	b.Configuration.FourEyes = true
	if err := fourEyes(&caller.Caller{Credential: mine}, &table.Request{CreatedBy: "theirs", Request: portal.Request{ApplyPolicies: []string{"reviewed"}}}, b); err != nil {
		t.Errorf("of nobody: %v", err)
	}
}

// All who change a request are remembered, and no more may change it than can be.
func TestChangers(t *testing.T) {
	r := table.Request{ChangedBy: "before"}
	for n := range mostChangers - 1 {
		for range 2 {
			var err error
			if r.Changers, err = changers(&r, fmt.Sprint(n)); err != nil || len(r.Changers) != n+2 {
				t.Fatalf("after %d: %v, %v", n, r.Changers, err)
			}
		}
	}
	var refusal *portal.Error
	if _, err := changers(&r, "one more"); !errors.As(err, &refusal) || refusal.Kind != portal.Conflict {
		t.Errorf("one more: %v", err)
	}
	if again, err := changers(&r, "before"); err != nil || len(again) != mostChangers {
		t.Errorf("one of them: %v, %v", again, err)
	}
}
