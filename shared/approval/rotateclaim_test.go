package approval_test

import (
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"keydesk/infra/fixture"
	"keydesk/infra/trial"
	"keydesk/shared/apikey"
	"keydesk/shared/approval"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// secureSettings are those of an entry whose keys only their developers receive.
const secureSettings = `{"override": true, "require_key_approval": true, "secure_key_approval": true}`

// secure opens a desk whose plan "secure <kind>" gives keys of each kind that only their developers receive.
func secure(t testing.TB, kinds ...string) *trial.Desk {
	t.Helper()
	d := trial.Open(t)
	for _, kind := range kinds {
		d.Offer("secure "+kind, kind, secureSettings, 0)
	}
	return d
}

// claimedKey has a person ask for a key of a kind at such a desk, a reviewer approve it, and the developer claim it.
func claimedKey(t testing.TB, d *trial.Desk, by trial.Person, kind string) (table.Request, table.IssuedKey) {
	t.Helper()
	input := wish(t, kind)
	input.ApplyPolicies = []string{"secure " + kind}
	r := d.AskFor(by, input)
	if _, err := d.Unharmed().Issue(t.Context(), r, d.Person(caller.Reviewer).Act("approved"), ""); err != nil {
		t.Fatal(err)
	}
	if kind != portal.MutualTLS { // which nobody claims
		granted := d.Read(r.ID)
		if _, err := d.Unharmed().Claim(t.Context(), granted, approval.Act{By: approval.Developer(fixture.Org), At: time.Now()}, mine, granted.LinkNumber); err != nil {
			t.Fatal(err)
		}
	}
	return d.Read(r.ID), d.Keys(r.ByUser)[0]
}

// moves gives a developer another e-mail address.
func moves(t testing.TB, d *trial.Desk, developer string) {
	t.Helper()
	account, err := d.Books.Account(t.Context(), fixture.Org, developer)
	if err != nil {
		t.Fatal(err)
	}
	after := account
	after.Email = "thief-of-" + account.Email
	if err := d.Books.UpdateDeveloper(t.Context(), account, after); err != nil {
		t.Fatal(err)
	}
}

// Who may rotate, and who is given the successor, is decided by how the key came to be. No successor is given to who rotates where the
// developer alone may have it, and nothing but a mark changes at the key until the developer claims.
func TestWhoIsGivenASuccessor(t *testing.T) {
	t.Parallel()
	reviewed := `{"override": true, "require_key_approval": true}`
	for name, c := range map[string]rotator{
		"a portal, another's key":                 {"answered", reviewed, false, false, caller.Portal, false, "whose requests it created itself"},
		"a portal, another's claimed key":         {"claimed", secureSettings, false, false, caller.Portal, false, "whose requests it created itself"},
		"a portal, its own":                       {"answered", reviewed, false, false, caller.Portal, true, "answer"},
		"a portal, its own, under four eyes":      {"answered", reviewed, true, false, caller.Portal, true, "answer"},
		"a portal, its own, secure by now":        {"answered", secureSettings, false, false, caller.Portal, true, "claim"},
		"a portal, its own, claimed":              {"claimed", secureSettings, false, false, caller.Portal, true, "claim"},
		"a portal, its own, no more secure":       {"claimed", reviewed, false, false, caller.Portal, true, "claim"},
		"a portal, its own, claimed, moved":       {"claimed", secureSettings, false, true, caller.Portal, true, "email has changed"},
		"a portal, its own, moved":                {"answered", reviewed, false, true, caller.Portal, true, "answer"},
		"a reviewer":                              {"answered", reviewed, false, false, caller.Reviewer, false, "answer"},
		"a reviewer, claimed":                     {"claimed", secureSettings, false, false, caller.Reviewer, false, "claim"},
		"a reviewer, claimed, moved":              {"claimed", secureSettings, false, true, caller.Reviewer, false, "claim"},
		"a reviewer, under four eyes":             {"answered", reviewed, true, false, caller.Reviewer, false, "claim"},
		"an admin, their own, under four eyes":    {"answered", reviewed, true, false, caller.Admin, true, "claim"},
		"an admin, automatic, under four eyes":    {"answered", `{"override": true}`, true, false, caller.Admin, false, "answer"},
		"an admin, secure by now":                 {"answered", secureSettings, false, false, caller.Admin, false, "claim"},
		"an admin, secure, but nothing to decide": {"answered", `{"override": true, "secure_key_approval": true}`, false, false, caller.Admin, false, "answer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := trial.Open(t)
			rotates, r, k := c.comes(t, d)
			rotated, err := rotate(d, t, k, rotates.Act("rotated"), turnTo(k.AuthType, time.Hour))
			after := d.Audit(r.ID)
			switch c.want {
			case "answer":
				if err != nil || rotated.Waits != nil || len(after.Keys) != 2 || rotated.Key.Digest() != after.Keys[1].Digest {
					t.Errorf("error %v, waits %v, %d keys", err, rotated.Waits, len(after.Keys))
				}
			case "claim":
				if err != nil || !rotated.Key.IsZero() || len(after.Keys) != 1 || !after.Keys[0].Next.IsZero() {
					t.Fatalf("error %v, a key %t, %d keys", err, !rotated.Key.IsZero(), len(after.Keys))
				}
				waitsForDeveloper(t, d, rotated.Waits)
			default:
				refused(t, rotated.Key, err, portal.Forbidden, c.want)
				if len(after.Keys) != 1 || after.Keys[0].Revision != k.Revision {
					t.Errorf("refused, and yet %d keys, the first at revision %d", len(after.Keys), after.Keys[0].Revision)
				}
			}
		})
	}
}

