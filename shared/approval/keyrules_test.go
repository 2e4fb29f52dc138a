package approval

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// keyStates are all there are; allowedForKeys are the moves of the design, written down once more by hand.
var (
	keyStates      = []table.KeyState{table.Active, table.Suspended, table.Revoked}
	allowedForKeys = []string{
		"active -> suspended", "active -> revoked", "suspended -> active", "suspended -> revoked",
	}
)

var (
	moment   = time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC)
	reviewer = Act{Name: "acted", By: caller.Caller{Role: caller.Reviewer}, At: moment}
	clerk    = Act{Name: "acted", By: caller.Caller{Role: caller.Portal}, At: moment}
)

// refusedAs holds that an error is a refusal of the kind that says the words; empty words: that there is none.
func refusedAs(t *testing.T, what string, err error, kind portal.Kind, words string) {
	t.Helper()
	var refusal *portal.Error
	switch {
	case words == "" && err != nil:
		t.Errorf("%s: %v", what, err)
	case words == "":
	case !errors.As(err, &refusal) || refusal.Kind != kind || !strings.Contains(refusal.Message, words):
		t.Errorf("%s: %v, want one of kind %d that says %q", what, err, kind, words)
	}
}

func TestMayKey(t *testing.T) {
	for _, from := range keyStates {
		for _, to := range append(slices.Clone(keyStates), "", "deleted") {
			move := string(from) + " -> " + string(to)
			if got, want := mayKey(from, to), slices.Contains(allowedForKeys, move); got != want {
				t.Errorf("%s: %t, want %t", move, got, want)
			}
		}
	}
	if len(keyMoves) != len(keyStates) || mayKey("", table.Active) {
		t.Errorf("the rules know %d states, and there are %d", len(keyMoves), len(keyStates))
	}
}

// TestKeyTo tries every move. Who is over is not told apart from who never was; a move that is not one says where the key stands; and
// a move changes nothing else.
func TestKeyTo(t *testing.T) {
	key := func(state table.KeyState) table.IssuedKey {
		return table.IssuedKey{
			ID: "id", State: state, Policies: []string{"a"}, Holds: map[string]string{"a": "r"}, Revision: 3, Expires: moment.Unix() + 1,
		}
	}
	for _, from := range keyStates {
		for _, to := range keyStates {
			before, want := key(from), key(to)
			got, err := KeyTo(reviewer, to)(before)
			what := fmt.Sprintf("%s -> %s", from, to)
			switch {
			case from == table.Revoked:
				if !errors.Is(err, portal.ErrNotFound) {
					t.Errorf("%s: %v", what, err)
				}
				continue
			case from == to:
				refusedAs(t, what, err, portal.Conflict, "The key is "+string(from)+" already.")
				continue
			case to == table.Revoked:
				want.Holds, want.RevokedAt = nil, portal.Timestamp(moment)
			}
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %+v, %v; want %+v", what, got, err, want)
			}
			if !reflect.DeepEqual(before, key(from)) {
				t.Errorf("%s has changed what was there before: %+v", what, before)
			}
		}
	}
}

// What is over for want of time can be revoked, and nothing else.
func TestKeyToOfWhatIsOver(t *testing.T) {
	for name, k := range map[string]table.IssuedKey{
		"expired": {State: table.Active, Expires: moment.Unix()},
		"rotated": {State: table.Suspended, Rotation: &table.Rotation{Ends: moment.Unix()}},
	} {
		for _, to := range []table.KeyState{table.Active, table.Suspended} {
			_, err := KeyTo(reviewer, to)(k)
			refusedAs(t, name+" -> "+string(to), err, portal.Conflict, "The key is over:")
		}
		for _, to := range []table.KeyState{table.Revoked} {
			if got, err := KeyTo(reviewer, to)(k); err != nil || got.State != to {
				t.Errorf("%s -> %s: %+v, %v", name, to, got, err)
			}
		}
	}
}

