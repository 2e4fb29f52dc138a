package approval_test

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"keydesk/infra/faults"
	"keydesk/infra/fixture"
	"keydesk/infra/trial"
	"keydesk/shared/apikey"
	"keydesk/shared/approval"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// TestFiftyRotations has fifty people rotate one key in the same moment, or one person repeat the call. One successor comes of it, and
// whoever rotated it has it.
func TestFiftyRotations(t *testing.T) {
	t.Parallel()
	desk := trial.Open(t)
	people := make([]trial.Person, many)
	for n := range people {
		people[n] = desk.Person(caller.Admin)
	}
	rough := []faults.Rule{
		{Operation: "TransactWriteItems", Fault: faults.Conflict, Nth: 10, Times: many},
		{Operation: "TransactWriteItems", Fault: faults.ThrottleItem, Times: many / 2},
		{Operation: "TransactWriteItems", Fault: faults.AnswerLost, Nth: 3, Times: 5},
		{Operation: "GetSecretValue", Fault: faults.Late, Times: 4},
		{Operation: "CreateSecret", Fault: faults.AnswerLost, Times: 2},
	}
	for name, c := range map[string]struct {
		who   func(n int) int // of the people
		rules []faults.Rule
	}{
		"each for themselves, fair":  {func(n int) int { return n }, nil},
		"each for themselves, rough": {func(n int) int { return n }, rough},
		"one, who repeats it, rough": {func(int) int { return 0 }, rough},
		"a few, who repeat it":       {func(n int) int { return n % 5 }, rough},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := desk.Again(t)
			r, k := d.Grant(people[0], portal.RequestInput{ApplyPolicies: []string{fixture.Payments}})
			d.Gate("CreateSecret", many)
			d.Gate("TransactWriteItems", many)
			for _, rule := range c.rules {
				d.Add(rule)
			}
			keys := make([]apikey.Key, many)
			told := atOnce(many, func(n int) error {
				who := people[c.who(n)]
				turn := approval.Rotation{Grace: time.Hour, Proof: approval.Proof(who.Credential, "the key", 0, nil)}
				rotated, err := rotate(d, t, k, who.Act("rotated"), turn)
				keys[n] = rotated.Key
				return err
			})
			judgeRotations(t, d.Audit(r.ID), told, keys, func(n int) trial.Person { return people[c.who(n)] })
		})
	}
}

// judgeRotations holds that of all who rotated a key the one who did it has the successor, as often as they said so, and nobody else.
func judgeRotations(t *testing.T, after trial.Record, told []error, keys []apikey.Key, who func(n int) trial.Person) {
	t.Helper()
	if len(after.Keys) != 2 {
		t.Fatalf("%d keys", len(after.Keys))
	}
	older, newer := after.Keys[0], after.Keys[1]
	given := 0
	for n, err := range told {
		if who(n).Name != older.Rotation.By {
			alreadyRotated(t, err, newer.Shown)
			continue
		}
		given++
		if err != nil || keys[n].Digest() != newer.Digest {
			t.Errorf("who rotated it was told %v, and given the successor: %t", err, keys[n].Digest() == newer.Digest)
		}
	}
	if len(older.Again) != given-1 {
		t.Errorf("the successor was given %d times, and history tells of %d more than the first", given, len(older.Again))
	}
}

// Who dies between the box and the table has rotated nothing. Whoever rotates the key next is given what lies in the box.
func TestBoxOfADeadRotationIsUsed(t *testing.T) {
	t.Parallel()
	desk := trial.Open(t)
	for _, kind := range []string{portal.AuthToken, portal.Basic, portal.OAuth, portal.JWT} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			d := desk.Again(t)
			dead, other := d.Person(caller.Admin), d.Person(caller.Admin)
			r, k := d.Grant(dead, wish(t, kind))
			d.Add(faults.Rule{Operation: "TransactWriteItems", Fault: faults.CrashBefore})
			turn := approval.Rotation{Grace: time.Hour, Proof: approval.Proof(dead.Credential, "the key", 0, nil)}
			if _, err := rotate(d, t, k, dead.Act("rotated"), turn); err == nil {
				t.Error("a rotation that died said that all is well")
			}
			box := d.Box(k.ID)
			if after := d.Audit(r.ID); box.IsZero() || len(after.Keys) != 1 || after.Keys[0].Revision != 1 {
				t.Errorf("a box: %t, %d keys", !box.IsZero(), len(after.Keys))
			}
			rotated, err := rotate(d, t, k, other.Act("rotated"), approval.Rotation{Grace: time.Hour})
			if after := d.Audit(r.ID); err != nil || rotated.Key.Digest() != box.Digest() || after.Keys[0].Rotation.By != other.Name {
				t.Errorf("error %v, the key in the box: %t", err, rotated.Key.Digest() == box.Digest())
			}
			_, err = rotate(d, t, k, dead.Act("rotated"), turn)
			alreadyRotated(t, err, rotated.Newer.Shown)
		})
	}
}

