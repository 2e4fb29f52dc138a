package portal_test

import (
	"strings"
	"testing"
)

// redirects are addresses with what the refusal of each says; nothing where they are taken.
var redirects = map[string]string{ //nolint:gosec // addresses, no credentials
	"":                 "",
	"http://localhost": "",
	"https://a.example/x?y=z,https://b.example": "",
	"https://a.example;com.example.app:/cb":     "",
	"https://a.example , https://b.example":     "",
	strings.Repeat("https://a.example,", 20):    "",
	strings.Repeat("https://a.example,", 21):    "has 21 addresses; at most 20 are kept.",
	"https://a.example/" + strings.Repeat("x", 1974) + ",https://b.example/" + strings.Repeat("x", 1974) + ",https://c.example/" + strings.Repeat("x", 1974) + ",https://d.example/" + strings.Repeat("x", 2200): "is 8197 bytes long; at most 8192 are kept.",
	"example.org/callback":                                  `"example.org/callback" is no whole address;`,
	"//evil.example":                                        `"//evil.example" is no whole address;`,
	"https://a.example,JavaScript:alert(1)":                 "an address may not begin with javascript:;",
	"data:text/html,x":                                      "an address may not begin with data:;",
	"https:///callback":                                     `"https:///callback" names no host;`,
	"https:a.example":                                       `"https:a.example" is no whole address;`,
	"localhost:3000/callback":                               `"localhost:3000/callback" is no whole address;`,
	"com.example.app:callback":                              `"com.example.app:callback" is no whole address;`,
	"https://a.example;b.example":                           `"b.example" is no whole address;`,
	"https://a.example;javascript:alert(1)":                 "an address may not begin with javascript:;",
	"https://a.example/cb?x=1,2;3":                          "", // of a query
	"https://a.example/cb?x=1,2,https://b.example/cb?y=3,4": "",
	"https://a.example/cb?x=1,javascript:alert(1)":          "an address may not begin with javascript:;",
	"https://a.example/cb?x=1,":                             "",
	"http://localhost:3000/cb,http://127.0.0.1/cb,http://127.0.0.1:51004/cb,http://[::1]:61023/cb,http://127.8.8.8/": "",
	"com.example.app:/oauth2redirect,com.example.app://oauth2redirect/x":                                             "",
	"https://a.example:8443/cb,https://xn--bcher-kva.example/cb,https://[2001:db8::1]/cb":                            "",
	"https://a.example/cb https://b.example/cb":                                                                      "has a space in it; separate addresses by commas,",
	"https://a.example/cb\nhttps://b.example/cb":                                                                     "has a space in it;",
	"https://a.example/c b":                          "has a space in it;",
	"https://a.example:99999/cb":                     "has a host or a port that is none:",
	"https://a.example:0/cb":                         "has a host or a port that is none:",
	"https://a.example:/cb":                          "has a host or a port that is none:",
	"https://*.example/cb":                           "has a host or a port that is none:",
	"https://*/cb":                                   "has a host or a port that is none:",
	"https://b\u00fccher.example/cb":                 "has a host or a port that is none:",
	"https://user:pw@a.example/cb":                   "has a user's name in it;",
	"https://user@a.example/":                        "has a user's name in it;",
	"https://@a.example/":                            "has a user's name in it;",
	"com.example.app://user@host/":                   "has a user's name in it;",
	"com.example.app://*:99999/cb":                   "has a host or a port that is none",
	"http://a.example/cb":                            "is not encrypted; send https://",
	"http://localhost.evil.example/cb":               "is not encrypted; send https://",
	"http://127.0.0.1.evil.example/cb":               "is not encrypted; send https://",
	"http://192.168.0.1/cb":                          "is not encrypted; send https://",
	"http://0.0.0.0/cb":                              "is not encrypted; send https://",
	"myapp://callback":                               "has a scheme without a dot;",
	"myapp:/callback":                                "has a scheme without a dot;",
	"ftp://a.example/cb":                             "has a scheme without a dot;",
	"https://a.example/\\evil.example":               "has a backslash or an invisible character",
	"https://a.example/\u200b":                       "has a backslash or an invisible character",
	"javascript://a.example/%0aalert(1)":             "an address may not begin with javascript:;",
	"about:blank":                                    "an address may not begin with about:;",
	"filesystem:http://a.example/":                   "an address may not begin with filesystem:;",
	"View-Source:https://a.example":                  "an address may not begin with view-source:;",
	strings.Repeat("https://a.example;", 21):         "has 21 addresses; at most 20 are kept.",
	"https://a.example/#x":                           `"https://a.example/#x" has a part after #,`,
	"https://a.example/" + strings.Repeat("x", 2000): "is no whole address;",
	"https://a.example/\x7f":                         "is no whole address;",
}

func TestRedirects(t *testing.T) {
	for redirect, want := range redirects {
		_, err := asked(t, `"for_plan": "p", "oauth_info": {"redirect_uri": `+written(t, redirect)+`}`)
		if want == "" && err != nil || want != "" && (err == nil || !strings.HasPrefix(err.Error(), "oauth_info.redirect_uri") || !strings.Contains(err.Error(), want)) {
			t.Errorf("%.60q: %v, want %s", redirect, err, want)
		}
	}
}
