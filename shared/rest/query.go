package rest

import (
	"net/url"
	"slices"

	"keydesk/shared/portal"
)

// parameters reads those parameters of a query that an operation has. Others are ignored, as Tyk does. One that is there says
// something, once: an empty filter would show all, and of two filters clients and proxies take one or the other.
func parameters(query string, known []string) (url.Values, error) {
	sent, err := url.ParseQuery(query)
	if err != nil {
		return nil, portal.Refuse(portal.Invalid, "The query string is malformed; percent-encode its values.")
	}
	read := url.Values{}
	for _, name := range known {
		values, there := sent[name]
		switch {
		case !there:
			continue
		case len(values) > 1:
			return nil, portal.Refuse(portal.Invalid, "%s: the parameter stands there %d times; send it once.", name, len(values))
		case slices.Contains(values, ""):
			return nil, portal.Refuse(portal.Invalid, "%s: the parameter is empty; send a value, or leave it out.", name)
		}
		read[name] = values
	}
	return read, nil
}
