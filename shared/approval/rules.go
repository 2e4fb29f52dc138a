// Package approval is how a request is decided and how a key comes of it. The rules are here, pure; issue.go is the one way
// that a key comes into being.
package approval

import (
	"context"
	"slices"
	"strings"

	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// moves has every state and those that may follow it; beside each stands who acts next. A state without moves is final.
var moves = map[portal.State][]portal.State{
	portal.Pending:   {portal.Waiting, portal.Approved, portal.Declined, portal.Cancelled, portal.Expired}, // a reviewer, or the schedule
	portal.Waiting:   {portal.Pending, portal.Approved, portal.Declined, portal.Cancelled, portal.Expired}, // a third party
	portal.Approved:  {portal.Lapsed},                                                                      // the developer, who takes the key
	portal.Declined:  nil,
	portal.Cancelled: nil,
	portal.Expired:   nil,
	portal.Lapsed:    nil,
}

// May tells whether a request may go from one state to another.
func May(from, to portal.State) bool { return slices.Contains(moves[from], to) }

// Known tells whether s is a state.
func Known(s portal.State) bool { _, ok := moves[s]; return ok }

// keyMoves is the same for keys. Revocation is final, and so is a lapse.
var keyMoves = map[table.KeyState][]table.KeyState{
	table.Active:    {table.Suspended, table.Revoked, table.Lapsed},
	table.Suspended: {table.Active, table.Revoked, table.Lapsed},
	table.Revoked:   nil,
	table.Lapsed:    nil,
}

// MayKey tells whether a key may go from one state to another.
func MayKey(from, to table.KeyState) bool { return slices.Contains(keyMoves[from], to) }

// Grantable is the kind of key that the policies give. It refuses, in words, policies for which no key can be granted: unknown,
// inactive, of several kinds of key, or of a kind that the desk does not grant.
func Grantable(books *table.Books, policies []string) (kind string, err error) {
	for i, id := range policies {
		policy, known := books.Policies[id]
		entry := books.Entry(id)
		if i == 0 {
			kind = entry.AuthType
		}
		switch {
		case !known:
			return "", portal.Refuse(portal.Invalid, "apply_policies: there is no policy %s.", id)
		case !policy.Usable():
			return "", portal.Refuse(portal.Invalid, "apply_policies: the policy %s is not active.", id)
		case entry.AuthType != kind:
			return "", portal.Refuse(portal.Invalid, "apply_policies: %s gives %s and %s gives %s; one request is for one kind of key, so ask for them one by one.",
				policies[0], kind, id, entry.AuthType)
		case !portal.Granted(kind):
			return "", portal.Refuse(portal.Invalid, "apply_policies: the policy %s gives keys of the kind %s, which is not granted here.", id, kind)
		case kind == portal.OAuth && len(policies) > 1:
			return "", portal.Refuse(portal.Invalid, "apply_policies: an OAuth client is for one policy; ask for %s and %s one by one.", policies[0], policies[1])
		}
	}
	return kind, nil
}

// Suits refuses, in words, a request that lacks what a new key of the kind is made of.
func Suits(kind string, r *portal.Request) error {
	switch {
	case r.Key != "": // the key is there
	case kind != portal.JWT && r.JWTSecret != "":
		return portal.Refuse(portal.Invalid, "jwt_secret: a key of the kind %s has none; leave it out.", kind)
	case kind != portal.MutualTLS && r.Certificate != "":
		return portal.Refuse(portal.Invalid, "certificate: a key of the kind %s has none; leave it out.", kind)
	case kind == portal.JWT && r.JWTSecret == "":
		return portal.Refuse(portal.Invalid, "jwt_secret is missing; send the public key by which the developer's tokens are checked, in PEM.")
	case kind == portal.MutualTLS:
		_, err := portal.Fingerprint(r.OrgID, r.Certificate)
		return err
	}
	return nil
}

// Automatic tells whether no entry keeps the policies for a person or a third party. Rules may yet say otherwise: see Judge.
func Automatic(books *table.Books, policies []string) bool {
	return !slices.ContainsFunc(policies, func(id string) bool { return keptForPerson(books, id) != "" })
}

// ByClaim tells whether the key goes to the developer by claim and not to whoever approves.
func ByClaim(books *table.Books, policies []string) bool {
	return slices.ContainsFunc(policies, func(id string) bool {
		settings := books.Settings(id)
		return settings.SecureKeyApproval && settings.RequireKeyApproval
	})
}

// Limit is how many keys of a policy a developer may have at a time; 0: any number. OAuth clients are counted by their own setting.
func Limit(books *table.Books, policy string) int {
	settings := books.Settings(policy)
	switch {
	case books.Entry(policy).AuthType == portal.OAuth:
		return max(0, settings.OAuthUsageLimit)
	case settings.EnableMultiSelection:
		return 0
	}
	return 1
}

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
	}
	return who.Require(caller.DecideRequests)
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
	verdict := judge(books, &r.Request, held, kept)
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

// fourEyes refuses, where the organisation asks for four eyes, a decision on a request that is the reviewer's own: they created
// it, or said what it asks for, or it is for them. What nobody needs to decide is nobody's decision.
func fourEyes(who *caller.Caller, r *table.Request, books *table.Books) error {
	if !books.Configuration.FourEyes || Automatic(books, r.ApplyPolicies) {
		return nil
	}
	forThem := who.Email != "" && books.Developer != nil && strings.EqualFold(who.Email, books.Developer.Email)
	if r.CreatedBy != who.Holder() && r.ChangedBy != who.Holder() && !forThem {
		return nil
	}
	return portal.Refuse(portal.Forbidden, "access denied: the request is your own, and the organisation has four_eyes on; another reviewer decides it.")
}
