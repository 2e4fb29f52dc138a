package main

import (
	"context"
	"time"

	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// The sample: Orchard Bank opens four of its APIs. Ada Mann builds a budgeting app on it and has nothing yet but the key that
// lets her read accounts; Grace Okoro of Corner Shop waits for one to take payments with.
const (
	org   = "68a1c0e05f1d2b3c4d5e6f01"
	ada   = "68a1d2f4a0b1c2d3e4f50a01"
	grace = "68b20a1870c1d2e3f4a50b02"

	payments = "68a1c9b6102030405060aa01" // a reviewer decides
	rates    = "68a1c9b6102030405060aa02" // approved automatically
	accounts = "68a1c9b6102030405060aa03" // a reviewer decides, and one key a developer is enough
	records  = "68a1c9b6102030405060aa04" // a reviewer decides; its keys are a user name and a password
)

// The organisation's configuration counts where an entry of the catalogue does not override it.
const configuration = `{
	"signup_fields": [], "key_request_fields": ["usecase"],
	"require_key_approval": true, "secure_key_approval": false, "enable_multi_selection": true,
	"redirect_on_key_request": false, "redirect_to": "", "oauth_usage_limit": 0,
	"disable_login": false, "disable_signup": false, "disable_auto_login": false, "catalogue_login_only": false,
	"email": "api@orchard.example", "override": false, "auto_approve": true
}`

var policies = []portal.Object{
	`{"_id": "` + payments + `", "name": "Payments", "active": true, "is_inactive": false,
		"rate": 20, "per": 1, "quota_max": 100000, "quota_renewal_rate": 86400, "key_expires_in": 31536000}`,
	`{"_id": "` + rates + `", "name": "Exchange rates", "active": true, "is_inactive": false,
		"rate": 5, "per": 1, "quota_max": 1000, "quota_renewal_rate": 86400, "key_expires_in": 0}`,
	`{"_id": "` + accounts + `", "name": "Accounts", "active": true, "is_inactive": false,
		"rate": 10, "per": 1, "quota_max": 20000, "quota_renewal_rate": 86400, "key_expires_in": 7776000}`,
	`{"_id": "` + records + `", "name": "Records", "active": true, "is_inactive": false,
		"rate": 1, "per": 60, "quota_max": -1, "quota_renewal_rate": 86400, "key_expires_in": 0}`,
}

// The catalogue, in the order in which a portal shows it.
const catalogue = `{"email": "api@orchard.example", "apis": [
	{
		"name": "Payments API", "short_description": "Take payments from an Orchard account.", "long_description": "",
		"show": true, "api_id": "", "policy_id": "` + payments + `", "version": "v2", "is_keyless": false,
		"auth_type": "authToken", "fields": {}, "config": {"override": false}
	},
	{
		"name": "Exchange rates API", "short_description": "Today's rates. For everybody.", "long_description": "",
		"show": true, "api_id": "", "policy_id": "` + rates + `", "version": "v2", "is_keyless": false,
		"auth_type": "authToken", "fields": {},
		"config": {"override": true, "require_key_approval": false, "enable_multi_selection": true, "key_request_fields": []}
	},
	{
		"name": "Accounts API", "short_description": "Read an account and its movements, with its owner's consent.",
		"long_description": "", "show": true, "api_id": "", "policy_id": "` + accounts + `", "version": "v2",
		"is_keyless": false, "auth_type": "authToken", "fields": {},
		"config": {"override": true, "require_key_approval": true, "enable_multi_selection": false,
			"key_request_fields": ["usecase"]}
	},
	{
		"name": "Records API", "short_description": "Last year's statements, for accounting programs.", "long_description": "",
		"show": true, "api_id": "", "policy_id": "` + records + `", "version": "v2", "is_keyless": false,
		"auth_type": "basic", "fields": {}, "config": {"override": false}
	}
]}`

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
