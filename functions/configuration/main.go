// /api/portal/configuration: what counts in an organisation where an entry of its catalogue does not say otherwise. And the documents of
// its portal, /api/portal/pages, documentation, menus and css, which are kept and not used.
package main

import (
	"os"
	"slices"

	"keydesk/shared/portal"
	"keydesk/shared/rest"
	"keydesk/shared/table"
)

func main() {
	t := table.FromEnv()
	rest.Serve(t, operations(t)...)
}

// privateWebhooks tells whether webhooks may go to addresses that are not public, and without encryption, as on a developer's machine.
var privateWebhooks = os.Getenv("KEYDESK_PRIVATE_WEBHOOKS") == "on"

func operations(t *table.Table) []rest.Endpoint {
	return slices.Concat(
		[]rest.Endpoint{get(t), create(t), update(t), dryRun(t)},
		contents(t, portal.Page, "/api/portal/pages"), contents(t, portal.Documentation, "/api/portal/documentation"),
		oneContent(t, portal.Menus, "/api/portal/menus"), oneContent(t, portal.CSS, "/api/portal/css"),
	)
}

// read reads the configuration that a call sends, under the id that it is to have if it is the first.
func read(in rest.In) (portal.Configuration, error) {
	var sent portal.Object
	if err := rest.Decode(in.Body, &sent); err != nil {
		return portal.Configuration{}, err
	}
	c, err := portal.NewConfiguration(in.Org, portal.NewID(in.At), sent)
	if err == nil && !privateWebhooks {
		err = deliverable(c.Webhook)
	}
	return c, err
}
