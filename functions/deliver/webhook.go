package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"syscall"
	"time"

	"code.dny.dev/ssrf"

	"keydesk/shared/vault"
)

// webhooks sends events to the organisations' other systems. Their addresses are the organisations' to choose, so that nothing is trusted
// of them: https alone, to what the name leads to while it is dialled, which has to be public, and to no other place that it might name.
type webhooks struct {
	client  *http.Client
	signers *vault.Signers
	private bool // http, and addresses that are not public, are let through
	mu      sync.Mutex
	silent  map[string]time.Time // addresses that did not answer in time -> until when they are let be
}

// Limits of one try.
const (
	patience   = 5 * time.Second
	mostRead   = 4 << 10  // bytes of an answer, of which nothing is kept
	mostHeader = 64 << 10 // bytes of its header
)

// Who does not answer in time is let be for a while, so that no organisation's notices wait for another's. Not more than so many are
// remembered.
const (
	silence    = time.Minute
	mostSilent = 1000
)

func newWebhooks(signers *vault.Signers, private bool) *webhooks {
	dialer := &net.Dialer{}
	if !private {
		dialer.Control = ssrf.New(ssrf.WithAnyPort()).Safe // it sees the address itself: whatever the name led to a moment before does not matter
	}
	return &webhooks{signers: signers, private: private, silent: map[string]time.Time{}, client: &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
		Transport: &http.Transport{ // no proxy of the environment's
			DialContext: dialer.DialContext, MaxResponseHeaderBytes: mostHeader,
			DisableKeepAlives: true, // Lambda's processes freeze: a kept connection may be dead
		},
	}}
}

// send makes one try. Its error says in a few words why it failed, without the address, which may hold a secret.
func (w *webhooks) send(ctx context.Context, f *facts, id string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	to, err := w.target(f.address(webhook))
	if err != nil {
		return err
	}
	body, err := bodyOf(f)
	if err != nil {
		return err
	}
	request, err := w.request(ctx, f.org, to, id, body)
	if err != nil {
		return err
	}
	response, err := w.client.Do(request)
	if err != nil {
		var late net.Error
		if errors.As(err, &late) && late.Timeout() {
			w.isSilentNow(to)
		}
		return inWords(err)
	}
	defer func() { _ = response.Body.Close() }()
	_, _ = io.CopyN(io.Discard, response.Body, mostRead) // its status has said all
	switch code := response.StatusCode; {
	case code >= 200 && code < 300:
		return nil
	case code >= 300 && code < 400:
		return fmt.Errorf("it redirects (%d), which is not followed", code)
	default:
		return fmt.Errorf("it answers %d", code)
	}
}

// target is where an address leads, if webhooks may go there now.
func (w *webhooks) target(address string) (*url.URL, error) {
	to, err := url.Parse(address)
	switch {
	case err != nil || to.Host == "" || to.User != nil:
		return nil, errors.New("the webhook is not an address")
	case to.Scheme != "https" && (!w.private || to.Scheme != "http"):
		return nil, errors.New("the webhook does not begin with https://")
	case w.isSilent(to):
		return nil, errors.New("it did not answer a moment ago, and is let be for a minute")
	}
	return to, nil
}

func (w *webhooks) isSilent(to *url.URL) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Now().Before(w.silent[to.String()])
}

func (w *webhooks) isSilentNow(to *url.URL) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.silent) >= mostSilent {
		clear(w.silent)
	}
	w.silent[to.String()] = time.Now().Add(silence)
}

// request is signed as Standard Webhooks says. The signature is of the moment, the id of the notice.
func (w *webhooks) request(ctx context.Context, org string, to *url.URL, id string, body []byte) (*http.Request, error) {
	signing, err := w.signers.Of(ctx, org)
	if err != nil {
		return nil, becauseOf("the signing secret cannot be read", err)
	}
	now := time.Now()
	signature, err := signing.Sign(id, now, body)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, to.String(), bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("the webhook is not an address")
	}
	request.Header = http.Header{
		"Content-Type": {"application/json"}, "User-Agent": {"Keydesk"},
		"Webhook-Id": {id}, "Webhook-Timestamp": {strconv.FormatInt(now.Unix(), 10)}, "Webhook-Signature": {signature},
	}
	return request, nil
}

// inWords says why there is no answer. Whatever net/http says holds the address.
func inWords(err error) error {
	var name *net.DNSError
	var certificate *tls.CertificateVerificationError
	var late net.Error
	switch {
	case errors.Is(err, ssrf.ErrProhibitedIP), errors.Is(err, ssrf.ErrProhibitedNetwork):
		return errors.New("the webhook leads to an address that is not public")
	case errors.As(err, &name):
		return errors.New("the webhook's host is not found")
	case errors.As(err, &certificate):
		return errors.New("the webhook's certificate is not trusted")
	case errors.Is(err, syscall.ECONNREFUSED):
		return errors.New("the connection is refused")
	case errors.As(err, &late) && late.Timeout():
		return fmt.Errorf("there is no answer within %s", patience)
	}
	return errors.New("the connection breaks")
}
