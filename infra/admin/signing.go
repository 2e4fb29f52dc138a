package main

import (
	"context"
	"fmt"
	"time"

	"keydesk/shared/secret"
	"keydesk/shared/vault"
)

// aboutSigning is said by the help of both commands.
const aboutSigning = "By it the desk signs an organisation's webhooks and redirects, and a third party its answers, as Standard Webhooks says.\n"

type showSecret struct {
	Organisation id `help:"The organisation's id." required:"" placeholder:"ID"`
}

// Help is shown by --help.
func (showSecret) Help() string {
	return aboutSigning + "It is made when it is first asked for.\n\n" + examples("webhook-secret show --organisation "+anOrganisation)
}

// Run shows the signing secret of an organisation.
func (c *showSecret) Run(ctx context.Context, d *desk) error {
	if err := d.canTell(); err != nil {
		return err
	}
	signers, err := d.signers(ctx, c.Organisation)
	if err != nil {
		return err
	}
	signing, err := signers.Of(ctx, string(c.Organisation))
	if err != nil {
		return err
	}
	valid := signing.Secrets()
	if len(valid) > 1 {
		_, _ = fmt.Fprintln(d.say, "admin: two are valid, for it was rotated; the first is the new one")
	}
	return d.show(valid)
}

type rotateSecret struct {
	Organisation id    `help:"The organisation's id." required:"" placeholder:"ID"`
	Grace        grace `help:"How long the old one is valid (30m, 24h, 7d); 0 ends it at once." default:"24h" placeholder:"24h"`
	Yes          bool  `help:"Do it, although what is signed by the old one is refused from now on."`
}

// Help is shown by --help.
func (rotateSecret) Help() string {
	rotate := "webhook-secret rotate --organisation " + anOrganisation
	return aboutSigning + "Within the grace the desk signs by both, and takes what is signed by either. Functions that run know the new one after a minute.\n" +
		"If others may have the old one, give it no grace.\n\n" + examples(rotate, rotate+" --grace 0 --yes")
}

// Run puts a new signing secret in the place of an organisation's.
func (c *rotateSecret) Run(ctx context.Context, d *desk) error {
	if err := d.canTell(); err != nil {
		return err
	}
	signers, err := d.signers(ctx, c.Organisation)
	if err != nil {
		return err
	}
	if time.Duration(c.Grace) < time.Second && !c.Yes {
		return fmt.Errorf("--grace 0: webhooks would fail to verify, and answers of third parties be refused, from now on, until all have the new secret; " +
			"add --yes to do it, or give a longer --grace")
	}
	now := time.Now()
	signing, err := signers.Rotate(ctx, string(c.Organisation), time.Duration(c.Grace), now)
	if err != nil {
		return err
	}
	if valid := signing.Secrets(); len(valid) > 1 {
		_, _ = fmt.Fprintf(d.say, "admin: the old secret is valid until %s\n", stamp(now.Add(time.Duration(c.Grace)).Unix()))
	}
	return d.show(signing.Secrets()[:1])
}

// signers are the desk's signing secrets, for an organisation that there is.
func (d *desk) signers(ctx context.Context, org id) (*vault.Signers, error) {
	if _, err := d.Organisation(ctx, string(org)); err != nil {
		return nil, err
	}
	prefix, err := d.part(itsSecrets)
	if err != nil {
		return nil, err
	}
	return vault.NewSigners(d.cfg, prefix, d.parts[itsKey]), nil // on a desk of `make run` there is no key
}

// show prints signing secrets.
func (d *desk) show(secrets []secret.Value) error {
	for _, s := range secrets {
		if _, err := fmt.Fprintln(d.out, s.Reveal()); err != nil {
			return fmt.Errorf("a signing secret could not be printed (%w); webhook-secret show prints it again", err)
		}
	}
	return nil
}
