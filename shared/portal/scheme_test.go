package portal_test

import (
	"testing"

	"keydesk/shared/portal"
)

func TestAfterScheme(t *testing.T) {
	for header, want := range map[string]struct {
		value string
		is    bool
	}{
		"Bearer a":              {"a", true},
		" \tbEARER \t a b\t ":   {"a b", true},
		"Bearer Basic a":        {"Basic a", true},
		"":                      {"", false},
		"a":                     {"a", false},
		" a ":                   {"a", false},
		"Bearer":                {"Bearer", false},
		"Bearer  ":              {"Bearer", false},
		"Bearera":               {"Bearera", false},
		"Bearer\ta":             {"Bearer\ta", false},
		"Basic a":               {"Basic a", false},
		"\u00a0Bearer a\n":      {"\u00a0Bearer a\n", false},
		"Bearer \u3000a\v":      {"\u3000a\v", true},
		"B\u00e9arer a, Bearer": {"B\u00e9arer a, Bearer", false},
	} {
		if value, is := portal.AfterScheme(header, "Bearer"); value != want.value || is != want.is {
			t.Errorf("%q: %q, %t; want %q, %t", header, value, is, want.value, want.is)
		}
	}
}
