package portal_test

import (
	"strings"
	"testing"

	"keydesk/shared/portal"
)

func TestEmails(t *testing.T) {
	for email, want := range map[string]string{
		"ada@example.org":                         "",
		"a+b_c%d&e#f'@example.org":                "",
		"zoë@exämple.org":                         "",
		strings.Repeat("x", 242) + "@example.org": "",
		strings.Repeat("x", 243) + "@example.org": "has 255 bytes; an e-mail address has 254 at most.",
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
	} {
		err := portal.ValidEmail("email", email)
		if (err == nil) != (want == "") || err != nil && (!strings.HasPrefix(err.Error(), "email: ") || !strings.Contains(err.Error(), want)) {
			t.Errorf("%.40q: %v, want %s", email, err, want)
		}
	}
}
