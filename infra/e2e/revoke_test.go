package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// revocation is a path at which a key of the kind is revoked.
type revocation struct {
	kind string
	by   *client
	path string
}

// revocations are the paths at which clients revoke keys, as they write them: the older ones with nothing for the API's name, the
// prefix twice, a slash at the end. HASH, ID, DEVELOPER and PLAN stand for what they say.
var revocations = []revocation{
	{authToken, &portal, "/api/portal/developers/DEVELOPER/keys/HASH"},
	{authToken, &reviewer, "/api/portal/developers/DEVELOPER/keys/ID"},
	{basic, &admin, "/api/portal/developers/DEVELOPER/keys/HASH/"},
	{oauth, &portal, "/api/portal/developers/oauth/HASH"},
	{oauth, &reviewer, "/api/portal/developers/oauth/HASH/"},
	{oauth, &admin, "/api/portal/developers/DEVELOPER/keys/HASH"},
	{jwt, &portal, "/api/portal/developers/DEVELOPER/keys/HASH"},
	{authToken, &portal, "/api/portal/developers/key/PLAN/HASH/DEVELOPER"},
	{authToken, &portal, "/api/portal/developers/key/PLAN/HASH/DEVELOPER/"},
	{jwt, &reviewer, "/api/portal/developers/key/any/HASH/DEVELOPER"},
	{authToken, &portal, "/api/apis/" + nobodys + "/keys/HASH"},
	{authToken, &portal, "/api/apis//keys/HASH"},
	{basic, &portal, "/api/apis//keys/HASH/"},
	{authToken, &portal, "/api/api/apis//keys/HASH"},
	{basic, &admin, "/api/api/apis/any/keys/HASH"},
}

// TestRevoke revokes a key at each of the paths, and leaves one of each kind.
func TestRevoke(t *testing.T) {
	t.Parallel()
	holders, plans, left := map[string]holder{}, map[string]string{}, map[string]grant{}
	for i, plan := range offers(t, offered{kind: kinds[0]}, offered{kind: kinds[1]}, offered{kind: kinds[2]}, offered{kind: kinds[3]}) {
		kind := kinds[i]
		plans[kind], holders[kind] = plan, arrives(t, kind)
		left[kind] = holders[kind].receives(t, plan)
	}
	revocations := slices.DeleteFunc(slices.Clone(revocations), func(r revocation) bool { return !slices.Contains(someKinds(), r.kind) })
	keys := make([]grant, len(revocations))
	for i, c := range revocations {
		keys[i] = holders[c.kind].receives(t, plans[c.kind])
		keys[i].opens(t)
	}
	looked := map[string]bool{}
	for i, c := range revocations {
		hash := keys[i].revoke(t, *c.by, c.path, plans[c.kind])
		if !looked[c.kind] { // what there is to see of one there is of all
			keys[i].isGone(t, hash)
		}
		looked[c.kind] = true
	}
	for _, g := range keys {
		g.ends(t, "revoked")
	}
	for _, g := range left {
		g.opens(t)
	}
}

// revoke revokes the key, once, and gives the hash that it was shown by.
func (g grant) revoke(t *testing.T, by client, path, plan string) (hash string) {
	t.Helper()
	row := g.row(t)
	hash = fmt.Sprint(row["key"])
	path = strings.NewReplacer("HASH", hash, "ID", fmt.Sprint(row["id"]), "DEVELOPER", g.id, "PLAN", plan).Replace(path)
	bare := "Authorization: " + by.credential
	wire(t, http.MethodDelete, path, "", bare).want(t, http.StatusOK, "Data deleted")
	wire(t, http.MethodDelete, path, "", bare, "Content-Length: 0").wantRefusal(t, http.StatusNotFound, "Could not retrieve object for deletion")
	return hash
}

// isGone wants a revoked key to be shown nowhere.
func (g grant) isGone(t *testing.T, hash string) {
	t.Helper()
	for _, path := range []string{keysOfDeveloper(g.id), developerOf(g.id), item(g.request)} {
		if a := admin.call(t, http.MethodGet, path, ""); strings.Contains(a.text, hash) {
			t.Errorf("%s shows a revoked key: %s", a.call, a.text)
		}
	}
	path := keysOfDeveloper(g.id) + "/" + hash
	admin.call(t, http.MethodGet, path, "").wantRefusal(t, http.StatusNotFound, notFound)
	for _, act := range []string{"/suspend", "/resume", "/rotate"} {
		admin.call(t, http.MethodPost, path+act, "").wantRefusal(t, http.StatusNotFound, notFound)
	}
	admin.call(t, http.MethodPut, path, `{"apply_policies": ["`+policyAuto+`"]}`).wantRefusal(t, http.StatusNotFound, notFound)
}

