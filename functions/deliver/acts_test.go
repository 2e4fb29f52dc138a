package main

import (
	"slices"
	"testing"
	"time"

	"keydesk/infra/fixture"
	"keydesk/shared/approval"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

const (
	mailToAda       = "mail to ada@example.com: "
	mailToBen       = "mail to ben@example.com: "
	mailToReviewers = "mail to reviewers@example.com: "
	mailToWatchers  = "mail to watchers@example.com: "
	hookOf          = "webhook key_request_event."
)

const decide, undecided = "A request for Payments waits for a decision", "A request for Weather, not in the catalogue still waits for a decision"

// heard is what each act gives to tell, as the desk itself does it: who hears of it, and that nobody else does.
var heard = map[string]struct {
	before func(*office) string // what was done before, and told of; it gives the request
	do     func(o *office, id string)
	want   []string
}{
	"asked of a person":          {nil, func(o *office, _ string) { o.waiting() }, []string{mailToReviewers + decide, mailToWatchers + decide, hookOf + "submitted"}},
	"asked of the schedule":      {nil, func(o *office, _ string) { o.automatic() }, []string{hookOf + "submitted"}},
	"changed":                    {(*office).waiting, func(o *office, id string) { o.update(id) }, []string{mailToReviewers + "A request for Payments was changed", mailToWatchers + "A request for Payments was changed", hookOf + "submitted"}},
	"deleted":                    {(*office).waiting, func(o *office, id string) { o.end(id, "deleted", portal.Cancelled) }, nil},
	"left to a person":           {(*office).automaticOff, func(o *office, id string) { o.schedule(id, 0, approval.Asked) }, []string{mailToReviewers + "A request for Swagger Petstore waits for a decision", mailToWatchers + "A request for Swagger Petstore waits for a decision"}},
	"undecided for an hour":      {(*office).patient, func(o *office, id string) { o.schedule(id, time.Hour, approval.Reminded) }, []string{mailToReviewers + undecided, mailToWatchers + undecided}},
	"undecided for a day":        {(*office).reminded, func(o *office, id string) { o.schedule(id, 25*time.Hour, approval.Expired) }, []string{mailToBen + "Your request for Weather, not in the catalogue has expired", hookOf + "expired"}},
	"approved by a reviewer":     {(*office).waiting, func(o *office, id string) { o.approve(id, false) }, []string{mailToBen + "Your request for Payments was approved", hookOf + "approved"}},
	"approved by the rules":      {(*office).automatic, func(o *office, id string) { o.schedule(id, 0, approval.Approved) }, []string{mailToAda + "Your request for Swagger Petstore was approved", hookOf + "approved"}},
	"declined":                   {(*office).waiting, func(o *office, id string) { o.end(id, "declined", portal.Declined) }, []string{mailToBen + "Your request for Payments was declined", hookOf + "declined"}},
	"claimed":                    {(*office).claimable, (*office).claim, nil},
	"sent the link again":        {(*office).claimable, func(o *office, id string) { o.must(approval.SendLink(o.t.Context(), o.Table, o.request(id), act(""))) }, []string{mailToBen + "Your key for Payments waits for you"}},
	"not claimed for a while":    {(*office).claimable, func(o *office, id string) { o.schedule(id, 5*day, approval.Reminded) }, []string{mailToBen + "Your key for Payments still waits for you"}},
	"not claimed in time":        {(*office).remindedOfKey, func(o *office, id string) { o.schedule(id, 7*day, approval.Lapsed) }, []string{mailToBen + "Your key for Payments has lapsed", hookOf + "lapsed"}},
	"suspended":                  {(*office).granted, func(o *office, id string) { o.changeKey(id, "suspended", table.Suspended) }, []string{mailToBen + "Your key for Payments was suspended", hookOf + "suspended"}},
	"resumed":                    {(*office).suspended, func(o *office, id string) { o.changeKey(id, "resumed", table.Active) }, []string{mailToBen + "Your key for Payments works again", hookOf + "resumed"}},
	"changed by hand":            {(*office).granted, func(o *office, id string) { o.setPolicies(id, fixture.Payments, fixture.Weather) }, []string{mailToBen + "Your key for Payments, Weather, not in the catalogue was changed", hookOf + "edited"}},
	"changed by a request":       {(*office).editAsked, func(o *office, id string) { o.approve(id, false) }, []string{mailToBen + "Your request for a change of the key " + fixture.BensKey + " was approved", hookOf + "approved"}},
	"changed with its older":     {(*office).rotatedAndMore, func(o *office, id string) { o.setPoliciesOfSuccessor(id, fixture.Payments) }, []string{mailToBen + "Your key for Payments was changed", hookOf + "edited"}},
	"revoked":                    {(*office).granted, (*office).revoke, []string{mailToBen + "Your key for Payments was revoked", hookOf + "revoked"}},
	"rotated":                    {(*office).granted, (*office).rotate, []string{mailToBen + "Your key for Payments was rotated", hookOf + "rotated"}},
	"rotated by claim":           {(*office).claimed, func(o *office, id string) { o.rotateByClaim(id) }, []string{mailToBen + "A new key for Payments waits for you"}},
	"the successor reminded of":  {(*office).rotatedByClaim, func(o *office, id string) { o.schedule(id, 5*day, approval.Reminded) }, []string{mailToBen + "A new key for Payments still waits for you"}},
	"the successor's link again": {(*office).rotatedByClaim, func(o *office, id string) { o.must(approval.SendLink(o.t.Context(), o.Table, o.request(id), act(""))) }, []string{mailToBen + "A new key for Payments waits for you"}},
	"the successor claimed":      {(*office).rotatedByClaim, (*office).claim, []string{mailToBen + "Your key for Payments was rotated", hookOf + "rotated"}},
	"the successor called off": {(*office).rotatedByClaim, func(o *office, id string) {
		o.must(approval.Decline(o.t.Context(), o.Table, o.request(id), portal.Configuration{}, act("")))
	}, []string{mailToBen + "The rotation of your key for Payments has ended", hookOf + "declined"}},
	"the older key suspended": {(*office).rotated, func(o *office, id string) { o.changeKey(id, "suspended", table.Suspended) }, []string{mailToBen + "Your older key for Payments was suspended", hookOf + "suspended"}},
	"the older key revoked":   {(*office).rotated, (*office).revoke, []string{mailToBen + "Your older key for Payments was revoked"}},
	"both of a pair revoked":  {(*office).rotated, (*office).revokeBoth, []string{mailToBen + "Your key for Payments was revoked", hookOf + "revoked"}},
	"came":                    {nil, func(o *office, _ string) { o.newDeveloper() }, []string{"mail to grace@example.com: Welcome to the Orchard"}},
	"moved": {nil, func(o *office, _ string) {
		o.account(func(a *table.Account) { a.Email = "countess@example.com" })
	}, []string{mailToAda + "The e-mail address of your account was changed", "mail to countess@example.com: The e-mail address of your account was changed"}},
	"moved, with another password": {nil, func(o *office, _ string) {
		o.account(func(a *table.Account) { a.Email = "countess@example.com"; newPassword(a) })
	}, []string{
		mailToAda + "The e-mail address of your account was changed", "mail to countess@example.com: The e-mail address of your account was changed",
		"mail to countess@example.com: Your password was changed",
	}},
	"wrote the address in another case": {nil, func(o *office, _ string) {
		o.account(func(a *table.Account) { a.Email = "Ada@example.com" })
	}, nil},
	"chose another password": {nil, func(o *office, _ string) { o.account(newPassword) }, []string{mailToAda + "Your password was changed"}},
}

// A link goes to the address that was recorded with the grant, or to none: what is sent after the developer has moved waits for a reviewer.
func TestNoLinkFollowsTheDeveloper(t *testing.T) {
	t.Parallel()
	o := open(t)
	var id string
	o.told(func() { id = o.claimable() })
	moves := func(email string) {
		o.told(func() {
			before, err := o.Table.Account(t.Context(), fixture.Org, fixture.Ben)
			o.must(err)
			after := before
			after.Email = email
			o.must(o.Table.UpdateDeveloper(t.Context(), before, after))
		})
	}
	moves("thief@example.org")
	if got := o.told(func() { o.schedule(id, 5*day, approval.Reminded) }); len(got) > 0 {
		t.Errorf("told %q", got)
	}
	got := o.told(func() { o.must(approval.SendLink(t.Context(), o.Table, o.request(id), act(""))) })
	if want := []string{"mail to thief@example.org: Your key for Payments waits for you"}; !slices.Equal(got, want) {
		t.Errorf("a reviewer's link: told %q, want %q", got, want)
	}
}

func TestWhoHearsOfWhat(t *testing.T) {
	t.Parallel()
	for name, c := range heard {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := open(t)
			var id string
			if c.before != nil {
				id = c.before(o)
			}
			got := o.told(func() { c.do(o, id) })
			slices.Sort(c.want)
			if !slices.Equal(got, c.want) {
				t.Errorf("told %q\nwant %q", got, c.want)
			}
			for _, h := range o.hooks.all() {
				o.verified(h)
			}
		})
	}
}
