package portal_test

import (
	"strings"
	"testing"

	"keydesk/shared/portal"
)

func TestConfigurationKeepsItsDocument(t *testing.T) {
	const document = `{"id":"theirs","require_key_approval":true,"auto_approve":true,"disable_login":false,"else":{"b":1,"a":1.0}}`
	c, err := portal.NewConfiguration("org", "ours", portal.Object(document))
	if err != nil {
		t.Fatal(err)
	}
	if c.ID != "ours" || !c.RequireKeyApproval || !c.AutoApprove {
		t.Errorf("read %+v", c)
	}
	text := written(t, c)
	if begin := strings.Replace(strings.TrimSuffix(document, "}"), "theirs", "ours", 1); !strings.HasPrefix(text, begin+`,"org_id":"org",`) {
		t.Errorf("written as %s", text)
	}
	if got := at(t, text, "oauth_usage_limit"); got != 0.0 {
		t.Errorf("oauth_usage_limit is %v", got)
	}
	if again := written(t, c.WithID("other")); again != strings.Replace(text, "ours", "other", 1) {
		t.Errorf("under another id: %s", again)
	}
}

func TestConfigurationRefuses(t *testing.T) {
	for sent, want := range map[string]string{
		`{"auto_approve": "yes"}`: "auto_approve: true or false is expected, not a string.",
		`{"mail_options": {"email_copy": {"key_email": {"subject": 1}}}}`: "mail_options.email_copy.key_email.subject: a string is expected, not a number.",
		`{"a": "` + strings.Repeat("x", 128<<10) + `"}`:                   "The configuration is 132",
	} {
		_, err := portal.NewConfiguration("org", "id", portal.Object(sent))
		refused(t, sent[:min(len(sent), 60)], err, portal.Invalid, want)
	}
}
