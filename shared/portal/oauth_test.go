package portal_test

import (
	"strings"
	"testing"
)

func TestRedirects(t *testing.T) {
	for redirect, want := range map[string]string{
		"":                 "",
		"http://localhost": "",
		"https://a.example/x?y=z,https://b.example": "",
		"https://a.example;com.example.app:/cb":     "",
		"https://a.example , https://b.example":     "",
		strings.Repeat("https://a.example,", 20):    "",
		strings.Repeat("https://a.example,", 21):    "has 21 addresses; at most 20 are kept.",
		"https://a.example/" + strings.Repeat("x", 1974) + ",https://b.example/" + strings.Repeat("x", 1974) + ",https://c.example/" + strings.Repeat("x", 1974) + ",https://d.example/" + strings.Repeat("x", 2200): "is 8197 bytes long; at most 8192 are kept.",
		"example.org/callback":                           `"example.org/callback" is no whole address;`,
		"//evil.example":                                 `"//evil.example" is no whole address;`,
		"https://a.example,JavaScript:alert(1)":          "an address may not begin with javascript:;",
		"data:text/html,x":                               "an address may not begin with data:;",
		"https:///callback":                              `"https:///callback" names no host;`,
		"https:a.example":                                `"https:a.example" is no whole address;`,
		"localhost:3000/callback":                        `"localhost:3000/callback" is no whole address;`,
		"com.example.app:callback":                       `"com.example.app:callback" is no whole address;`,
		"http://a.example;b.example":                     `"b.example" is no whole address;`,
		"http://a.example;javascript:alert(1)":           "an address may not begin with javascript:;",
		"javascript://a.example/%0aalert(1)":             "an address may not begin with javascript:;",
		"about:blank":                                    "an address may not begin with about:;",
		"filesystem:http://a.example/":                   "an address may not begin with filesystem:;",
		"View-Source:https://a.example":                  "an address may not begin with view-source:;",
		strings.Repeat("https://a.example;", 21):         "has 21 addresses; at most 20 are kept.",
		"https://a.example/#x":                           `"https://a.example/#x" has a part after #,`,
		"https://a.example/" + strings.Repeat("x", 2000): "is no whole address;",
		"https://a.example/\x7f":                         "is no whole address;",
	} {
		_, err := asked(t, `"for_plan": "p", "oauth_info": {"redirect_uri": `+written(t, redirect)+`}`)
		if want == "" && err != nil || want != "" && (err == nil || !strings.HasPrefix(err.Error(), "oauth_info.redirect_uri") || !strings.Contains(err.Error(), want)) {
			t.Errorf("%.60q: %v, want %s", redirect, err, want)
		}
	}
}
