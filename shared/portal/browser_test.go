package portal_test

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"keydesk/shared/portal"
)

func quoted(text string) string {
	quotes, err := json.Marshal(text)
	if err != nil {
		panic(err) // no text is too strange for it
	}
	return string(quotes)
}

func quotedList(texts []string) string {
	var all []string
	for _, text := range texts {
		all = append(all, quoted(text))
	}
	return "[" + strings.Join(all, ",") + "]"
}

// browserOrigin is the origin that a browser would go to for an address, as the URL standard (url.spec.whatwg.org) tells it to read one:
// more generously than any other program. Empty: it would not go anywhere, or to what this reading does not know.
func browserOrigin(text string) string {
	text = strings.TrimFunc(text, func(r rune) bool { return r <= ' ' })
	text = strings.NewReplacer("\t", "", "\n", "", "\r", "").Replace(text)
	scheme, rest, found := strings.Cut(text, ":")
	if !found || !strings.EqualFold(scheme, "https") {
		return ""
	}
	rest = strings.TrimLeft(rest, `/\`)
	if end := strings.IndexAny(rest, `/\?#`); end >= 0 {
		rest = rest[:end]
	}
	rest = rest[strings.LastIndex(rest, "@")+1:]
	name, port := rest, ""
	if colon := strings.LastIndex(rest, ":"); colon > strings.LastIndex(rest, "]") {
		name, port = rest[:colon], rest[colon+1:]
	}
	if port != "" {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil {
			return ""
		}
		port = ":" + strconv.FormatUint(n, 10)
	}
	if port == ":443" {
		port = ""
	}
	name, err := url.PathUnescape(name)
	if err != nil || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`#/<>?@\^|%`, r) }) {
		return "" // of other scripts than ours a browser makes something that this reading does not know
	}
	return "https://" + strings.ToLower(name) + port
}

// FuzzRedirect holds that wherever a developer may be sent is at exactly one of the organisation's origins, as Go reads the address and
// as a browser does; also with what the desk adds to it.
func FuzzRedirect(f *testing.F) {
	for _, address := range []string{
		"https://pay.example/keys?a=b", "https://PAY2.example:443", "https://ship.example:8443", "https://[2001:db8::1]:443/", "//evil.com", "https://pay.example@evil.com",
		"https://pay.example.evil.com", "https://evilpay.example", "https:\\\\pay.example\\@evil.com", "https://sh\u0130p.example:8443", "https://pay.example:0443", "https://pay.example\uff0eevil.com",
		"https://evil.com\\.pay.example", "https://evil.com%2f.pay.example", "\thttps://pay.example", "https://pay.example:443:443", "https://[pay.example]",
		"https://pay.example#@evil.com", "https://pay.example?@evil.com", "https:pay.example", "https:/\\pay.example", "javascript://pay.example/%0a",
	} {
		f.Add(address)
	}
	f.Fuzz(func(t *testing.T, address string) { whereTo(t, address) })
}

// TestRedirectOfPieces makes addresses of what is misread in them.
func TestRedirectOfPieces(t *testing.T) {
	pieces := []string{
		"https:", "HTTPS:", "http:", "javascript:", "/", "/", "//", "//", "\\", "@", ":", ":443", ":8443", ":0443", "?", "#", ".", "%2e", "%2f", "%40", "%00", "\t", "\n", " ", ",", "x",
		"pay.example", "pay.example", "PAY.example", "ship.example", "sh\u0130p.example", "evil.com", ".evil.com", "[2001:db8::1]", "]", "\uff0e", "\u00ad", "\u3002", "p\u0430y.example",
	}
	went := 0
	rapid.Check(t, func(rt *rapid.T) {
		address := rapid.SampledFrom([]string{"https://", "https://pay.example", "https://ship.example:8443", ""}).Draw(rt, "begins") +
			strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 6).Draw(rt, "pieces"), "")
		if whereTo(rt, address) {
			went++
		}
	})
	if went == 0 {
		t.Error("no address was allowed: nothing was tested")
	}
}

// whereTo tells whether somebody may be sent to an address, and holds that it is where they may be sent.
func whereTo(t interface{ Errorf(string, ...any) }, address string) bool {
	allowed := portal.Configuration{RedirectOrigins: origins}
	if allowed.Allows("", away(address)) != nil {
		return false
	}
	var read []string
	for _, o := range origins {
		read = append(read, browserOrigin(o))
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Errorf("%q is allowed, and Go cannot read it: %v", address, err)
		return true
	}
	asGo := u.Scheme + "://" + strings.TrimSuffix(strings.ToLower(u.Host), ":443")
	u.RawQuery = url.Values{"signature": {"v1,x"}}.Encode()
	for how, origin := range map[string]string{"Go": asGo, "a browser": browserOrigin(address), "a browser, signed": browserOrigin(u.String())} {
		if !slices.Contains(read, origin) {
			t.Errorf("%q is allowed, and %s would go to %q", address, how, origin)
		}
	}
	return true
}

// The reading of these tests reads what is known of browsers.
func TestBrowserOrigin(t *testing.T) {
	for address, want := range map[string]string{
		"https://pay.example/x": "https://pay.example", "https:pay.example": "https://pay.example", "https:/\\\\pay.example\\x": "https://pay.example",
		"HTTPS://pay.example@EVIL.com:443#": "https://evil.com", "https://pay.example\\@evil.com": "https://pay.example", "https://pa\ty.example:8443?x": "https://pay.example:8443",
		"https://%70ay.example:0443": "https://pay.example", "https://pay.example:99999": "", "//pay.example": "", "https://[::1]:8443/": "https://[::1]:8443",
		"https://a@b@evil.com/@pay.example": "https://evil.com",
	} {
		if got := browserOrigin(address); got != want {
			t.Errorf("%q: %q, want %q", address, got, want)
		}
	}
}
