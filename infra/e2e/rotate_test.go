package e2e

import (
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"
)

// turn rotates the key.
func (g grant) turn(t *testing.T, by client, body string) answer {
	t.Helper()
	return by.call(t, http.MethodPost, g.path(t)+"/rotate", body)
}

// successor is the key in the answer to a rotation.
func (g grant) successor(t *testing.T, a answer) grant {
	t.Helper()
	next := g.taking(t, a)
	next.request = g.request
	return next
}

// TestRotate puts a new key in the place of one of each kind, which goes on for a while.
func TestRotate(t *testing.T) {
	t.Parallel()
	for _, kind := range someKinds() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			g := arrives(t, kind).receives(t, offers(t, offered{kind: kind, one: true, clients: 1})...)
			g.opens(t)
			path, before := g.path(t), time.Now()
			turned := g.turn(t, portal, `{"grace_seconds": 60}`)
			next := g.successor(t, turned)
			if next.key == g.key || kind != authToken && kind != jwt && next.name == g.name {
				t.Error("the successor is not a new credential wholly")
			}
			ends, err := time.Parse(time.RFC3339, turned.string("grace_ends"))
			if grace := ends.Sub(before); err != nil || grace < 60*time.Second-front.skew || grace > 65*time.Second+front.skew {
				t.Errorf("%s: grace_ends is %q, %s from now", turned.call, turned.string("grace_ends"), grace)
			}
			next.opens(t)
			g.opens(t)
			old := portal.call(t, http.MethodGet, path, "")
			wantMembers(t, old, map[string]any{"state": "rotated", "successor": turned.string("key"), "grace_ends": turned.string("grace_ends")})
			wantMembers(t, portal.call(t, http.MethodGet, keysOfDeveloper(g.id)+"/"+turned.string("key"), ""), map[string]any{"state": "active"})

			again := portal.call(t, http.MethodPost, path+"/rotate", "{}")
			again.wantRefusal(t, http.StatusConflict, "The key has been rotated already.")
			if again.member("Meta", "successor") != turned.string("key") || again.member("Meta", "grace_ends") != turned.string("grace_ends") {
				t.Errorf("%s: it does not say what took its place: %s", again.call, again.text)
			}
			next.turn(t, portal, `{"grace_seconds": 60}`).wantRefusal(t, http.StatusConflict, "") // or three keys would be good
			third := next.successor(t, next.turn(t, admin, `{"grace_seconds": 0}`))
			third.opens(t)
			revoked := portal.call(t, http.MethodDelete, path, "")
			if revoked.want(t, http.StatusOK, "Data deleted"); revoked.member("Meta", "successor") != turned.string("key") {
				t.Errorf("%s: it does not say that the successor lives on: %s", revoked.call, revoked.text)
			}
			next.ends(t, "rotated")
			g.ends(t, "revoked")
			third.opens(t)
		})
	}
}

// TestRotateReplay loses the answer of a rotation and asks for it again.
func TestRotateReplay(t *testing.T) {
	t.Parallel()
	for _, kind := range someKinds() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			g := arrives(t, kind).receives(t, offers(t, offered{kind: kind})...)
			path, idempotency := g.path(t)+"/rotate", "Idempotency-Key: "+mark()
			const body = `{"grace_seconds": 3600}`
			first := portal.call(t, http.MethodPost, path, body, idempotency)
			g.successor(t, first).opens(t)
			if again := portal.call(t, http.MethodPost, path, body, idempotency); again.status != http.StatusOK || !reflect.DeepEqual(again.body, first.body) {
				t.Errorf("%s: the same call is answered otherwise: %d", again.call, again.status)
			}
			for name, said := range map[string]answer{
				"without its Idempotency-Key": portal.call(t, http.MethodPost, path, body),
				"with another":                portal.call(t, http.MethodPost, path, body, idempotency+"!"),
				"with another body":           portal.call(t, http.MethodPost, path, `{"grace_seconds": 3601}`, idempotency),
				"by another caller":           admin.call(t, http.MethodPost, path, body, idempotency),
			} {
				if said.status != http.StatusConflict {
					t.Errorf("the call %s: got %d, want 409", name, said.status)
				}
			}
		})
	}
}

