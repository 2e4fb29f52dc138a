package portal

import (
	"net/url"
	"slices"
	"strings"
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

// validate holds that each address leads somewhere, and runs no script on the way.
func (o *OAuthInfo) validate() error {
	const field = "oauth_info.redirect_uri"
	if len(o.RedirectURI) > maxAllOfThem {
		return Refuse(Invalid, "%s is %d bytes long; at most %d are kept.", field, len(o.RedirectURI), maxAllOfThem)
	}
	addresses := strings.FieldsFunc(o.RedirectURI, func(c rune) bool { return c == ',' || c == ';' }) // Tyk's two separators
	if len(addresses) > maxRedirects {
		return Refuse(Invalid, "%s has %d addresses; at most %d are kept.", field, len(addresses), maxRedirects)
	}
	for _, text := range addresses {
		address, err := url.Parse(strings.TrimSpace(text))
		switch {
		case err == nil && slices.Contains(notSchemes, address.Scheme):
			return Refuse(Invalid, "%s: an address may not begin with %s:; send one such as https://app.example.org/callback.", field, address.Scheme)
		case err != nil || address.Scheme == "" || address.Opaque != "" || len(text) > maxRedirect: // "localhost:3000/callback" has a scheme, too
			return Refuse(Invalid, "%s: %q is no whole address; send one such as https://app.example.org/callback.", field, clip(text))
		case (address.Scheme == "http" || address.Scheme == "https") && address.Hostname() == "":
			return Refuse(Invalid, "%s: %q names no host; send one such as https://app.example.org/callback.", field, clip(text))
		case strings.Contains(text, "#"):
			return Refuse(Invalid, "%s: %q has a part after #, which OAuth forbids (RFC 6749, 3.1.2); leave it out.", field, clip(text))
		}
	}
	return nil
}
