// The $default route, and the odd paths of old clients: where they revoke keys. Paths that do not exist and verbs that a path does
// not have are answered as everything else is.
package main

import (
	"keydesk/shared/rest"
	"keydesk/shared/revocation"
	"keydesk/shared/table"
)

func main() {
	t := table.FromEnv()
	rest.Serve(t, operations(t)...)
}

// operations are the older paths of revocation. {api} is empty in some clients' calls, which API Gateway takes for no route's path.
func operations(t *table.Table) []rest.Endpoint {
	return []rest.Endpoint{
		revocation.At(t, "DELETE /api/portal/developers/key/{policy}/{key}/{id}"),
		revocation.At(t, "DELETE /api/apis/{api}/keys/{key}"),
		revocation.At(t, "DELETE /api/api/apis/{api}/keys/{key}"),
	}
}
