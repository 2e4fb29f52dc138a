// POST /api/portal/requests/{id}/claim: a key is given to its developer, who comes with the link of a mail. And
// POST /api/portal/requests/{id}/claim-link: that link is sent again.
package main

import (
	"keydesk/shared/approval"
	"keydesk/shared/rest"
	"keydesk/shared/vault"
)

func main() {
	issuer := approval.FromEnv()
	rest.Serve(issuer.Table, operations(issuer, vault.ClaimKeyFromEnv())...)
}

func operations(issuer *approval.Issuer, links *vault.ClaimKey) []rest.Endpoint {
	return []rest.Endpoint{claimKey(issuer, links), sendLink(issuer.Table)}
}
