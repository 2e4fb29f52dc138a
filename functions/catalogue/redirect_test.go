package main

import (
	"net/http"
	"reflect"
	"strings"
	"testing"

	"keydesk/infra/desktest"
	"keydesk/infra/fixture"
)

// catalogueTo is one whose second entry sends developers to an address.
func catalogueTo(address string) string {
	return `{"revision": 1, "apis": [{}, {"policy_id": "p", "config": {"override": true, "redirect_on_key_request": true, "redirect_to": "` + address + `"}}]}`
}

// allow has the organisation allow origins, a JSON list.
func allow(t *testing.T, d *desktest.Desk, list string) {
	t.Helper()
	d.Settings(`{"redirect_origins": ` + list + `}`)
}

// An entry that sends developers where the organisation does not allow it is refused when it is written, and names what to do.
func TestRedirectRefused(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	const member = "apis[1].config.redirect_to"
	none := strings.Replace(catalogueTo("https://pay.example"), `, "redirect_to": "https://pay.example"`, "", 1)
	refuses := func(body, words string) {
		t.Helper()
		for _, method := range []string{http.MethodPut, http.MethodPost} {
			d.Unchanged(body, func() {
				if said := as(d, fixture.AdminCredential, method, body); said.Status != http.StatusBadRequest || !strings.HasPrefix(said.Message, words) {
					t.Errorf("%s %s: %d %s; want %s", method, body, said.Status, said.Text, words)
				}
			})
		}
	}
	const add = " is not one of the organisation's redirect_origins; add it there first, by PUT /api/portal/configuration."
	refuses(catalogueTo("https://pay.example"), member+": https://pay.example"+add)
	allow(t, d, `["https://pay.example"]`)
	for address, words := range map[string]string{
		"//evil.com": " is not an address that begins with https://.", "javascript:alert(1)": " is not an address", "http://pay.example": " is not an address",
		"https://pay.example.evil.com": ": https://pay.example.evil.com" + add, "https://pay.example:8443/x": ": https://pay.example:8443" + add,
		"https://pay.example@evil.com": ": an address with a user's name in it is not taken.", "https://pay.example\\\\@evil.com": " is not an address",
		"https://p\u0430y.example": ": send the host in ASCII letters", "": " is missing;",
	} {
		refuses(catalogueTo(address), member+words)
	}
	refuses(none, member+" is missing; redirect_on_key_request sends developers there.")
	if said := as(d, fixture.AdminCredential, http.MethodPut, catalogueTo("https://PAY.example:443/keys?a=b")); said.Status != http.StatusOK {
		t.Errorf("%d %s", said.Status, said.Text)
	}
}

// The organisation's configuration is read for a catalogue that sends developers anywhere, and for no other.
func TestCallsForARedirect(t *testing.T) {
	t.Parallel()
	put := func(body string) [][]string {
		return desktest.Rounds(t, function, desktest.Call(fixture.AdminCredential, http.MethodPut, path, body))
	}
	off := strings.Replace(catalogueTo("https://pay.example"), "true, \"redirect_to", "false, \"redirect_to", 1)
	if got, want := put(off), [][]string{{"GetItem"}, {"Query"}, {"TransactWriteItems"}}; !reflect.DeepEqual(got, want) {
		t.Errorf("calls in rounds: %v, want %v", got, want)
	}
	if got, want := put(catalogueTo("https://pay.example")), [][]string{{"GetItem"}, {"GetItem"}}; !reflect.DeepEqual(got, want) {
		t.Errorf("calls in rounds: %v, want %v", got, want)
	}
}