// The box that a dead rotation filled is emptied when its key is revoked.
func TestBoxOfADeadRotationIsEmptied(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	who := d.Person(caller.Admin)
	r, k := d.Grant(who, portal.RequestInput{ApplyPolicies: []string{fixture.Payments}})
	d.Add(faults.Rule{Operation: "TransactWriteItems", Fault: faults.CrashBefore})
	if _, err := rotate(d, t, k, who.Act("rotated"), approval.Rotation{}); err == nil {
		t.Error("a rotation that died said that all is well")
	}
	act := who.Act("revoked")
	if _, err := approval.Revoke(t.Context(), d.Books, k, act); err != nil {
		t.Fatal(err)
	}
	after := d.Audit(r.ID)
	if after.Keys[0].Next.IsZero() || after.Keys[0].Ending == nil {
		t.Errorf("a box: %t, ended by %+v", !after.Keys[0].Next.IsZero(), after.Keys[0].Ending)
	}
}

// TestRotationIsSaidAgain repeats a rotation, by whom and when is tried out.
func TestRotationIsSaidAgain(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	winner, other := d.Person(caller.Admin), d.Person(caller.Admin)
	r, k := d.Grant(winner, portal.RequestInput{ApplyPolicies: []string{fixture.Payments}})
	first := winner.Act("rotated")
	proof := approval.Proof(winner.Credential, "the key", 0, []byte("{}"))
	turn := func(proof string) approval.Rotation { return approval.Rotation{Grace: time.Hour, Proof: proof} }
	want, err := rotate(d, t, k, first, turn(proof))
	if err != nil {
		t.Fatal(err)
	}
	now := d.Key(k)
	later := func(who trial.Person, wait time.Duration) approval.Act {
		act := who.Act("rotated")
		act.At = first.At.Add(wait)
		return act
	}
	for _, wait := range []time.Duration{-time.Second, 0, approval.Again - time.Second} { // clocks differ
		if again, err := rotate(d, t, now, later(winner, wait), turn(proof)); err != nil || again.Key.Digest() != want.Key.Digest() {
			t.Errorf("after %v: error %v, the same key %t", wait, err, again.Key.Digest() == want.Key.Digest())
		}
	}
	d.Reset()
	for name, c := range map[string]struct {
		act   approval.Act
		proof string
	}{
		"too late":     {later(winner, approval.Again+time.Second), proof},
		"no key":       {later(winner, 0), ""},
		"another key":  {later(winner, 0), approval.Proof(winner.Credential, "another", 0, []byte("{}"))},
		"another body": {later(winner, 0), approval.Proof(winner.Credential, "the key", 0, nil)},
		"another":      {later(other, 0), approval.Proof(other.Credential, "the key", 0, []byte("{}"))},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := rotate(d, t, now, c.act, turn(c.proof))
			alreadyRotated(t, err, want.Newer.Shown)
		})
	}
	if calls := d.Calls(); slices.ContainsFunc(calls, func(call string) bool { return call != "GetItem" }) {
		t.Errorf("refused, and yet it called %v", calls)
	}
	if after := d.Audit(r.ID); len(after.Keys[0].Again) != 3 || after.Keys[0].Again[0].Act != "delivered again" || after.Keys[0].Again[0].Credential != winner.Credential {
		t.Errorf("history tells of %+v", after.Keys[0].Again)
	}
}

