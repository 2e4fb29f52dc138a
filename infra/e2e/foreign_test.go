package e2e

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"keydesk/shared/awsenv"
	"keydesk/shared/caller"
	"keydesk/shared/table"
)

// neighbour is a second organisation, which the same desk serves.
type neighbour struct {
	org   string
	admin client
	plans map[string]string // by kind
}

// settled makes the neighbour, once: no call of the API can, so it is made in the table, as the operator's tool makes one. It stays.
var settled = sync.OnceValues(func() (*neighbour, error) {
	ctx, now := context.Background(), time.Now()
	books := table.New(awsenv.Config(), os.Getenv("KEYDESK_TABLE"))
	n := &neighbour{org: newID(), plans: map[string]string{}}
	if err := books.CreateOrganisation(ctx, table.Organisation{ID: n.org, Name: mark(), Created: now.Unix()}); err != nil {
		return nil, err
	}
	credential, hash := caller.Mint(n.org)
	n.admin.credential = credential.Reveal()
	return n, books.CreateCredential(ctx, table.Credential{ID: newID(), Created: now.Unix(), Caller: caller.Caller{
		Org: n.org, Name: "e2e", Role: caller.Admin, Expires: now.Add(time.Hour).Unix(), Credential: hash,
	}})
})

// newID is an id that is nobody's.
func newID() string {
	var id [12]byte
	_, _ = rand.Read(id[:])
	return hex.EncodeToString(id[:])
}

// neighbours gives the neighbour, with a plan of each kind. Where the desk's table cannot be reached, as that of a stage, what needs a
// neighbour is left out.
func neighbours(t *testing.T) *neighbour {
	t.Helper()
	if os.Getenv("KEYDESK_TABLE") == "" || os.Getenv("AWS_ENDPOINT_URL_DYNAMODB") == "" {
		t.Skip("KEYDESK_TABLE and AWS_ENDPOINT_URL_DYNAMODB are not set: there is no second organisation, and none can be made")
	}
	n, err := settled()
	if err != nil {
		t.Fatal(err)
	}
	var entries []string
	for _, kind := range allKinds {
		n.plans[kind] = mark()
		n.admin.call(t, http.MethodPost, policies, fmt.Sprintf(`{"_id": %q, "name": %q}`, n.plans[kind], n.plans[kind])).want(t, http.StatusOK, "")
		entries = append(entries, fmt.Sprintf(`{"name": %q, "policy_id": %q, "version": "v2", "show": true, "auth_type": %q, "config": {"override": true}}`,
			n.plans[kind], n.plans[kind], kind))
	}
	n.admin.call(t, http.MethodPost, catalogue, fmt.Sprintf(`{"apis": [%s]}`, strings.Join(entries, ","))).want(t, http.StatusOK, "")
	return n
}

// receives gives a developer of the neighbour's a key.
func (n *neighbour) receives(t *testing.T, kind string) grant {
	t.Helper()
	who := n.admin.call(t, http.MethodPost, developers, fmt.Sprintf(`{"email": "%s@portal.example"}`, mark()))
	who.want(t, http.StatusOK, "")
	h := holder{kind: kind, org: n.org, id: who.message()}.readied(t)
	return h.taking(t, n.admin.call(t, http.MethodPost, keysOfDeveloper(h.id), object(t, h.wish(n.plans[kind]))))
}

// TestNeighbour presents a good key of another organisation's, of each kind, to the sample API, which is the desk's own; and has each of
// the two organisations lay hands on the other's key, wherever keys are revoked or changed.
func TestNeighbour(t *testing.T) {
	n := neighbours(t)
	t.Parallel()
	plans := map[string]string{}
	var all []offered
	for _, kind := range allKinds {
		all = append(all, offered{kind: kind})
	}
	for i, plan := range offers(t, all...) {
		plans[allKinds[i]] = plan
	}
	for _, kind := range allKinds {
		t.Run(kind, func(t *testing.T) {
			presentable(t, kind)
			t.Parallel()
			theirs, ours := n.receives(t, kind), arrives(t, kind).receives(t, plans[kind])
			reason := "wrong_organisation"
			if kind == mutualTLS { // of a certificate nobody can tell whose it is
				reason = "unknown"
			}
			theirs.isRefused(t, reason)
			if front.slow <= 2 || kind == authToken { // the rest is the functions' doing
				untouched(t, theirs, n.admin, n.plans[kind], admin, portal, reviewer)
				untouched(t, ours, portal, plans[kind], n.admin)
			}
			theirs.isGoodAtHome(t)
			ours.opens(t, plans[kind])
		})
	}
}

// isGoodAtHome asks the check, where it can be asked, on behalf of an API of the key's own organisation.
func (g grant) isGoodAtHome(t *testing.T) {
	t.Helper()
	if lambdas == "" {
		return
	}
	question := map[string]any{"key": g.credential(t), "org": g.org}
	if g.kind == mutualTLS {
		question = map[string]any{"certificate": g.key, "org": g.org}
	}
	if verdict := wantVerdict(t, question, ""); verdict["developer"] != g.id || verdict["org"] != g.org {
		t.Errorf("the verdict is about %v of %v", verdict["developer"], verdict["org"])
	}
}

// revocationsOf are the paths at which keys of a kind are revoked.
func revocationsOf(kind string) []string {
	paths := []string{"/api/portal/developers/DEVELOPER/keys/HASH", "/api/portal/developers/DEVELOPER/keys/ID", "/api/apis//keys/HASH"}
	for _, r := range revocations {
		if r.kind == kind {
			paths = append(paths, r.path)
		}
	}
	return paths
}

// untouched has strangers try all that can be done to a key, whose house sees it at the end as it was. To them it does not exist.
func untouched(t *testing.T, g grant, house client, plan string, strangers ...client) {
	t.Helper()
	before := house.call(t, http.MethodGet, keysOfDeveloper(g.id), "")
	rows := before.rows(t)
	if len(rows) != 1 {
		t.Fatalf("%s: %s", before.call, before.text)
	}
	at := strings.NewReplacer("HASH", fmt.Sprint(rows[0]["key"]), "ID", fmt.Sprint(rows[0]["id"]), "DEVELOPER", g.id, "PLAN", plan)
	for i, path := range revocationsOf(g.kind) {
		path = at.Replace(path)
		wire(t, http.MethodDelete, path, "", "Authorization: "+strangers[i%len(strangers)].credential).wantRefusal(t, http.StatusNotFound, "Could not retrieve object for deletion")
	}
	for _, stranger := range strangers {
		for _, name := range []string{"HASH", "ID"} {
			path := at.Replace("/api/portal/developers/DEVELOPER/keys/" + name)
			stranger.call(t, http.MethodGet, path, "").wantRefusal(t, http.StatusNotFound, notFound)
		}
	}
	path := at.Replace("/api/portal/developers/DEVELOPER/keys/HASH")
	for _, act := range []string{"/suspend", "/resume", "/rotate"} {
		strangers[0].call(t, http.MethodPost, path+act, "").wantRefusal(t, http.StatusNotFound, notFound)
	}
	strangers[0].call(t, http.MethodPut, path, object(t, map[string]any{"apply_policies": []string{plan}})).wantRefusal(t, http.StatusNotFound, notFound)
	after := house.call(t, http.MethodGet, keysOfDeveloper(g.id), "")
	if day.ReplaceAllString(after.text, "") != day.ReplaceAllString(before.text, "") {
		t.Errorf("%s: %s, and it was %s", after.call, after.text, before.text)
	}
}

// day is when a key was last presented, by whomever: the check notes it after its answer.
var day = regexp.MustCompile(`"last_used":"[^"]*"`)
