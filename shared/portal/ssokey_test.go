package portal_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"keydesk/shared/portal"
)

// An sso_key can stand in a path, and is told from every other; a refusal does not repeat it.
func TestSSOKeys(t *testing.T) {
	email := "ada@example.org"
	for key, taken := range map[string]bool{
		"": true, "ada@idp.example": true, "5e884898da28047151d0e56f8dd62927": true, "Ada Lovelace+1=": true, strings.Repeat("k", 200): true, "Zoë": true,
		strings.Repeat("k", 201): false, "kept/secret": false, "kept?secret": false, `kept\secret`: false, " kept": false, "kept ": false,
		"kept\nsecret": false, "kept\u200bsecret": false, "kept\u202esecret": false, "kept\u00a0secret": false, "kept\xffsecret": false,
	} {
		d, err := portal.NewDeveloper("5e9d9544a1dcd60001d0ed20", &portal.DeveloperInput{Email: &email, SSOKey: &key}, time.Now())
		var refusal *portal.Error
		switch {
		case taken && (err != nil || d.SSOKey != key):
			t.Errorf("%q became %q: %v", key, d.SSOKey, err)
		case !taken && (!errors.As(err, &refusal) || refusal.Kind != portal.Invalid || !strings.HasPrefix(refusal.Message, "sso_key: ")):
			t.Errorf("%q: %v", key, err)
		case !taken && (strings.Contains(refusal.Message, "kept ") || strings.Contains(refusal.Message, "secret") || strings.Contains(refusal.Message, "kkk")):
			t.Errorf("%q is repeated: %s", key, refusal.Message)
		}
	}
}