// rotator is who rotates a key, how that came to be, and what they are to be answered.
type rotator struct {
	key      string // how it came: "answered" to the caller, or "claimed"
	settings string // of its entry, by the time it is rotated
	four     bool   // four_eyes is on
	moved    bool   // the developer's e-mail has changed
	by       caller.Role
	own      bool   // who rotates has asked for the key
	want     string // "answer", "claim", or words of a refusal
}

// comes has it come to that, and gives who rotates, the request, and the key.
func (c rotator) comes(t *testing.T, d *trial.Desk) (rotates trial.Person, r table.Request, k table.IssuedKey) {
	t.Helper()
	const plan = "secure " + portal.AuthToken
	rotates, asks := d.Person(c.by), d.Person(caller.Portal)
	if c.own {
		asks = rotates
	}
	if c.key == "claimed" {
		d.Offer(plan, portal.AuthToken, secureSettings, 0)
		r, k = claimedKey(t, d, asks, portal.AuthToken)
	} else {
		d.Offer(plan, portal.AuthToken, `{"override": true}`, 0)
		r, k = d.Grant(asks, portal.RequestInput{ApplyPolicies: []string{plan}})
	}
	d.Offer(plan, portal.AuthToken, c.settings, 0)
	if c.moved {
		moves(t, d, r.ByUser)
	}
	if c.four {
		fourEyesOn(t, d)
	}
	return rotates, r, k
}

// waitsForDeveloper holds that a request is one by which the developer claims a successor, by a link to the address that they have.
func waitsForDeveloper(t *testing.T, d *trial.Desk, waits *table.Request) {
	t.Helper()
	if waits == nil {
		t.Fatal("nothing waits for the developer")
	}
	now := d.Audit(waits.ID)
	account, err := d.Books.Account(t.Context(), fixture.Org, now.ByUser)
	if err != nil {
		t.Fatal(err)
	}
	if !now.Claimable() || now.ClaimAddress != account.Email || now.LinkNumber != 1 || now.Task != table.Remind {
		t.Errorf("it is %s, and its link %d goes to %s, the task is %q; the developer is %s", now.State, now.LinkNumber, now.ClaimAddress, now.Task, account.Email)
	}
}