// TestRaceToRotate has many rotate one key at once: one successor comes of it, and one of them is given it. It is not parallel:
// who has to wait for a process comes too late to race.
func TestRaceToRotate(t *testing.T) {
	g := arrives(t, authToken).receives(t, offers(t, offered{kind: authToken})...)
	path := g.path(t) + "/rotate"
	atOnce(front.approvers, func(int) answer {
		return portal.call(t, http.MethodPost, keysOfDeveloper(nobodys)+"/90568dfa/rotate", "{}")
	})
	winners := 0
	for i, a := range atOnce(front.approvers, func(i int) answer {
		return []client{admin, portal}[i%2].call(t, http.MethodPost, path, "{}")
	}) {
		switch {
		case a.status == http.StatusOK:
			winners++
			g.successor(t, a).opens(t)
		case a.status != http.StatusConflict || a.message() != "The key has been rotated already.":
			t.Errorf("caller %d: %d %s", i, a.status, a.text)
		}
	}
	if rows := portal.call(t, http.MethodGet, keysOfDeveloper(g.id), "").rows(t); winners != 1 || len(rows) != 2 {
		t.Errorf("%d of %d who rotated one key were given another, and the developer has %d keys", winners, front.approvers, len(rows))
	}
	next, idempotency := g.row(t), "Idempotency-Key: "+mark()
	keys := map[string]int{}
	for _, a := range atOnce(front.approvers, func(int) answer {
		return portal.call(t, http.MethodPost, keysOfDeveloper(g.id)+"/"+fmt.Sprint(next["id"])+"/rotate", `{"grace_seconds": 0}`, idempotency)
	}) {
		keys[g.successor(t, a).key]++
	}
	if len(keys) != 1 {
		t.Errorf("one caller was given %d keys for one rotation", len(keys))
	}
}

// TestRotationsThatAreNone rotates what cannot be, and for how long it cannot be.
func TestRotationsThatAreNone(t *testing.T) {
	decidedByFunctions(t)
	t.Parallel()
	plan := offers(t, offered{kind: authToken})[0]
	h := arrives(t, authToken)
	g, suspended := h.receives(t, plan), h.receives(t, plan)
	reviewer.call(t, http.MethodPost, suspended.path(t)+"/suspend", "").want(t, http.StatusOK, "Data updated")
	suspended.turn(t, portal, "{}").wantRefusal(t, http.StatusConflict, "")
	for _, body := range []string{
		`{"grace_seconds": -1}`, `{"grace_seconds": 2592001}`, `{"grace_seconds": "60"}`, `{"grace_seconds": 1.5}`, `{"grace_seconds": 1e300}`, `{"grace_second": 60}`, `[]`, `{"jwt_secret": "x"}`,
	} {
		a := g.turn(t, portal, body)
		if a.wantRefusal(t, http.StatusBadRequest, ""); strings.Contains(a.text, `"x"`) {
			t.Errorf("%s: it quotes jwt_secret", a.call)
		}
	}
	for _, path := range []string{keysOfDeveloper(h.id) + "/90568dfa", keysOfDeveloper(h.id) + "/" + nobodys, keysOfDeveloper(developer) + g.path(t)[len(keysOfDeveloper(h.id)):]} {
		for _, act := range []string{"/rotate", "/suspend", "/resume"} {
			admin.call(t, http.MethodPost, path+act, "{}").wantRefusal(t, http.StatusNotFound, notFound)
		}
		admin.call(t, http.MethodDelete, path, "").wantRefusal(t, http.StatusNotFound, "Could not retrieve object for deletion")
	}
	g.opens(t, plan)
	if rows := portal.call(t, http.MethodGet, keysOfDeveloper(h.id), "").rows(t); len(rows) != 2 {
		t.Errorf("the developer has %d keys, want 2", len(rows))
	}
	turned := g.turn(t, portal, "") // for a day, where nothing is said
	ends, err := time.Parse(time.RFC3339, turned.string("grace_ends"))
	if grace := time.Until(ends).Round(time.Hour); err != nil || grace != 24*time.Hour {
		t.Errorf("%s: the usual grace is %s", turned.call, grace)
	}
}

// TestRotateJWT renews the key id alone, and then the key pair with it.
func TestRotateJWT(t *testing.T) {
	decidedByFunctions(t)
	t.Parallel()
	g := arrives(t, jwt).receives(t, offers(t, offered{kind: jwt})...)
	next := g.successor(t, g.turn(t, portal, "{}"))
	next.opens(t)
	pair := newPair(t, "RS256")
	third := next.successor(t, next.turn(t, portal, object(t, map[string]any{"jwt_secret": pair.public, "grace_seconds": 0})))
	refused(t, "Bearer "+g.pair.token(t, third.key), "token_invalid")
	third.pair = pair
	third.opens(t)
}
