package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"
)

// TestDeveloperSample sends the oldest document's update of a developer. Its api_keys, which would be a key, makes none.
func TestDeveloperSample(t *testing.T) {
	t.Parallel()
	s := sample{document: doc2017, name: "developer"}
	id := portal.signUp(t, fmt.Sprintf(`{"email": "%s@qq.example"}`, mark()))
	line, body, _ := strings.Cut(s.read(t, ".http"), "\n")
	method, path, _ := strings.Cut(strings.Replace(line, s.request, id, 1), " ")
	a := portal.call(t, method, path, strings.Replace(body, "615829168", mark(), 1))
	a.want(t, http.StatusOK, "Data updated") // where the document has an id, which is not even the developer's
	s.judge(t, compare("", s.documented(t), a.body))
	if keys, _ := portal.call(t, http.MethodGet, developerOf(id), "").body["keys"].(map[string]any); len(keys) > 0 {
		t.Errorf("api_keys has made a key: %v", keys)
	}
}

// TestEmailInAPath finds developers by addresses that have to be encoded, and by those that clients forget to encode.
func TestEmailInAPath(t *testing.T) {
	t.Parallel()
	word := mark()
	id := portal.signUp(t, fmt.Sprintf(`{"email": "%s+tag@portal.example"}`, word))
	for _, spelling := range []string{"%s+tag@portal.example", "%s%%2Btag%%40portal.example", "%s%%2btag@PORTAL.example/"} {
		a := portal.call(t, http.MethodGet, developers+"/email/"+fmt.Sprintf(spelling, word), "")
		wantMembers(t, a, map[string]any{"id": id})
	}
}

// TestHashedPassword signs up whom another portal knows the bcrypt hash of a password of.
func TestHashedPassword(t *testing.T) {
	t.Parallel()
	text, email := password(), mark()+"@portal.example"
	hash, err := bcrypt.GenerateFromPassword([]byte(text), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	id := portal.signUp(t, fmt.Sprintf(`{"email": %q, "password": %q}`, email, hash))
	portal.logsIn(t, email, text).want(t, http.StatusOK, id)
	portal.logsIn(t, email, string(hash)).wantRefusal(t, http.StatusUnauthorized, "Not authorised")
}

// TestLock tries a name until it is locked, then even for whoever knows the password.
func TestLock(t *testing.T) {
	t.Parallel()
	text, email := password(), mark()+"@portal.example"
	portal.signUp(t, fmt.Sprintf(`{"email": %q, "password": %q}`, email, text))
	for range 10 {
		portal.logsIn(t, email, text+"!").wantRefusal(t, http.StatusUnauthorized, "Not authorised")
	}
	for _, said := range []string{text, text + "!"} {
		locked := portal.logsIn(t, strings.ToUpper(email), said)
		locked.wantRefusal(t, http.StatusUnauthorized, "")
		if locked.member("Meta", "locked_until") == nil {
			t.Errorf("%s: after ten failures: %s", locked.call, locked.text)
		}
	}
}

// TestInactive has a developer leave for a while, who gets no key meanwhile.
func TestInactive(t *testing.T) {
	t.Parallel()
	id := portal.signUp(t, fmt.Sprintf(`{"email": "%s@portal.example"}`, mark()))
	asking := fmt.Sprintf(`{"by_user": %q, "for_plan": %q}`, id, policyAuto)
	asked := portal.create(t, asking)
	set := func(inactive bool) {
		portal.call(t, http.MethodPut, developerOf(id), fmt.Sprintf(`{"inactive": %v}`, inactive)).want(t, http.StatusOK, "Data updated")
	}
	set(true)
	for _, refused := range []answer{portal.call(t, http.MethodPost, collection, asking), reviewer.call(t, http.MethodPut, approve(asked), "")} {
		if refused.status < 400 || refused.status >= 500 || !strings.Contains(refused.message(), "inactive") {
			t.Errorf("%s for an inactive developer: %d %s", refused.call, refused.status, refused.text)
		}
	}
	set(false)
	reviewer.approve(t, asked)
}

// TestDevelopersList reads the list by its Links, and finds whom it created. It is not parallel: each new developer moves the pages.
func TestDevelopersList(t *testing.T) {
	ids := make([]string, 12)
	for i := range ids {
		ids[i] = portal.signUp(t, fmt.Sprintf(`{"email": "%s@portal.example"}`, mark()))
	}
	slices.Reverse(ids)
	var found []string
	for path := developers; path != "" && len(found) < len(ids); {
		page := reviewer.call(t, http.MethodGet, path, "")
		shown := page.ids(t)
		if len(shown) == 0 || len(shown) > 10 {
			t.Fatalf("%s: %d developers on a page", page.call, len(shown))
		}
		found, path = append(found, shown...), ""
		if link := linkToNext.FindStringSubmatch(page.header.Get("Link")); link != nil {
			next, err := url.Parse(link[1])
			if err != nil {
				t.Fatal(err)
			}
			path = developers + "?" + next.RawQuery
		}
	}
	if len(found) < len(ids) || !slices.Equal(found[:len(ids)], ids) {
		t.Errorf("the list begins with %v, want %v", found, ids)
	}
}
