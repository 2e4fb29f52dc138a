// /api/portal/catalogue: what an organisation's developers can ask for, one document.
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

// maxBody is that of a catalogue, which travels whole.
const maxBody = 4 << 20

// read reads the catalogue that a call sends, under the id that it is to have if it is the first.
func read(in rest.In) (portal.CatalogueInput, error) {
	var sent portal.Object
	if err := rest.Decode(in.Body, &sent); err != nil {
		return portal.CatalogueInput{}, err
	}
	return portal.NewCatalogue(in.Org, portal.NewID(in.At), sent)
}
