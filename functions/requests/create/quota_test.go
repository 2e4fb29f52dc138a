package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"keydesk/infra/fixture"
	"keydesk/infra/tabletest"
	"keydesk/infra/trial"
	"keydesk/shared/approval"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// configure gives the organisation a configuration.
func configure(t *testing.T, d *trial.Desk, document string) {
	t.Helper()
	c, err := portal.NewConfiguration(fixture.Org, fixture.Configuration, portal.Object(document))
	if err == nil {
		err = d.Books.PutConfiguration(t.Context(), fixture.Org, c)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// developerFull is the refusal of a developer who has as much as may be.
func developerFull(limit int) string {
	return fmt.Sprintf("by_user: the developer has %d open requests and keys, and max_keys_per_developer is %d; delete a request, revoke a key, or "+
		"have an admin raise max_keys_per_developer in the configuration.", limit, limit)
}

// A developer is asked for many keys in the same moment, more than the organisation allows one: so many are taken as it allows, exactly.
func TestKeysPerDeveloper(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	const limit = 7
	configure(t, d, fmt.Sprintf(`{"enable_multi_selection": true, "max_keys_per_developer": %d}`, limit))
	a := ask{desk: d, portal: d.Person(caller.Portal), developer: d.Developer(), policy: fixture.Weather}
	all := make([]ask, many)
	for i := range all {
		all[i] = a
	}
	ids := created(t, atOnce(t, all), limit, developerFull(limit))
	other := a
	other.developer = d.Developer()
	created(t, []said{other.create(t)}, 1, "")
	d.Audit(ids[0])
}

// endNow has the time of a key be over.
func endNow(t *testing.T, d *trial.Desk, k table.IssuedKey) {
	t.Helper()
	var changed []map[string]types.AttributeValue
	over := &types.AttributeValueMemberN{Value: fmt.Sprint(time.Now().Unix() - 1)}
	for _, it := range tabletest.Dump(t, d.Books) {
		pk, _ := it["PK"].(*types.AttributeValueMemberS)
		digest, _ := it["digest"].(*types.AttributeValueMemberS)
		switch {
		case digest == nil || digest.Value != k.Digest:
		case pk.Value == "KEY#"+k.Digest:
			it["expires"] = over
			changed = append(changed, it)
		default:
			it["ends"] = over
			changed = append(changed, it)
		}
	}
	if len(changed) != 2 {
		t.Fatalf("%d items are of key %s", len(changed), k.ID)
	}
	tabletest.Restore(t, d.Books, changed)
}

// revokeOne revokes one key of a developer's that is in use and was not rotated.
func revokeOne(t *testing.T, d *trial.Desk, developer string, act approval.Act) {
	t.Helper()
	for _, k := range d.Keys(developer) {
		if k.State == table.Active && k.Rotation == nil && !k.Ended(time.Now()) {
			_, err := approval.Revoke(t.Context(), d.Books, k, act)
			must(t, err)
			return
		}
	}
}

// must ends a test where a step that leads up to what it is about has failed.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Room is what is left by open requests and keys: each way in which one ends gives its place back, and a grant and a rotation take none.
func TestRoomOfADeveloper(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	const limit = 3
	configure(t, d, fmt.Sprintf(`{"enable_multi_selection": true, "max_keys_per_developer": %d}`, limit))
	reviewer := d.Person(caller.Reviewer)
	a := ask{desk: d, portal: d.Person(caller.Portal), developer: d.Developer(), policy: fixture.Weather}
	full := func(after string) {
		t.Helper()
		if answer := a.create(t); answer.status != 409 || answer.Message != developerFull(limit) {
			t.Errorf("after %s: %d %s", after, answer.status, answer.Message)
		}
	}
	room := func(after string) string {
		t.Helper()
		answer := a.create(t)
		if answer.status != 200 {
			t.Fatalf("after %s: %d %s", after, answer.status, answer.Message)
		}
		full(after + " and one more")
		d.Audit(answer.Message)
		return answer.Message
	}
	act := reviewer.Act
	_, key := d.Grant(reviewer, portal.RequestInput{ByUser: &a.developer, ApplyPolicies: []string{fixture.Weather}})
	_, ending := d.Grant(reviewer, portal.RequestInput{ByUser: &a.developer, ApplyPolicies: []string{fixture.Weather}})
	id := a.create(t).Message
	full("a grant")
	must(t, approval.Change(t.Context(), d.Books, d.Read(id), act("declined"), approval.Close(act("declined"), portal.Declined)))
	id = room("a decline")
	must(t, approval.Change(t.Context(), d.Books, d.Read(id), act("deleted"), approval.Close(act("deleted"), portal.Cancelled)))
	id = room("a cancel")
	_, err := d.Unharmed().Issue(t.Context(), d.Read(id), act("approved"), "")
	must(t, err)
	full("an approval")
	_, err = d.Unharmed().Rotate(t.Context(), key, act("rotated"), approval.Rotation{Grace: time.Hour})
	must(t, err)
	full("a rotation")
	older := d.Key(key)
	_, err = approval.Revoke(t.Context(), d.Books, older, act("revoked"))
	must(t, err)
	full("the end of a key that was rotated")
	endNow(t, d, ending)
	room("the end of a key's time")
	revokeOne(t, d, a.developer, act("revoked"))
	room("a revocation")
}
