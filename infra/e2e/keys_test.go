package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestAskForAKey asks for keys at a developer's own path, which obeys approval as a key request does.
func TestAskForAKey(t *testing.T) {
	t.Parallel()
	for _, kind := range someKinds() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			plans := offers(t, offered{kind: kind}, offered{kind: kind, asks: true, one: true, clients: 1})
			h := asksItself(t, kind)
			ask := func(by client, plan string, headers ...string) answer {
				return by.call(t, http.MethodPost, keysOfDeveloper(h.id), object(t, h.wish(plan)), headers...)
			}
			idempotency := "Idempotency-Key: " + mark()
			first := ask(portal, plans[0], idempotency)
			g := h.taking(t, first)
			g.opens(t, plans[0])
			if again := ask(portal, plans[0], idempotency); !reflect.DeepEqual(again.body, first.body) {
				t.Errorf("%s: the same call is answered otherwise: %d", again.call, again.status)
			}
			ask(portal, plans[1], idempotency).wantRefusal(t, http.StatusConflict, "")
			other := h.taking(t, ask(portal, plans[0]))
			if other.key == g.key && kind != jwt || other.name == g.name && kind == oauth {
				t.Error("two calls were given one key")
			}
			ask(reviewer, plans[0]).wantRefusal(t, http.StatusForbidden, "")

			idempotency = "Idempotency-Key: " + mark()
			waits := ask(portal, plans[1], idempotency)
			waits.want(t, http.StatusOK, "")
			id := waits.message()
			t.Cleanup(func() { remove(t, id) })
			if waits.member("Meta", "state") != "pending" || !isID.MatchString(id) {
				t.Errorf("%s: want the id of a request that waits: %s", waits.call, waits.text)
			}
			ask(portal, plans[1], idempotency).want(t, http.StatusOK, id)
			ask(portal, plans[1]).want(t, http.StatusOK, id) // who asks for the same twice has one request
			portal.call(t, http.MethodPut, approve(id), "").wantRefusal(t, http.StatusForbidden, "")
			h.taking(t, reviewer.call(t, http.MethodPut, approve(id), "")).opens(t, plans[1])
		})
	}
}

// TestAskForAKeyWrongly asks as one should not.
func TestAskForAKeyWrongly(t *testing.T) {
	decidedByFunctions(t)
	t.Parallel()
	plan := offers(t, offered{kind: authToken})[0]
	h, other := arrives(t, authToken), arrives(t, authToken)
	for name, c := range map[string]struct {
		path, body string
		status     int
	}{
		"for nobody":           {keysOfDeveloper(nobodys), object(t, h.wish(plan)), 404},
		"for who is none":      {keysOfDeveloper("abc"), object(t, h.wish(plan)), 400},
		"for two":              {keysOfDeveloper(h.id), other.asking(t, plan), 400},
		"for nothing":          {keysOfDeveloper(h.id), `{}`, 400},
		"without a body":       {keysOfDeveloper(h.id), ``, 400},
		"for an unknown plan":  {keysOfDeveloper(h.id), object(t, h.wish(nobodys)), 400},
		"for what is no plan":  {keysOfDeveloper(h.id), `{"apply_policies": [5]}`, 400},
		"for plans in one":     {keysOfDeveloper(h.id), `{"apply_policies": "` + plan + `"}`, 400},
		"for one plan twice":   {keysOfDeveloper(h.id), object(t, h.wish(plan, plan)), 400},
		"with a script inside": {keysOfDeveloper(h.id), `{"apply_policies": ["` + plan + `"], "oauth_info": {"redirect_uri": "javascript:alert(1)"}}`, 400},
	} {
		a := portal.call(t, http.MethodPost, c.path, c.body)
		if a.status != c.status || a.string("Status") != "Error" {
			t.Errorf("%s: %d %s, want %d", name, a.status, a.text, c.status)
		}
	}
	if rows := portal.call(t, http.MethodGet, keysOfDeveloper(h.id), "").rows(t); len(rows) > 0 {
		t.Errorf("%d keys came of it", len(rows))
	}
}

// TestKeyList reads more keys than a page holds, by its Links. A developer may have 100 keys; one that was rotated stays in the list next
// to its successor, and is not counted.
func TestKeyList(t *testing.T) {
	decidedByFunctions(t)
	t.Parallel()
	plan := offers(t, offered{kind: authToken})[0]
	h := asksItself(t, authToken)
	for _, path := range []string{keysOfDeveloper(nobodys), keysOfDeveloper(nobodys) + "/90568dfa", keysOfDeveloper(h.id) + "/90568dfa", keysOfDeveloper(h.id) + "/" + nobodys} {
		portal.call(t, http.MethodGet, path, "").wantRefusal(t, http.StatusNotFound, notFound)
	}
	portal.call(t, http.MethodGet, keysOfDeveloper(h.id)+"?cursor=abc", "").wantRefusal(t, http.StatusBadRequest, "")
	const granted, rotated, many = 98, 7, 98 + 7 // a page holds 100
	var last grant
	for made := 0; made < granted; made += front.approvers { // in turns, as many at once as the desk can bear
		for _, a := range atOnce(min(front.approvers, granted-made), func(int) answer {
			return portal.call(t, http.MethodPost, keysOfDeveloper(h.id), object(t, h.wish(plan)))
		}) {
			last = h.taking(t, a)
		}
	}
	for range rotated {
		newest := fmt.Sprint(portal.call(t, http.MethodGet, keysOfDeveloper(h.id), "").rows(t)[0]["id"])
		last = h.taking(t, portal.call(t, http.MethodPost, keysOfDeveloper(h.id)+"/"+newest+"/rotate", `{"grace_seconds": 0}`))
	}
	last.opens(t, plan)
	var ids []string
	for path := keysOfDeveloper(h.id); path != ""; {
		page := reviewer.call(t, http.MethodGet, path, "")
		rows := page.rows(t)
		if len(rows) == 0 || len(rows) > 100 {
			t.Fatalf("%s: %d keys on a page", page.call, len(rows))
		}
		for _, row := range rows {
			ids = append(ids, fmt.Sprint(row["id"]))
		}
		path = ""
		if link := linkToNext.FindStringSubmatch(page.header.Get("Link")); link != nil {
			next, err := url.Parse(link[1])
			if err != nil {
				t.Fatal(err)
			}
			path = keysOfDeveloper(h.id) + "?" + next.RawQuery
		}
	}
	if want := reversed(slices.Sorted(slices.Values(ids))); len(ids) != many || !slices.Equal(ids, want) {
		t.Errorf("%d keys are listed, want %d; newest first: %t", len(ids), many, slices.Equal(ids, want))
	}
	last.isUsed(t)
}

// isUsed wants the day to be noted on which the key was used, of that key alone.
func (g grant) isUsed(t *testing.T) {
	t.Helper()
	day := time.Now().UTC().Format(time.DateOnly)
	used := 0
	for _, row := range portal.call(t, http.MethodGet, keysOfDeveloper(g.id), "").rows(t) {
		if text := fmt.Sprint(row["last_used"]); text != "" {
			used++
			if text != day && !strings.HasPrefix(time.Now().Add(-time.Hour).UTC().Format(time.DateOnly), text) { // it is midnight
				t.Errorf("a key was last used on %q, today is %s", text, day)
			}
		}
	}
	if used != 1 {
		t.Errorf("%d keys are said to have been used, want the one that was", used)
	}
}
