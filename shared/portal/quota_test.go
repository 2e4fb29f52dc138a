package portal_test

import (
	"testing"

	"keydesk/shared/portal"
)

// How many keys a developer may have is bounded by default, with and without a configuration, and any number only where it says so.
func TestKeysPerDeveloper(t *testing.T) {
	for setting, want := range map[string]int{
		`{}`: 100, `{"max_keys_per_developer": 1e2}`: 100, `{"max_keys_per_developer": 0}`: 0, `{"max_keys_per_developer": 1000000}`: 1000000,
	} {
		c, err := portal.NewConfiguration(org, another, portal.Object(setting))
		if got := c.KeysPerDeveloper(); err != nil || got != want {
			t.Errorf("%s: %d, %v, want %d", setting, got, err, want)
		}
	}
	if got := (&portal.Configuration{}).KeysPerDeveloper(); got != 100 {
		t.Errorf("without a configuration: %d", got)
	}
	for setting, words := range map[string]string{
		`-1`: "max_keys_per_developer: must be from 0 to 1000000, 0 for no limit, got -1.", `2.5`: "max_keys_per_developer: a whole number is expected, not 2.5.",
		`null`: "max_keys_per_developer: a whole number is expected, not null;", `"7"`: "max_keys_per_developer: a number is expected, not a string.",
	} {
		_, err := portal.NewConfiguration(org, another, portal.Object(`{"max_keys_per_developer": `+setting+`}`))
		refused(t, setting, err, portal.Invalid, words)
	}
}
