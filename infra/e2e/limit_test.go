package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// limited gives the organisation a limit of its own, until the test ends.
func limited(t *testing.T, name string, limit int) {
	t.Helper()
	found := admin.call(t, http.MethodGet, configuration, "")
	found.want(t, http.StatusOK, "")
	admin.call(t, http.MethodPut, configuration, object(t, found.body, map[string]any{name: limit})).want(t, http.StatusOK, "Data updated")
	t.Cleanup(func() {
		admin.call(t, http.MethodPut, configuration, found.text).want(t, http.StatusOK, "Data updated")
	})
}

// TestDevelopersOfAnOrganisation has more developers sign up than the organisation may have: they are refused after some seconds, and until
// one goes. It is not parallel: all others share the limit.
func TestDevelopersOfAnOrganisation(t *testing.T) {
	list := portal.call(t, http.MethodGet, developers+"?p=-1", "")
	there, _ := list.member("Data").([]any)
	limit := len(there) + 2
	limited(t, "max_developers", limit)
	var last string
	try := func() answer {
		a := portal.call(t, http.MethodPost, developers, fmt.Sprintf(`{"email": "%s@portal.example"}`, mark()))
		if a.status == http.StatusOK {
			last = signedUp(t, a)
		}
		return a
	}
	full := func() bool {
		a := try()
		if a.status == http.StatusOK {
			return false
		}
		a.wantRefusal(t, http.StatusConflict, "")
		if !strings.HasPrefix(a.message(), "max_developers: the organisation had ") || a.member("Meta", "limit") != float64(limit) {
			t.Errorf("%s: %s", a.call, a.text)
		}
		return true
	}
	eventually(t, "the limit is noticed", full)
	over, _ := portal.call(t, http.MethodGet, developers+"?p=-1", "").member("Data").([]any)
	t.Logf("there are %d developers, and may be %d", len(over), limit)
	for range len(over) - limit + 1 {
		admin.call(t, http.MethodDelete, developerOf(last), "").want(t, http.StatusOK, "Data deleted")
		data, _ := portal.call(t, http.MethodGet, developers, "").member("Data").([]any)
		newest, _ := data[0].(map[string]any)
		last, _ = newest["id"].(string)
	}
	eventually(t, "that developers have gone is noticed", func() bool { return !full() })
}

// eventually waits until something is so.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for begin := time.Now(); !is(); time.Sleep(every) {
		if time.Since(begin) > patience {
			t.Fatalf("not even after %s: %s", patience, what)
		}
	}
}
