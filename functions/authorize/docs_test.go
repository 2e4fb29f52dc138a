package main

import (
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"keydesk/shared/portal"
	"keydesk/shared/secret"
)

// blocks are what docs/check.md shows in a language.
func blocks(t *testing.T, language string) []string {
	t.Helper()
	text, err := os.ReadFile("../../docs/check.md")
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, found := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllSubmatch(text, -1) {
		all = append(all, string(found[1]))
	}
	return all
}

// api is a template of one HTTP API, as far as it bears on the authorizer.
type api struct {
	Resources map[string]struct {
		Type       string `yaml:"Type"`
		Properties struct {
			StageVariables map[string]string `yaml:"StageVariables"`
			Auth           struct {
				DefaultAuthorizer string                    `yaml:"DefaultAuthorizer"`
				Authorizers       map[string]map[string]any `yaml:"Authorizers"`
			} `yaml:"Auth"`
			Domain struct {
				MutualTLS map[string]string `yaml:"MutualTlsAuthentication"`
			} `yaml:"Domain"`
		} `yaml:"Properties"`
	} `yaml:"Resources"`
}

func read(t *testing.T, text string) api {
	t.Helper()
	var a api
	if err := yaml.Unmarshal([]byte(text), &a); err != nil {
		t.Fatal(err)
	}
	return a
}

// What API owners copy is what Keydesk's own sample has, and its stage variable is the one that is read.
func TestWiringOfTheDocs(t *testing.T) {
	own, err := os.ReadFile("../../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	sample := read(t, string(own)).Resources["Api"].Properties
	shown := read(t, strings.Join(blocks(t, "yaml"), "")).Resources["Api"].Properties // the second goes on where the first ends
	if shown.Domain.MutualTLS["TruststoreUri"] == "" {
		t.Error("the properties for client certificates do not belong to the API")
	}
	mine, theirs := sample.Auth.Authorizers["IssuedKey"], shown.Auth.Authorizers[shown.Auth.DefaultAuthorizer]
	if len(mine) < 5 || theirs["FunctionArn"] != "KeydeskAuthorize" {
		t.Errorf("the authorizers are %v and %v", mine, theirs)
	}
	delete(mine, "FunctionArn")
	delete(theirs, "FunctionArn")
	if diff := cmp.Diff(mine, theirs); diff != "" {
		t.Errorf("template.yaml and docs/check.md wire the authorizer unlike, -template.yaml +check.md:\n%s", diff)
	}

	token, k := plainKey(t)
	a := inMemory(k)
	a.org = ""
	for _, c := range []struct {
		variables map[string]string
		want      string
	}{{shown.StageVariables, `{"isAuthorized":true,`}, {nil, `{"isAuthorized":false,"context":{"reason":"no_organisation"}}`}} {
		e := event(token)
		e.StageVariables = c.variables
		if answer, err := a.Invoke(t.Context(), payload(t, e)); err != nil || !strings.HasPrefix(string(answer), c.want) {
			t.Errorf("stage variables %v: %s, %v", c.variables, answer, err)
		}
	}
}

// The lines by which a developer signs a token, with curl in them showing what it would send.
func TestJWTOfTheDocs(t *testing.T) {
	for _, tool := range []string{"sh", "openssl", "perl"} {
		if _, err := exec.LookPath(tool); err != nil && os.Getenv("CI") == "" { // where it is missing the lines cannot be tried
			t.Skip(err)
		}
	}
	lines, dir := blocks(t, "sh")[0], t.TempDir()
	const stub = "curl() { printf %s \"$3\" > sent; }\n"
	d := desk{t: t}
	key, k := d.mint(portal.JWT)
	for range 5 { // a number may be short of a byte, or begin with one too many
		shell := exec.CommandContext(t.Context(), "sh", "-euc", stub+lines)
		shell.Dir, shell.Env = dir, append(os.Environ(), "api=https://api.example.com", "RawKey="+key.Raw().Reveal())
		if output, err := shell.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, output)
		}
		stored, err := os.ReadFile(filepath.Join(dir, "public.pem"))
		d.must(err)
		if block, _ := pem.Decode(stored); block == nil {
			t.Fatalf("the public key is %s", stored)
		}
		k.PublicKey, err = portal.PublicKey(secret.New(string(stored)))
		d.must(err)
		header, err := os.ReadFile(filepath.Join(dir, "sent"))
		d.must(err)
		a := inMemory(&k)
		a.now = time.Now
		sent := strings.TrimPrefix(string(header), "Authorization: ")
		if got, err := a.decide(t.Context(), &question{org: org, key: secret.New(sent)}); err != nil || got.reason != good {
			t.Errorf("%s: reason %q, %v", sent, got.reason, err)
		}
	}
}
