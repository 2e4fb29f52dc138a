package approval

import (
	"cmp"
	"context"

	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// ErrToBeDecided refuses an automatic approval of what a person has to decide.
var ErrToBeDecided = portal.Refuse(portal.Conflict, "The request waits for a decision.")

// mayApprove refuses a portal's credential what a person has to decide. A portal may approve what it created itself when
// nothing is left to decide: Tyk's own clients create a request and then approve it.
func (i *Issuer) mayApprove(ctx context.Context, act *Act, r *table.Request, books *table.Books) error {
	who := &act.By
	reviews := who.May(caller.DecideRequests)
	switch {
	case act.entitled:
		return i.byRules(ctx, act, r, books)
	case reviews && !act.Automatic:
		return fourEyes(who, r, books)
	case !reviews && r.CreatedBy != who.Holder():
		return who.Require(caller.DecideRequests)
	}
	held, err := countKeys(ctx, i.Table, books, &r.Request)
	verdict := Judge(books, &r.Request, held)
	switch {
	case err != nil:
		return err
	case verdict.Outcome == portal.Approve:
		return nil
	case act.Automatic:
		return ErrToBeDecided
	case verdict.Outcome == portal.Ask:
		return cmp.Or(withoutEntry(books, r.ApplyPolicies), who.Require(caller.DecideRequests))
	}
	return who.Require(caller.DecideRequests)
}

// withoutEntry refuses a portal's approval of a plan that has no catalogue entry. The portal's permission is not what is missing.
func withoutEntry(books *table.Books, policies []string) error {
	for _, policy := range policies {
		if _, known := books.Entries[policy]; !known {
			return portal.Refuse(portal.Forbidden, "access denied: the plan %s has no entry in the catalogue, so a reviewer decides. "+
				"Let a reviewer approve the request, or let an admin add an entry with this policy_id: PUT /api/portal/catalogue.", policy)
		}
	}
	return nil
}

// leftOpen says that the schedule, or a third party's yes, does not approve, and what the rules say instead.
type leftOpen struct {
	verdict Verdict
	books   table.Books
}

func (l *leftOpen) Error() string { return l.verdict.Why }

// byRules lets the schedule approve what the rules let it approve, and a third party what no rule forbids; it has recorded by which.
func (i *Issuer) byRules(ctx context.Context, act *Act, r *table.Request, books *table.Books) error {
	held, err := countKeys(ctx, i.Table, books, &r.Request)
	if err != nil {
		return err
	}
	kept, on := keptForPerson, books.Configuration.AutoApprove
	if !act.bySchedule() {
		kept, on = keptDespiteYes, true
	}
	verdict := judge(books, &r.Request, &form{fields: r.Fields}, held, kept)
	if verdict.Outcome != portal.Approve || !on {
		return &leftOpen{verdict, *books}
	}
	if act.bySchedule() {
		act.Rule, act.Reason, act.Why = verdict.Rule, verdict.Reason, verdict.Why
	}
	return nil
}

// countKeys counts the developer's keys where a rule asks how many there are.
func countKeys(ctx context.Context, t *table.Table, books *table.Books, r *portal.Request) (int, error) {
	if !CountsKeys(books, r.ApplyPolicies) {
		return 0, nil
	}
	return t.KeysHeld(ctx, r.OrgID, r.ByUser)
}
