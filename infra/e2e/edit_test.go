package e2e

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestSeveralPolicies asks for one key for several plans.
func TestSeveralPolicies(t *testing.T) {
	decidedByFunctions(t)
	t.Parallel()
	plans := offers(t, offered{kind: authToken}, offered{kind: authToken, asks: true}, offered{kind: basic}, offered{kind: oauth}, offered{kind: oauth})
	h := arrives(t, authToken)
	id := portal.create(t, h.asking(t, plans[0], plans[1]))
	portal.call(t, http.MethodPut, approve(id), "").wantRefusal(t, http.StatusForbidden, "") // one of two has to be decided
	g := h.taking(t, reviewer.call(t, http.MethodPut, approve(id), ""))
	g.request = id
	g.opens(t, plans[0], plans[1])
	wantMembers(t, g.calls(t), map[string]any{"rate": "10,10", "quota_max": "500,500"})
	shown := portal.call(t, http.MethodGet, developerOf(h.id), "")
	hash, _ := g.row(t)["key"].(string)
	if !reflect.DeepEqual(shown.body["keys"], map[string]any{hash: []any{plans[0], plans[1]}}) || shown.member("subscriptions", plans[1]) != hash {
		t.Errorf("%s: want one key of two plans: %s", shown.call, shown.text)
	}
	for name, mixed := range map[string]string{
		"of two kinds": h.asking(t, plans[0], plans[2]), "of two kinds, one of which the catalogue has not": h.asking(t, plans[2], publish(t, policies, `{"name": "Unknown"}`)),
		"an OAuth client of two": arrives(t, oauth).asking(t, plans[3], plans[4]),
	} {
		a := portal.call(t, http.MethodPost, collection, mixed)
		if a.wantRefusal(t, http.StatusBadRequest, ""); !strings.HasPrefix(a.message(), "apply_policies") {
			t.Errorf("%s: %s", name, a.message())
		}
	}
}

// becomes wants the key to open the plans soon, and to be listed with them.
func (g grant) becomes(t *testing.T, plans ...string) {
	t.Helper()
	for begin := time.Now(); ; time.Sleep(every) {
		a := g.calls(t)
		if a.status == http.StatusOK && slices.Equal(texts(a.body["policies"]), plans) {
			break
		}
		if time.Since(begin) > kept {
			t.Fatalf("%s: want %v: %d %s", a.call, plans, a.status, a.text)
		}
	}
	if row := g.row(t); !slices.Equal(texts(row["apply_policies"]), plans) {
		t.Errorf("the key is listed with %v, want %v", row["apply_policies"], plans)
	}
}

// TestKeyEditedByRequest has a developer ask for other plans for a key: the key stays, and what has to be approved is approved anew.
func TestKeyEditedByRequest(t *testing.T) {
	t.Parallel()
	for _, kind := range someKinds() {
		if kind == oauth {
			continue // a client is for one policy
		}
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			plans := offers(t, offered{kind: kind}, offered{kind: kind, asks: true, one: true})
			h := arrives(t, kind)
			g := h.receives(t, plans[0])
			path := g.path(t)
			shown := path[strings.LastIndex(path, "/")+1:]
			edit := func(members map[string]any) string {
				return portal.create(t, object(t, members, map[string]any{"by_user": h.id, "key": shown}))
			}
			adding := edit(map[string]any{"apply_policies": []string{plans[1]}})
			wantMembers(t, portal.get(t, adding), map[string]any{"key": shown, "for_plan": plans[1], "state": "pending"})
			portal.call(t, http.MethodPut, approve(adding), "").wantRefusal(t, http.StatusForbidden, "")
			g.opens(t, plans[0])
			second := portal.call(t, http.MethodPost, collection, h.asking(t, plans[1])) // of which there can be one
			second.wantRefusal(t, http.StatusConflict, waitsFor(plans[1]))
			wantEdited(t, reviewer.call(t, http.MethodPut, approve(adding), ""), shown, plans[0], plans[1])
			reviewer.call(t, http.MethodPut, approve(adding), "").wantRefusal(t, http.StatusConflict, "Key request has already been processed.")

			taking := edit(map[string]any{"remove_policies": []string{plans[0]}})
			wantEdited(t, admin.call(t, http.MethodPut, approve(taking), ""), shown, plans[1])
			g.becomes(t, plans[1])
			portal.call(t, http.MethodDelete, path, "").want(t, http.StatusOK, "Data deleted")
			portal.create(t, h.asking(t, plans[1])) // the plan that the edit had taken is free
		})
	}
}

