package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"text/tabwriter"

	"keydesk/shared/table"
)

type listNotices struct {
	Organisation id `help:"The organisation's id." required:"" placeholder:"ID"`
}

// Help is shown by --help.
func (listNotices) Help() string {
	return "Shown are mails and webhooks that failed too often and are not tried again by themselves.\n\n" + examples("notices list --organisation "+anOrganisation)
}

// Run shows an organisation's dead notices.
func (c *listNotices) Run(ctx context.Context, d *desk) error {
	dead, err := d.dead(ctx, c.Organisation)
	if err != nil {
		return err
	}
	if len(dead) == 0 {
		_, _ = fmt.Fprintln(d.say, "admin: there is none. What failed a while ago is tried again by itself, for two days.")
		return nil
	}
	lines := tabwriter.NewWriter(d.out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(lines, "ID\tTELLS\tOF\tTO\tLAST TRY\tTRIES\tERROR") // the writer keeps an error for Flush
	for i := range dead {
		n := &dead[i]
		_, _ = fmt.Fprintf(lines, "%s\t%s\t%s\t%s\t%s\t%d\t%s\n", n.ID, n.Event, subject(n), n.To, n.At, n.Tries, n.Error)
	}
	return lines.Flush()
}

// subject is what a notice tells of.
func subject(n *table.Notice) string {
	switch of := n.Name().Subject; {
	case of.Request != "":
		return "request " + of.Request
	case of.Key != "":
		return "key " + of.Key[:12]
	default:
		return "developer " + of.Developer
	}
}

type replayNotices struct {
	Organisation id   `help:"The organisation's id." required:"" placeholder:"ID"`
	Notices      []id `arg:"" optional:"" name:"notice-id" help:"The notices' ids, as notices list shows them."`
	All          bool `help:"All of them."`
}

// Help is shown by --help.
func (replayNotices) Help() string {
	replay := "notices replay --organisation " + anOrganisation
	return "They are sent at once, and if that fails tried again as before.\n\n" + examples(replay+" "+anID, replay+" --all")
}

// Run has dead notices sent again.
func (c *replayNotices) Run(ctx context.Context, d *desk) error {
	if c.All == (len(c.Notices) > 0) {
		return errors.New("<notice-id>: name the notices, or say --all")
	}
	dead, err := d.dead(ctx, c.Organisation)
	if err != nil {
		return err
	}
	for _, wanted := range c.Notices {
		if !slices.ContainsFunc(dead, func(n table.Notice) bool { return n.ID == string(wanted) }) {
			return fmt.Errorf("<notice-id>: there is no dead notice %s; notices list --organisation %s shows those there are", wanted, c.Organisation)
		}
	}
	again := 0
	for i := range dead {
		if !c.All && !slices.Contains(c.Notices, id(dead[i].ID)) {
			continue
		}
		switch err := d.ReviveNotice(ctx, dead[i].Name()); {
		case errors.Is(err, table.ErrNotDead): // somebody else was faster
		case err != nil:
			return fmt.Errorf("%d notices go out again; the others are still listed, for: %w", again, err)
		default:
			again++
		}
	}
	_, _ = fmt.Fprintf(d.say, "admin: %d notices go out again; notices list shows those that fail once more\n", again)
	return nil
}

// dead are the notices of an organisation that failed too often.
func (d *desk) dead(ctx context.Context, org id) ([]table.Notice, error) {
	organisation, err := d.Organisation(ctx, string(org))
	if err != nil {
		return nil, err
	}
	return d.DeadNotices(ctx, organisation.ID)
}
