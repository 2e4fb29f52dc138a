package rest

import (
	"cmp"
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
	for _, route := range slices.Concat(caller.Routes(), caller.Signed, caller.Public, caller.Protected) {
		verb, pattern, _ := strings.Cut(route, " ")
		at := slices.IndexFunc(all, func(p path) bool { return p.pattern == pattern })
		if at < 0 {
			at, all = len(all), append(all, path{pattern: pattern, segments: strings.Split(pattern, "/")})
		}
		all[at].verbs = append(all[at].verbs, verb)
	}
	return all
}()

// named is what the variables of a call's path say, by their names.
type named map[string]string

// match finds the route of the API that an event is for, and what the path's variables say. The template's greedy routes, which
// catch a slash at a path's end and verbs of any name, let through whatever else there is: that is refused here.
func match(event events.APIGatewayV2HTTPRequest) (route string, says named, refusal error) {
	asked := strings.TrimRight(event.RawPath, "/")
	if below, ok := strings.CutPrefix(asked, "/"+event.RequestContext.Stage+"/"); ok {
		asked = "/" + below
	}
	segments := strings.Split(asked, "/")
	if cutShort(event.RouteKey, segments) {
		return "", nil, errCutShort
	}
	var found *path
	for i := range paths {
		if values, ok := paths[i].fits(segments); ok && (found == nil || len(values) < len(says)) { // the fewer variables, the better the match
			found, says = &paths[i], values
		}
	}
	if found == nil {
		return "", nil, portal.ErrNotFound
	}
	verb := event.RequestContext.HTTP.Method
	if verb == "UPDATE" { // so the documents call it; it means PUT
		verb = "PUT"
	}
	if !slices.Contains(found.verbs, verb) {
		return "", nil, wrongMethod(event.RequestContext.HTTP.Method, found.verbs)
	}
	return verb + " " + found.pattern, says, nil
}

// cutShort tells whether the path has lost segments that the front end saw when it chose a route: API Gateway hands a path on decoded, and
// cuts it at a "?" that was percent-encoded. What is left can be another path of the API. Routes that end in a greedy variable, and
// $default, are there for paths of any length.
func cutShort(routeKey string, segments []string) bool {
	_, routed, named := strings.Cut(routeKey, " ")
	return named && !strings.HasSuffix(routed, "+}") && strings.Count(routed, "/") > len(segments)-1
}

var errCutShort = portal.Refuse(portal.Invalid, `The path has a percent-encoded "?", where it ends for this API; leave it out.`)

// mayBeEmpty are the variables that say nothing of a key which is to be revoked, and that clients of Tyk leave empty:
// /api/apis//keys/{key}.
func mayBeEmpty(segment, pattern string) bool {
	return segment == "{api}" || segment == "{policy}" && strings.Contains(pattern, "/key/")
}

// fits tells whether a call's path is this one, and what it says in the places of the variables.
func (p *path) fits(segments []string) (says named, ok bool) {
	if len(p.segments) != len(segments) {
		return nil, false
	}
	for i, segment := range p.segments {
		switch {
		case strings.HasPrefix(segment, "{") && (segments[i] != "" || mayBeEmpty(segment, p.pattern)):
			if says == nil {
				says = named{}
			}
			says[strings.Trim(segment, "{}")] = segments[i]
		case segment != segments[i]:
			return nil, false
		}
	}
	return says, true
}

// object is the name of the object that the path leads to: an {id} is one of our ids, {policy}, {email} and {ssokey} are the words of others.
func (n named) object() string { return cmp.Or(n["id"], n["email"], n["ssokey"], n["policy"]) }

// key is what the path calls a key.
func (n named) key() string { return cmp.Or(n["key"], n["client"]) }

// valid refuses what cannot be the name of an object of the route.
func (n named) valid(route string) error {
	if id, is := n["id"]; is && !portal.ValidID(id) {
		kind, _, _ := strings.Cut(route[strings.Index(route, "portal/")+len("portal/"):], "/")
		return portal.Refuse(portal.Invalid, "Invalid %s ID: 24 lower-case hexadecimal digits are expected.", strings.TrimSuffix(kind, "s"))
	}
	if key := n.key(); key != "" && !portal.ValidKeyName(key) {
		return portal.Refuse(portal.Invalid, "Invalid key ID: the hash that the key is shown by is expected, or the key's id.")
	}
	for _, value := range n {
		if len(value) > portal.LongestEmail { // no other name is as long
			return portal.Refuse(portal.Invalid, "The path names an object in %d bytes; no name has more than %d.", len(value), portal.LongestEmail)
		}
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
