package portal

import (
	"net/mail"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// Limits of an e-mail address in bytes.
const (
	LongestEmail     = 254 // RFC 5321, with erratum 1690 of RFC 3696
	longestLocalPart = 64  // RFC 5321; SES takes no more
)

// ValidEmail refuses, in words, what is not a bare address that mail can be sent to; and what the path of
// /developers/email/{email} could not hold, though an address might. It judges each address that is stored.
func ValidEmail(field, text string) error {
	refuse := func(format string, arguments ...any) error {
		return Refuse(Invalid, "%s: %q "+format, append([]any{field, clip(text)}, arguments...)...)
	}
	if at := strings.IndexFunc(text, hidden); at >= 0 {
		return refuse("has %U, which cannot be seen; send it without.", []rune(text[at:])[0])
	}
	address, err := mail.ParseAddress(text)
	local, domain, _ := cutEmail(text)
	switch {
	case err != nil || address.Address != text || strings.ContainsRune(text, unicode.ReplacementChar):
		return refuse("is not an e-mail address; send one such as ada@example.org.")
	case strings.ContainsAny(text, "/?\\\""):
		return refuse("has one of the characters / ? \\ \", which are not taken; send another address.")
	case strings.ContainsFunc(local, notASCII):
		return refuse("has a character before the @ that is not ASCII, and Amazon SES cannot write to it; send another address.")
	case len(local) > longestLocalPart:
		return refuse("has %d bytes before the @; mail servers take %d.", len(local), longestLocalPart)
	}
	ascii := CanonicalDomain(domain)
	if longest := max(len(text), len(local)+1+len(ascii)); longest > LongestEmail {
		return refuse("has %d bytes; an e-mail address has %d at most.", longest, LongestEmail)
	}
	if !reachable(ascii) {
		return refuse("is at %q, which is no domain that mail is sent to; send one such as ada@example.org.", clip(domain))
	}
	return nil
}

// hidden tells which characters a reader does not see, or takes for others: of control, of format, and every kind of space but
// the one that an address is refused for anyway.
func hidden(c rune) bool {
	return c > ' ' && unicode.In(c, unicode.Cc, unicode.Cf, unicode.Zs, unicode.Zl, unicode.Zp)
}

func notASCII(c rune) bool { return c > unicode.MaxASCII }

// reachable tells whether a domain in ASCII can have mail servers: two labels at least, and no number at its end, which an IP
// address has (RFC 3696).
func reachable(domain string) bool {
	labels := strings.Split(domain, ".")
	return isDomain(domain) && len(labels) > 1 && strings.Trim(labels[len(labels)-1], "0123456789") != ""
}

// isDomain tells whether a name can be a domain at all. It has no symbols (IDNA2008): UTS 46 alone takes U+2044, which looks like
// a slash.
func isDomain(name string) bool {
	ascii, err := domains().ToASCII(name)
	if err != nil {
		return false
	}
	for label := range strings.SplitSeq(ascii, ".") {
		if label == "" || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
			return false
		}
	}
	shown, err := domains().ToUnicode(ascii)
	return err == nil && !strings.ContainsFunc(shown, unicode.IsSymbol) && !strings.ContainsFunc(name, hidden)
}

// domains writes a domain as DNS does: by IDNA2008 and UTS 46, in letters of ASCII. Hyphens in the third and fourth place are
// left alone: there are such domains. It is made anew for each domain, at next to no cost, and is no variable: a variable is made at the
// start of every function, which would then link the tables of Unicode, though it never sees an address.
func domains() *idna.Profile {
	return idna.New(
		idna.MapForLookup(), idna.Transitional(false), idna.BidiRule(), idna.CheckJoiners(true), idna.CheckHyphens(false), idna.VerifyDNSLength(true))
}

// CanonicalDomain is the one form of a domain by which domains are compared: "xn--" and lower case. What is no domain stays as it is,
// in lower case.
func CanonicalDomain(domain string) string {
	if ascii, err := domains().ToASCII(domain); err == nil {
		return ascii
	}
	return strings.ToLower(norm.NFC.String(domain))
}

// CanonicalEmail is the one form of an address by which accounts are told apart and looked up, of any text: what is no address
// gives a form that no account has.
func CanonicalEmail(text string) string {
	local, domain, is := cutEmail(text)
	if !is {
		return strings.ToLower(norm.NFC.String(text))
	}
	return strings.ToLower(norm.NFC.String(local)) + "@" + CanonicalDomain(domain)
}

// MailAddress is the form of an address that mail servers read: its domain in ASCII.
func MailAddress(email string) string {
	local, domain, is := cutEmail(email)
	if !is {
		return email
	}
	return local + "@" + CanonicalDomain(domain)
}

func cutEmail(text string) (local, domain string, is bool) {
	at := strings.LastIndexByte(text, '@')
	if at < 0 {
		return text, "", false
	}
	return text[:at], text[at+1:], true
}