// fourEyesOn has the organisation ask for four eyes, and send mails.
func fourEyesOn(t testing.TB, d *trial.Desk) {
	t.Helper()
	c, err := portal.NewConfiguration(fixture.Org, fixture.Configuration, `{"four_eyes": true, "mail_options": {"mail_from_email": "us@example.org"}}`)
	if err == nil {
		err = d.Books.PutConfiguration(t.Context(), fixture.Org, c)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestSuccessorIsClaimed rotates a key of each kind by claim in each weather: the claim mints the successor once, from it on the older key
// has its grace, and the same page is given the same again.
func TestSuccessorIsClaimed(t *testing.T) {
	t.Parallel()
	desk := secure(t, slices.Collect(maps.Keys(kinds))...)
	for kind := range kinds {
		for weather, rules := range weathersOf(kind) {
			t.Run(kind+", "+weather, func(t *testing.T) {
				t.Parallel()
				d := desk.Again(t)
				portals := d.Person(caller.Portal)
				r, k := claimedKey(t, d, portals, kind)
				turn := turnTo(kind, time.Hour)
				rotated, err := rotate(d, t, k, portals.Act("rotated"), turn)
				if err != nil || rotated.Waits == nil {
					t.Fatalf("waits %v, %v", rotated.Waits, err)
				}
				for _, rule := range rules {
					d.Add(rule)
				}
				at := time.Now()
				key, err := claims(d, t, rotated.Waits.ID, mine, at)
				if crashes(rules) {
					refused(t, key, err, 0, "crashed")
					key, err = claims(d, t, rotated.Waits.ID, mine, at)
				}
				if err != nil {
					t.Fatal(err)
				}
				succeeded(t, d.Audit(r.ID), d.Audit(rotated.Waits.ID), key, at.Add(turn.Grace))
				again, err := claims(d, t, rotated.Waits.ID, mine, at)
				if err != nil || again.Digest() != key.Digest() || again.Name() != key.Name() {
					t.Errorf("the same page again: %v, the same key %t", err, again.Digest() == key.Digest())
				}
				other, err := claims(d, t, rotated.Waits.ID, "another page", at)
				refused(t, other, err, portal.Conflict, "The key was already claimed")
			})
		}
	}
}

// succeeded holds that a claim has put a key in the place of the one that came of r, which has its grace from then on.
func succeeded(t *testing.T, r, waits trial.Record, key apikey.Key, ends time.Time) {
	t.Helper()
	if len(r.Keys) != 2 || key.Digest() != r.Keys[1].Digest || waits.Delivery == nil {
		t.Fatalf("%d keys, delivered %v", len(r.Keys), waits.Delivery)
	}
	if by := r.Keys[1].DeliveredBy; by != waits.ID || r.Keys[1].Request != r.ID || r.Keys[0].RotationRequest != waits.ID {
		t.Errorf("the successor was delivered by %s", by)
	}
	if late := time.Unix(r.Keys[0].Rotation.Ends, 0).Sub(ends); late < 0 || late > time.Second {
		t.Errorf("the grace ends %v too late", late)
	}
}

// TestOneRotationWaits has many rotate a key by claim at once: one request comes of it, whose maker may say the call again, and all others
// are told of it. Then two pages claim: one successor is given, once.
func TestOneRotationWaits(t *testing.T) {
	t.Parallel()
	d := secure(t, portal.AuthToken)
	r, k := claimedKey(t, d, d.Person(caller.Portal), portal.AuthToken)
	const many = 6
	people := make([]trial.Person, many)
	for i := range people {
		people[i] = d.Person(caller.Reviewer)
	}
	var mu sync.Mutex
	var racing sync.WaitGroup
	winner, waits := -1, ""
	d.Gate("TransactWriteItems", many)
	for i, who := range people {
		racing.Go(func() {
			turn := approval.Rotation{Grace: time.Hour, Proof: approval.Proof(who.Credential, "the key", 0, nil)}
			rotated, err := rotate(d, t, k, who.Act("rotated"), turn)
			mu.Lock()
			defer mu.Unlock()
			if err == nil && winner < 0 {
				winner, waits = i, rotated.Waits.ID
				return
			}
			refused(t, rotated.Key, err, portal.Conflict, "The key is being rotated already")
		})
	}
	racing.Wait()
	if winner < 0 {
		t.Fatal("nobody rotates")
	}
	turn := approval.Rotation{Grace: time.Hour, Proof: approval.Proof(people[winner].Credential, "the key", 0, nil)}
	again, err := rotate(d, t, d.Key(k), people[winner].Act("rotated"), turn)
	if err != nil || again.Waits == nil || again.Waits.ID != waits {
		t.Errorf("the same call again: %v, %v", again.Waits, err)
	}
	given := make([]bool, 2)
	d.Gate("TransactWriteItems", 2)
	for i, proof := range []string{mine, "another page"} {
		racing.Go(func() {
			_, err := claims(d, t, waits, proof, time.Now())
			given[i] = err == nil
		})
	}
	racing.Wait()
	if after := d.Audit(r.ID); given[0] == given[1] || len(after.Keys) != 2 {
		t.Errorf("given %v, %d keys", given, len(after.Keys))
	}
	d.Audit(waits)
}

// TestRotationsEndUnclaimed ends a rotation without a claim, in each way that there is. The key stays as it is, unless it ended itself, and can
// be rotated again.
func TestRotationsEndUnclaimed(t *testing.T) {
	t.Parallel()
	desk := secure(t, portal.AuthToken)
	for name, c := range map[string]struct {
		end   func(t *testing.T, d *trial.Desk, waits table.Request, k table.IssuedKey, by trial.Person)
		state portal.State
		words string // of the claim that comes after that
		over  bool   // the key is
	}{
		"lapsed": {func(t *testing.T, d *trial.Desk, waits table.Request, _ table.IssuedKey, _ trial.Person) {
			if done, err := lapses(d, t, waits.ID); err != nil || done != approval.Lapsed {
				t.Errorf("%s, %v", done, err)
			}
		}, portal.Lapsed, "it has lapsed", false},
		"withdrawn": {func(t *testing.T, d *trial.Desk, waits table.Request, _ table.IssuedKey, by trial.Person) {
			if err := approval.Decline(t.Context(), d.Books, waits, portal.Configuration{}, by.Act("declined")); err != nil {
				t.Error(err)
			}
		}, portal.Declined, processed, false},
		"revoked": {func(t *testing.T, d *trial.Desk, _ table.Request, k table.IssuedKey, by trial.Person) {
			toState(t, d, by, d.Key(k), "revoked", table.Revoked)
		}, portal.Approved, "was revoked, or has another successor", true},
		"revoked, then due": {func(t *testing.T, d *trial.Desk, waits table.Request, k table.IssuedKey, by trial.Person) {
			toState(t, d, by, d.Key(k), "revoked", table.Revoked)
			if done, err := lapses(d, t, waits.ID); err != nil || done != approval.Lapsed || d.Read(waits.ID).Reminded {
				t.Errorf("%s, %v: nobody is reminded of a key that cannot be claimed", done, err)
			}
		}, portal.Lapsed, "it has lapsed", true},
		"suspended": {func(t *testing.T, d *trial.Desk, _ table.Request, k table.IssuedKey, by trial.Person) {
			toState(t, d, by, d.Key(k), "suspended", table.Suspended)
		}, portal.Approved, "The key is suspended", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := desk.Again(t)
			reviewer := d.Person(caller.Reviewer)
			r, k := claimedKey(t, d, reviewer, portal.AuthToken)
			rotated, err := rotate(d, t, k, reviewer.Act("rotated"), turnTo(k.AuthType, time.Hour))
			if err != nil {
				t.Fatal(err)
			}
			c.end(t, d, *rotated.Waits, k, reviewer)
			key, err := claims(d, t, rotated.Waits.ID, mine, time.Now())
			refused(t, key, err, portal.Conflict, c.words)
			after, waits := d.Audit(r.ID), d.Audit(rotated.Waits.ID)
			if waits.State != c.state || after.Keys[0].Over() != c.over || len(after.Keys) != 1 || after.Keys[0].Rotation != nil {
				t.Errorf("the rotation is %s, the key %s, %d keys", waits.State, after.Keys[0].State, len(after.Keys))
			}
			if !waits.Claimable() && !c.over {
				rotatesAgain(t, d, k, reviewer, waits.ID)
			}
		})
	}
}

// rotatesAgain holds that a key whose rotation has ended can be rotated, by another request than before.
func rotatesAgain(t *testing.T, d *trial.Desk, k table.IssuedKey, by trial.Person, before string) {
	t.Helper()
	again, err := rotate(d, t, d.Key(k), by.Act("rotated"), turnTo(k.AuthType, time.Hour))
	if err != nil || again.Waits == nil || again.Waits.ID == before {
		t.Errorf("rotated again: %v, %v", again.Waits, err)
	}
}

// TestRotationNeedsASender refuses to have a successor wait for a mail that is never sent.
func TestRotationNeedsASender(t *testing.T) {
	t.Parallel()
	d := secure(t, portal.AuthToken)
	reviewer := d.Person(caller.Reviewer)
	_, k := claimedKey(t, d, reviewer, portal.AuthToken)
	c, err := portal.NewConfiguration(fixture.Org, fixture.Configuration, `{}`)
	if err == nil {
		err = d.Books.PutConfiguration(t.Context(), fixture.Org, c)
	}
	if err != nil {
		t.Fatal(err)
	}
	rotated, err := rotate(d, t, k, reviewer.Act("rotated"), turnTo(k.AuthType, time.Hour))
	refused(t, rotated.Key, err, portal.Conflict, "mail_options.mail_from_email is empty")
}
