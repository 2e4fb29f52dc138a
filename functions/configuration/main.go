// /api/portal/configuration: what counts in an organisation where an entry of its catalogue does not say otherwise.
package main

import (
	"keydesk/shared/portal"
	"keydesk/shared/rest"
	"keydesk/shared/table"
)

func main() {
	t := table.FromEnv()
	rest.Serve(t, operations(t)...)
}

func operations(t *table.Table) []rest.Endpoint {
	return []rest.Endpoint{get(t), create(t), update(t)}
}

// read reads the configuration that a call sends, under the id that it is to have if it is the first.
func read(in rest.In) (portal.Configuration, error) {
	var sent portal.Object
	if err := rest.Decode(in.Body, &sent); err != nil {
		return portal.Configuration{}, err
	}
	return portal.NewConfiguration(in.Org, portal.NewID(in.At), sent)
}
