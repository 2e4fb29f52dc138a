package sweep

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"keydesk/infra/fixture"
	"keydesk/shared/claim"
	"keydesk/shared/secret"
)

// proof is what some calls have in the place of a credential.
type proof struct {
	of      func(t *testing.T, d *desk, s sample) (body string, header http.Header)
	refused int // the status that a forged one is answered with, and one about nothing
}

// signature is a third party's yes, as it signs it.
func signature(t *testing.T, d *desk, s sample) (string, http.Header) {
	t.Helper()
	signing, err := d.signers.Of(t.Context(), fixture.Org)
	if err != nil {
		t.Fatal(err)
	}
	body := []byte(s.body)
	if s.body == "" {
		if body, err = json.Marshal(map[string]any{"org_id": fixture.Org, "request_id": s.object, "revision": 1, "approved": true}); err != nil {
			t.Fatal(err)
		}
	}
	const id = "msg_sweep"
	now := time.Now()
	signed, err := signing.Sign(id, now, body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body), http.Header{
		"Webhook-Id": {id}, "Webhook-Timestamp": {strconv.FormatInt(now.Unix(), 10)}, "Webhook-Signature": {signed},
	}
}

// token is what stands in the link of a developer who claims a key.
func token(_ *testing.T, d *desk, s sample) (string, http.Header) {
	return cmp.Or(s.body, claiming(d.ClaimKey.Token(fixture.Org, s.object, 1))), http.Header{}
}

func claiming(token string) string {
	return `{"token": "` + token + `", "proof": "` + strings.Repeat("p", 32) + `"}`
}

// forged is the same call with a proof that somebody else has made.
func (s sample) forged() sample {
	genuine := s.proof.of
	s.proof.of = func(t *testing.T, d *desk, s sample) (string, http.Header) {
		t.Helper()
		body, header := genuine(t, d, s)
		if header.Get("Webhook-Signature") == "" {
			return claiming(claim.NewKey(secret.New("somebody's")).Token(fixture.Org, s.object, 1)), header
		}
		signing, err := d.signers.Of(t.Context(), fixture.OtherOrg)
		if err != nil {
			t.Fatal(err)
		}
		signed, err := signing.Sign(header.Get("Webhook-Id"), time.Now(), []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		header.Set("Webhook-Signature", signed)
		return body, header
	}
	return s
}

// Whoever forges a proof learns nothing, changes nothing, and costs next to nothing, whatever credential they have beside it.
func TestForgedProofs(t *testing.T) {
	t.Parallel()
	d := open(t)
	proven := 0
	for _, route := range d.routes {
		s := of(t, route)
		if s.proof.of == nil {
			continue
		}
		proven++
		t.Run(route.Method+" "+route.Path, func(t *testing.T) {
			for _, as := range []who{admin, stranger, {name: "nobody"}} {
				a := d.call(t, as, s.forged())
				if a.status != s.proof.refused || !cheap(a) {
					t.Errorf("%s: %d %s, with the calls %v, want %d and two calls at the most", as.name, a.status, a.text, counted(a.calls), s.proof.refused)
				}
			}
			if changed := d.reset(t); len(changed) > 0 {
				t.Errorf("it changed %v", changed)
			}
		})
	}
	if proven < 4 {
		t.Errorf("%d routes take a proof", proven)
	}
}
