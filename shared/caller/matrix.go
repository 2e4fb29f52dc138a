package caller

import (
	"slices"

	"keydesk/shared/portal"
)

// Role is what a credential was made for.
type Role string

// The roles.
const (
	Admin    Role = "admin"    // everything
	Reviewer Role = "reviewer" // reads and decides
	Portal   Role = "portal"   // a portal or script that acts for developers: reads, and writes developers and requests
)

// Roles are all of them.
var Roles = []Role{Admin, Reviewer, Portal}

// Permission is what a route asks of its caller.
type Permission string

// The permissions.
const (
	ReadRequests       Permission = "requests:read"
	WriteRequests      Permission = "requests:write"
	DecideRequests     Permission = "requests:decide"
	ApproveRequests    Permission = "requests:approve"   // decide, or approve what one created and nobody needs to decide
	SendLinks          Permission = "requests:send-link" // to the developer, who claims a key by it
	ReadDevelopers     Permission = "developers:read"
	WriteDevelopers    Permission = "developers:write"
	ReadKeys           Permission = "keys:read"
	WriteKeys          Permission = "keys:write"
	RotateKeys         Permission = "keys:rotate"
	RevokeKeys         Permission = "keys:revoke"
	SuspendKeys        Permission = "keys:suspend"
	ReadCatalogue      Permission = "catalogue:read"
	WriteCatalogue     Permission = "catalogue:write"
	ReadPolicies       Permission = "policies:read"
	WritePolicies      Permission = "policies:write"
	ReadConfiguration  Permission = "configuration:read"
	WriteConfiguration Permission = "configuration:write"
)

// grant is a line of the matrix: who has a permission, and the routes that ask for it.
type grant struct {
	permission Permission
	roles      []Role
	routes     []string // "VERB path", as template.yaml spells them
}

