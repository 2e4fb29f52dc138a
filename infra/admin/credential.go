package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/secret"
	"keydesk/shared/table"
)

type createCredential struct {
	Organisation id     `help:"The organisation's id." required:"" placeholder:"ID"`
	Role         string `help:"What it is for: ${roles}." required:"" enum:"${roles}" placeholder:"ROLE"`
	Name         name   `help:"Who or what holds it; logs and histories show it." required:"" placeholder:"NAME"`
	Email        email  `help:"The holder's e-mail address." placeholder:"ADDRESS"`
	Expires      end    `help:"When it ends: in days (90d), after a day (2027-01-31, UTC), or never." default:"365d" placeholder:"365d"`
}

// Help is shown by --help.
func (createCredential) Help() string {
	return "The roles, and what each may do:\n\n" + roles() + "\n" +
		examples("credential create --organisation "+anOrganisation+` --role portal --name "developer portal" --expires 90d`)
}

// Run makes a credential.
func (c *createCredential) Run(ctx context.Context, d *desk) error {
	if err := d.canTell(); err != nil {
		return err
	}
	organisation, err := d.Organisation(ctx, string(c.Organisation))
	if err != nil {
		return err
	}
	now := time.Now()
	text, hash := caller.Mint(organisation.ID)
	made := table.Credential{ID: portal.NewID(now), Created: now.Unix(), Caller: caller.Caller{
		Org: organisation.ID, Name: string(c.Name), Role: caller.Role(c.Role), Email: string(c.Email), Expires: c.Expires.of(now), Credential: hash,
	}}
	if err := d.CreateCredential(ctx, made); err != nil {
		return err
	}
	return d.deliver(made, text)
}

// canTell refuses to make what is shown once where it would be lost. A stdout that is closed is the null device, too: Go's
// runtime opens it there.
func (d *desk) canTell() error {
	null, err := os.Stat(os.DevNull)
	if err != nil {
		return err
	}
	if out, err := d.out.Stat(); err != nil || os.SameFile(out, null) {
		return errors.New("stdout is closed or the null device, and what is made is shown there, once: send it to where it is kept")
	}
	return nil
}

// deliver prints a new credential. Nobody can print it again.
func (d *desk) deliver(made table.Credential, text secret.Value) error {
	if _, err := fmt.Fprintln(d.out, text.Reveal()); err != nil {
		return fmt.Errorf("the credential %s was made, but could not be printed (%w) and is lost: "+
			"put another in its place by credential rotate --organisation %s %s --grace 0 --yes", made.ID, err, made.Org, made.ID)
	}
	_, _ = fmt.Fprintf(d.say, "admin: made the credential %s of %s, %s; it is shown this once and ends: %s\n", made.ID, made.Name, made.Role, ends(&made))
	return nil
}

type listCredentials struct {
	Organisation id `help:"The organisation's id." required:"" placeholder:"ID"`
}

// Help is shown by --help.
func (listCredentials) Help() string {
	return examples("credential list --organisation " + anOrganisation)
}

// Run shows an organisation's credentials, but never what opens the door.
func (c *listCredentials) Run(ctx context.Context, d *desk) error {
	organisation, err := d.Organisation(ctx, string(c.Organisation))
	if err != nil {
		return err
	}
	all, err := d.Credentials(ctx, organisation.ID)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(d.say, "admin: credentials of %s\n", organisation.Name)
	lines := tabwriter.NewWriter(d.out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(lines, "ID\tNAME\tROLE\tE-MAIL\tCREATED\tEXPIRES") // the writer keeps an error for Flush
	for i := range all {
		c := &all[i]
		_, _ = fmt.Fprintf(lines, "%s\t%s\t%s\t%s\t%s\t%s\n", c.ID, c.Name, c.Role, c.Email, stamp(c.Created), ends(c))
	}
	return lines.Flush()
}

// ends says when a credential ends, or how it has ended.
func ends(c *table.Credential) string {
	said := "never"
	if c.Expires != 0 {
		said = stamp(c.Expires)
	}
	switch {
	case c.Revoked != 0:
		said = "revoked " + stamp(c.Revoked)
	case !c.Good(time.Now()):
		said = "expired " + said
	}
	if c.Successor != "" {
		said += ", replaced by " + c.Successor
	}
	return said
}

// find is the credential of an organisation that an id names.
func (d *desk) find(ctx context.Context, org, wanted id) (found table.Credential, all []table.Credential, err error) {
	organisation, err := d.Organisation(ctx, string(org))
	if err != nil {
		return found, nil, err
	}
	if all, err = d.Credentials(ctx, organisation.ID); err != nil {
		return found, nil, err
	}
	for _, c := range all {
		if c.ID == string(wanted) {
			return c, all, nil
		}
	}
	return found, nil, fmt.Errorf("<credential-id>: %s has no credential %s; credential list --organisation %s shows those it has", organisation.Name, wanted, org)
}

// roleNames are all roles, as an enumeration.
func roleNames() string {
	var names []string
	for _, role := range caller.Roles {
		names = append(names, string(role))
	}
	return strings.Join(names, ",")
}

// roles says what each role may do.
func roles() string {
	var said strings.Builder
	for _, role := range caller.Roles {
		var may []string
		for _, route := range caller.Routes() {
			if permission, _ := caller.Needs(route); role.May(permission) {
				may = append(may, string(permission))
			}
		}
		slices.Sort(may)
		may = slices.Compact(may)
		fmt.Fprintf(&said, "  %s: %s\n", role, strings.Join(may, ", "))
	}
	return said.String()
}
