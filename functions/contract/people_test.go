package main

import (
	"crypto/sha256"
	"encoding/base64"
	"regexp"
	"strings"
	"testing"

	"keydesk/infra/openapi"
)

func rendered(t *testing.T) text {
	t.Helper()
	made, err := forPeople(openapi.Text)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// Everything of the contract has its place, and all that leads somewhere leads there.
func TestEverythingHasItsPlace(t *testing.T) {
	page := rendered(t).body
	ids := map[string]bool{}
	for _, found := range regexp.MustCompile(` id="([^"]+)"`).FindAllStringSubmatch(page, -1) {
		if ids[found[1]] {
			t.Errorf("two places are called %s", found[1])
		}
		ids[found[1]] = true
	}
	for _, found := range regexp.MustCompile(`href="#([^"]+)"`).FindAllStringSubmatch(page, -1) {
		if !ids[found[1]] {
			t.Errorf("a link leads to %s, which is not there", found[1])
		}
	}
	root, err := parse(openapi.Text)
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"paths", "webhooks"} {
		for path, item := range members(at(root, kind)) {
			for verb, operation := range members(item) {
				if id := said(operation, "operationId"); verb != "parameters" && !ids[id] {
					t.Errorf("%s %s is not there", verb, path)
				}
			}
		}
	}
	for name := range members(at(root, "components", "schemas")) {
		if !ids["schema-"+name] {
			t.Errorf("the schema %s is not there", name)
		}
	}
}

func TestWhoMayCall(t *testing.T) {
	page := rendered(t).body
	for id, want := range map[string]string{
		"declineRequest":   "<code>requests:decide</code>, which <code>admin</code>, <code>reviewer</code> have.",
		"replaceCatalogue": "<code>catalogue:write</code>, which <code>admin</code> has.",
		"getDocs":          "Public: no credential is needed.",
		"hello":            "Needs a key that was granted, and no credential.",
		"answerRequest":    "Needs the signature of the organisation&#39;s signing secret, and no credential.",
		"claimKey":         "Needs the token of the claim&#39;s link, and no credential.",
		"keyRequestEvent":  "Keydesk makes this call.",
	} {
		_, operation, _ := strings.Cut(page, `<article id="`+id+`"`)
		operation, _, _ = strings.Cut(operation, "</article>")
		if !strings.Contains(operation, want) {
			t.Errorf("%s does not say %s", id, want)
		}
	}
}

// The page loads nothing and runs nothing, and the browser is told so.
func TestPageNeedsNothingElse(t *testing.T) {
	made := rendered(t)
	for _, needs := range []string{"<script", "<link", "<img", "<iframe", "src=", "@import", "url(", " style=", " on"} {
		if markup := regexp.MustCompile(`<[^>]+>`).FindAllString(made.body, -1); strings.Contains(strings.Join(markup, "\n"), needs) {
			t.Errorf("the page has %q", needs)
		}
	}
	_, rest, _ := strings.Cut(made.body, "<style>")
	style, _, _ := strings.Cut(rest, "</style>")
	if strings.Contains(style, "url(") || strings.Contains(style, "@import") {
		t.Error("the style loads something")
	}
	sum := sha256.Sum256([]byte(style))
	want := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "';"
	if got := made.header["Content-Security-Policy"]; !strings.HasPrefix(got, want) {
		t.Errorf("the policy is %s, want %s", got, want)
	}
}

func TestWords(t *testing.T) {
	for written, want := range map[string]string{
		"":                                "",
		"One,\ntwo.":                      "<p>One, two.</p>",
		"A `<b>` & c.\n\nD.":              "<p>A <code>&lt;b&gt;</code> &amp; c.</p><p>D.</p>",
		"Of:\n\n- `a`: one\n  more;\n- b": "<p>Of:</p><ul><li><code>a</code>: one more;</li><li>b</li></ul>",
	} {
		if got := string(words(written)); got != want {
			t.Errorf("%q: %s, want %s", written, got, want)
		}
	}
}

func TestKind(t *testing.T) {
	for written, want := range map[string]string{
		"type: integer\nminimum: 0":                "integer, at least 0",
		"type: string\nmaxLength: 5\npattern: ^<$": "string, up to 5 characters, like <code>^&lt;$</code>",
		"const: OK":                          "always <code>&#34;OK&#34;</code>",
		"enum: [a, '']":                      "one of <code>&#34;a&#34;</code>, <code>&#34;&#34;</code>",
		"type: array\nitems: {type: string}": "list of string",
		"type: [object, 'null']":             "object or null",
		"type: object\nadditionalProperties: {type: integer}":       "object of integer",
		"$ref: '#/components/schemas/Id'":                           `<a href="#schema-Id">Id</a>`,
		"anyOf: [{type: string}, {type: 'null'}]":                   "string or null",
		"required: [a]\nallOf: [{$ref: '#/components/schemas/Id'}]": `<a href="#schema-Id">Id</a> with <code>a</code>`,
	} {
		root, err := parse([]byte("x:\n  " + strings.ReplaceAll(written, "\n", "\n  ")))
		if err != nil {
			t.Fatal(err)
		}
		if got := string(reader{root}.kind(at(root, "x"))); got != want {
			t.Errorf("%q: %s, want %s", written, got, want)
		}
	}
}
