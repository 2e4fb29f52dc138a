package main

import (
	"context"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"keydesk/infra/faults"
	"keydesk/shared/apikey"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

func TestReasonsOfTheKeyItself(t *testing.T) {
	d := open(t)
	now := noon.Unix()
	for name, c := range map[string]struct {
		change func(*table.IssuedKey)
		want   reason
	}{
		"active":               {func(*table.IssuedKey) {}, good},
		"revoked":              {func(k *table.IssuedKey) { k.State = table.Revoked }, revoked},
		"suspended":            {func(k *table.IssuedKey) { k.State = table.Suspended }, suspended},
		"of a later version":   {func(k *table.IssuedKey) { k.State = "frozen" }, revoked},
		"without a state":      {func(k *table.IssuedKey) { k.State = "" }, revoked},
		"expires in a second":  {func(k *table.IssuedKey) { k.Expires = now + 1 }, good},
		"expires now":          {func(k *table.IssuedKey) { k.Expires = now }, expired},
		"expired":              {func(k *table.IssuedKey) { k.Expires = 1 }, expired},
		"rotated, in grace":    {func(k *table.IssuedKey) { k.Rotation = &table.Rotation{Ends: now + 1} }, good},
		"rotated":              {func(k *table.IssuedKey) { k.Rotation = &table.Rotation{Ends: now} }, rotated},
		"rotated, no grace":    {func(k *table.IssuedKey) { k.Rotation = &table.Rotation{} }, rotated},
		"expired in its grace": {func(k *table.IssuedKey) { k.Expires = now; k.Rotation = &table.Rotation{Ends: now + 9} }, expired},
		"suspended, expired":   {func(k *table.IssuedKey) { k.State, k.Expires = table.Suspended, now }, suspended},
		"without policies":     {func(k *table.IssuedKey) { k.Policies = nil }, policyInactive},
		"of an unknown policy": {func(k *table.IssuedKey) { k.Policies = []string{gold, "gone"} }, policyInactive},
		"of another kind":      {func(k *table.IssuedKey) { k.AuthType = portal.JWT }, unknown},
	} {
		t.Run(name, func(t *testing.T) {
			d := d.in(t)
			token, k := d.token(c.change)
			d.want(c.want, d.ask(event(token)))
			d.want(c.want, d.plainly(map[string]string{"key": token}))
			id := k.ID
			if c.want == unknown {
				id = ""
			}
			if line := d.line(); line["key"] != id {
				t.Errorf("the log names the key %q, want %q", line["key"], id)
			}
		})
	}
}

func TestUnknown(t *testing.T) {
	d := open(t)
	for _, kind := range []string{portal.AuthToken, portal.Basic, portal.OAuth} {
		key, _ := d.mint(kind)
		d.want(unknown, d.ask(event(sent(key))))
	}
}

func TestDeveloper(t *testing.T) {
	d := open(t)
	token, _ := d.token()
	now := d.developer
	now.Inactive = true
	d.must(d.table.UpdateDeveloper(t.Context(), d.developer, now))
	d.want(developerInactive, d.ask(event(token)))
	inactive, active := now, d.developer
	inactive.Revision = 2
	d.must(d.table.UpdateDeveloper(t.Context(), inactive, active))
	d.clock = d.clock.Add(longest)
	d.want(good, d.ask(event(token)))

	d.must(d.table.Leave(t.Context(), org, d.developer.ID, time.Now()))
	d.clock = d.clock.Add(longest)
	d.want(developerInactive, d.ask(event(token)))

	if s, err := d.table.Standing(t.Context(), &table.IssuedKey{OrgID: org, Developer: portal.NewID(noon), Policies: []string{gold}}); err != nil ||
		barred(&table.IssuedKey{Policies: []string{gold}}, &s) != developerInactive {
		t.Errorf("a developer who is gone: %+v, %v", s, err)
	}
}

func TestPolicy(t *testing.T) {
	for name, off := range map[string]portal.Object{
		"not active": `{"name": "Silver", "active": false}`, "inactive": `{"name": "Silver", "is_inactive": true}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			token, _ := d.token(func(k *table.IssuedKey) { k.Policies = []string{gold, silver} })
			d.want(good, d.ask(event(token)))
			policy, err := d.table.Policy(t.Context(), org, silver)
			d.must(err)
			policy, err = policy.Replaced(org, off)
			d.must(err)
			d.must(d.table.ReplacePolicy(t.Context(), org, policy))
			d.clock = d.clock.Add(longest)
			d.want(policyInactive, d.ask(event(token)))
			d.must(d.table.DeletePolicy(t.Context(), org, silver))
			d.clock = d.clock.Add(longest)
			d.want(policyInactive, d.ask(event(token)))
		})
	}
}

// sent is a key as a header carries it.
func sent(k apikey.Key) string {
	if k.Name() == "" {
		return k.Raw().Reveal()
	}
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(k.Name()+":"+k.Raw().Reveal()))
}

// The calls of each case, in rounds: what a miss costs, and that what cannot be a key of the organisation's costs none.
func TestCalls(t *testing.T) {
	d := open(t)
	d.Hold(15 * time.Millisecond)
	d.clock = d.clock.In(time.FixedZone("Kiritimati", 14*60*60)) // a day ahead of UTC's, in which days are noted
	yesterday := func(k *table.IssuedKey) { k.LastUsed = "2026-11-21" }
	tomorrow := func(k *table.IssuedKey) { k.LastUsed = "2026-11-24" }
	never := func(k *table.IssuedKey) { k.LastUsed = "" }
	token, k := d.token(never)
	d.ask(event(token))
	d.wantCalls([]string{"GetItem"}, []string{"BatchGetItem", "UpdateItem"})
	d.ask(event(token))
	d.plainly(map[string]string{"key": token})
	d.wantCalls()
	d.clock = d.clock.Add(longest)
	d.ask(event(token))
	d.wantCalls([]string{"GetItem"}, []string{"BatchGetItem"})
	d.clock = d.clock.Add(24 * time.Hour)
	d.ask(event(token))
	d.wantCalls([]string{"GetItem"}, []string{"BatchGetItem", "UpdateItem"})
	stored, err := d.table.IssuedKey(t.Context(), k.Digest)
	if d.must(err); stored.LastUsed != "2026-11-23" {
		t.Errorf("last used on %q", stored.LastUsed)
	}
	d.Reset()

	token, _ = d.token(tomorrow)
	d.ask(event(token)) // another copy's clock is ahead
	d.wantCalls([]string{"GetItem"}, []string{"BatchGetItem"})

	token, _ = d.token(yesterday, func(k *table.IssuedKey) { k.State = table.Suspended })
	d.ask(event(token))
	d.wantCalls([]string{"GetItem"})
	d.ask(event(token))
	d.wantCalls()

	key, _ := d.mint(portal.AuthToken)
	d.ask(event(sent(key)))
	d.wantCalls([]string{"GetItem"})
	d.ask(event(sent(key)))
	d.ask(event(sent(key)[1:]))
	d.ask(event(""))
	another, _ := d.mint(portal.AuthToken)
	e := event(sent(another))
	e.StageVariables = map[string]string{"keydesk_org": otherOrg}
	d.want(wrongOrganisation, d.ask(e))
	d.org = ""
	d.ask(event(token))
	d.wantCalls()
}

// A day that cannot be noted is no reason to refuse a key.
func TestLastUseNotNoted(t *testing.T) {
	d := open(t)
	token, k := d.token(func(k *table.IssuedKey) { k.LastUsed = "" })
	d.Add(faults.Rule{Operation: "UpdateItem", Fault: faults.Conflict})
	d.want(good, d.ask(event(token)))
	if !strings.Contains(d.logged.String(), "last use not noted") || strings.Contains(d.logged.String(), token) {
		t.Errorf("the log says %s", d.logged)
	}
	d.clock = d.clock.Add(longest)
	d.want(good, d.ask(event(token)))
	stored, err := d.table.IssuedKey(t.Context(), k.Digest)
	if d.must(err); stored.LastUsed != "2026-11-22" {
		t.Errorf("last used on %q: the next call has not noted it", stored.LastUsed)
	}
}

// A key that is good in itself was used, though its developer be inactive; one that is not was not.
func TestWhatIsNoted(t *testing.T) {
	for why, change := range map[reason]func(*table.IssuedKey, *table.Standing){
		developerInactive: func(_ *table.IssuedKey, s *table.Standing) { s.DeveloperActive = false },
		policyInactive:    func(_ *table.IssuedKey, s *table.Standing) { s.Policies = nil },
		suspended:         func(k *table.IssuedKey, _ *table.Standing) { k.State = table.Suspended },
		expired:           func(k *table.IssuedKey, _ *table.Standing) { k.Expires = 1 },
	} {
		token, k := plainKey(t)
		k.LastUsed = "2026-11-21"
		c, s := counting(t, k), table.Standing{DeveloperActive: true, Policies: map[string]portal.Policy{gold: {Active: true}}}
		change(k, &s)
		c.standing = func(context.Context, *table.IssuedKey) (table.Standing, error) { return s, nil }
		c.want(why, token, 1, 0)
		if noted := len(c.noted) == 1; noted != (why == developerInactive || why == policyInactive) {
			t.Errorf("%s: noted %v", why, c.noted)
		}
	}
}

// Both rounds are read consistently: a revocation counts after ten seconds, and not after those and what a replica is behind.
func TestReadsAreConsistent(t *testing.T) {
	d := open(t)
	token, _ := d.token()
	consistent := map[string]bool{}
	d.Add(faults.Rule{Fault: faults.NeverSent, If: func(input any) bool {
		switch input := input.(type) {
		case *dynamodb.GetItemInput:
			consistent["GetItem"] = aws.ToBool(input.ConsistentRead)
		case *dynamodb.BatchGetItemInput:
			for _, asked := range input.RequestItems {
				consistent["BatchGetItem"] = aws.ToBool(asked.ConsistentRead)
			}
		}
		return true
	}})
	d.want(good, d.ask(event(token)))
	if !consistent["GetItem"] || !consistent["BatchGetItem"] {
		t.Errorf("read consistently: %v", consistent)
	}
}
