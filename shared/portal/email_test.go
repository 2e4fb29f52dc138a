package portal_test

import (
	"errors"
	"strings"
	"testing"

	"keydesk/shared/portal"
)

// longLabel is as long as a label of a domain can be.
var longLabel = strings.Repeat("x", 63)

// emails are addresses with what the refusal of each says; nothing where it is taken.
var emails = map[string]string{
	"ada@example.org":                   "",
	"a+b_c%d&e#f'@example.org":          "",
	"zoe@exämple.org":                   "",
	"zoe@xn--exmple-cua.org":            "",
	"zoe@例え.テスト":                        "",
	"zoe@r4---sn.example.org":           "",
	"zoe@" + longLabel + ".example.org": "",
	strings.Repeat("x", 64) + "@a.org":  "",
	"x@" + strings.Repeat(longLabel+".", 3) + strings.Repeat("x", 56) + ".de": "",

	strings.Repeat("x", 65) + "@a.org":                                        "has 65 bytes before the @; mail servers take 64.",
	"x@" + strings.Repeat(longLabel+".", 3) + strings.Repeat("x", 58) + ".de": "has 255 bytes; an e-mail address has 254 at most.",
	"x@" + strings.Repeat("ä.", 120) + "de":                                   "an e-mail address has 254 at most.",
	"zoë@example.org":                                                         "has a character before the @ that is not ASCII, and Amazon SES cannot write to it;",

	"":                         "is not an e-mail address;",
	"ada":                      "is not an e-mail address;",
	"Ada <ada@example.org>":    "is not an e-mail address;",
	"ada@example.org, b@c.org": "is not an e-mail address;",
	" ada@example.org":         "is not an e-mail address;",
	"ada@example.org\n":        "is not an e-mail address;",
	"bad\xff@example.org":      "is not an e-mail address;",
	"bad\ufffd@example.org":    "is not an e-mail address;",
	"a/b@example.org":          "which are not taken;",
	"a?b@example.org":          "which are not taken;",
	`"a b"@example.org`:        "is not an e-mail address;",

	"ada\u202egro.elpmaxe@a.org": "has U+202E, which cannot be seen;",
	"ada@exam\u200bple.org":      "has U+200B, which cannot be seen;",
	"ada@exam\u00adple.org":      "has U+00AD, which cannot be seen;",
	"ada\u2028@example.org":      "has U+2028, which cannot be seen;",
	"ada\u2029@example.org":      "has U+2029, which cannot be seen;",
	"ada\u0085@example.org":      "has U+0085, which cannot be seen;",
	"ada\u00a0l@example.org":     "has U+00A0, which cannot be seen;",
	"ada@example\u3000.org":      "has U+3000, which cannot be seen;",
	"ada\x7f@example.org":        "has U+007F, which cannot be seen;",
	"ada@example.org\u200d":      "has U+200D, which cannot be seen;",
	"\ufeffada@example.org":      "has U+FEFF, which cannot be seen;",

	"a@b":                       "is no domain that mail is sent to;",
	"a@localhost":               "is no domain that mail is sent to;",
	"a@-b.example":              "is no domain that mail is sent to;",
	"a@b-.example":              "is no domain that mail is sent to;",
	"a@b.-example":              "is no domain that mail is sent to;",
	"a@" + longLabel + "x.org":  "is no domain that mail is sent to;",
	"a@b_c.org":                 "is no domain that mail is sent to;",
	"a@b!c.org":                 "is no domain that mail is sent to;",
	"a@[192.0.2.1]":             "is no",
	"a@192.0.2.1":               "is no domain that mail is sent to;",
	"a@example.123":             "is no domain that mail is sent to;",
	"a@example.org。":            "is no domain that mail is sent to;",
	"a@example。。org":            "is no domain that mail is sent to;",
	"a@xn--0.org":               "is no domain that mail is sent to;",
	"a@xn--a.org":               "is no domain that mail is sent to;",
	"a@ex\u2044ample.org":       "is no domain that mail is sent to;",
	"a@\u2665.example":          "is no domain that mail is sent to;",
	"a@xn--g6h.example":         "is no domain that mail is sent to;",
	"a@\u05d0b\u05d0\u0661.org": "is no domain that mail is sent to;",
}

