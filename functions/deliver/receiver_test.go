package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"keydesk/infra/fixture"
)

// receiver is an organisation's other system.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	hooks  []hook
	answer http.HandlerFunc // nil: 204
}

// hook is a webhook as it was received.
type hook struct {
	at     time.Time
	header http.Header
	text   string
	body   struct {
		Event string
		Data  map[string]any
	}
}

func receive(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	text, _ := io.ReadAll(request.Body)
	h := hook{at: time.Now(), header: request.Header, text: string(text)}
	_ = json.Unmarshal(text, &h.body)
	r.mu.Lock()
	r.hooks = append(r.hooks, h)
	answer := r.answer
	r.mu.Unlock()
	if answer == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	answer(w, request)
}

func (r *receiver) answers(with http.HandlerFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = with
}

func (r *receiver) all() []hook {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.hooks)
}

func (r *receiver) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.hooks = nil
}

// verified holds that another program, which knows the organisation's secret, believes the webhook.
func (o *office) verified(h hook) {
	o.t.Helper()
	signing, err := o.Signers.Of(o.t.Context(), fixture.Org)
	if err != nil {
		o.t.Fatal(err)
	}
	verifier, err := standardwebhooks.NewWebhook(signing.Secrets()[0].Reveal())
	if err == nil {
		err = verifier.Verify([]byte(h.text), h.header)
	}
	if err != nil {
		o.t.Errorf("the webhook %s is not believed: %v", h.body.Event, err)
	}
}
