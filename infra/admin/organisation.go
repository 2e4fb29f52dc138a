package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"keydesk/shared/portal"
	"keydesk/shared/table"
)

type createOrganisation struct {
	Name name `help:"What people call it." required:"" placeholder:"NAME"`
}

// Help is shown by --help.
func (createOrganisation) Help() string {
	return examples(`organisation create --name "Orchard Bank"`)
}

// Run makes an organisation.
func (c *createOrganisation) Run(ctx context.Context, d *desk) error {
	if err := d.canTell(); err != nil {
		return err
	}
	all, err := d.Organisations(ctx)
	if err != nil {
		return err
	}
	for _, other := range all {
		if other.Name == string(c.Name) {
			_, _ = fmt.Fprintf(d.say, "admin: %s is called %s already; this is another one\n", other.ID, other.Name)
		}
	}
	now := time.Now()
	made := table.Organisation{ID: portal.NewID(now), Name: string(c.Name), Created: now.Unix()}
	if err := d.CreateOrganisation(ctx, made); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(d.say, "admin: made the organisation %s; next: credential create --organisation %s --role admin --name ...\n", made.Name, made.ID)
	_, err = fmt.Fprintln(d.out, made.ID)
	return err
}

type listOrganisations struct{}

// Help is shown by --help.
func (listOrganisations) Help() string { return examples("organisation list") }

// Run shows all organisations.
func (listOrganisations) Run(ctx context.Context, d *desk) error {
	all, err := d.Organisations(ctx)
	if err != nil {
		return err
	}
	lines := tabwriter.NewWriter(d.out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(lines, "ID\tNAME\tCREATED") // the writer keeps an error for Flush
	for _, o := range all {
		_, _ = fmt.Fprintf(lines, "%s\t%s\t%s\n", o.ID, o.Name, stamp(o.Created))
	}
	return lines.Flush()
}
