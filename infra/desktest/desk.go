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

// Settings gives the organisation other settings.
func (d *Desk) Settings(document string) {
	d.t.Helper()
	c, err := portal.NewConfiguration(fixture.Org, fixture.Configuration, portal.Object(document))
	if err != nil {
		d.t.Fatal(err)
	}
	if err := d.Table.PutConfiguration(d.t.Context(), fixture.Org, c); err != nil {
		d.t.Fatal(err)
	}
}

// Person is whoever has the organisation's credential of that name.
func (d *Desk) Person(name string) caller.Caller {
	d.t.Helper()
	for _, c := range d.credentials() {
		if c.Name == name {
			return c.Caller
		}
	}
	d.t.Fatalf("nobody is called %s", name)
	return caller.Caller{}
}

func (d *Desk) credentials() []table.Credential {
	d.t.Helper()
	all, err := d.Table.Credentials(d.t.Context(), fixture.Org)
	if err != nil {
		d.t.Fatal(err)
	}
	return all
}

// Namesake makes a developer with an e-mail address, which a reviewer may have too, and gives the id.
func (d *Desk) Namesake(email string) string {
	d.t.Helper()
	who := portal.Developer{ID: portal.NewID(time.Now()), OrgID: fixture.Org, Email: email}
	if err := d.Table.CreateDeveloper(d.t.Context(), table.Account{Developer: who}); err != nil {
		d.t.Fatal(err)
	}
	return who.ID
}

// Rotate puts another credential in the place of one of the organisation's, and gives it.
func (d *Desk) Rotate(credential string) string {
	d.t.Helper()
	for _, c := range d.credentials() {
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

// Ask has the portal write down that a developer wishes for a key, and gives the request's id.
func (d *Desk) Ask(developer, policy string) string {
	d.t.Helper()
	return d.Wish(fixture.Wish{Developer: developer, Policy: policy})
}

// Wish writes down a wish, of the portal's where it does not say whose, and gives the request's id.
func (d *Desk) Wish(w fixture.Wish) string {
	d.t.Helper()
	w.At = time.Now()
	w.ID = portal.NewID(w.At)
	if w.By.Name == "" {
		w.By = fixture.Clerk()
	}
	if err := fixture.Ask(d.t.Context(), d.Table, w); err != nil {
		d.t.Fatal(err)
	}
	return w.ID
}
