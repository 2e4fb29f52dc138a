package main

import (
	"encoding/json"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"keydesk/infra/desktest"
	"keydesk/infra/fixture"
	"keydesk/shared/approval"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// waiting is a desk whose Petstore is sold by a third party, which a request of Chen's waits for.
type waiting struct {
	*desktest.Desk
	t       *testing.T
	request table.Request
}

// sold are the settings of an organisation that sends developers to a third party, and links to developers.
const sold = `"redirect_on_key_request": true, "redirect_to": "https://pay.example/keys", "redirect_origins": ["https://pay.example"],
	"enable_multi_selection": true, "auto_approve": true`

const byMail = `, "mail_options": {"mail_from_email": "keys@example.com"}`

func waits(t *testing.T, options ...func(*aws.Config)) *waiting {
	t.Helper()
	return waitsWith(t, byMail, options...)
}

// waitsWith is waits where more is settled.
func waitsWith(t *testing.T, more string, options ...func(*aws.Config)) *waiting {
	t.Helper()
	w := &waiting{Desk: desktest.New(t, fixture.Desk, options...), t: t}
	w.Settings("{" + sold + more + "}")
	w.request.ID = w.Ask(fixture.Chen, fixture.Petstore)
	if w.read(); w.request.State != portal.Waiting {
		t.Fatalf("the request is %s", w.request.State)
	}
	return w
}

// read reads the request as it stands.
func (w *waiting) read() table.Request {
	w.t.Helper()
	r, err := w.Table.Request(w.t.Context(), fixture.Org, w.request.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	w.request = r
	return r
}

// message is what a third party sends, and what it signs.
type message struct {
	id     string
	at     time.Time
	path   string // whose callback it is sent to; the request's
	body   map[string]any
	signer string // the organisation by whose secret it is signed
	change func(headers map[string]string)
	sent   string // in the body's place, once that is signed
}

// yes is what the third party sends when the developer has paid. A no is a change of it.
func (w *waiting) yes(id string) message {
	return message{
		id: id, at: time.Now(), path: w.request.ID, signer: fixture.Org,
		body: map[string]any{"org_id": fixture.Org, "request_id": w.request.ID, "asked": approval.Digest(&w.request), "approved": true, "reason": "paid"},
	}
}

func (w *waiting) no(id string) message { return w.yes(id).with("approved", false) }

// with is the message with another member; without one, where the value is nil.
func (m message) with(member string, value any) message {
	body := map[string]any{}
	for name, said := range m.body {
		body[name] = said
	}
	body[member] = value
	if value == nil {
		delete(body, member)
	}
	m.body = body
	return m
}

// event is the message as API Gateway brings it.
func (w *waiting) event(m message) desktest.Event {
	w.t.Helper()
	signing, err := w.Signers.Of(w.t.Context(), m.signer)
	if err != nil {
		w.t.Fatal(err)
	}
	body, err := json.Marshal(m.body)
	if err != nil {
		w.t.Fatal(err)
	}
	signature, err := signing.Sign(m.id, m.at, body)
	if err != nil {
		w.t.Fatal(err)
	}
	event := desktest.Call("", http.MethodPost, "/api/portal/requests/"+m.path+"/callback", string(body))
	event.Headers = map[string]string{"webhook-id": m.id, "webhook-timestamp": strconv.FormatInt(m.at.Unix(), 10), "webhook-signature": signature}
	if m.change != nil {
		m.change(event.Headers)
	}
	if m.sent != "" {
		event.Body = m.sent
	}
	return event
}

// says is what the message is answered.
func (w *waiting) says(m message) desktest.Said {
	w.t.Helper()
	return w.Say(function, w.event(m))
}

// wants complains of another answer.
func (w *waiting) wants(what string, m message, status int, words string) {
	w.t.Helper()
	if said := w.says(m); said.Status != status || said.Message != words {
		w.t.Errorf("%s: %d %s, want %d %s", what, said.Status, said.Text, status, words)
	}
}
