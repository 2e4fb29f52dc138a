package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"keydesk/infra/desktest"
	"keydesk/infra/fixture"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// sendTo makes one try at an address, as a deployed function does it or, where private addresses are allowed, a local one.
func sendTo(t *testing.T, d *desktest.Desk, address string, private bool, change func(*http.Client)) error {
	t.Helper()
	w := newWebhooks(d.Signers, private)
	if change != nil {
		change(w.client)
	}
	f := &facts{
		org: fixture.Org, act: "created", request: &table.Request{Request: portal.Request{ID: fixture.Pending, OrgID: fixture.Org}},
		books: table.Books{Configuration: portal.Configuration{Webhook: address}},
	}
	return w.send(t.Context(), f, "5efde6170000000000000000")
}

func says(t *testing.T, err error, want string) {
	t.Helper()
	got := ""
	if err != nil {
		got = err.Error()
	}
	if got != want {
		t.Errorf("it says %q, want %q", got, want)
	}
}

// What a receiver does wrong is said in a few words, and nothing of its address.
func TestReceivers(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	other := receive(t)
	for name, c := range map[string]struct {
		answers http.HandlerFunc
		says    string
	}{
		"takes it":         {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) }, ""},
		"fails":            {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }, "it answers 500"},
		"does not know it": {http.NotFound, "it answers 404"},
		"redirects": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
		}, "it redirects (307), which is not followed"},
		"redirects in words": {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL, http.StatusFound) }, "it redirects (302), which is not followed"},
		"hangs up":           {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "the connection breaks"},
		"has a huge header":  {func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X", strings.Repeat("x", 128<<10)) }, "the connection breaks"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := receive(t)
			r.answers(c.answers)
			says(t, sendTo(t, d, r.URL+"/hook?token=of-theirs", true, nil), c.says)
			if n := len(r.all()); n != 1 {
				t.Errorf("it was called %d times", n)
			}
			if n := len(other.all()); n != 0 {
				t.Errorf("the other was called %d times", n)
			}
		})
	}
}

func TestReceiverIsNotThere(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	gone := receive(t)
	gone.Close()
	says(t, sendTo(t, d, gone.URL, true, nil), "the connection is refused")
	says(t, sendTo(t, d, "https://nobody.invalid/hook", false, nil), "the webhook's host is not found")
}

// Of an answer that never ends little is read.
func TestReceiverTalks(t *testing.T) {
	t.Parallel()
	d, r := desktest.New(t, fixture.Desk), receive(t)
	const much = 256 << 20 // more than lies on the way, unread
	written := make(chan int, 1)
	r.answers(func(w http.ResponseWriter, _ *http.Request) {
		total, piece := 0, make([]byte, 64<<10)
		for more := error(nil); more == nil && total < much; total += len(piece) {
			_, more = w.Write(piece)
		}
		written <- total
	})
	says(t, sendTo(t, d, r.URL, true, nil), "")
	if <-written >= much {
		t.Error("all of it was read")
	}
}

// A receiver that never answers, or only begins to, is given its time, and then hung up on.
func TestReceiverHangs(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	for name, begins := range map[string]bool{"says nothing": false, "begins and goes on for ever": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := receive(t)
			r.answers(func(w http.ResponseWriter, request *http.Request) {
				if begins {
					w.WriteHeader(http.StatusOK)
					w.(http.Flusher).Flush()
				}
				select {
				case <-request.Context().Done():
				case <-time.After(12 * patience):
					t.Error("it is waited for a minute later")
				}
			})
			start := time.Now()
			err := sendTo(t, d, r.URL, true, nil)
			if took := time.Since(start); took < patience-time.Second {
				t.Errorf("it was given %s", took)
			}
			if begins {
				says(t, err, "") // its status has said all
			} else {
				says(t, err, "there is no answer within 5s")
			}
		})
	}
}

// Deployed, nothing but https is spoken, and no address is dialled that is not public, however it is written. Nothing is sent there.
func TestPrivateAddresses(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	const private = "the webhook leads to an address that is not public"
	for address, want := range map[string]string{
		"https://localhost/hook":               private,
		"https://127.0.0.1/hook":               private,
		"https://127.1/hook":                   "the webhook's host is not found", // a name, to Go
		"https://0.0.0.0/":                     private,
		"https://10.1.2.3/":                    private,
		"https://172.16.0.1/":                  private,
		"https://192.168.1.1/":                 private,
		"https://169.254.169.254/latest":       private,
		"https://100.64.0.1/":                  private,
		"https://[::1]/":                       private,
		"https://[::ffff:127.0.0.1]/":          private,
		"https://[fd00::1]/":                   private,
		"https://[fe80::1]/":                   private,
		"https://[64:ff9b::7f00:1]/":           private,
		"https://127.0.0.1:8443/":              private,
		"http://example.com/":                  "the webhook does not begin with https://",
		"gopher://example.com/":                "the webhook does not begin with https://",
		"//example.com/":                       "the webhook does not begin with https://",
		"https:///hook":                        "the webhook is not an address",
		"https://ada@example.com/":             "the webhook is not an address",
		"javascript:alert(1)":                  "the webhook is not an address",
		"https://exa mple.com":                 "the webhook is not an address",
		"https://169.254.169.254.nip.invalid/": "the webhook's host is not found",
	} {
		says(t, sendTo(t, d, address, false, nil), want)
	}
}

// A name that leads to a public address first and to a loopback address when it is dialled is looked at when it is dialled.
func TestPrivateAddressByName(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	server := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	toServer := func(refuse bool) func(*http.Client) {
		return func(c *http.Client) {
			transport := c.Transport.(*http.Transport)
			dial := transport.DialContext
			roots := x509.NewCertPool()
			roots.AddCert(server.Certificate())
			transport.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
			transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) { // as a name server would have it by now
				address := server.Listener.Addr().String()
				if refuse {
					address = "127.0.0.1:443"
				}
				return dial(ctx, network, address)
			}
		}
	}
	says(t, sendTo(t, d, "https://example.com/hook", true, toServer(false)), "it answers 404")
	says(t, sendTo(t, d, "https://example.com/hook", false, toServer(true)), "the webhook leads to an address that is not public")
}

// A certificate of nobody's is not trusted, on a developer's machine either.
func TestCertificateIsChecked(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	says(t, sendTo(t, desktest.New(t, fixture.Desk), server.URL, true, nil), "the webhook's certificate is not trusted")
}

// What the environment says of proxies is not for webhooks: a proxy would dial in their place, unchecked.
func TestNoProxy(t *testing.T) {
	if newWebhooks(nil, false).client.Transport.(*http.Transport).Proxy != nil {
		t.Error("there is a proxy")
	}
}
