package portal_test

import (
	"fmt"
	"strings"
	"testing"

	"keydesk/shared/portal"
)

// away are settings that send developers to an address.
func away(address string) portal.Config { return portal.Config{Redirect: true, RedirectTo: address} }

// origins are those that these tests' organisation allows.
var origins = []string{"https://pay.example", "https://ship.example:8443", "https://PAY2.example:443/", "https://xn--bcher-kva.example", "https://[2001:db8::1]"}

// goes tells what becomes of an address as redirect_to: in a configuration, in an entry of the catalogue, and when a request is created.
func goes(address string) (configuration, catalogue, create error) {
	allowed := portal.Configuration{RedirectOrigins: origins}
	sent := func(members string) portal.Object {
		return portal.Object(fmt.Sprintf(`{"redirect_on_key_request": true, "redirect_to": %s%s}`, quoted(address), members))
	}
	_, configuration = portal.NewConfiguration(org, another, sent(`, "redirect_origins": `+quotedList(origins)))
	c, catalogue := portal.NewCatalogue(org, another, portal.Object(`{"apis": [{"config": `+string(sent(""))+`}]}`))
	if catalogue == nil {
		catalogue = c.Redirects(&allowed)
	}
	return configuration, catalogue, allowed.Allows("config.", away(address))
}

func TestRedirectAllowed(t *testing.T) {
	for _, address := range []string{
		"https://pay.example", "https://pay.example/", "https://pay.example/keys?plan=gold&x=%26", "https://pay.example:443/keys", "HTTPS://Pay.Example/keys",
		"https://pay.example/\u00e4", "https://pay.example//evil.com", "https://pay.example/@evil.com", "https://pay.example?next=https://evil.com",
		"https://ship.example:8443/x", "https://pay2.example", "https://pay2.example:443", "https://xn--bcher-kva.example/x", "https://[2001:db8::1]/x",
	} {
		configuration, catalogue, create := goes(address)
		if configuration != nil || catalogue != nil || create != nil {
			t.Errorf("%s: %v, %v, %v", address, configuration, catalogue, create)
		}
	}
}

// What an address is refused for, whatever the organisation allows.
const (
	noAddress  = "is not an address that begins with https://."
	characters = "an address has no spaces, backslashes or control characters."
	user       = "an address with a user's name in it is not taken."
	fragment   = "leave out the part after #."
	host       = "send the host in ASCII letters"
	elsewhere  = "is not one of the organisation's redirect_origins; add it there first, by PUT /api/portal/configuration."
)

// misread are addresses that somebody might read otherwise than the desk, and what they are refused for.
var misread = map[string]string{
	"//evil.com":                                       noAddress,
	"///evil.com":                                      noAddress,
	"/keys":                                            noAddress,
	"pay.example":                                      noAddress,
	"pay.example:443/keys":                             noAddress,
	"javascript:alert(1)":                              noAddress,
	"javascript://pay.example/%0aalert(1)":             noAddress,
	"data:text/html,x":                                 noAddress,
	"http://pay.example":                               noAddress,
	"ftp://pay.example":                                noAddress,
	"https:pay.example":                                noAddress,
	"https:/pay.example":                               noAddress,
	"https:///pay.example":                             noAddress,
	"https://":                                         noAddress,
	"https://:443":                                     noAddress,
	"https://?x":                                       noAddress,
	" https://pay.example":                             noAddress,
	"https://pay.example:port":                         noAddress,
	"https://pay.example%2eevil.com":                   noAddress,
	"https://pay.example/%zz":                          noAddress,
	"https://pay.example\\@evil.com":                   noAddress,
	"https:\\\\pay.example":                            noAddress,
	"https://pay.example\t.evil.com":                   noAddress,
	"https://pay.example/a b":                          characters,
	"https://pay.example/ ":                            characters,
	"https://pay.example/\\evil.com":                   characters,
	"https://pay.example?\\evil.com":                   characters,
	"https://pay.example@evil.com":                     user,
	"https://pay.example:443@evil.com":                 user,
	"https://someone@pay.example":                      user,
	"https://:secret@pay.example":                      user,
	"https://@pay.example":                             user,
	"https://pay.example#":                             fragment,
	"https://pay.example/#top":                         fragment,
	"https://pay.example#@evil.com":                    fragment,
	"https://sh\u0130p.example:8443":                   host, // which Go's ToLower takes for ship, and a browser for another
	"https://p\u0430y.example":                         host, // a Cyrillic letter
	"https://\uff50ay.example":                         host, // a letter as wide as a Chinese one, which a browser takes for p
	"https://pay.example\uff0eevil.com":                host,
	"https://pay.example\u3002evil.com":                host,
	"https://pay.example%ef%bc%8eevil.com":             host,
	"https://pay.ex\u00adample":                        host, // a hyphen that browsers leave out
	"https://b\u00fccher.example":                      host, // though it is that of xn--bcher-kva.example
	"https://pay.example'.evil.com":                    host,
	"https://pay.example,evil.com":                     host,
	"https://pay.example;evil.com":                     host,
	"https://pay.example:":                             host,
	"https://pay.example:0":                            host,
	"https://pay.example:65536":                        host,
	"https://pay.example:443:443":                      noAddress,
	"https://[2001:db8::1%25eth0]":                     host,
	"https://pay.example.evil.com":                     elsewhere,
	"https://evil.com/pay.example":                     elsewhere,
	"https://evil.com?https://pay.example":             elsewhere,
	"https://xpay.example":                             elsewhere,
	"https://www.pay.example":                          elsewhere,
	"https://pay.example.":                             elsewhere,
	"https://pay.example:8443":                         elsewhere,
	"https://pay.example:0443":                         elsewhere,
	"https://pay.example:80":                           elsewhere,
	"https://ship.example":                             elsewhere,
	"https://ship.example:443":                         elsewhere,
	"https://[2001:db8:0:0:0:0:0:1]":                   elsewhere, // the same, written otherwise: what is not sure is refused
	"https://pay.example/" + strings.Repeat("x", 2000): "is longer than 2000 bytes.",
}