// wantEdited wants the answer of an approve that mints no key.
func wantEdited(t *testing.T, a answer, shown string, plans ...string) {
	t.Helper()
	a.want(t, http.StatusOK, "")
	wantMembers(t, a, map[string]any{"RawKey": "", "Password": "", "key": shown})
	if !slices.Equal(texts(a.body["apply_policies"]), plans) {
		t.Errorf("%s: the key has %v, want %v", a.call, a.body["apply_policies"], plans)
	}
}

// TestEditsThatAreNone asks for changes of keys that cannot be.
func TestEditsThatAreNone(t *testing.T) {
	decidedByFunctions(t)
	t.Parallel()
	plans := offers(t, offered{kind: authToken}, offered{kind: authToken}, offered{kind: basic})
	h, other := arrives(t, authToken), arrives(t, authToken)
	mine, theirs := h.receives(t, plans[0]), other.receives(t, plans[0])
	hash := func(g grant) string { p := g.path(t); return p[strings.LastIndex(p, "/")+1:] }
	list := func(plans ...string) []string { return plans }
	for name, c := range map[string]struct {
		members map[string]any
		status  int
	}{
		"another developer's key":   {map[string]any{"key": hash(theirs), "apply_policies": list(plans[1])}, 400},
		"nobody's key":              {map[string]any{"key": "90568dfa90568dfa", "apply_policies": list(plans[1])}, 400},
		"a key in the flesh":        {map[string]any{"key": "eyJvcmciOiI=", "apply_policies": list(plans[1])}, 400},
		"no change":                 {map[string]any{"key": hash(mine)}, 400},
		"a policy that it has":      {map[string]any{"key": hash(mine), "apply_policies": list(plans[0])}, 409},
		"a policy that it has not":  {map[string]any{"key": hash(mine), "remove_policies": list(plans[1])}, 409},
		"all that it has":           {map[string]any{"key": hash(mine), "remove_policies": list(plans[0])}, 409},
		"one both ways":             {map[string]any{"key": hash(mine), "apply_policies": list(plans[1]), "remove_policies": list(plans[1])}, 400},
		"another kind":              {map[string]any{"key": hash(mine), "apply_policies": list(plans[2])}, 400},
		"policies to take from air": {map[string]any{"apply_policies": list(plans[1]), "remove_policies": list(plans[0])}, 400},
	} {
		a := portal.call(t, http.MethodPost, collection, object(t, c.members, map[string]any{"by_user": h.id}))
		if a.status != c.status || a.message() == "" {
			t.Errorf("%s: %d %s, want %d", name, a.status, a.text, c.status)
		}
	}
}

// TestKeyChanged gives a key other plans by PUT.
func TestKeyChanged(t *testing.T) {
	decidedByFunctions(t)
	t.Parallel()
	plans := offers(t, offered{kind: authToken}, offered{kind: authToken}, offered{kind: authToken, asks: true}, offered{kind: basic})
	g := arrives(t, authToken).receives(t, plans[0])
	path := g.path(t)
	put := func(by client, plans ...string) answer {
		return by.call(t, http.MethodPut, path, object(t, map[string]any{"apply_policies": plans}))
	}
	put(portal, plans[1], plans[0]).want(t, http.StatusOK, "Data updated")
	asking := put(portal, plans[0], plans[2])
	if asking.wantRefusal(t, http.StatusForbidden, ""); !strings.Contains(asking.message(), "request") {
		t.Errorf("%s: it does not say how to add a plan that has to be approved: %s", asking.call, asking.message())
	}
	for name, a := range map[string]answer{
		"none": put(portal), "of another kind": put(admin, plans[0], plans[3]), "twice the same": put(admin, plans[0], plans[0]), "unknown": put(admin, nobodys),
	} {
		if a.status != http.StatusBadRequest || a.message() == "" {
			t.Errorf("plans, %s: %d %s", name, a.status, a.text)
		}
	}
	put(reviewer, plans[0]).wantRefusal(t, http.StatusForbidden, "")
	put(admin, plans[2]).want(t, http.StatusOK, "Data updated")
	g.becomes(t, plans[2])
	put(portal, plans[2]).want(t, http.StatusOK, "Data updated") // that it has it already needs nobody's approval
	client := arrives(t, oauth).receives(t, offers(t, offered{kind: oauth})...)
	a := admin.call(t, http.MethodPut, client.path(t), fmt.Sprintf(`{"apply_policies": [%q]}`, plans[0]))
	if a.status < 400 || a.status > 499 {
		t.Errorf("another plan for an OAuth client: %d %s", a.status, a.text)
	}
}
