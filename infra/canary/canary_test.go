package canary_test

import (
	"crypto/rand"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"keydesk/infra/canary"
	"keydesk/shared/apikey"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
)

const org = "5e9d9544a1dcd60001d0ed20"

func secrets(t *testing.T) map[string]string {
	t.Helper()
	credential, _ := caller.Mint(org)
	all := map[string]string{"credential": credential.Reveal()}
	for _, form := range []apikey.Form{apikey.Base64, apikey.OrgID} {
		key, err := apikey.Mint(rand.Reader, org, portal.AuthToken, form)
		if err != nil {
			t.Fatal(err)
		}
		all[string(form)] = key.Raw().Reveal()
	}
	client, err := apikey.Mint(rand.Reader, org, portal.OAuth, apikey.Base64)
	if err != nil {
		t.Fatal(err)
	}
	all["client secret"] = client.Raw().Reveal()
	part := base64.RawURLEncoding.EncodeToString
	all["jwt"] = part([]byte(`{"alg":"ES256","kid":"x"}`)) + "." + part([]byte(`{"exp":1795325400}`)) + "." + part([]byte(rand.Text()+rand.Text()))
	var chance [32]byte
	_, _ = rand.Read(chance[:])
	all["signing secret"] = "whsec_" + base64.StdEncoding.EncodeToString(chance[:])
	all["private key"] = "-----BEGIN EC PRIVATE KEY-----"
	return all
}

func TestFind(t *testing.T) {
	for name, secret := range secrets(t) {
		for _, text := range []string{secret, `{"RawKey":"` + secret + `"}`, "key=" + secret + " ", "\t" + secret + "\n"} {
			if canary.Find([]byte(text)) == "" {
				t.Errorf("a %s in %q is not found", name, strings.ReplaceAll(text, secret, "SECRET"))
			}
		}
		if said := canary.Find([]byte(secret)); strings.Contains(said, secret) {
			t.Errorf("the finding shows the %s whole", name)
		}
	}
	key, err := apikey.Mint(rand.Reader, org, portal.AuthToken, apikey.Base64)
	if err != nil {
		t.Fatal(err)
	}
	harmless := []string{key.Digest(), key.Shown(), org, "ORG#" + org + "#REQUEST#" + org, "kd_" + org + "_...", "-----BEGIN PUBLIC KEY-----"}
	for _, text := range harmless {
		if said := canary.Find([]byte(text)); said != "" {
			t.Errorf("%q is taken for %s", text, said)
		}
	}
}

func TestFindInFiles(t *testing.T) {
	folder := t.TempDir()
	secret := secrets(t)["base64"]
	for path, text := range map[string]string{"log/a.log": "fine\n", "log/b.log": "line\nkey " + secret + "\n", "env": secret} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(folder, path)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, path), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name   string
		except []string
		want   string
	}{
		{"a file", []string{"env"}, "b.log"},
		{"another file", []string{"log"}, "env"},
		{"nothing left", []string{"log", "env"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			found, err := canary.FindInFiles(folder, c.except...)
			if err != nil || !strings.Contains(found, c.want) || c.want == "" && found != "" {
				t.Errorf("found %q, %v; want it in %q", found, err, c.want)
			}
		})
	}
}
