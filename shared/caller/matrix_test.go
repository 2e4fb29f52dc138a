package caller_test

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"keydesk/shared/caller"
	"keydesk/shared/portal"
)

// who may call each route: said here a second time, on purpose. a is for admin, r for reviewer, p for portal.
var who = map[string]string{
	"GET /api/portal/requests":                       "arp",
	"GET /api/portal/requests/{id}":                  "arp",
	"POST /api/portal/requests":                      "a p",
	"PUT /api/portal/requests/{id}":                  "a p",
	"DELETE /api/portal/requests/{id}":               "a p",
	"PUT /api/portal/requests/approve/{id}":          "arp",
	"PUT /api/portal/requests/decline/{id}":          "ar ",
	"GET /api/portal/developers":                     "arp",
	"GET /api/portal/developers/{id}":                "arp",
	"GET /api/portal/developers/email/{email}":       "arp",
	"GET /api/portal/developers/ssokey/{ssokey}":     "arp",
	"POST /api/portal/developers":                    "a p",
	"PUT /api/portal/developers/{id}":                "a p",
	"DELETE /api/portal/developers/{id}":             "a p",
	"POST /api/portal/developers/verify_credentials": "a p",
	"POST /api/portal/developers/password/{id}":      "a p",
	"GET /api/portal/catalogue":                      "arp",
	"POST /api/portal/catalogue":                     "a  ",
	"PUT /api/portal/catalogue":                      "a  ",
	"GET /api/portal/policies":                       "arp",
	"GET /api/portal/policies/search":                "arp",
	"GET /api/portal/policies/{policy}":              "arp",
	"POST /api/portal/policies":                      "a  ",
	"PUT /api/portal/policies/{policy}":              "a  ",
	"DELETE /api/portal/policies/{policy}":           "a  ",
	"GET /api/portal/configuration":                  "arp",
	"POST /api/portal/configuration":                 "a  ",
	"PUT /api/portal/configuration":                  "a  ",

	"GET /api/portal/pages":                 "arp",
	"POST /api/portal/pages":                "a  ",
	"GET /api/portal/pages/{id}":            "arp",
	"PUT /api/portal/pages/{id}":            "a  ",
	"DELETE /api/portal/pages/{id}":         "a  ",
	"GET /api/portal/documentation":         "arp",
	"POST /api/portal/documentation":        "a  ",
	"GET /api/portal/documentation/{id}":    "arp",
	"PUT /api/portal/documentation/{id}":    "a  ",
	"DELETE /api/portal/documentation/{id}": "a  ",
	"GET /api/portal/menus":                 "arp",
	"POST /api/portal/menus":                "a  ",
	"PUT /api/portal/menus":                 "a  ",
	"GET /api/portal/css":                   "arp",
	"POST /api/portal/css":                  "a  ",
	"PUT /api/portal/css":                   "a  ",

	"PUT /api/portal/requests/approve":          "ar ",
	"PUT /api/portal/requests/decline":          "ar ",
	"POST /api/portal/requests/{id}/claim-link": "arp",
	"POST /api/portal/configuration/dry-run":    "ar ",

	"GET /api/portal/developers/{id}/keys":                  "arp",
	"GET /api/portal/developers/{id}/keys/{key}":            "arp",
	"POST /api/portal/developers/{id}/keys":                 "a p",
	"PUT /api/portal/developers/{id}/keys/{key}":            "a p",
	"POST /api/portal/developers/{id}/subscriptions":        "a p",
	"POST /api/portal/developers/{id}/keys/{key}/rotate":    "arp",
	"POST /api/portal/developers/{id}/keys/{key}/suspend":   "ar ",
	"POST /api/portal/developers/{id}/keys/{key}/resume":    "ar ",
	"DELETE /api/portal/developers/{id}/keys/{key}":         "arp",
	"DELETE /api/portal/developers/oauth/{client}":          "arp",
	"DELETE /api/portal/developers/key/{policy}/{key}/{id}": "arp",
	"DELETE /api/apis/{api}/keys/{key}":                     "arp",
	"DELETE /api/api/apis/{api}/keys/{key}":                 "arp",
}

func TestEveryRoleAndRoute(t *testing.T) {
	var routes []string
	for route, may := range who {
		routes = append(routes, route)
		needs, known := caller.Needs(route)
		if !known {
			t.Errorf("the matrix does not have %s", route)
		}
		for role, letter := range map[caller.Role]string{caller.Admin: "a", caller.Reviewer: "r", caller.Portal: "p", "": "-", "superadmin": "-"} {
			if want := strings.Contains(may, letter); required(t, role, needs) != want {
				t.Errorf("%s by the role %q: %v", route, role, !want)
			}
		}
	}
	if slices.Sort(routes); !reflect.DeepEqual(routes, caller.Routes()) {
		t.Errorf("routes %v", caller.Routes())
	}
	if _, known := caller.Needs("PATCH /api/portal/requests"); known || caller.Admin.May("requests:unheard-of") {
		t.Error("somebody may what nobody has heard of")
	}
}

// required tells whether a role has a permission. Where it has not, the refusal must name what is lacking.
func required(t *testing.T, role caller.Role, needs caller.Permission) bool {
	t.Helper()
	c := caller.Caller{Role: role}
	err := c.Require(needs)
	if c.May(needs) != (err == nil) {
		t.Errorf("the role %q may %s: %v, %v", role, needs, c.May(needs), err)
	}
	var refusal *portal.Error
	if err != nil && (!errors.As(err, &refusal) || refusal.Kind != portal.Forbidden || !strings.Contains(err.Error(), string(needs))) {
		t.Errorf("%s refused to the role %q with %v", needs, role, err)
	}
	return err == nil
}

// The table in docs/security.md is the matrix, for people.
func TestTheDocumentShowsTheMatrix(t *testing.T) {
	text, err := os.ReadFile("../../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, route := range caller.Routes() {
		needs, _ := caller.Needs(route)
		line := fmt.Sprintf("| `%s` | %s |", route, needs)
		for _, role := range caller.Roles {
			if role.May(needs) {
				line += " yes |"
			} else {
				line += " |"
			}
		}
		if !strings.Contains(string(text), line+"\n") {
			t.Errorf("docs/security.md lacks the line\n%s", line)
		}
	}
	if shown := strings.Count(string(text), " /api/"); shown != len(caller.Routes()) {
		t.Errorf("docs/security.md shows %d routes, the matrix has %d", shown, len(caller.Routes()))
	}
}