// The places of a key that has expired were free from then on, and may be another's: who revokes it frees none.
func TestRevokedAfterItsEnd(t *testing.T) {
	for name, k := range map[string]table.IssuedKey{
		"expired": {State: table.Active, Holds: map[string]string{"a": "r"}, Expires: moment.Unix()},
		"living":  {State: table.Active, Holds: map[string]string{"a": "r"}, Expires: moment.Unix() + 1},
		"endless": {State: table.Suspended, Holds: map[string]string{"a": "r"}},
	} {
		got, err := KeyTo(reviewer, table.Revoked)(k)
		if err != nil || got.State != table.Revoked || (len(got.Holds) > 0) != (name == "expired") {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestLimit(t *testing.T) {
	for _, c := range []struct {
		organisation portal.Config
		policy       string
		oauth        int // oauth_usage_limit of the entry
		want         int
	}{
		{policy: "reviewed", want: 1},
		{policy: "reviewed", oauth: 5, want: 1}, // which is for OAuth clients
		{policy: "several", want: 0},
		{policy: "several", oauth: 5, want: 0},
		{policy: "basic", want: 1},
		{policy: "oauth", oauth: 5, want: 5},
		{policy: "oauth", oauth: 1, want: 1},
		{policy: "oauth", oauth: 0, want: 0},
		{policy: "oauth", oauth: -1, want: 0},
		{policy: "oauth", oauth: -9, want: 0},
		{policy: "oauth too", oauth: 9, organisation: portal.Config{OAuthUsageLimit: 2}, want: 2}, // it does not override
		{policy: "no entry", want: 1},
		{policy: "no entry", organisation: portal.Config{EnableMultiSelection: true}, want: 0},
		{policy: "no entry", organisation: portal.Config{OAuthUsageLimit: 4}, want: 1},
	} {
		books := desk(c.organisation)
		if entry, there := books.Entries[c.policy]; there {
			entry.Config.OAuthUsageLimit = c.oauth
			books.Entries[c.policy] = entry
		}
		if got := limitOf(books, c.policy); got != c.want {
			t.Errorf("%+v: %d", c, got)
		}
	}
}

// A free place is any that is free, as long as there is one: also where some are taken beyond a limit that was lowered.
func TestFreePlace(t *testing.T) {
	for limit := range 6 {
		limit++
		for taken := range 1 << 7 {
			var places []string
			for n := range 7 {
				if taken&(1<<n) != 0 {
					places = append(places, table.Place("p", n))
				}
			}
			place, err := freePlace("p", limit, places)
			if len(places) >= limit {
				refusedAs(t, fmt.Sprint(places, " of ", limit), err, portal.Conflict, fmt.Sprintf("The developer has or has asked for %d OAuth clients of the plan p, and oauth_usage_limit allows no more;", len(places)))
				continue
			}
			known := slices.ContainsFunc(slices.Collect(maps.Keys(placesUnder(limit))), func(s string) bool { return s == place })
			if err != nil || !known || slices.Contains(places, place) {
				t.Errorf("%v of %d: %s, %v", places, limit, place, err)
			}
		}
	}
}

func placesUnder(limit int) map[string]bool {
	places := map[string]bool{}
	for n := range limit {
		places[table.Place("p", n)] = true
	}
	return places
}

func TestSuits(t *testing.T) {
	const publicKey, fingerprint = "a public key", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	for _, c := range []struct {
		kind    string
		request portal.Request
		words   string
	}{
		{portal.AuthToken, portal.Request{}, ""},
		{portal.Basic, portal.Request{}, ""},
		{portal.OAuth, portal.Request{}, ""},
		{portal.JWT, portal.Request{}, "jwt_secret is missing; send the public key"},
		{portal.JWT, portal.Request{Certificate: fingerprint}, "certificate: a key of the kind jwt has none;"},
		{portal.JWT, portal.Request{JWTSecret: publicKey, Certificate: fingerprint}, "certificate: a key of the kind jwt has none;"},
		{portal.AuthToken, portal.Request{Certificate: fingerprint}, "certificate: a key of the kind authToken has none;"},
		{portal.AuthToken, portal.Request{JWTSecret: publicKey}, "jwt_secret: a key of the kind authToken has none;"},
		{portal.OAuth, portal.Request{JWTSecret: publicKey}, "jwt_secret: a key of the kind oauth has none;"},
		{portal.JWT, portal.Request{JWTSecret: publicKey}, ""},
		{portal.MutualTLS, portal.Request{}, "certificate: send the SHA-256 fingerprint"},
		{portal.MutualTLS, portal.Request{Certificate: "c"}, "certificate: send the SHA-256 fingerprint"},
		{portal.MutualTLS, portal.Request{JWTSecret: publicKey, Certificate: fingerprint}, "jwt_secret: a key of the kind mutualTLS has none;"},
		{portal.MutualTLS, portal.Request{Certificate: fingerprint}, ""},
		{portal.MutualTLS, portal.Request{Key: "the key is there"}, ""},
		{portal.JWT, portal.Request{Key: "the key is there"}, ""},
	} {
		refusedAs(t, fmt.Sprintf("%s %+v", c.kind, c.request), suits(c.kind, &c.request), portal.Invalid, c.words)
	}
}

func TestGraceEnds(t *testing.T) {
	for _, c := range []struct {
		after, grace time.Duration
		want         time.Duration
	}{
		{0, 0, 0},
		{0, time.Second, time.Second},
		{time.Millisecond, time.Second, 2 * time.Second}, // no grace ends before its time
		{time.Second - 1, time.Second, 2 * time.Second},
		{time.Millisecond, 0, 0}, // and none at all is over at once
		{time.Second - 1, 0, 0},
		{0, LongestGrace, LongestGrace},
	} {
		rotated := moment.Add(c.after)
		k := table.IssuedKey{Rotation: &table.Rotation{Ends: graceEnds(rotated, c.grace)}}
		if want := moment.Add(c.want).Unix(); k.Rotation.Ends != want {
			t.Errorf("%v of grace from %v on: ends %d s after the second, want %v", c.grace, c.after, k.Rotation.Ends-moment.Unix(), c.want)
		}
		if good := !k.Ended(rotated); good != (c.grace > 0) {
			t.Errorf("%v of grace from %v on: the key is good at once: %t", c.grace, c.after, good)
		}
		if c.grace > 0 && k.Ended(rotated.Add(c.grace-1)) {
			t.Errorf("%v of grace from %v on: it ends before its time", c.grace, c.after)
		}
	}
}