// TestRedirectRefused holds that an address where nobody may be sent is refused wherever it is written, and when it is used.
func TestRedirectRefused(t *testing.T) {
	for address, words := range misread {
		configuration, catalogue, create := goes(address)
		for where, err := range map[string]error{"redirect_to": configuration, "apis[0].config.redirect_to": catalogue, "config.redirect_to": create} {
			if !strings.HasPrefix(fmt.Sprint(err), where) || !strings.Contains(fmt.Sprint(err), words) {
				t.Errorf("%q in %s: %v, want %q", address, where, err, words)
			}
			refused(t, where, err, portal.Invalid, where)
		}
	}
}

// TestRedirectMissing is about settings that send developers nowhere, and about those that would, were they on.
func TestRedirectMissing(t *testing.T) {
	const missing = "redirect_to is missing; redirect_on_key_request sends developers there."
	for sent, words := range map[string]string{
		`{"redirect_on_key_request": true}`: missing,
		`{"redirect_on_key_request": true, "redirect_to": "", "redirect_origins": ["https://pay.example"]}`: missing,
		`{"redirect_on_key_request": true, "redirect_to": "https://pay.example"}`:                           "redirect_to: https://pay.example " + elsewhere,
		`{"redirect_to": "https://pay.example?a=1;b=2"}`:                                                    "redirect_to: the part after ? is malformed; percent-encode its values.",
		`{"redirect_to": "https://pay.example?a=%zz"}`:                                                      "redirect_to: the part after ? is malformed",
		`{"redirect_to": "javascript:alert(1)"}`:                                                            "redirect_to " + noAddress,
		`{"redirect_to": "https://pay.example"}`:                                                            "",
		`{}`:                                                                                                "",
	} {
		_, err := portal.NewConfiguration(org, another, portal.Object(sent))
		if words != "" {
			refused(t, sent, err, portal.Invalid, words)
		} else if err != nil {
			t.Errorf("%s: %v", sent, err)
		}
	}
	none := portal.Configuration{}
	if err := none.Allows("", portal.Config{RedirectTo: "https://evil.com"}); err != nil {
		t.Errorf("nobody is sent there, and yet: %v", err)
	}
	refused(t, "no origin", none.Allows("", away("https://pay.example")), portal.Invalid, "redirect_to: https://pay.example "+elsewhere)
	refused(t, "no address", (&portal.Configuration{RedirectOrigins: []string{""}}).Allows("", away("")), portal.Invalid, "redirect_to "+noAddress)
}

func TestOriginsRefused(t *testing.T) {
	const more = " has more than a scheme, a host and a port; send an origin such as https://pay.example."
	for origin, words := range map[string]string{
		`"*"`: noAddress, `"https://*.example"`: host, `"pay.example"`: noAddress, `"http://pay.example"`: noAddress, `""`: noAddress, `"null"`: noAddress,
		`"https://pay.example/keys"`: more, `"https://pay.example?"`: more, `"https://pay.example?x"`: more, `"https://pay.example//"`: more,
		`"https://a@pay.example"`: user, `"https://pay.example#"`: fragment, `"https://p\u0430y.example"`: host,
		`5`: "a list of origins is expected, such as https://pay.example.", `["https://pay.example"]`: "a list of origins is expected",
	} {
		_, err := portal.NewConfiguration(org, another, portal.Object(`{"redirect_origins": ["https://pay.example", `+origin+`]}`))
		refused(t, origin, err, portal.Invalid, "redirect_origins")
		if !strings.Contains(fmt.Sprint(err), words) {
			t.Errorf("%s: %v, want %q", origin, err, words)
		}
	}
	_, err := portal.NewConfiguration(org, another, `{"redirect_origins": "https://pay.example"}`)
	refused(t, "a string", err, portal.Invalid, "redirect_origins: a list is expected, not a string.")
	for _, list := range []string{`null`, `[]`, quotedList(origins)} {
		if _, err := portal.NewConfiguration(org, another, portal.Object(`{"redirect_origins": `+list+`}`)); err != nil {
			t.Errorf("%s: %v", list, err)
		}
	}
}

// An entry counts where a catalogue has one; the first that sends developers where they may not go is named.
func TestCatalogueThatRedirects(t *testing.T) {
	read := func(entries string) portal.Catalogue {
		c, err := portal.NewCatalogue(org, another, portal.Object(`{"apis": [`+entries+`]}`))
		if err != nil {
			t.Fatal(err)
		}
		return c.Catalogue
	}
	const here, there = `{"config": {"redirect_to": "https://evil.com"}}`, `{"config": {"redirect_on_key_request": true, "redirect_to": "https://pay.example"}}`
	allowed := portal.Configuration{RedirectOrigins: origins}
	for entries, redirects := range map[string]bool{"": false, "{}": false, here: false, there: true, here + "," + there: true} {
		c := read(entries)
		if err := c.Redirects(&allowed); c.Redirect() != redirects || err != nil {
			t.Errorf("%s: %t, %v", entries, c.Redirect(), err)
		}
	}
	c := read(there + "," + strings.Replace(there, "pay", "evil", 1))
	refused(t, "the second", c.Redirects(&allowed), portal.Invalid, "apis[1].config.redirect_to: https://evil.example "+elsewhere)
}
