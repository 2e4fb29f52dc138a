package main

import (
	"net/http"
	"strings"
	"testing"

	"keydesk/infra/desktest"
	"keydesk/infra/fixture"
)

// What the organisation would have, and nobody may be sent to, or told by, is refused when it is written, in words; nothing changes.
func TestSettingsRefused(t *testing.T) {
	d := desktest.New(t, fixture.Desk)
	away := func(address string) string {
		return `{"redirect_on_key_request": true, "redirect_origins": ["https://pay.example"], "redirect_to": "` + address + `"}`
	}
	hook := func(address string) string {
		return `{"event_options": {"key_request_event": {"webhook": "` + address + `"}}}`
	}
	const none, https = "redirect_to is not an address that begins with https://.", "event_options.key_request_event.webhook: send an address that begins with https://."
	refused := map[string]string{
		away("//evil.com"):                   none,
		away("javascript:alert(1)"):          none,
		away("http://pay.example"):           none,
		away("https://pay.example.evil.com"): "redirect_to: https://pay.example.evil.com is not one of the organisation's redirect_origins",
		away("https://pay.example@evil.com"): "redirect_to: an address with a user's name in it is not taken.",
		away("https://pay.example/\\\\x"):    "redirect_to: an address has no spaces, backslashes",
		away("https://p\u0430y.example"):     "redirect_to: send the host in ASCII letters",
		away(""):                             "redirect_to is missing;",
		`{"redirect_on_key_request": true, "redirect_to": "https://pay.example"}`: "redirect_to: https://pay.example is not one of the organisation's redirect_origins; add it there first",
		`{"redirect_origins": ["*"]}`:                                                               "redirect_origins is not an address",
		`{"rules": [{"name": "x", "when": {}, "outcome": "maybe"}]}`:                                `rules[0].outcome: "maybe" is none`,
		`{"rules": [{"name": "x", "outcome": "approve", "when": {"emial_domain": ["x.example"]}}]}`: `rules[0].when.emial_domain: this member is unknown`,
		`{"callback_default": "approve"}`:                                                           `callback_default: "approve" is none`,
		hook("http://hooks.example"):                                                                https,
		hook("HTTP://hooks.example"):                                                                https,
		hook("hTTp://127.0.0.1:8080/x"):                                                             https,
		hook("https://127.0.0.1@hooks.example"):                                                     "event_options.key_request_event.webhook: an address with a user's name",
		hook("ftp://hooks.example"):                                                                 "event_options.key_request_event.webhook is not an address",
	}
	for _, method := range []string{http.MethodPut, http.MethodPost} {
		for body, words := range refused {
			d.Unchanged(body, func() {
				if said := as(d, fixture.AdminCredential, method, body); said.Status != http.StatusBadRequest || !strings.HasPrefix(said.Message, words) {
					t.Errorf("%s %s: %d %s; want %s", method, body, said.Status, said.Text, words)
				}
			})
		}
	}
	for _, body := range []string{away("https://pay.example/x"), hook("https://hooks.example/x"), hook("")} {
		if said := as(d, fixture.AdminCredential, http.MethodPut, body); said.Status != http.StatusOK {
			t.Errorf("%s: %d %s", body, said.Status, said.Text)
		}
	}
}

// On a developer's own machine a webhook may go without encryption, and a redirect may not.
func TestPlainWebhooks(t *testing.T) {
	privateWebhooks = true
	defer func() { privateWebhooks = false }()
	d := desktest.New(t, fixture.Desk)
	for body, status := range map[string]int{
		`{"event_options": {"key_request_event": {"webhook": "http://127.0.0.1:8080/x"}}}`: http.StatusOK,
		`{"redirect_to": "http://127.0.0.1:8080/x"}`:                                       http.StatusBadRequest,
	} {
		if said := as(d, fixture.AdminCredential, http.MethodPut, body); said.Status != status {
			t.Errorf("%s: %d %s", body, said.Status, said.Text)
		}
	}
}
