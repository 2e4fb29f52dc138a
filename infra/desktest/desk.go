// Package desktest sets up a desk for one test: a table and boxes of its own, with the fixture in them. It also plays the
// events of events/ to a function's handler, each at a fresh desk, and holds that a refused call changes nothing.
package desktest

import (
	"crypto/rand"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"keydesk/infra/fixture"
	"keydesk/infra/tabletest"
	"keydesk/shared/apikey"
	"keydesk/shared/approval"
	"keydesk/shared/caller"
	"keydesk/shared/claim"
	"keydesk/shared/portal"
	"keydesk/shared/secret"
	"keydesk/shared/table"
	"keydesk/shared/vault"
)

// Desk is what a function works with.
type Desk struct {
	Table    *table.Table
	Issuer   *approval.Issuer
	Signers  *vault.Signers
	ClaimKey claim.Key       // makes the tokens of claim links
	Links    *vault.ClaimKey // the same, as a function reads it
	t        testing.TB
}

// New sets up a desk with the data that is given. Options change the configuration that it is used with, once it is set up.
func New(t testing.TB, given string, options ...func(*aws.Config)) *Desk {
	t.Helper()
	return at(t, given, tabletest.New(t, options...), options)
}

// NewWithStream is New, and the desk's table has the template's stream: for those who follow it.
func NewWithStream(t testing.TB, given string, options ...func(*aws.Config)) *Desk {
	t.Helper()
	return at(t, given, tabletest.NewWithStream(t, options...), options)
}

func at(t testing.TB, given string, fresh *table.Table, options []func(*aws.Config)) *Desk {
	t.Helper()
	begin := beginning(t, given)
	tabletest.Restore(t, fresh, begin.items)
	for request, key := range begin.boxes {
		if _, err := open(t, fresh).Vault.Keep(t.Context(), fixture.Org, request, key); err != nil {
			t.Fatal(err)
		}
	}
	return &Desk{
		Table: fresh, Issuer: open(t, fresh, options...), t: t,
		Signers:  vault.NewSigners(tabletest.Config(t, options...), cupboard(fresh), ""),
		ClaimKey: claim.NewKey(secret.New(fixture.ClaimSecret)), Links: links(t, options),
	}
}

// open makes an issuer whose boxes stand apart from those of all other tables.
func open(t testing.TB, books *table.Table, options ...func(*aws.Config)) *approval.Issuer {
	t.Helper()
	return &approval.Issuer{
		Table: books, Vault: vault.New(tabletest.Config(t, options...), shelf(books), ""), Form: apikey.Base64, Random: rand.Reader,
		Retention: 7 * 24 * time.Hour,
	}
}

// Rotate puts another credential in the place of one of the organisation's, and gives it.
func (d *Desk) Rotate(credential string) string {
	d.t.Helper()
	all, err := d.Table.Credentials(d.t.Context(), fixture.Org)
	if err != nil {
		d.t.Fatal(err)
	}
	for _, c := range all {
		if c.Credential == caller.Hash(credential) {
			next, hash := caller.Mint(fixture.Org)
			if _, _, err := d.Table.Rotate(d.t.Context(), c, hash, time.Hour, time.Now()); err != nil {
				d.t.Fatal(err)
			}
			return next.Reveal()
		}
	}
	d.t.Fatal("the credential to rotate is not the organisation's")
	return ""
}

// Ask has the portal write down that a developer wishes for a key, now, and gives the request's id.
func (d *Desk) Ask(developer, policy string) string {
	d.t.Helper()
	w := fixture.Wish{ID: portal.NewID(time.Now()), Developer: developer, Policy: policy, By: fixture.Clerk(), At: time.Now()}
	if err := fixture.Ask(d.t.Context(), d.Table, w); err != nil {
		d.t.Fatal(err)
	}
	return w.ID
}
