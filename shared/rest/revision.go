package rest

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"keydesk/shared/portal"
)

// revisionForm is a revision, bare or quoted as an entity tag. Proxies that compress weaken our tags.
var revisionForm = regexp.MustCompile(`^(?:(?:W/)?"([1-9][0-9]{0,17})"|([1-9][0-9]{0,17}))$`)

// revision reads an If-Match; 0 where the call has none. Only "*" and an absent header match all: an empty tag is what a client sends
// that has lost the revision which it meant.
func revision(text string, sent bool) (int, error) {
	text = strings.Trim(text, " \t")
	if !sent || text == "*" {
		return 0, nil
	}
	parts := revisionForm.FindStringSubmatch(text)
	if parts == nil {
		return 0, portal.Refuse(portal.Invalid, "If-Match: one revision is expected; send the object's ETag, or leave the header out where the object has none.")
	}
	return strconv.Atoi(parts[1] + parts[2])
}

// noRevision refuses an If-Match that names a revision, where an operation changes what has none: what matches nothing has to change
// nothing. What is only read may be read.
func (in *In) noRevision() error {
	if in.IfMatch == 0 || in.Method == http.MethodGet {
		return nil
	}
	return portal.Refuse(portal.Stale, "If-Match: there are no revisions here that it could match; send the call without it.")
}
