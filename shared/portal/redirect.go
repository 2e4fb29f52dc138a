package portal

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// maxURL is how long an address may be that an API owner writes into a setting.
const maxURL = 2000

// address reads an address that an API owner has written into the member of that path: absolute, of one of the schemes, and with nothing
// in it that one program reads otherwise than another (a user, a backslash, a control character).
func address(path, text string, schemes ...string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case len(text) > maxURL:
		return nil, Refuse(Invalid, "%s is longer than %d bytes.", path, maxURL)
	case err != nil || !slices.Contains(schemes, u.Scheme) || u.Hostname() == "" || u.Opaque != "":
		return nil, Refuse(Invalid, "%s is not an address that begins with %s://.", path, strings.Join(schemes, ":// or "))
	case strings.Contains(text, "\\") || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r == 0x7f }):
		return nil, Refuse(Invalid, "%s: an address has no spaces, backslashes or control characters.", path)
	case u.User != nil:
		return nil, Refuse(Invalid, "%s: an address with a user's name in it is not taken.", path)
	case u.Fragment != "" || strings.HasSuffix(text, "#"):
		return nil, Refuse(Invalid, "%s: leave out the part after #.", path)
	case !plainHost(u):
		return nil, Refuse(Invalid, "%s: send the host in ASCII letters, digits, dots and hyphens (xn-- for another script), and a port from 1 to 65535 if any.", path)
	}
	return u, nil
}

// plainHost tells whether a host is written as every program reads it. Browsers take some letters for others, and not for those that Go
// takes them for.
func plainHost(u *url.URL) bool {
	name, port := u.Hostname(), u.Port()
	written := name
	if strings.Contains(name, ":") { // IPv6
		written = "[" + name + "]"
	}
	if port != "" {
		written += ":" + port
	}
	n, err := strconv.ParseUint(port, 10, 16)
	return written == u.Host && (port == "" || err == nil && n > 0) && !strings.ContainsFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-._:", r)
	})
}

// origin is the scheme and host of an address, and the port if it is not the scheme's own.
func origin(u *url.URL) string {
	host := strings.ToLower(u.Host)
	if u.Scheme == "https" {
		host = strings.TrimSuffix(host, ":443")
	}
	return u.Scheme + "://" + host
}

// validOrigins refuses what is no list of origins.
func validOrigins(path string, origins []string) error {
	for _, text := range origins {
		u, err := address(path, text, "https")
		if err != nil {
			return err
		}
		if u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.ForceQuery {
			return Refuse(Invalid, "%s: %s has more than a scheme, a host and a port; send an origin such as https://pay.example.", path, clip(text))
		}
	}
	return nil
}

// validRedirect refuses an address where no developer may be sent, whoever is sent there.
func (c *Config) validRedirect(path string) error {
	if c.RedirectTo == "" {
		if c.Redirect {
			return Refuse(Invalid, "%sredirect_to is missing; redirect_on_key_request sends developers there.", path)
		}
		return nil
	}
	u, err := address(path+"redirect_to", c.RedirectTo, "https")
	if err != nil {
		return err
	}
	if _, err := url.ParseQuery(u.RawQuery); err != nil { // the desk adds to it
		return Refuse(Invalid, "%sredirect_to: the part after ? is malformed; percent-encode its values.", path)
	}
	return nil
}

// Allows refuses to send developers where the organisation has not said that they may be sent: path is that of the setting.
func (c *Configuration) Allows(path string, settings Config) error {
	if !settings.Redirect {
		return nil
	}
	u, err := address(path+"redirect_to", settings.RedirectTo, "https")
	if err != nil {
		return err
	}
	for _, allowed := range c.RedirectOrigins {
		if a, err := address("", allowed, "https"); err == nil && origin(a) == origin(u) {
			return nil
		}
	}
	return Refuse(Invalid, "%sredirect_to: %s is not one of the organisation's redirect_origins; add it there first, by PUT /api/portal/configuration.", path, clip(origin(u)))
}

// Redirects refuses a catalogue that sends developers where the organisation does not allow it.
func (c *Catalogue) Redirects(allowed *Configuration) error {
	for i := range c.Entries {
		if err := allowed.Allows("apis["+strconv.Itoa(i)+"].config.", c.Entries[i].Config); err != nil {
			return err
		}
	}
	return nil
}

// Redirect tells whether any entry sends developers elsewhere.
func (c *Catalogue) Redirect() bool {
	return slices.ContainsFunc(c.Entries, func(e Entry) bool { return e.Config.Redirect })
}
