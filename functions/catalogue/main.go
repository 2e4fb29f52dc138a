// /api/portal/catalogue: what an organisation's developers can ask for, one document.
package main

import (
	"context"

	"keydesk/shared/portal"
	"keydesk/shared/rest"
	"keydesk/shared/table"
)

func main() {
	t := table.FromEnv()
	rest.Serve(t, operations(t)...)
}

// operations read nothing before the caller is known: a catalogue is long, both to read from the table and to take apart.
func operations(t *table.Table) []rest.Endpoint {
	return []rest.Endpoint{get(t), create(t), update(t)}
}

// maxBody is that of a catalogue, which travels whole.
const maxBody = 4 << 20

// find is the catalogue that a call sends, under the id that it is to have if it is the first, and the one that stands there.
func find(ctx context.Context, t *table.Table, in rest.In) (sent portal.CatalogueInput, stored table.Catalogue, err error) {
	var body portal.Object
	if err = rest.Decode(in.Body, &body); err != nil {
		return sent, stored, err
	}
	if sent, err = portal.NewCatalogue(in.Org, portal.NewID(in.At), body); err != nil {
		return sent, stored, err
	}
	if err = mayRedirect(ctx, t, in.Org, &sent.Catalogue); err != nil {
		return sent, stored, err
	}
	stored, err = t.Catalogue(ctx, in.Org)
	return sent, stored, err
}

// mayRedirect refuses entries that send developers where the organisation does not allow it. Where none sends them anywhere, there is
// nothing to read.
func mayRedirect(ctx context.Context, t *table.Table, org string, sent *portal.Catalogue) error {
	if !sent.Redirect() {
		return nil
	}
	allowed, err := t.Configuration(ctx, org)
	if err != nil {
		return err
	}
	return sent.Redirects(&allowed)
}
