package e2e

import (
	"fmt"
	"net/http"
	"testing"
	"time"
)

// lives are keys of one kind, each of which ends in its own way; and good, which does not.
type lives struct {
	good, revoked, suspended, expiring, planless, orphaned grant
	gone, unplanned                                        grant  // whose developer, and whose policy, is deleted
	policy, deleted                                        string // of planless, of unplanned
	ended                                                  time.Time
}

// TestKeysEnd uses keys of each kind until they are over, each in its own way, and then those again that came back.
func TestKeysEnd(t *testing.T) {
	t.Parallel()
	for _, kind := range allKinds {
		t.Run(kind, func(t *testing.T) {
			presentable(t, kind)
			t.Parallel()
			l := grantAll(t, kind)
			l.end(t)
			for reason, g := range map[string]grant{
				"revoked": l.revoked, "suspended": l.suspended, "expired": l.expiring, "policy_inactive": l.planless, "developer_inactive": l.orphaned,
			} {
				g.ends(t, reason)
			}
			l.unplanned.ends(t, "policy_inactive")
			l.gone.ends(t, "revoked")
			l.good.opens(t)
			l.areListed(t)
			l.comeBack(t)
		})
	}
}

// grantAll grants the keys, and uses each of them: the check knows all of them to be good.
func grantAll(t *testing.T, kind string) lives {
	t.Helper()
	plans := offers(t, offered{kind: kind}, offered{kind: kind, expires: 5 * front.slow}, offered{kind: kind}, offered{kind: kind})
	h, other, third := arrives(t, kind), arrives(t, kind), arrives(t, kind)
	l := lives{
		good: h.receives(t, plans[0]), revoked: h.receives(t, plans[0]), suspended: h.receives(t, plans[0]), policy: plans[2], deleted: plans[3],
		planless: h.receives(t, plans[2]), orphaned: other.receives(t, plans[0]), gone: third.receives(t, plans[0]), unplanned: h.receives(t, plans[3]),
		expiring: h.receives(t, plans[1]),
	}
	for _, g := range []grant{l.expiring, l.good, l.revoked, l.suspended, l.planless, l.orphaned, l.gone, l.unplanned} {
		g.opens(t)
	}
	return l
}

// end ends all but one, and has the expiring one end by itself.
func (l *lives) end(t *testing.T) {
	t.Helper()
	reviewer.call(t, http.MethodPost, l.suspended.path(t)+"/suspend", "").want(t, http.StatusOK, "Data updated")
	reviewer.call(t, http.MethodPost, l.suspended.path(t)+"/suspend", "").wantRefusal(t, http.StatusConflict, "")
	portal.call(t, http.MethodDelete, l.revoked.path(t), "").want(t, http.StatusOK, "Data deleted")
	admin.call(t, http.MethodPut, policyOf(l.policy), `{"name": "Off", "is_inactive": true}`).want(t, http.StatusOK, "Data updated")
	portal.call(t, http.MethodPut, developerOf(l.orphaned.id), `{"inactive": true}`).want(t, http.StatusOK, "Data updated")
	portal.call(t, http.MethodDelete, developerOf(l.gone.id), "").want(t, http.StatusOK, "Data deleted")
	admin.call(t, http.MethodDelete, policyOf(l.deleted), "").want(t, http.StatusOK, "Data deleted")
	l.ended = time.Now()
	expires, err := time.Parse(time.RFC3339, fmt.Sprint(l.expiring.row(t)["expires"]))
	if err != nil {
		t.Fatal(err)
	}
	for time.Until(expires) > -front.skew { // an end that is known before is kept to the second
		at := time.Now()
		if a := l.expiring.calls(t); a.status != http.StatusOK && time.Until(expires) > front.skew {
			t.Errorf("%s at %s: %d %s; the key expires at %s", a.call, at, a.status, a.text, expires)
		}
		time.Sleep(min(every, max(0, time.Until(expires)+front.skew)))
	}
	l.expiring.isRefused(t, "expired")
}

// areListed wants the lists to say how the keys stand.
func (l *lives) areListed(t *testing.T) {
	t.Helper()
	for state, g := range map[string]grant{"active": l.good, "suspended": l.suspended, "expired": l.expiring} {
		if row := g.row(t); row["state"] != state {
			t.Errorf("a key is listed as %v, want %s", row["state"], state)
		}
	}
	for _, row := range portal.call(t, http.MethodGet, keysOfDeveloper(l.revoked.id), "").rows(t) {
		if row["request"] == l.revoked.request {
			t.Errorf("a revoked key is listed as %v", row["state"])
		}
	}
}

// comeBack takes back what can be, and finds the others still over when every verdict of before is forgotten.
func (l *lives) comeBack(t *testing.T) {
	t.Helper()
	reviewer.call(t, http.MethodPost, l.suspended.path(t)+"/resume", "").want(t, http.StatusOK, "Data updated")
	reviewer.call(t, http.MethodPost, l.suspended.path(t)+"/resume", "").wantRefusal(t, http.StatusConflict, "")
	admin.call(t, http.MethodPut, policyOf(l.policy), `{"name": "On again"}`).want(t, http.StatusOK, "Data updated")
	portal.call(t, http.MethodPut, developerOf(l.orphaned.id), `{"inactive": false}`).want(t, http.StatusOK, "Data updated")
	for _, g := range []grant{l.suspended, l.planless, l.orphaned} {
		g.soon(t, http.StatusOK)
	}
	time.Sleep(time.Until(l.ended.Add(kept * 3 / 4)))
	l.gone.isRefused(t, "revoked")
	l.unplanned.isRefused(t, "policy_inactive")
	l.revoked.isRefused(t, "revoked")
	l.expiring.isRefused(t, "expired")
}

// TestPlanOfAnExpiredKey has a key end of which there can be one: its plan can be asked for again, by a new request.
func TestPlanOfAnExpiredKey(t *testing.T) {
	decidedByFunctions(t)
	t.Parallel()
	for _, kind := range []string{authToken, oauth} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			plan := offers(t, offered{kind: kind, one: true, clients: 1, expires: 6 * front.slow})[0]
			h := arrives(t, kind)
			g := h.receives(t, plan)
			portal.call(t, http.MethodPost, collection, h.asking(t, plan)).wantRefusal(t, http.StatusConflict, "")
			for begin := time.Now(); g.row(t)["state"] != "expired"; time.Sleep(every) {
				if time.Since(begin) > kept*time.Duration(front.slow) {
					t.Fatal("a key that is good for some seconds does not expire")
				}
			}
			next := h.receives(t, plan)
			next.opens(t, plan)
			portal.call(t, http.MethodPost, collection, h.asking(t, plan)).wantRefusal(t, http.StatusConflict, "")
			portal.call(t, http.MethodDelete, g.path(t), "").want(t, http.StatusOK, "Data deleted") // which frees nothing that is another's
			portal.call(t, http.MethodPost, collection, h.asking(t, plan)).wantRefusal(t, http.StatusConflict, "")
			g.isRefused(t, "revoked")
		})
	}
}
