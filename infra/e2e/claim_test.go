package e2e

import (
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"keydesk/infra/local/doubles"
	"keydesk/shared/awsenv"
	"keydesk/shared/table"
)

// isLeft has a reviewer approve, and leave the key to its developer, who is given the link.
func (h holder) isLeft(t *testing.T, plan string) link {
	t.Helper()
	id := portal.create(t, h.asking(t, plan))
	reviewer.call(t, http.MethodPut, approve(id), `{"delivery": "claim"}`).want(t, http.StatusOK, "")
	return h.isMailed(t, 1).link(t)
}

// TestClaimRace has many press the button at once: the key is shown to one of them, and it is shown to that one again.
func TestClaimRace(t *testing.T) {
	byMail(t)
	t.Parallel()
	plan, h := offers(t, offered{kind: authToken, asks: true})[0], arrives(t, authToken)
	l := h.isLeft(t, plan)
	proofs := make([]string, front.approvers)
	for i := range proofs {
		proofs[i] = proof()
	}
	var winners []int
	var g grant
	for i, a := range atOnce(len(proofs), func(i int) answer { return l.claims(t, proofs[i]) }) {
		switch {
		case a.status == http.StatusOK:
			winners, g = append(winners, i), h.taking(t, a)
		case a.status != http.StatusConflict || !strings.Contains(a.message(), "already claimed at ") || a.member("Meta", "claimed_at") == nil:
			t.Errorf("browser %d: %d %s", i, a.status, a.text)
		}
	}
	if len(winners) != 1 {
		t.Fatalf("%d of %d browsers were shown a key", len(winners), len(proofs))
	}
	g.opens(t, plan)
	if again := h.taking(t, l.claims(t, proofs[winners[0]])); again.key != g.key {
		t.Error("the same browser was shown another key")
	}
	l.claims(t, proof()).wantRefusal(t, http.StatusConflict, "")
	shown := reviewer.get(t, l.request)
	if at, _ := shown.member("delivery", "refused_at").(string); at == "" {
		t.Errorf("%s does not say that somebody else tried: %s", shown.call, shown.text)
	}
	h.isMailed(t, 1)
}

// TestClaimIsSaved tells the desk that the key stands somewhere safe: from then on it is shown to nobody.
func TestClaimIsSaved(t *testing.T) {
	byMail(t)
	t.Parallel()
	plan, h := offers(t, offered{kind: authToken, asks: true})[0], arrives(t, authToken)
	l, mine := h.isLeft(t, plan), proof()
	saved := func(proof string) answer {
		return client{}.call(t, http.MethodPost, item(l.request)+"/claim", object(t, map[string]any{"token": l.token, "proof": proof, "saved": true}))
	}
	saved(mine).wantRefusal(t, http.StatusConflict, "")
	g := h.taking(t, l.claims(t, mine))
	saved(proof()).wantRefusal(t, http.StatusConflict, "")
	saved(mine).want(t, http.StatusOK, "")
	l.claims(t, mine).wantRefusal(t, http.StatusConflict, "")
	g.opens(t, plan)
}

// TestClaimByNobody shows other tokens than the mail's, and asks for the link as one should not.
func TestClaimByNobody(t *testing.T) {
	byMail(t)
	t.Parallel()
	plan, h := offers(t, offered{kind: authToken, asks: true})[0], arrives(t, authToken)
	l := h.isLeft(t, plan)
	other := portal.create(t, h.asking(t, plan))
	for name, wrong := range map[string]link{
		"a letter changed":     {"", l.request, another(l.token, len(l.token)/2)},
		"cut short":            {"", l.request, l.token[:len(l.token)-1]},
		"of another request":   {"", other, l.token},
		"of a request of none": {"", nobodys, l.token},
	} {
		if a := wrong.claims(t, proof()); a.status != http.StatusNotFound || a.message() != notFound {
			t.Errorf("a token %s: %d %s", name, a.status, a.text)
		}
	}
	again := item(l.request) + "/claim-link"
	client{}.call(t, http.MethodPost, again, "").wantRefusal(t, http.StatusUnauthorized, "")
	portal.call(t, http.MethodPost, item(other)+"/claim-link", "").wantRefusal(t, http.StatusConflict, "")
	reviewer.call(t, http.MethodPost, again, "").want(t, http.StatusOK, l.request)
	reviewer.call(t, http.MethodPost, again, "").wantRefusal(t, http.StatusTooManyRequests, "")
	newest := h.isMailed(t, 2).link(t)
	l.claims(t, proof()).wantRefusal(t, http.StatusConflict, "A newer link was sent to the developer, and this one is no longer good. Use the link in the newest mail.")
	h.taking(t, newest.claims(t, proof())).opens(t, plan)
	portal.call(t, http.MethodPost, again, "").wantRefusal(t, http.StatusConflict, "")
}