// TestRevokeWrongly names, at each path, no key, or what is none.
func TestRevokeWrongly(t *testing.T) {
	t.Parallel()
	const hash, none = "90568dfa", "Could not retrieve object for deletion"
	for _, path := range []string{
		keysOfDeveloper(developer) + "/", developers + "/oauth/", developers + "/key/any/KEY/" + developer, "/api/apis//keys/", "/api/apis/any/keys/", "/api/api/apis//keys/",
	} {
		at := func(name string) string {
			if strings.Contains(path, "KEY") {
				return strings.Replace(path, "KEY", name, 1)
			}
			return path + name
		}
		portal.call(t, http.MethodDelete, at(hash), "").wantRefusal(t, http.StatusNotFound, none)
		portal.call(t, http.MethodDelete, at("ABC"), "").wantRefusal(t, http.StatusBadRequest, "")
		client{}.call(t, http.MethodDelete, at(hash), "").wantRefusal(t, http.StatusUnauthorized, "Not authorised")
		patched := portal.call(t, http.MethodPatch, at(hash), "")
		if patched.wantRefusal(t, http.StatusMethodNotAllowed, ""); !strings.Contains(patched.header.Get("Allow"), http.MethodDelete) {
			t.Errorf("%s: Allow is %q", patched.call, patched.header.Get("Allow"))
		}
	}
}

// TestRevokeRotated revokes a key that was rotated, alone, and a successor, with which the key before it ends.
func TestRevokeRotated(t *testing.T) {
	decidedByFunctions(t)
	t.Parallel()
	for _, kind := range []string{authToken, oauth} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			plan := offers(t, offered{kind: kind})[0]
			h := arrives(t, kind)
			var pairs [2][2]grant
			for i := range pairs {
				older := h.receives(t, plan)
				path := older.path(t)
				turned := older.turn(t, portal, `{"grace_seconds": 600}`)
				newer := older.successor(t, turned)
				older.opens(t, plan)
				newer.opens(t, plan)
				pairs[i] = [2]grant{older, newer}
				member, other := "successor", turned.string("key")
				if i == 1 {
					member, other, path = "predecessor", path[strings.LastIndex(path, "/")+1:], newer.path(t)
				}
				revoked := portal.call(t, http.MethodDelete, path, "")
				if revoked.want(t, http.StatusOK, "Data deleted"); revoked.member("Meta", member) != other {
					t.Errorf("%s: Meta is not the %s %s: %s", revoked.call, member, other, revoked.text)
				}
			}
			for _, g := range []grant{pairs[0][0], pairs[1][0], pairs[1][1]} {
				g.ends(t, "revoked")
			}
			pairs[0][1].opens(t, plan)
		})
	}
}

// TestRevocationIsFinal asks for a key again after it was revoked: what was approved before counts for nothing.
func TestRevocationIsFinal(t *testing.T) {
	t.Parallel()
	for _, kind := range someKinds() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			plan := offers(t, offered{kind: kind, asks: true, one: true, clients: 1})[0]
			h := arrives(t, kind)
			g := h.receives(t, plan)
			waiting := portal.call(t, http.MethodPost, collection, h.asking(t, plan))
			waiting.wantRefusal(t, http.StatusConflict, "")
			portal.call(t, http.MethodDelete, g.path(t), "").want(t, http.StatusOK, "Data deleted")
			for _, path := range []string{approve(g.request), decline(g.request)} {
				reviewer.call(t, http.MethodPut, path, "").wantRefusal(t, http.StatusConflict, "Key request has already been processed.")
			}
			again := portal.create(t, h.asking(t, plan))
			wantMembers(t, portal.get(t, again), map[string]any{"state": "pending", "approved": false})
			portal.call(t, http.MethodPut, approve(again), "").wantRefusal(t, http.StatusForbidden, "")
			next := h.taking(t, reviewer.call(t, http.MethodPut, approve(again), ""))
			if next.key == g.key {
				t.Error("a key that was revoked is granted again")
			}
			next.opens(t, plan)
			g.isRefused(t, "revoked")
		})
	}
}
