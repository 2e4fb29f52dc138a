package rest_test

import (
	"testing"

	"keydesk/shared/rest"
)

func TestSettings(t *testing.T) {
	for _, bad := range []string{"", "0", "-1", "ten"} {
		t.Setenv("KEYDESK_MAX_UNPAGED", "1000")
		t.Setenv("KEYDESK_PAGE_SIZE", bad)
		func() {
			defer func() {
				if said := recover(); said != "KEYDESK_PAGE_SIZE is not a positive number" {
					t.Errorf("a page size of %q: %v", bad, said)
				}
			}()
			rest.PagingFromEnv()
		}()
	}
	t.Setenv("KEYDESK_PAGE_SIZE", "25")
	if s := rest.PagingFromEnv(); s.Size != 25 || s.MaxUnpaged != 1000 {
		t.Errorf("settings %+v", s)
	}
}
