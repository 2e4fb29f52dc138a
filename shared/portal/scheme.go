package portal

import "strings"

// AfterScheme cuts a scheme, whatever its case, off the value of an Authorization header (RFC 9110, 11.1), and the header's white space:
// spaces and tabs, and no others. A value without the scheme comes back whole.
func AfterScheme(header, scheme string) (value string, is bool) {
	value = strings.Trim(header, " \t")
	if len(value) <= len(scheme) || value[len(scheme)] != ' ' || !strings.EqualFold(value[:len(scheme)], scheme) {
		return value, false
	}
	return strings.Trim(value[len(scheme):], " \t"), true
}
