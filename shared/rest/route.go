package rest

import (
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-lambda-go/events"

	"keydesk/shared/caller"
	"keydesk/shared/portal"
)

// path is a path of the API, taken apart, with the verbs that it has.
type path struct {
	pattern         string
	segments, verbs []string
}

var paths = func() (all []path) {
	for _, route := range append(caller.Routes(), caller.Public...) {
		verb, pattern, _ := strings.Cut(route, " ")
		at := slices.IndexFunc(all, func(p path) bool { return p.pattern == pattern })
		if at < 0 {
			at, all = len(all), append(all, path{pattern: pattern, segments: strings.Split(pattern, "/")})
		}
		all[at].verbs = append(all[at].verbs, verb)
	}
	return all
}()

// match finds the route of the API that an event is for, and what the path's variable says. The template's greedy routes, which
// catch a slash at a path's end and verbs of any name, let through whatever else there is: that is refused here.
func match(event events.APIGatewayV2HTTPRequest) (route, named string, refusal error) {
	asked := strings.TrimRight(event.RawPath, "/")
	if below, ok := strings.CutPrefix(asked, "/"+event.RequestContext.Stage+"/"); ok {
		asked = "/" + below
	}
	segments := strings.Split(asked, "/")
	var found *path
	for i := range paths {
		if value, ok := paths[i].fits(segments); ok && (found == nil || value == "") { // a path without a variable is the better match
			found, named = &paths[i], value
		}
	}
	verb := event.RequestContext.HTTP.Method
	switch {
	case found == nil && verb == "DELETE" && revocation.MatchString(asked):
		return "", "", notRevoked()
	case found == nil:
		return "", "", portal.ErrNotFound
	}
	if verb == "UPDATE" { // so the documents call it; it means PUT
		verb = "PUT"
	}
	if !slices.Contains(found.verbs, verb) {
		return "", "", wrongMethod(event.RequestContext.HTTP.Method, found.verbs)
	}
	return verb + " " + found.pattern, named, nil
}

// revocation is where clients of Tyk revoke keys, old ones with an empty name in the path. One of them reads a 404 as "revoked".
var revocation = regexp.MustCompile(`^/api/portal/developers/(key/|[^/]+/keys/)|^(/api)?/api/apis/[^/]*/keys/`)

func notRevoked() error {
	refusal := portal.Refuse(portal.WrongMethod, "Keys cannot be revoked one by one yet: this one still works. Deleting its developer revokes it.")
	refusal.Meta = allow{[]string{}}
	return refusal
}

// fits tells whether a call's path is this one, and what it says in the place of the variable, if there is one.
func (p *path) fits(segments []string) (named string, ok bool) {
	if len(p.segments) != len(segments) {
		return "", false
	}
	for i, segment := range p.segments {
		switch {
		case strings.HasPrefix(segment, "{") && segments[i] != "":
			named = segments[i]
		case segment != segments[i]:
			return "", false
		}
	}
	return named, true
}

// validName refuses what cannot be the name of an object of the route: an {id} is one of our ids, {policy} and {email} are the
// words of others.
func validName(route, named string) error {
	if strings.HasSuffix(route, "/{id}") && !portal.ValidID(named) {
		kind, _, _ := strings.Cut(route[strings.Index(route, "portal/")+len("portal/"):], "/")
		return portal.Refuse(portal.Invalid, "Invalid %s ID: 24 lower-case hexadecimal digits are expected.", strings.TrimSuffix(kind, "s"))
	}
	if len(named) > portal.LongestEmail { // no other name is as long
		return portal.Refuse(portal.Invalid, "The path names an object in %d bytes; no name has more than %d.", len(named), portal.LongestEmail)
	}
	return nil
}

// wrongMethod refuses a verb that a path does not have, and names those that it has.
func wrongMethod(verb string, has []string) error {
	refusal := portal.Refuse(portal.WrongMethod, "%s is not allowed here; use %s.", verb, strings.Join(has, " or "))
	refusal.Meta = allow{has}
	return refusal
}

type allow struct {
	Allow []string `json:"allow"`
}