// matrix says who may do what: every route of the API stands here once, and nowhere else in the code.
var matrix = []grant{
	{ReadRequests, []Role{Admin, Reviewer, Portal}, []string{
		"GET /api/portal/requests", "GET /api/portal/requests/{id}",
	}},
	{WriteRequests, []Role{Admin, Portal}, []string{
		"POST /api/portal/requests", "PUT /api/portal/requests/{id}", "DELETE /api/portal/requests/{id}",
	}},
	{DecideRequests, []Role{Admin, Reviewer}, []string{
		"PUT /api/portal/requests/decline/{id}", "PUT /api/portal/requests/decline", "PUT /api/portal/requests/approve",
		"POST /api/portal/configuration/dry-run", // what rules would have decided
	}},
	{ApproveRequests, []Role{Admin, Reviewer, Portal}, []string{
		"PUT /api/portal/requests/approve/{id}",
	}},
	{SendLinks, []Role{Admin, Reviewer, Portal}, []string{
		"POST /api/portal/requests/{id}/claim-link",
	}},
	{ReadDevelopers, []Role{Admin, Reviewer, Portal}, []string{
		"GET /api/portal/developers", "GET /api/portal/developers/{id}", "GET /api/portal/developers/email/{email}",
		"GET /api/portal/developers/ssokey/{ssokey}",
	}},
	{WriteDevelopers, []Role{Admin, Portal}, []string{
		"POST /api/portal/developers", "PUT /api/portal/developers/{id}", "DELETE /api/portal/developers/{id}",
		"POST /api/portal/developers/verify_credentials", "POST /api/portal/developers/password/{id}",
	}},
	{ReadKeys, []Role{Admin, Reviewer, Portal}, []string{
		"GET /api/portal/developers/{id}/keys", "GET /api/portal/developers/{id}/keys/{key}",
	}},
	{WriteKeys, []Role{Admin, Portal}, []string{
		"POST /api/portal/developers/{id}/keys", "PUT /api/portal/developers/{id}/keys/{key}",
		"POST /api/portal/developers/{id}/subscriptions", // the older name of the first, which clients of Tyk still use
	}},
	{RotateKeys, []Role{Admin, Reviewer, Portal}, []string{
		"POST /api/portal/developers/{id}/keys/{key}/rotate", // what they need whose answer to an approve was lost
	}},
	{RevokeKeys, []Role{Admin, Reviewer, Portal}, []string{
		"DELETE /api/portal/developers/{id}/keys/{key}", "DELETE /api/portal/developers/oauth/{client}",
		"DELETE /api/portal/developers/key/{policy}/{key}/{id}", // as older clients of Tyk do, and these two
		"DELETE /api/apis/{api}/keys/{key}", "DELETE /api/api/apis/{api}/keys/{key}",
	}},
	{SuspendKeys, []Role{Admin, Reviewer}, []string{
		"POST /api/portal/developers/{id}/keys/{key}/suspend", "POST /api/portal/developers/{id}/keys/{key}/resume",
	}},
	{ReadCatalogue, []Role{Admin, Reviewer, Portal}, []string{
		"GET /api/portal/catalogue",
	}},
	{WriteCatalogue, []Role{Admin}, []string{
		"POST /api/portal/catalogue", "PUT /api/portal/catalogue",
	}},
	{ReadPolicies, []Role{Admin, Reviewer, Portal}, []string{
		"GET /api/portal/policies", "GET /api/portal/policies/search", "GET /api/portal/policies/{policy}",
	}},
	{WritePolicies, []Role{Admin}, []string{
		"POST /api/portal/policies", "PUT /api/portal/policies/{policy}", "DELETE /api/portal/policies/{policy}",
	}},
	{ReadConfiguration, []Role{Admin, Reviewer, Portal}, []string{
		"GET /api/portal/configuration",
		"GET /api/portal/pages", "GET /api/portal/pages/{id}", "GET /api/portal/documentation", "GET /api/portal/documentation/{id}",
		"GET /api/portal/menus", "GET /api/portal/css",
	}},
	{WriteConfiguration, []Role{Admin}, []string{
		"POST /api/portal/configuration", "PUT /api/portal/configuration",
		"POST /api/portal/pages", "PUT /api/portal/pages/{id}", "DELETE /api/portal/pages/{id}",
		"POST /api/portal/documentation", "PUT /api/portal/documentation/{id}", "DELETE /api/portal/documentation/{id}",
		"POST /api/portal/menus", "PUT /api/portal/menus", "POST /api/portal/css", "PUT /api/portal/css",
	}},
}

// Public are the routes that ask for nothing: they show nothing of anybody's.
var Public = []string{"GET /docs", "GET /openapi.json", "GET /console/claim", "GET /console/claim.js", "GET /console/claim.css"}

// Signed are the routes whose caller has no credential, and proves otherwise that they may: a third party by a signature, a developer by
// the token of a link.
var Signed = []string{"POST /api/portal/requests/{id}/callback", "POST /api/portal/requests/{id}/claim"}

// Protected are the routes that ask for a key that was granted: functions/authorize judges it.
var Protected = []string{"GET /hello"}

// Routes are all that ask for a permission, sorted.
func Routes() []string {
	var all []string
	for _, g := range matrix {
		all = append(all, g.routes...)
	}
	slices.Sort(all)
	return all
}

// Needs is the permission that a route asks for; false where the matrix does not have the route.
func Needs(route string) (Permission, bool) {
	for _, g := range matrix {
		if slices.Contains(g.routes, route) {
			return g.permission, true
		}
	}
	return "", false
}

// May tells whether the role has the permission.
func (r Role) May(p Permission) bool {
	return slices.ContainsFunc(matrix, func(g grant) bool { return g.permission == p && slices.Contains(g.roles, r) })
}

// May tells whether the caller's role has the permission.
func (c *Caller) May(p Permission) bool { return c.Role.May(p) }

// Require refuses, in words, a caller whose role lacks the permission.
func (c *Caller) Require(p Permission) error {
	if c.May(p) {
		return nil
	}
	return portal.Refuse(portal.Forbidden, "access denied: You do not have permission %s; the role %s lacks it.", p, c.Role)
}
