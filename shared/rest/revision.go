package rest

import "keydesk/shared/portal"

// NoRevision refuses an If-Match that names a revision, of an object that has none: what matches nothing has to change nothing.
func (in In) NoRevision() error {
	if in.IfMatch == 0 {
		return nil
	}
	return portal.Refuse(portal.Stale, "If-Match: there are no revisions here that it could match; send the call without it.")
}
