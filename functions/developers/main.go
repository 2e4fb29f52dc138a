// The developers: whoever asks for keys. One file an operation; the routes are in the permissions matrix.
package main

import (
	"keydesk/shared/rest"
	"keydesk/shared/table"
)

func main() {
	t := table.FromEnv()
	rest.Serve(t, operations(t, rest.PagingFromEnv())...)
}

func operations(t *table.Table, paging rest.Paging) []rest.Endpoint {
	return []rest.Endpoint{
		list(t, paging), create(t), get(t, paging), getByEmail(t, paging), getBySSOKey(t, paging), update(t), remove(t), verify(t), changePassword(t),
	}
}