func TestEmails(t *testing.T) {
	for email, want := range emails {
		err := portal.ValidEmail("email", email)
		if (err == nil) != (want == "") || err != nil && (!strings.HasPrefix(err.Error(), "email: ") || !strings.Contains(err.Error(), want)) {
			t.Errorf("%.60q: %v, want %s", email, err, want)
		}
	}
}

// What is one mailbox is one account, however it is written.
func TestOneFormOfAnAddress(t *testing.T) {
	for written, want := range map[string]string{
		"Ada@Example.ORG":           "ada@example.org",
		"ada@jürgen.example":        "ada@xn--jrgen-kva.example",
		"ada@ju\u0308rgen.example":  "ada@xn--jrgen-kva.example",
		"ada@JÜRGEN.example":        "ada@xn--jrgen-kva.example",
		"ada@xn--jrgen-kva.example": "ada@xn--jrgen-kva.example",
		"ada@XN--JRGEN-KVA.Example": "ada@xn--jrgen-kva.example",
		"ada@jürgen。example":        "ada@xn--jrgen-kva.example",
		"ada@straße.example":        "ada@xn--strae-oqa.example",
		"ada@strasse.example":       "ada@strasse.example",
		"ada@example.org":           "ada@example.org",
		"nobody":                    "nobody",
		"":                          "",
		"Zoe\u0308@example.org":     "zoë@example.org",
		"ada@-not a domain-":        "ada@-not a domain-",
		"tw\u200bin@example.org":    "tw\u200bin@example.org",
		"correct horse @ home":      "correct horse @ home",
	} {
		if got := portal.CanonicalEmail(written); got != want {
			t.Errorf("%q is %q, want %q", written, got, want)
		}
		if got := portal.CanonicalEmail(want); got != want {
			t.Errorf("%q becomes %q at the second time", want, got)
		}
	}
	for written, want := range map[string]string{
		"Ada.L@JÜRGEN.example":        "Ada.L@xn--jrgen-kva.example",
		"Ada.L@Example.org":           "Ada.L@example.org",
		"Ada.L@xn--jrgen-kva.example": "Ada.L@xn--jrgen-kva.example",
	} {
		if got := portal.MailAddress(written); got != want {
			t.Errorf("to write to %q is to write to %q, want %q", written, got, want)
		}
	}
}

// An address is shown as it was sent, put together.
func TestAnAddressIsShownComposed(t *testing.T) {
	email := "Ada@Ju\u0308rgen.example"
	d, err := portal.NewDeveloper("org", &portal.DeveloperInput{Email: &email}, now)
	if err != nil || d.Email != "Ada@J\u00fcrgen.example" {
		t.Errorf("%q, %v", d.Email, err)
	}
	other := "Ada@E\u0301.example"
	if d = d.Revise(&portal.DeveloperInput{Email: &other}); d.Email != "Ada@\u00c9.example" {
		t.Errorf("%q after a change", d.Email)
	}
}

// The organisation's own addresses are held to the same.
func TestAddressesOfAConfiguration(t *testing.T) {
	for path, sent := range map[string]portal.Object{
		"email":                                 `{"email": "a@b"}`,
		"event_options.key_request_event.email": `{"event_options": {"key_request_event": {"email": "zoë@example.org"}}}`,
		"mail_options.mail_from_email":          `{"mail_options": {"mail_from_email": "desk\u202e@example.org"}}`,
	} {
		_, err := portal.NewConfiguration("org", "id", sent)
		var refusal *portal.Error
		if !errors.As(err, &refusal) || refusal.Kind != portal.Invalid || !strings.HasPrefix(refusal.Message, path+": ") {
			t.Errorf("%s: %v", sent, err)
		}
	}
}
