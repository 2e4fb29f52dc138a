package canary_test

import (
	"net/http"
	"testing"

	"keydesk/infra/canary"
)

func TestInAnswer(t *testing.T) {
	key := secrets(t)["base64"]
	for _, text := range []string{
		`{"a": [{"Password": "x"}]}`,
		`{"portal_developer": {"PWHistory": ["x"]}}`,
		`{"RawKey": "", "secret": "x"}`,
		`{"Message": "` + key + `"}`,
		`{"RawKey": "` + key + `", "Message": "` + secrets(t)["org-id"] + `"}`,
		`{"Meta": {"to": "kd_53ac07777cbb8c2d53000002_aaaa"}}`,
		`{"fields": {"old": "$2a$10$fjJxMm0uCVypgrLlJtWeN"}}`,
		`no JSON: $2y$10$fjJxMm0uCVypgrLlJtWeN`,
		`{"jwt_secret": "x"}`,
		`{"jwt_secret": "-----BEGIN PRIVATE KEY-----\nMFkw\n-----END PRIVATE KEY-----\n"}`,
		`{"Message": "` + secrets(t)["client secret"] + ` is none."}`,
		`{"Message": "` + secrets(t)["jwt"] + ` is none."}`,
	} {
		if len(canary.InAnswer(nil, text, "RawKey")) == 0 {
			t.Errorf("found nothing in %s", text)
		}
	}
	if len(canary.InAnswer(http.Header{"Link": {"<?key=" + key + ">"}}, "{}")) == 0 {
		t.Error("found nothing in a header")
	}
	for _, text := range []string{
		`{"RawKey": "` + key + `", "Password": ""}`,
		`{"jwt_secret": "-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----\n"}`,
		`{"password": "", "nonce": null, "PWHistory": [], "password_updated": "2020-07-02T10:57:59.878Z", "Message": "Password changed"}`,
	} {
		if found := canary.InAnswer(nil, text, "RawKey"); len(found) > 0 {
			t.Errorf("%v in %s", found, text)
		}
	}
}
