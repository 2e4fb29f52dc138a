package gateway

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"keydesk/infra/template"
)

// route is one route of the API, taken apart for matching.
type route struct {
	key      string // "GET /requests/{id}" or "$default", as events name it
	method   string // or "ANY"
	segments []segment
	function *function

	authorizer *function // nil: everybody may pass
}

// segment is what stands between two slashes of a route's path.
type segment struct {
	kind segmentKind
	text string // what must stand there, or the variable's name
}

// segmentKind orders segments as API Gateway ranks them: the more exact first.
type segmentKind int

const (
	static   segmentKind = iota // requests
	variable                    // {id}
	greedy                      // {rest+}
)

const defaultKey = "$default"

// rank puts routes in the order in which API Gateway tries them: a full match before one with a greedy variable before $default,
// and of two that are equal so far, a named method before ANY
// (docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html, "Routing API requests").
func rank(routes []template.Route, functions map[string]*function) ([]route, error) {
	ranked := make([]route, 0, len(routes))
	seen := make(map[string]bool, len(routes))
	for _, r := range routes {
		f, ok := functions[r.Function]
		if !ok {
			return nil, fmt.Errorf("route %s %s: the template has no function %q", r.Method, r.Path, r.Function)
		}
		parsed := parseRoute(r)
		if seen[parsed.key] {
			return nil, fmt.Errorf("route %s stands twice in the template", parsed.key)
		}
		seen[parsed.key] = true
		parsed.function = f
		if r.Authorizer != "" {
			if parsed.authorizer = functions[r.Authorizer]; parsed.authorizer == nil {
				return nil, fmt.Errorf("route %s: the template has no function %q to authorize it", parsed.key, r.Authorizer)
			}
		}
		ranked = append(ranked, parsed)
	}
	slices.SortStableFunc(ranked, compareRoutes)
	return ranked, nil
}

func parseRoute(r template.Route) route {
	if r.Path == "" {
		return route{key: defaultKey, method: "ANY", segments: []segment{{kind: greedy}}}
	}
	parsed := route{key: r.Method + " " + r.Path, method: r.Method}
	for text := range strings.SplitSeq(strings.TrimPrefix(r.Path, "/"), "/") {
		s := segment{text: text}
		if name, ok := strings.CutPrefix(text, "{"); ok {
			s.text, s.kind = strings.TrimSuffix(name, "}"), variable
			if name, ok := strings.CutSuffix(s.text, "+"); ok {
				s.text, s.kind = name, greedy
			}
		}
		parsed.segments = append(parsed.segments, s)
	}
	return parsed
}

func compareRoutes(a, b route) int {
	if c := cmp.Compare(a.class(), b.class()); c != 0 {
		return c
	}
	kinds := func(a, b segment) int { return cmp.Compare(a.kind, b.kind) }
	if c := slices.CompareFunc(a.segments, b.segments, kinds); c != 0 {
		return c
	}
	switch anyA, anyB := a.method == "ANY", b.method == "ANY"; {
	case anyA == anyB:
		return 0
	case anyA:
		return 1
	default:
		return -1
	}
}

// class is the coarse rank: all segments named or variable, a greedy variable, $default.
func (r route) class() int {
	switch {
	case r.key == defaultKey:
		return 2
	case r.segments[len(r.segments)-1].kind == greedy:
		return 1
	default:
		return 0
	}
}

// match finds the request's route and its path parameters, percent-decoded. nil: no route, and the API has no $default.
func match(routes []route, r *http.Request) (*route, map[string]string) {
	segments := strings.Split(strings.TrimPrefix(r.URL.EscapedPath(), "/"), "/")
	for i, s := range segments {
		if decoded, err := url.PathUnescape(s); err == nil {
			segments[i] = decoded
		}
	}
	for i := range routes {
		if m := routes[i].method; m != "ANY" && m != r.Method {
			continue
		}
		if parameters, ok := routes[i].bind(segments); ok {
			return &routes[i], parameters
		}
	}
	return nil, nil
}

// bind gives the route's variables their values, if the path is one of the route's.
func (r route) bind(path []string) (map[string]string, bool) {
	if r.key == defaultKey {
		return nil, true
	}
	parameters := make(map[string]string)
	for i, s := range r.segments {
		if i >= len(path) {
			return nil, false
		}
		value := path[i]
		if s.kind == static {
			if value != s.text {
				return nil, false
			}
			continue
		}
		if s.kind == greedy {
			value = strings.Join(path[i:], "/")
			path = path[:i+1]
		}
		// A greedy variable takes an empty rest, too: that is how a slash at a path's end is caught on an HTTP API, where no route's
		// path may end with one (github.com/storacha/w3infra/pull/166, for a client that sends it).
		if value == "" && (s.kind != greedy || i == 0) {
			return nil, false
		}
		parameters[s.text] = value
	}
	return parameters, len(path) == len(r.segments)
}
