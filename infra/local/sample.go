package main

import (
	"context"
	"time"

	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// The sample: Orchard Bank opens eight of its APIs, with keys of every kind. Ada Mann builds a budgeting app on it and has nothing yet but the key that
// lets her read accounts; Grace Okoro of Corner Shop waits for one to take payments with, and for one to compare rates, about which a
// rule has asked a person.
const (
	org   = "68a1c0e05f1d2b3c4d5e6f01"
	ada   = "68a1d2f4a0b1c2d3e4f50a01"
	grace = "68b20a1870c1d2e3f4a50b02"

	payments = "68a1c9b6102030405060aa01" // a reviewer decides
	rates    = "68a1c9b6102030405060aa02" // approved automatically, but where a rule asks a reviewer
	accounts = "68a1c9b6102030405060aa03" // a reviewer decides, and one key a developer is enough
	records  = "68a1c9b6102030405060aa04" // a reviewer decides; its keys are a user name and a password
	live     = "68a1c9b6102030405060aa05" // a third party decides, who is paid for it
	cards    = "68a1c9b6102030405060aa06" // approved automatically, as the next two; its keys are OAuth clients, five a developer
	treasury = "68a1c9b6102030405060aa07" // for tokens that the developer signs
	clearing = "68a1c9b6102030405060aa08" // for client certificates
)

var developers = []portal.Developer{
	{
		ID: ada, OrgID: org, Email: "ada@pennywise.example", DateCreated: "2026-01-12T09:30:00.000Z",
		Fields: `{"Name": "Ada Mann", "Company": "Pennywise"}`,
	},
	{
		ID: grace, OrgID: org, Email: "grace@cornershop.example", DateCreated: "2026-02-03T16:05:00.000Z",
		Fields: `{"Name": "Grace Okoro", "Company": "Corner Shop"}`,
	},
}

// callers are the holders of the credentials, by the variable of .local/env that each credential goes into.
var callers = map[string]caller.Caller{
	"KEYDESK_ADMIN":    {Name: "Ines Duarte", Role: caller.Admin, Email: "ines@orchard.example"},
	"KEYDESK_REVIEWER": {Name: "Ravi Nair", Role: caller.Reviewer, Email: "ravi@orchard.example"},
	"KEYDESK_PORTAL":   {Name: "developer portal", Role: caller.Portal, Email: "portal@orchard.example"},
}

// writeSample writes what a request refers to, and answers what a person needs to know of it, as .local/env names it.
func writeSample(ctx context.Context, t *table.Table) (map[string]string, error) {
	known := map[string]string{
		"KEYDESK_ORG": org, "KEYDESK_DEVELOPER": ada, "KEYDESK_POLICY": payments, "KEYDESK_POLICY_AUTO": rates,
	}
	if err := publish(ctx, t, time.Now()); err != nil {
		return nil, err
	}
	for _, developer := range developers {
		if err := t.CreateDeveloper(ctx, table.Account{Developer: developer}); err != nil {
			return nil, err
		}
	}
	return known, admitCallers(ctx, t, known)
}

// publish writes the configuration, the policies and the catalogue.
func publish(ctx context.Context, t *table.Table, now time.Time) error {
	settings, err := portal.NewConfiguration(org, portal.NewID(now), configuration)
	if err != nil {
		return err
	}
	if err := t.CreateConfiguration(ctx, org, settings); err != nil {
		return err
	}
	for _, document := range policies {
		policy, err := portal.NewPolicy(org, document, now)
		if err != nil {
			return err
		}
		if err := t.CreatePolicy(ctx, org, policy); err != nil {
			return err
		}
	}
	whole, err := portal.NewCatalogue(org, portal.NewID(now), catalogue)
	if err != nil {
		return err
	}
	return t.WriteCatalogue(ctx, org, table.Catalogue{}, whole.Catalogue)
}

// admitCallers makes a credential for each caller, and adds it to what is known.
func admitCallers(ctx context.Context, t *table.Table, known map[string]string) error {
	now := time.Now()
	if err := t.CreateOrganisation(ctx, table.Organisation{ID: org, Name: "Orchard Bank", Created: now.Unix()}); err != nil {
		return err
	}
	for variable, who := range callers {
		credential, hash := caller.Mint(org)
		who.Org, who.Credential = org, hash
		if err := t.CreateCredential(ctx, table.Credential{Caller: who, ID: portal.NewID(now), Created: now.Unix()}); err != nil {
			return err
		}
		known[variable] = credential.Reveal()
	}
	return nil
}
