// Package desktest sets up a desk for one test: a table and boxes of its own, with the fixture in them. It also plays the
// events of events/ to a function's handler, each at a fresh desk, and holds that a refused call changes nothing.
package desktest

import (
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"keydesk/infra/fixture"
	"keydesk/infra/tabletest"
	"keydesk/shared/apikey"
	"keydesk/shared/approval"
	"keydesk/shared/awsenv"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/table"
	"keydesk/shared/vault"
)

// Desk is what a function works with.
type Desk struct {
	Table  *table.Table
	Issuer *approval.Issuer
	t      testing.TB
}

// New sets up a desk with the data that is given. Options change the configuration that it is used with, once it is set up.
func New(t testing.TB, given string, options ...func(*aws.Config)) *Desk {
	t.Helper()
	begin := beginning(t, given)
	fresh := tabletest.New(t, options...)
	tabletest.Restore(t, fresh, begin.items)
	if _, err := open(t, fresh).Vault.Keep(t.Context(), fixture.Org, fixture.Approved, begin.key); err != nil {
		t.Fatal(err)
	}
	return &Desk{Table: fresh, Issuer: open(t, fresh, options...), t: t}
}

// open makes an issuer whose boxes stand apart from those of all other tables.
func open(t testing.TB, books *table.Table, options ...func(*aws.Config)) *approval.Issuer {
	t.Helper()
	return &approval.Issuer{
		Table: books, Vault: vault.New(tabletest.Config(t, options...), shelf(books), ""), Form: apikey.Base64, Random: rand.Reader,
		Retention: 7 * 24 * time.Hour,
	}
}

// BoxPrefix is what the names of the desk's boxes begin with: the KEYDESK_BOX_PREFIX of a function that works at it.
func (d *Desk) BoxPrefix() string { return shelf(d.Table) }

func shelf(books *table.Table) string { return "desktest/" + books.Name() }

// Boxes are the names of the desk's boxes, without what all of them begin with.
func (d *Desk) Boxes() []string {
	d.t.Helper()
	client := secretsmanager.NewFromConfig(tabletest.Config(d.t), func(o *secretsmanager.Options) {
		o.BaseEndpoint = awsenv.Endpoint("AWS_ENDPOINT_URL_SECRETS_MANAGER")
	})
	prefix := shelf(d.Table) + "/"
	out, err := client.ListSecrets(d.t.Context(), &secretsmanager.ListSecretsInput{
		Filters: []types.Filter{{Key: types.FilterNameStringTypeName, Values: []string{prefix}}},
	})
	if err != nil {
		d.t.Fatal(err)
	}
	var names []string
	for _, box := range out.SecretList {
		names = append(names, strings.TrimPrefix(*box.Name, prefix))
	}
	return names
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
