package portal_test

import (
	"fmt"
	"testing"

	"keydesk/shared/portal"
)

// limits are the settings that bound what there may be of something: their defaults, their highest values, and how they are read.
var limits = map[string]struct {
	usual, highest int
	read           func(*portal.Configuration) int
}{
	"max_keys_per_developer": {100, 1_000_000, (*portal.Configuration).KeysPerDeveloper},
	"max_open_requests":      {10_000, 100_000, (*portal.Configuration).MaxOpenRequests},
	"max_developers":         {100_000, 200_000, (*portal.Configuration).MaxDevelopers},
}

// Each limit is bounded by default, with and without a configuration, and there is none only where the configuration says so.
func TestLimitsOfAnOrganisation(t *testing.T) {
	for name, limit := range limits {
		setting := func(value string) portal.Object { return portal.Object(`{"` + name + `": ` + value + `}`) }
		for sent, want := range map[portal.Object]int{
			`{}`: limit.usual, setting("0"): 0, setting("7"): 7, setting("1e2"): 100, setting(fmt.Sprint(limit.highest)): limit.highest,
		} {
			c, err := portal.NewConfiguration(org, another, sent)
			if got := limit.read(&c); err != nil || got != want {
				t.Errorf("%s: %d, %v, want %d", sent, got, err, want)
			}
		}
		if got := limit.read(&portal.Configuration{}); got != limit.usual {
			t.Errorf("%s without a configuration: %d", name, got)
		}
		for sent, words := range map[string]string{
			`-1`:                          fmt.Sprintf("must be from 0 to %d, 0 for no limit, got -1.", limit.highest),
			fmt.Sprint(limit.highest + 1): fmt.Sprintf("must be from 0 to %d, 0 for no limit, got %d.", limit.highest, limit.highest+1),
			`2.5`:                         "a whole number is expected, not 2.5.",
			`null`:                        "a whole number is expected, not null;",
			`"7"`:                         "a number is expected, not a string.",
		} {
			_, err := portal.NewConfiguration(org, another, setting(sent))
			refused(t, string(setting(sent)), err, portal.Invalid, name+": "+words)
		}
	}
}
