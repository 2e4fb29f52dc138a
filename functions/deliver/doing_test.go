package main

import (
	"strings"
	"time"

	"keydesk/infra/fixture"
	"keydesk/shared/approval"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// act is what the organisation's reviewer does, now.
func act(name string) approval.Act {
	by := caller.Caller{Org: fixture.Org, Name: "reviewer", Role: caller.Reviewer, Credential: "of the reviewer"}
	return approval.Act{Name: name, By: by, At: time.Now(), RequestID: "test"}
}

func (o *office) must(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) request(id string) table.Request {
	o.t.Helper()
	r, err := o.Table.Request(o.t.Context(), fixture.Org, id)
	o.must(err)
	return r
}

// approve grants a request: to the reviewer or, by claim, to its developer.
func (o *office) approve(id string, byClaim bool) {
	o.t.Helper()
	a := act("approved")
	a.ByClaim = byClaim
	_, err := o.Issuer.Issue(o.t.Context(), o.request(id), a, "")
	o.must(err)
}

// schedule has the schedule do what is due of a request, in a while.
func (o *office) schedule(id string, in time.Duration, want approval.Done) {
	o.t.Helper()
	done, err := o.Issuer.Due(o.t.Context(), o.request(id), time.Now().Add(in), "test")
	if done != want || err != nil {
		o.t.Fatalf("the schedule: %s, %v; want %s", done, err, want)
	}
}

// waiting is a request of Ben's for Payments, which a reviewer decides.
func (o *office) waiting() string {
	o.t.Helper()
	return o.Ask(fixture.Ben, fixture.Payments)
}

// automatic is a request of Ada's for the Petstore, which nobody needs to decide.
func (o *office) automatic() string {
	o.t.Helper()
	return o.Ask(fixture.Ada, fixture.Petstore)
}

// patient is a request of Ben's that waits for a person, who is reminded after an hour; after a day it expires.
func (o *office) patient() string {
	o.t.Helper()
	o.configure(fixture.Org, strings.Replace(o.settings(), "{", `{"remind_after": 3600, "expire_after": 86400, `, 1))
	return o.Ask(fixture.Ben, fixture.Weather)
}

// claimable is a request of Ben's whose key waits for him.
func (o *office) claimable() string {
	o.t.Helper()
	id := o.waiting()
	o.approve(id, true)
	return id
}

// claimed is a request of Ben's whose key he has taken.
func (o *office) claimed() string {
	o.t.Helper()
	id := o.claimable()
	o.claim(id)
	return id
}

// rotateByClaim rotates the key of a request, and gives the request by which the successor is claimed.
func (o *office) rotateByClaim(request string) string {
	o.t.Helper()
	rotated, err := o.Issuer.Rotate(o.t.Context(), o.key(request), act("rotated"), approval.Rotation{Grace: time.Hour})
	o.must(err)
	if rotated.Waits == nil {
		o.t.Fatal("it was rotated at once")
	}
	return rotated.Waits.ID
}

// rotatedByClaim is a request by which Ben may take the successor of his key.
func (o *office) rotatedByClaim() string {
	o.t.Helper()
	return o.rotateByClaim(o.claimed())
}

// granted is a request of Ben's whose key the reviewer was given.
func (o *office) granted() string {
	o.t.Helper()
	id := o.waiting()
	o.approve(id, false)
	return id
}

// key is what came of a request.
func (o *office) key(request string) table.IssuedKey {
	o.t.Helper()
	k, err := o.Table.KeyNamed(o.t.Context(), fixture.Org, fixture.Ben, o.request(request).KeyID)
	o.must(err)
	return *k
}

func (o *office) revoke(request string) {
	o.t.Helper()
	_, err := approval.Revoke(o.t.Context(), o.Table, o.key(request), act("revoked"))
	o.must(err)
}

// revokeBoth ends the successor of a request's key, and with it that.
func (o *office) revokeBoth(request string) {
	o.t.Helper()
	successor, err := o.Table.IssuedKey(o.t.Context(), o.key(request).Rotation.Successor)
	o.must(err)
	older, err := approval.Revoke(o.t.Context(), o.Table, *successor, act("revoked"))
	o.must(err)
	if older == nil {
		o.t.Fatal("one key was revoked, not both")
	}
}

// update makes a revision of a request in which nothing else changes.
func (o *office) update(id string) {
	o.t.Helper()
	o.must(approval.Change(o.t.Context(), o.Table, o.request(id), act("updated"), func(r table.Request) (table.Request, error) { return r, nil }))
}

// account changes Ada's account.
func (o *office) account(change func(*table.Account)) {
	o.t.Helper()
	before, err := o.Table.Account(o.t.Context(), fixture.Org, fixture.Ada)
	o.must(err)
	after := before
	change(&after)
	o.must(o.Table.UpdateDeveloper(o.t.Context(), before, after))
}

// end closes an open request.
func (o *office) end(id, name string, state portal.State) {
	o.t.Helper()
	a := act(name)
	a.Reason = "Please say what for."
	o.must(approval.Change(o.t.Context(), o.Table, o.request(id), a, approval.Close(a, state)))
}

// automaticOff is an automatic request, of an organisation that has the schedule decide nothing.
func (o *office) automaticOff() string {
	o.t.Helper()
	o.configure(fixture.Org, strings.Replace(o.settings(), `"auto_approve": true`, `"auto_approve": false`, 1))
	return o.automatic()
}

// reminded is a patient request of which the reviewers were reminded.
func (o *office) reminded() string {
	o.t.Helper()
	id := o.patient()
	o.schedule(id, time.Hour, approval.Reminded)
	return id
}

// remindedOfKey is a claimable request of whose key Ben was reminded.
func (o *office) remindedOfKey() string {
	o.t.Helper()
	id := o.claimable()
	o.schedule(id, 5*day, approval.Reminded)
	return id
}

const day = 24 * time.Hour

// claim has Ben take the key of a request.
func (o *office) claim(id string) {
	o.t.Helper()
	a := act("delivered")
	a.By = approval.Developer(fixture.Org)
	r := o.request(id)
	_, err := o.Issuer.Claim(o.t.Context(), r, a, strings.Repeat("proof", 8), r.LinkNumber)
	o.must(err)
}

func (o *office) changeKey(request, name string, to table.KeyState) {
	o.t.Helper()
	a := act(name)
	o.must(approval.ChangeKey(o.t.Context(), o.Table, o.key(request), a, approval.KeyTo(a, to)))
}

// rotate puts another key in the place of a request's. The older one is good for an hour yet.
func (o *office) rotate(request string) {
	o.t.Helper()
	_, err := o.Issuer.Rotate(o.t.Context(), o.key(request), act("rotated"), approval.Rotation{Grace: time.Hour})
	o.must(err)
}

// rotated is a request whose key was rotated.
func (o *office) rotated() string {
	o.t.Helper()
	id := o.granted()
	o.rotate(id)
	return id
}

// suspended is a request whose key is suspended.
func (o *office) suspended() string {
	o.t.Helper()
	id := o.granted()
	o.changeKey(id, "suspended", table.Suspended)
	return id
}

// setPolicies gives a request's key another list of policies.
func (o *office) setPolicies(request string, policies ...string) {
	o.t.Helper()
	o.setPoliciesOf(o.key(request), policies)
}

func (o *office) setPoliciesOf(k table.IssuedKey, policies []string) {
	o.t.Helper()
	books, err := o.Table.Books(o.t.Context(), fixture.Org, fixture.Ben, policies)
	o.must(err)
	_, err = approval.SetPolicies(o.t.Context(), o.Table, k, act("edited"), &books, policies)
	o.must(err)
}

// setPoliciesOfSuccessor does the same to the key that took its place.
func (o *office) setPoliciesOfSuccessor(request string, policies ...string) {
	o.t.Helper()
	successor, err := o.Table.IssuedKey(o.t.Context(), o.key(request).Rotation.Successor)
	o.must(err)
	o.setPoliciesOf(*successor, policies)
}

// rotatedAndMore is a request whose key was given another policy, and then rotated.
func (o *office) rotatedAndMore() string {
	o.t.Helper()
	id := o.granted()
	o.setPolicies(id, fixture.Payments, fixture.Weather)
	o.rotate(id)
	return id
}

// editAsked is a request of Ben's for one policy more of his key.
func (o *office) editAsked() string {
	o.t.Helper()
	key := fixture.BensKey
	return o.Wish(fixture.Wish{Developer: fixture.Ben, Policy: fixture.Payments, More: portal.RequestInput{Key: &key}})
}

func (o *office) newDeveloper() {
	o.t.Helper()
	grace := portal.NoDeveloper()
	grace.ID, grace.OrgID, grace.Email, grace.Fields = portal.NewID(time.Now()), fixture.Org, "grace@example.com", `{"Name": "Grace"}`
	o.must(o.Table.CreateDeveloper(o.t.Context(), table.Account{Developer: grace}))
}

func newPassword(a *table.Account) {
	a.Password, a.PasswordUpdated = "the hash of another", portal.Timestamp(time.Now())
}
