package rest

import (
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-lambda-go/events"

	"keydesk/shared/caller"
	"keydesk/shared/portal"
)

// paths are those of the API, each with the verbs that it has.
var paths = func() map[string][]string {
	verbs := map[string][]string{}
	for _, route := range append(caller.Routes(), caller.Public...) {
		verb, path, _ := strings.Cut(route, " ")
		verbs[path] = append(verbs[path], verb)
	}
	return verbs
}()

// match finds the route of the API that an event is for, and what the path's variable says. The template's greedy routes, which
// catch a slash at a path's end and verbs of any name, let through whatever else there is: that is refused here.
func match(event events.APIGatewayV2HTTPRequest) (route, named string, refusal error) {
	path := strings.TrimRight(event.RawPath, "/")
	if below, ok := strings.CutPrefix(path, "/"+event.RequestContext.Stage+"/"); ok {
		path = "/" + below
	}
	segments := strings.Split(path, "/")
	found, named := "", ""
	for pattern := range paths {
		if value, ok := fits(pattern, segments); ok && (found == "" || value == "") { // a path without a variable is the better match
			found, named = pattern, value
		}
	}
	verb := event.RequestContext.HTTP.Method
	switch {
	case found == "" && verb == "DELETE" && revocation.MatchString(path):
		return "", "", notRevoked()
	case found == "":
		return "", "", portal.ErrNotFound
	}
	if verb == "UPDATE" { // so the documents call it; it means PUT
		verb = "PUT"
	}
	if !slices.Contains(paths[found], verb) {
		return "", "", wrongMethod(event.RequestContext.HTTP.Method, paths[found])
	}
	return verb + " " + found, named, nil
}

// revocation is where clients of Tyk revoke keys, old ones with an empty name in the path. One of them reads a 404 as "revoked".
var revocation = regexp.MustCompile(`^/api/portal/developers/(key/|[^/]+/keys/)|^(/api)?/api/apis/[^/]*/keys/`)

func notRevoked() error {
	refusal := portal.Refuse(portal.WrongMethod, "Keys cannot be revoked one by one yet: this one still works. Deleting its developer revokes it.")
	refusal.Meta = allow{[]string{}}
	return refusal
}

// fits tells whether a path is one of the pattern's, and what it says in the place of the variable, if there is one.
func fits(pattern string, segments []string) (named string, ok bool) {
	want := strings.Split(pattern, "/")
	if len(want) != len(segments) {
		return "", false
	}
	for i, segment := range want {
		switch {
		case strings.HasPrefix(segment, "{") && segments[i] != "":
			named = segments[i]
		case segment != segments[i]:
			return "", false
		}
	}
	return named, true
}

// longestName bounds what a path may name: an e-mail address has 254 bytes at most.
const longestName = 254

// validName refuses what cannot be the name of an object of the route: an {id} is one of our ids, {policy} and {email} are the
// words of others.
func validName(route, named string) error {
	if strings.HasSuffix(route, "/{id}") && !portal.ValidID(named) {
		kind, _, _ := strings.Cut(route[strings.Index(route, "portal/")+len("portal/"):], "/")
		return portal.Refuse(portal.Invalid, "Invalid %s ID: 24 lower-case hexadecimal digits are expected.", strings.TrimSuffix(kind, "s"))
	}
	if len(named) > longestName {
		return portal.Refuse(portal.Invalid, "The path names an object in %d bytes; no name has more than %d.", len(named), longestName)
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
