package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// thirdParty is somebody else's program, to which the desk sends developers. It knows the organisation's signing secret.
type thirdParty struct{ *webhooks.Webhook }

// signingSecret is what the operator's tool shows of the organisation's.
var signingSecret = sync.OnceValues(func() (string, error) {
	said, err := exec.Command("go", "run", "../admin", "webhook-secret", "show", "--organisation", org).Output()
	return strings.TrimSpace(string(said)), err
})

// trusts tells a third party the secret. Where the operator's tool has no desk to act on, nobody can.
func trusts(t *testing.T) (thirdParty, string) {
	t.Helper()
	if os.Getenv("KEYDESK_WEBHOOK_PREFIX") == "" {
		t.Skip("KEYDESK_WEBHOOK_PREFIX is not set: the signing secret cannot be read")
	}
	secret, err := signingSecret()
	if err != nil || !strings.HasPrefix(secret, "whsec_") {
		t.Fatalf("webhook-secret show: %v", err)
	}
	w, err := webhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	return thirdParty{w}, secret
}

// sent is a developer's way to a third party.
type sent struct {
	request string
	asked   string
	to      *url.URL
}

const payHere = "https://pay.orchard.example/subscribe?plan=live"

// redirecting is the settings of an entry that sends developers to the sample's third party.
func redirecting(to string) string {
	return fmt.Sprintf(`"redirect_on_key_request": true, "redirect_to": %q, "callback_within": 3600`, to)
}

// isSent asks for a key of a plan that a third party decides about.
func (h holder) isSent(t *testing.T, plan string) sent {
	t.Helper()
	a := portal.call(t, http.MethodPost, collection, h.asking(t, plan))
	a.want(t, http.StatusOK, "")
	id := a.message()
	t.Cleanup(func() { remove(t, id) })
	address, _ := a.member("Meta", "redirect_to").(string)
	to, err := url.Parse(address)
	asked, _ := a.member("Meta", "asked").(string)
	if err != nil || a.member("Meta", "request_id") != id || len(asked) != 64 {
		t.Fatalf("%s does not say where to send the developer: %s", a.call, a.text)
	}
	wantMembers(t, portal.get(t, id), map[string]any{"state": "waiting", "next": "third party", "approved": false})
	return sent{id, asked, to}
}

// receives is what a third party does with a developer who comes: it makes sure that the desk has sent them.
func (p thirdParty) receives(t *testing.T, s sent) {
	t.Helper()
	q := s.to.Query()
	if s.to.Scheme+"://"+s.to.Host+s.to.Path != "https://pay.orchard.example/subscribe" || q.Get("plan") != "live" || q.Get("request_id") != s.request {
		t.Errorf("the developer is sent to %s", s.to)
	}
	headers := http.Header{}
	headers.Set("webhook-id", q.Get("request_id"))
	headers.Set("webhook-timestamp", q.Get("timestamp"))
	headers.Set("webhook-signature", q.Get("signature"))
	if err := p.Verify([]byte(q.Get("request_id")+"."+q.Get("asked")), headers); err != nil {
		t.Errorf("the way to the third party is not signed: %v", err)
	}
	if p.Verify([]byte(q.Get("request_id")+"."+strings.Repeat("0", 64)), headers) == nil {
		t.Error("the way to the third party is signed for anything")
	}
}

// answer is a third party's yes or no.
type yesOrNo struct {
	sent
	approved bool
	reason   string
	org      string    // "": ours
	message  string    // its id; "": a new one
	at       time.Time // when it was signed; zero: now
}

