package portal

import (
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// OAuthInfo is what an OAuth client of the developer's would need.
type OAuthInfo struct {
	RedirectURI string `json:"redirect_uri"` // several are joined by commas or semicolons
}

// Client is an OAuth client of a developer's, as the wire shows it: its secret is shown once, by whoever grants it.
type Client struct {
	ClientID    string `json:"client_id"`
	Secret      string `json:"secret"` // empty
	RedirectURI string `json:"redirect_uri"`
	Description string `json:"app_description"`
	UseCase     string `json:"use_case"`
	DateCreated string `json:"date_created"`
}

// Limits of the addresses that an OAuth client may send its users back to.
const (
	maxRedirects = 20
	maxRedirect  = 2000
	maxAllOfThem = 8 << 10
)

// notSchemes lead to what stands in the address itself, or on the user's own machine.
var notSchemes = []string{"javascript", "data", "vbscript", "file", "blob", "about", "filesystem", "view-source"}

// oauthField is where the addresses stand, and sendSuch is the remedy.
const (
	oauthField = "oauth_info.redirect_uri"
	sendSuch   = "; send one such as https://app.example.org/callback."
)

// validate holds that each address is one that OAuth takes (RFC 9700, RFC 8252).
func (o *OAuthInfo) validate() error {
	if len(o.RedirectURI) > maxAllOfThem {
		return Refuse(Invalid, "%s is %d bytes long; at most %d are kept.", oauthField, len(o.RedirectURI), maxAllOfThem)
	}
	addresses := splitRedirects(o.RedirectURI)
	if len(addresses) > maxRedirects {
		return Refuse(Invalid, "%s has %d addresses; at most %d are kept.", oauthField, len(addresses), maxRedirects)
	}
	for _, text := range addresses {
		if err := validRedirectURI(text); err != nil {
			return err
		}
	}
	return nil
}

// beginsAddress finds the scheme that an address begins with.
var beginsAddress = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\A\s*[A-Za-z][A-Za-z0-9+.-]*:`) })

// splitRedirects splits addresses at Tyk's two separators, the comma and the semicolon. One that stands in a query is part of it, unless
// another address begins there.
func splitRedirects(text string) []string {
	var addresses []string
	from := 0
	for at, c := range text {
		if c != ',' && c != ';' || strings.Contains(text[from:at], "?") && !beginsAddress().MatchString(text[at+1:]) && strings.TrimSpace(text[at+1:]) != "" {
			continue
		}
		addresses, from = append(addresses, strings.TrimSpace(text[from:at])), at+1
	}
	addresses = append(addresses, strings.TrimSpace(text[from:]))
	return slices.DeleteFunc(addresses, func(address string) bool { return address == "" })
}

func validRedirectURI(text string) error {
	refuse := func(words string) error { return Refuse(Invalid, "%s: %q "+words, oauthField, clip(text)) }
	if strings.ContainsFunc(text, unicode.IsSpace) {
		return refuse("has a space in it; separate addresses by commas, and write a space in one as %%20.")
	}
	address, err := url.Parse(text)
	switch {
	case err == nil && slices.Contains(notSchemes, address.Scheme):
		return Refuse(Invalid, "%s: an address may not begin with %s:"+sendSuch, oauthField, address.Scheme)
	case err != nil || address.Scheme == "" || address.Opaque != "" || len(text) > maxRedirect: // "localhost:3000/callback" has a scheme, too
		return refuse("is no whole address" + sendSuch)
	case address.User != nil:
		return refuse("has a user's name in it; leave out what stands before @.")
	case strings.ContainsAny(text, "#"):
		return refuse("has a part after #, which OAuth forbids (RFC 6749, 3.1.2); leave it out.")
	case strings.ContainsFunc(text, func(c rune) bool { return c == '\\' || unicode.Is(unicode.Cf, c) }):
		return refuse("has a backslash or an invisible character in it; leave it out.")
	case address.Scheme != "http" && address.Scheme != "https":
		return validPrivateScheme(address, refuse)
	}
	return validWebAddress(address, refuse)
}

// validWebAddress holds that the address of a web page names a host, and is encrypted unless it is this machine's own (RFC 8252, 7.3).
func validWebAddress(address *url.URL, refuse func(words string) error) error {
	switch {
	case address.Hostname() == "":
		return refuse("names no host" + sendSuch)
	case !plainHost(address):
		return refuse("has a host or a port that is none: send the host in ASCII letters, digits, dots and hyphens, without wildcards, and a port from 1 to 65535 if any.")
	case address.Scheme == "http" && !isLoopback(address.Hostname()):
		return refuse("is not encrypted; send https:// (http:// is taken for localhost, 127.0.0.1 and [::1]; RFC 8252, 7.3).")
	}
	return nil
}

// validPrivateScheme holds that an app's own scheme is a domain name turned round: another app cannot have it by chance (RFC 8252, 7.1).
func validPrivateScheme(address *url.URL, refuse func(words string) error) error {
	switch {
	case !strings.Contains(address.Scheme, "."):
		return refuse("has a scheme without a dot; name an app's own scheme after its domain, as in com.example.app:/callback (RFC 8252, 7.1).")
	case address.Host != "" && !plainHost(address):
		return refuse("has a host or a port that is none" + sendSuch)
	}
	return nil
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && ip.IsLoopback()
}
