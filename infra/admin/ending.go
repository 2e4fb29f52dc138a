package main

import (
	"context"
	"fmt"
	"time"

	"keydesk/shared/caller"
	"keydesk/shared/table"
)

type rotateCredential struct {
	Organisation id    `help:"The organisation's id." required:"" placeholder:"ID"`
	Credential   id    `arg:"" name:"credential-id" help:"The credential's id, as credential list shows it."`
	Grace        grace `help:"How long the old one is good (30m, 24h, 7d); 0 ends it at once." default:"24h" placeholder:"24h"`
	Yes          bool  `help:"Do it, although calls with the old one are refused from now on."`
}

// Help is shown by --help.
func (rotateCredential) Help() string {
	rotate := "credential rotate --organisation " + anOrganisation + " " + anID
	return "The new credential has the name, role, e-mail address and length of life of the old one. If others may have the old one, give it no grace.\n\n" +
		examples(rotate, rotate+" --grace 0 --yes")
}

// Run puts a new credential in the place of one.
func (c *rotateCredential) Run(ctx context.Context, d *desk) error {
	if err := d.canTell(); err != nil {
		return err
	}
	old, _, err := d.find(ctx, c.Organisation, c.Credential)
	if err != nil {
		return err
	}
	now := time.Now()
	switch {
	case old.Successor != "":
		return fmt.Errorf("<credential-id>: %s was rotated already; %s took its place: rotate that", old.ID, old.Successor)
	case !old.Good(now):
		return fmt.Errorf("<credential-id>: %s has ended (%s); make another by credential create", old.ID, ends(&old))
	case time.Duration(c.Grace) < time.Second && !c.Yes:
		return fmt.Errorf("--grace 0: every call with the credential of %s, %s, would be refused from now on, until its holder has the new one; "+
			"add --yes to do it, or give a longer --grace", old.Name, old.Role)
	}
	text, hash := caller.Mint(old.Org)
	ended, next, err := d.Rotate(ctx, old, hash, time.Duration(c.Grace), now)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(d.say, "admin: the old credential, %s: %s\n", ended.ID, ends(&ended))
	return d.deliver(next, text)
}

type revokeCredential struct {
	Organisation id   `help:"The organisation's id." required:"" placeholder:"ID"`
	Credential   id   `arg:"" name:"credential-id" help:"The credential's id, as credential list shows it."`
	Yes          bool `help:"Do it, although it cannot be undone."`
}

// Help is shown by --help.
func (revokeCredential) Help() string {
	return examples("credential revoke --organisation " + anOrganisation + " " + anID + " --yes")
}

// Run ends a credential. One that has ended already is let be.
func (c *revokeCredential) Run(ctx context.Context, d *desk) error {
	old, all, err := d.find(ctx, c.Organisation, c.Credential)
	if err != nil {
		return err
	}
	now := time.Now()
	if !old.Good(now) {
		_, _ = fmt.Fprintf(d.say, "admin: the credential %s of %s has ended already: %s\n", old.ID, old.Name, ends(&old))
		return nil
	}
	if !c.Yes {
		consequence := ""
		if lastAdmin(&old, all, now) {
			consequence = ", and the organisation would have no admin: nobody could change its policies, catalogue and configuration until one is made"
		}
		return fmt.Errorf("every call with the credential of %s, %s, would be refused from now on, for good%s; add --yes to do it", old.Name, old.Role, consequence)
	}
	if err := d.Revoke(ctx, old, now); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(d.say, "admin: revoked the credential %s of %s, %s\n", old.ID, old.Name, old.Role)
	return nil
}

// lastAdmin tells whether an organisation has no admin's credential but this one, and such as end by themselves soon.
func lastAdmin(c *table.Credential, all []table.Credential, now time.Time) bool {
	if c.Role != caller.Admin {
		return false
	}
	for i := range all {
		if other := &all[i]; other.ID != c.ID && other.Role == caller.Admin && other.Successor == "" && other.Good(now) {
			return false
		}
	}
	return true
}
