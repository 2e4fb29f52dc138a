package portal

import (
	"strings"
	"unicode/utf8"
)

// longestSSOKey is how long the name may be that single sign-on has for a developer.
const longestSSOKey = 200

// validSSOKey refuses, in words that do not repeat it, an sso_key that the path of /developers/ssokey/{ssokey} could not hold, or that
// a reader takes for another.
func validSSOKey(key string) error {
	refuse := func(why string, arguments ...any) error { return Refuse(Invalid, "sso_key: "+why, arguments...) }
	switch {
	case len(key) > longestSSOKey:
		return refuse("it has %d bytes; at most %d are kept.", len(key), longestSSOKey)
	case !utf8.ValidString(key) || strings.ContainsRune(key, utf8.RuneError):
		return refuse("it has bytes that are no text; send it in UTF-8.")
	case strings.ContainsAny(key, `/?\`):
		return refuse(`it has one of the characters / ? \, which a path cannot hold; send another one.`)
	case strings.TrimSpace(key) != key || strings.ContainsFunc(key, func(c rune) bool { return c < ' ' || hidden(c) }):
		return refuse("it has a character that cannot be seen, or a space at an end; send it without.")
	}
	return nil
}
