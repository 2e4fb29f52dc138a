package rest

import (
	"slices"
	"strings"

	"keydesk/shared/portal"
)

// Path is a path of the API, with the verbs that it has.
type Path struct {
	Verbs []string
	ofOne bool // it names one object by its id
}

// The paths of key requests.
var (
	Requests  = Path{Verbs: []string{"GET", "POST"}}
	Request   = Path{Verbs: []string{"GET", "PUT", "DELETE"}, ofOne: true}
	Decisions = Path{Verbs: []string{"PUT"}, ofOne: true}
)

// admit refuses a call that a route of the template lets through though it is not the operation's: the greedy variables which
// catch a slash at a path's end catch more than that.
func (p Path) admit(in In, verbs []string) error {
	switch {
	case p.ofOne && in.ID == "":
		return WrongMethod(in.Method, Requests)
	case !p.ofOne && in.ID != "":
		return WrongMethod(in.Method, Request)
	case !slices.Contains(verbs, in.Method):
		return WrongMethod(in.Method, p)
	}
	return nil
}

// WrongMethod refuses a verb that a path does not have, and names those that it has.
func WrongMethod(method string, p Path) error {
	refusal := portal.Refuse(portal.WrongMethod, "%s is not allowed here; use %s.", method, strings.Join(p.Verbs, " or "))
	refusal.Meta = allow{p.Verbs}
	return refusal
}

type allow struct {
	Allow []string `json:"allow"`
}
