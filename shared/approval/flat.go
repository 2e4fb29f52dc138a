package approval

import (
	"maps"
	"slices"

	"keydesk/shared/portal"
)

// Bounds of what an API is told of a request's fields: they travel with every call that is let through.
const (
	longestField = 1 << 10
	mostFields   = 4 << 10
)

// flat are the members of a request's fields as texts: what an API can be told of whoever calls it. Texts stand as they are, all else
// as JSON; null, what has no name and what is too long is left out.
func flat(fields portal.Object) map[string]string {
	texts := fields.Texts()
	told, room := map[string]string{}, mostFields
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		value := texts[name]
		if size := len(name) + len(value); name != "" && len(value) <= longestField && len(name) <= longestField && size <= room {
			told[name], room = value, room-size
		}
	}
	return told
}