// calls sends the answer back, signed, and changed afterwards where somebody forges it.
func (p thirdParty) calls(t *testing.T, y yesOrNo, forge func(body *string, headers []string)) answer {
	t.Helper()
	if y.org == "" {
		y.org = org
	}
	if y.message == "" {
		y.message = mark()
	}
	if y.at.IsZero() {
		y.at = time.Now()
	}
	body := fmt.Sprintf(`{"org_id": %q, "request_id": %q, "asked": %q, "approved": %t, "reason": %q}`, y.org, y.request, y.asked, y.approved, y.reason)
	signature, err := p.Sign(y.message, y.at, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	headers := []string{"webhook-id: " + y.message, "webhook-timestamp: " + strconv.FormatInt(y.at.Unix(), 10), "webhook-signature: " + signature}
	if forge != nil {
		forge(&body, headers)
	}
	return client{}.call(t, http.MethodPost, item(y.request)+"/callback", body, headers...)
}

// TestDecidedByAThirdParty is the third way: yes, no, and yes by a credential of the third party's own, as Tyk has it.
func TestDecidedByAThirdParty(t *testing.T) {
	p, _ := trusts(t)
	byMail(t)
	t.Parallel()
	plan := offers(t, offered{kind: authToken, asks: true, config: redirecting(payHere)})[0]
	t.Run("yes", func(t *testing.T) {
		t.Parallel()
		h := arrives(t, authToken)
		s := h.isSent(t, plan)
		p.receives(t, s)
		yes := yesOrNo{sent: s, approved: true, reason: "paid", message: mark()}
		p.calls(t, yes, nil).want(t, http.StatusOK, s.request)
		wantMembers(t, reviewer.get(t, s.request), map[string]any{"state": "approved", "decided_by": "third party", "reason": "paid", "next": "developer"})
		p.calls(t, yes, nil).want(t, http.StatusOK, s.request) // the answer to it may have been lost
		p.calls(t, yesOrNo{sent: s, approved: true}, nil).wantRefusal(t, http.StatusConflict, "")
		p.calls(t, yesOrNo{sent: s, message: yes.message}, nil).wantRefusal(t, http.StatusConflict, "")
		h.takes(t, h.isMailed(t, 1)).opens(t, plan)
	})
	t.Run("no", func(t *testing.T) {
		t.Parallel()
		h := arrives(t, authToken)
		s := h.isSent(t, plan)
		p.calls(t, yesOrNo{sent: s, reason: "not paid"}, nil).want(t, http.StatusOK, s.request)
		wantMembers(t, reviewer.get(t, s.request), map[string]any{"state": "declined", "decided_by": "third party", "reason": "not paid"})
		if m := h.isMailed(t, 1); !strings.Contains(m.text, "not paid") {
			t.Errorf("the developer is not told why:\n%s", m.text)
		}
	})
	t.Run("yes by a credential", func(t *testing.T) {
		t.Parallel()
		h := arrives(t, authToken)
		s := h.isSent(t, plan)
		h.taking(t, reviewer.call(t, http.MethodPut, approve(s.request), "")).opens(t, plan)
		p.calls(t, yesOrNo{sent: s, approved: true}, nil).wantRefusal(t, http.StatusConflict, "")
	})
}

// TestForgedAnswers sends answers that are not the third party's, or not to what is asked. Nothing comes of any.
func TestForgedAnswers(t *testing.T) {
	p, _ := trusts(t)
	t.Parallel()
	plan := offers(t, offered{kind: authToken, asks: true, config: redirecting(payHere)})[0]
	h := arrives(t, authToken)
	s := h.isSent(t, plan)
	stranger, err := webhooks.NewWebhook("whsec_" + strings.Repeat("QUJD", 8))
	if err != nil {
		t.Fatal(err)
	}
	yes := yesOrNo{sent: s, approved: true}
	other, late, elsewhere, stale := yes, yes, yes, yes
	other.org, late.at, elsewhere.request, stale.asked = nobodys, time.Now().Add(-10*time.Minute), nobodys, strings.Repeat("0", 64)
	for name, c := range map[string]struct {
		by     thirdParty
		answer yesOrNo
		forge  func(body *string, headers []string)
		status int
	}{
		"signed by another":       {thirdParty{stranger}, yes, nil, 401},
		"not signed":              {p, yes, func(_ *string, headers []string) { headers[2] = "webhook-signature: " }, 401},
		"without an id":           {p, yes, func(_ *string, headers []string) { headers[0] = "webhook-id: " }, 401},
		"changed on its way":      {p, yes, func(body *string, _ []string) { *body = strings.Replace(*body, `""`, `"!"`, 1) }, 401},
		"under another id":        {p, yes, func(_ *string, headers []string) { headers[0] += "x" }, 401},
		"of ten minutes ago":      {p, late, nil, 401},
		"of another organisation": {p, other, nil, 401},
		"to another request":      {p, elsewhere, nil, 401},
		"to what was asked later": {p, stale, nil, 412},
	} {
		a := c.by.calls(t, c.answer, c.forge)
		a.wantRefusal(t, c.status, "")
		if c.status == http.StatusUnauthorized && a.message() != "Not authorised" {
			t.Errorf("an answer %s: %s", name, a.text)
		}
	}
	wantMembers(t, reviewer.get(t, s.request), map[string]any{"state": "waiting", "revision": 1.0})
}

// TestRedirectsElsewhere writes entries that would send developers where the organisation does not want them sent.
func TestRedirectsElsewhere(t *testing.T) {
	t.Parallel()
	for _, to := range []string{
		"//evil.example/", "javascript:alert(1)", "http://pay.orchard.example/", "https://pay.orchard.example.evil.example/", "https://evil.example/?https://pay.orchard.example/",
		"https://pay.orchard.example@evil.example/", `https://evil.example\@pay.orchard.example/`, "https://pay.orchard.example:8443/", "/subscribe", "",
	} {
		found := copyCatalogue(t)
		entry := fmt.Sprintf(`{"name": "Elsewhere", "policy_id": %q, "auth_type": "authToken", "config": {"override": true, %s}}`, mark(), redirecting(to))
		a := admin.call(t, http.MethodPut, catalogue, found.append(t, entry))
		a.wantRefusal(t, http.StatusBadRequest, "")
		if !strings.Contains(a.message(), "redirect_to") {
			t.Errorf("an entry that sends developers to %q: %s", to, a.message())
		}
	}
}
