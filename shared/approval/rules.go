// Package approval is how a request is decided and how a key comes of it. The rules are here and in judge.go, pure; issue.go is the
// one way that a key comes into being.
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
	portal.Approved:  {portal.Lapsed, portal.Declined, portal.Cancelled},                                   // the developer, who claims the key
	portal.Declined:  nil,
	portal.Cancelled: nil,
	portal.Expired:   nil,
	portal.Lapsed:    nil,
}

// may tells whether a request may go from one state to another.
func may(from, to portal.State) bool { return slices.Contains(moves[from], to) }

// Known tells whether s is a state.
func Known(s portal.State) bool { _, ok := moves[s]; return ok }

// keyMoves is the same for keys. Revocation is final.
var keyMoves = map[table.KeyState][]table.KeyState{
	table.Active:    {table.Suspended, table.Revoked},
	table.Suspended: {table.Active, table.Revoked},
	table.Revoked:   nil,
}

// mayKey tells whether a key may go from one state to another.
func mayKey(from, to table.KeyState) bool { return slices.Contains(keyMoves[from], to) }

// grantable is the kind of key that the policies give. It refuses, in words, policies for which no key can be granted: unknown,
// inactive, of several kinds of key, or of a kind that the desk does not grant.
func grantable(books *table.Books, policies []string) (kind string, err error) {
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

// suits refuses, in words, a request that lacks what a new key of the kind is made of.
func suits(kind string, r *portal.Request) error {
	switch {
	case r.Key != "" && r.JWTSecret != "":
		return portal.Refuse(portal.Invalid, "jwt_secret: a request with key changes policies alone; to give the key another key pair, rotate it: POST /api/portal/developers/{id}/keys/{key}/rotate.")
	case r.Key != "" && r.Certificate != "":
		return portal.Refuse(portal.Invalid, "certificate: a request with key changes policies alone; to give the key another certificate, rotate it: POST /api/portal/developers/{id}/keys/{key}/rotate.")
	case r.Key != "": // the key is there
	case kind != portal.JWT && r.JWTSecret != "":
		return portal.Refuse(portal.Invalid, "jwt_secret: a key of the kind %s has none; leave it out.", kind)
	case kind != portal.MutualTLS && r.Certificate != "":
		return portal.Refuse(portal.Invalid, "certificate: a key of the kind %s has none; leave it out.", kind)
	case kind == portal.JWT && r.JWTSecret == "":
		return portal.Refuse(portal.Invalid, "jwt_secret is missing; send the public key by which the developer's tokens are checked, in PEM or as a JWK.")
	case kind == portal.MutualTLS:
		_, err := portal.Fingerprint(r.OrgID, r.Certificate)
		return err
	}
	return nil
}

// automatic tells whether no entry keeps the policies for a person or a third party. Rules may yet say otherwise: see Judge.
func automatic(books *table.Books, policies []string) bool {
	return !slices.ContainsFunc(policies, func(id string) bool { return keptForPerson(books, id) != "" })
}

// byClaim tells whether the key goes to the developer by claim and not to whoever approves.
func byClaim(books *table.Books, policies []string) bool {
	return slices.ContainsFunc(policies, func(id string) bool {
		settings := books.Settings(id)
		return settings.SecureKeyApproval && settings.RequireKeyApproval
	})
}

// limitOf is how many keys of a policy a developer may have at a time; 0: any number. OAuth clients are counted by their own setting.
func limitOf(books *table.Books, policy string) int {
	settings := books.Settings(policy)
	switch {
	case books.Entry(policy).AuthType == portal.OAuth:
		return max(0, settings.OAuthUsageLimit)
	case settings.EnableMultiSelection:
		return 0
	}
	return 1
}

// fourEyes refuses, where the organisation asks for four eyes, a decision on a request that is the reviewer's own: they created
// it, or changed what it asks for at any time, or it is for them. What nobody needs to decide is nobody's decision.
func fourEyes(who *caller.Caller, r *table.Request, books *table.Books) error {
	if !books.Configuration.FourEyes || automatic(books, r.ApplyPolicies) {
		return nil
	}
	forThem := who.Email != "" && books.Developer != nil && portal.CanonicalEmail(who.Email) == portal.CanonicalEmail(books.Developer.Email)
	theirs := slices.Contains(slices.Concat(r.Changers, []string{r.CreatedBy, r.ChangedBy}), who.Holder())
	if !theirs && !forThem {
		return nil
	}
	return portal.Refuse(portal.Forbidden, "access denied: the request is your own, and the organisation has four_eyes on; another reviewer decides it.")
}