// A successor that is over is given to nobody again.
func TestSuccessorThatIsOver(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	who := d.Person(caller.Admin)
	r, k := d.Grant(who, wish(t, portal.JWT))
	act := who.Act("rotated")
	turn := approval.Rotation{Grace: approval.LongestGrace, Proof: approval.Proof(who.Credential, "the key", 0, nil)}
	rotated, err := rotate(d, t, k, act, turn)
	if err != nil {
		t.Fatal(err)
	}
	act.At = act.At.Add(90 * 24 * time.Hour)
	_, err = rotate(d, t, d.Key(k), act, turn)
	alreadyRotated(t, err, rotated.Newer.Shown)
	if !strings.Contains(remedyOf(err), "The successor is over too;") {
		t.Errorf("once both have expired: %v", err)
	}
	now := rotated.Newer
	now.Before = "" // so that the older one is not revoked with it
	toState(t, d, who, now, "revoked", table.Revoked)
	_, err = rotate(d, t, d.Key(k), who.Act("rotated"), turn)
	alreadyRotated(t, err, rotated.Newer.Shown)
	if !strings.Contains(remedyOf(err), "The successor is over too;") {
		t.Errorf("once the successor is revoked: %v", err)
	}
	toState(t, d, who, d.Key(k), "revoked", table.Revoked)
	if _, err = rotate(d, t, d.Key(k), who.Act("rotated"), turn); trial.Kind(err) != portal.NotFound {
		t.Errorf("both are revoked: %v", err)
	}
	if slices.Contains(d.Calls(), "GetSecretValue") {
		t.Error("the box was opened")
	}
	d.Audit(r.ID)
}

// remedyOf is what somebody is told to do who rotates a key that has been rotated.
func remedyOf(err error) string {
	var refusal *portal.Error
	if !errors.As(err, &refusal) {
		return ""
	}
	said, _ := refusal.Meta.(map[string]string)
	return said["remedy"]
}

// TestChain rotates a key, and its successor, and so on. Two of a chain are good at a time, not three.
func TestChain(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	who := d.Person(caller.Admin)
	r, first := d.Grant(who, portal.RequestInput{ApplyPolicies: []string{fixture.Payments}})
	second, err := rotate(d, t, first, who.Act("rotated"), approval.Rotation{Grace: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	_, err = rotate(d, t, d.Key(first), who.Act("rotated"), approval.Rotation{Grace: time.Hour}) // as they did before: without a proof
	alreadyRotated(t, err, second.Newer.Shown)
	const words = "The key before this one is good until"
	if _, err := rotate(d, t, second.Newer, who.Act("rotated"), approval.Rotation{Grace: time.Second}); trial.Kind(err) != portal.Conflict || !contains(err, words) {
		t.Errorf("rotated with the first still good: %v", err)
	}
	third, err := rotate(d, t, second.Newer, who.Act("rotated"), approval.Rotation{})
	if err != nil {
		t.Fatal(err)
	}
	if older := d.Key(second.Newer); !older.Ended(time.Now()) {
		t.Error("without a grace the older key is good")
	}
	for n, grace := range map[string]time.Duration{"a grace": time.Second, "another grace": time.Hour} { // the first is good, though the second is over
		if _, err := rotate(d, t, third.Newer, who.Act("rotated"), approval.Rotation{Grace: grace}); !contains(err, words) {
			t.Errorf("%s: %v", n, err)
		}
	}
	late := who.Act("rotated")
	late.At = late.At.Add(2 * time.Hour)
	fourth, err := rotate(d, t, third.Newer, late, approval.Rotation{Grace: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	toState(t, d, who, d.Key(third.Newer), "revoked", table.Revoked)
	if _, err := rotate(d, t, fourth.Newer, late, approval.Rotation{Grace: time.Hour}); err != nil {
		t.Errorf("once the one before is revoked: %v", err)
	}
	after := d.Audit(r.ID)
	if len(after.Keys) != 5 {
		t.Errorf("%d keys", len(after.Keys))
	}
	for n, k := range after.Keys {
		if holds := len(k.Holds) > 0; holds != (n == 4) {
			t.Errorf("key %s of the chain has the plan: %t", strconv.Itoa(n), holds)
		}
	}
	toState(t, d, who, after.Keys[4].IssuedKey, "revoked", table.Revoked)
	if after := d.Audit(r.ID); len(after.Plans) != 0 {
		t.Errorf("it has the plans %v", after.Plans)
	}
}
