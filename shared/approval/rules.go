// Package approval is how a request is decided and how a key comes of it. The rules are here, pure; issue.go is the one way
// that a key comes into being.
package approval

import (
	"slices"

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

// Grantable refuses, in words, policies for which no key can be granted: unknown, inactive, of several kinds of key, or of a
// kind that the desk does not grant.
func Grantable(books *table.Books, policies []string) error {
	kind := books.Entry(policies[0]).AuthType
	for _, id := range policies {
		policy, known := books.Policies[id]
		switch entry := books.Entry(id); {
		case !known:
			return portal.Refuse(portal.Invalid, "apply_policies: there is no policy %s.", id)
		case !policy.Usable():
			return portal.Refuse(portal.Invalid, "apply_policies: the policy %s is not active.", id)
		case entry.AuthType != kind:
			return portal.Refuse(portal.Invalid, "apply_policies: %s gives %s and %s gives %s; one request is for one kind of key, so ask for them one by one.",
				policies[0], kind, id, entry.AuthType)
		case entry.AuthType != portal.AuthToken:
			return portal.Refuse(portal.Invalid, "apply_policies: the policy %s gives keys of the kind %s; this version grants %s only.", id, entry.AuthType, portal.AuthToken)
		}
	}
	return nil
}

// Automatic tells whether nobody needs to be asked: every policy has an entry, and none requires approval.
func Automatic(books *table.Books, policies []string) bool {
	return !slices.ContainsFunc(policies, func(id string) bool { return books.Settings(id).RequireKeyApproval })
}

// ByClaim tells whether the key goes to the developer by claim and not to whoever approves.
func ByClaim(books *table.Books, policies []string) bool {
	return slices.ContainsFunc(policies, func(id string) bool {
		settings := books.Settings(id)
		return settings.SecureKeyApproval && settings.RequireKeyApproval
	})
}

// Exclusive are the policies of which a developer may have one key at a time.
func Exclusive(books *table.Books, policies []string) []string {
	return slices.DeleteFunc(slices.Clone(policies), func(id string) bool { return books.Settings(id).EnableMultiSelection })
}

// mayApprove refuses a portal's credential what a person has to decide. A portal may approve what it created itself when
// nothing is left to decide: Tyk's own clients create a request and then approve it.
func mayApprove(who *caller.Caller, r *table.Request, books *table.Books) error {
	if who.May(caller.DecideRequests) || r.CreatedBy == who.Holder() && Automatic(books, r.ApplyPolicies) {
		return nil
	}
	return who.Require(caller.DecideRequests)
}