// TestLinkStaysWithItsAddress changes the developer's e-mail while their key waits: no portal has the link sent there.
func TestLinkStaysWithItsAddress(t *testing.T) {
	byMail(t)
	t.Parallel()
	plan, h := offers(t, offered{kind: authToken, asks: true})[0], arrives(t, authToken)
	l := h.isLeft(t, plan)
	portal.call(t, http.MethodPut, developerOf(h.id), `{"email": "`+mark()+`@thief.example"}`).want(t, http.StatusOK, "")
	again := item(l.request) + "/claim-link"
	portal.call(t, http.MethodPost, again, "").wantRefusal(t, http.StatusForbidden, "")
	reviewer.call(t, http.MethodPost, again, "").want(t, http.StatusOK, l.request)
	newest := h.isMailed(t, 2).link(t) // the first tells of the change
	l.claims(t, proof()).wantRefusal(t, http.StatusConflict, "")
	h.taking(t, newest.claims(t, proof())).opens(t, plan)
}

// TestRotatedByClaim rotates a key that its developer has claimed: the caller is given none, and the developer's claim rotates it.
func TestRotatedByClaim(t *testing.T) {
	byMail(t)
	t.Parallel()
	plan, h := offers(t, offered{kind: authToken, asks: true})[0], arrives(t, authToken)
	l := h.isLeft(t, plan)
	g := h.taking(t, l.claims(t, proof()))
	g.request = l.request
	path := g.path(t)
	for _, by := range []client{portal, reviewer, admin} {
		waits := by.call(t, http.MethodPost, path+"/rotate", `{"grace_seconds": 60}`)
		if by != portal {
			waits.wantRefusal(t, http.StatusConflict, "The key is being rotated already: its successor waits for the developer, who claims it.")
			continue
		}
		if waits.status != http.StatusOK || waits.string("RawKey") != "" || waits.string("request") == "" {
			t.Fatalf("%s: %d %s", waits.call, waits.status, waits.text)
		}
	}
	wantMembers(t, portal.call(t, http.MethodGet, path, ""), map[string]any{"state": "active"})
	next := h.taking(t, h.isMailed(t, 2).link(t).claims(t, proof()))
	next.opens(t, plan)
	g.opens(t, plan)
	wantMembers(t, portal.call(t, http.MethodGet, path, ""), map[string]any{"state": "rotated"})
}

// TestLapse has a grant that is not claimed: it lapses, the plan is free again, and there never was a secret. To have the days go by it writes into the
// table, which it finds by the variables of .local/env; so it runs where the desk is on this machine. It is not parallel: see becomes.
func TestLapse(t *testing.T) {
	byMail(t)
	plan, h := offers(t, offered{kind: authToken, asks: true, one: true})[0], arrives(t, authToken)
	l := h.isLeft(t, plan)
	portal.call(t, http.MethodPost, collection, h.asking(t, plan)).wantRefusal(t, http.StatusConflict, "")
	if boxesOf(t, l.request) != 0 {
		t.Errorf("a key was minted before it is claimed")
	}
	books := table.New(awsenv.Config(), os.Getenv("KEYDESK_TABLE"))
	r, err := books.Request(t.Context(), org, l.request)
	if err != nil {
		t.Fatal(err)
	}
	was := r.DueAt
	r.Due(table.Lapse, time.Now())
	if err := books.Reschedule(t.Context(), r, was); err != nil {
		t.Fatal(err)
	}
	wantMembers(t, becomes(t, l.request, "lapsed"), map[string]any{"approved": false, "next": nil, "due": nil})
	if boxesOf(t, l.request) != 0 {
		t.Errorf("the key that lapsed is still in its box")
	}
	l.claims(t, proof()).wantRefusal(t, http.StatusConflict, "")
	if m := h.isMailed(t, 2); isLink.MatchString(m.text) {
		t.Errorf("a key that lapsed can be claimed:\n%s", m.text)
	}
	if rows := portal.call(t, http.MethodGet, keysOfDeveloper(h.id), "").rows(t); len(rows) != 0 {
		t.Errorf("the developer has %d keys", len(rows))
	}
	h.receives(t, plan).opens(t, plan)
}

// boxesOf is how many secrets lie in Secrets Manager whose names have the request's id.
func boxesOf(t *testing.T, request string) int {
	t.Helper()
	client := secretsmanager.NewFromConfig(awsenv.Config(), func(o *secretsmanager.Options) {
		o.BaseEndpoint = awsenv.Endpoint(doubles.SecretsManagerVariable)
	})
	boxes := 0
	for pages := secretsmanager.NewListSecretsPaginator(client, &secretsmanager.ListSecretsInput{}); pages.HasMorePages(); {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range page.SecretList {
			if strings.Contains(*secret.Name, request) {
				boxes++
			}
		}
	}
	return boxes
}
