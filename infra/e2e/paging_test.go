package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// createPages makes more requests than the template's page size, ten, has room for.
func createPages(t *testing.T) []string {
	t.Helper()
	ids := make([]string, 12)
	for i, a := range atOnce(len(ids), func(int) answer { return admin.call(t, http.MethodPost, collection, asking(policy)) }) {
		ids[i] = createdID(t, a)
	}
	t.Cleanup(func() { atOnce(len(ids), func(i int) answer { return remove(t, ids[i]) }) })
	return ids
}

// TestPages reads lists page by page. It is not parallel: another test's request would move what stands on a page.
func TestPages(t *testing.T) {
	mine := createPages(t)
	all := admin.list(t, "?p=-1")
	for _, id := range mine {
		if !slices.Contains(all, id) {
			t.Errorf("p=-1 leaves %s out", id)
		}
	}
	if newest := slices.Sorted(slices.Values(all)); !slices.Equal(all, reversed(newest)) { // ids sort by creation
		t.Errorf("p=-1 is not newest first: %v", all)
	}
	if got := admin.list(t, "?p=-2"); !slices.Equal(got, all) {
		t.Errorf("p=-2 is %v, p=-1 is %v", got, all)
	}
	admin.approve(t, mine[0])
	t.Run("with", func(t *testing.T) {
		for _, filter := range []string{"", "&approved=false", "&approved=true", "&state=pending", "&by_user=" + developer} {
			t.Run("filter "+filter, func(t *testing.T) {
				t.Parallel()
				tryPages(t, filter)
			})
		}
	})
}

func reversed(ids []string) []string {
	slices.Reverse(ids)
	return ids
}

// tryPages reads one list as a whole, by page numbers and by Links.
func tryPages(t *testing.T, filter string) {
	t.Helper()
	whole := admin.call(t, http.MethodGet, collection+"?p=-1"+filter, "")
	wantPages(t, whole, 1)
	want := whole.ids(t)
	pages := numbered(t, filter)
	if got := slices.Concat(pages...); !slices.Equal(got, want) {
		t.Errorf("the pages together are %v, p=-1 is %v", got, want)
	}
	if got := followed(t, filter); !slices.Equal(got, want) {
		t.Errorf("the Links lead to %v, p=-1 is %v", got, want)
	}
	for _, first := range []string{"?p=0", "?p=1"} {
		if got := admin.list(t, first+filter); !slices.Equal(got, pages[0]) {
			t.Errorf("%s is not the first page: %v, want %v", first, got, pages[0])
		}
	}
}

func wantPages(t *testing.T, a answer, want int) {
	t.Helper()
	if a.body["Pages"] != float64(want) {
		t.Errorf("%s: Pages is %v, want %d", a.call, a.body["Pages"], want)
	}
}

// numbered reads every page by its number, and an empty one behind them.
func numbered(t *testing.T, filter string) (pages [][]string) {
	t.Helper()
	first := admin.call(t, http.MethodGet, collection+"?p=1"+filter, "")
	total, _ := first.body["Pages"].(float64)
	pages = append(pages, first.ids(t))
	for p := 2; p <= int(total); p++ {
		page := admin.call(t, http.MethodGet, fmt.Sprintf("%s?p=%d%s", collection, p, filter), "")
		wantPages(t, page, int(total))
		if ids := page.ids(t); len(ids) == 0 || len(ids) > len(pages[0]) {
			t.Errorf("%s: %d requests, the first page has %d", page.call, len(ids), len(pages[0]))
		}
		pages = append(pages, page.ids(t))
	}
	if behind := admin.list(t, fmt.Sprintf("?p=%d%s", int(total)+1, filter)); len(behind) > 0 {
		t.Errorf("behind the last page there are %v", behind)
	}
	return pages
}

var linkToNext = regexp.MustCompile(`^<([^>]+)>; rel="next"$`)

// followed reads what the first page and the Links from page to page lead to.
func followed(t *testing.T, filter string) (ids []string) {
	t.Helper()
	path := collection + "?" + strings.TrimPrefix(filter, "&")
	for range 200 {
		page := admin.call(t, http.MethodGet, path, "")
		ids = append(ids, page.ids(t)...)
		link := page.header.Get("Link")
		if link == "" {
			return ids
		}
		target := linkToNext.FindStringSubmatch(link)
		if target == nil {
			t.Fatalf("%s: the Link is %q", page.call, link)
		}
		next, err := url.Parse(target[1])
		if err != nil || next.Scheme != base.Scheme || !strings.HasSuffix(next.Path, collection) {
			t.Fatalf("%s: the Link is %q", page.call, link)
		}
		path = collection + "?" + next.RawQuery // at the address that is tested, not the one that is public
	}
	t.Fatal("the Links have no end")
	return nil
}

// TestCursorIsBound takes a cursor to a list that it was not given for.
func TestCursorIsBound(t *testing.T) {
	t.Parallel()
	createPages(t)
	link := linkToNext.FindStringSubmatch(admin.call(t, http.MethodGet, collection+"?approved=false", "").header.Get("Link"))
	if link == nil {
		t.Fatal("a first page of several has no Link")
	}
	next, err := url.Parse(link[1])
	if err != nil {
		t.Fatal(err)
	}
	cursor := next.Query().Get("cursor")
	if cursor == "" || next.Query().Get("approved") != "false" {
		t.Fatalf("the Link has no cursor, or lost the filter: %s", link[1])
	}
	last := cursor[:len(cursor)-1] + string("0123456789abcdef"[strings.IndexByte("123456789abcdef0", cursor[len(cursor)-1])])
	for name, query := range map[string]string{
		"another filter":  "?cursor=" + cursor,
		"another state":   "?state=approved&cursor=" + cursor,
		"a changed one":   "?approved=false&cursor=" + last,
		"a made-up one":   "?approved=false&cursor=ffffffffffffffffffffffff",
		"with a page too": "?approved=false&p=2&cursor=" + cursor,
	} {
		t.Run(name, func(t *testing.T) {
			admin.call(t, http.MethodGet, collection+query, "").wantRefusal(t, http.StatusBadRequest, "")
		})
	}
}
