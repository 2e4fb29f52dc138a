package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"keydesk/infra/desktest"
	"keydesk/infra/fixture"
	"keydesk/shared/rest"
)

// read has the list, under the settings, answer the query, and gives the ids on the page, the pages and the Link's address.
func read(t *testing.T, d *desktest.Desk, s settings, query string) (ids []string, pages int, next *url.URL) {
	t.Helper()
	event := desktest.Read(t, "../../../events/requests/list/plain.json")
	event.RawQueryString = query
	answer := d.Answer(func(d *desktest.Desk) rest.Handler { return rest.Handle(d.Table, operation(d.Table, s)) }, event)
	var said struct {
		Data    []struct{ ID string }
		Pages   int
		Message string
	}
	if err := json.Unmarshal([]byte(answer.Body), &said); err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %s", query, answer.StatusCode, said.Message)
	}
	for _, r := range said.Data {
		ids = append(ids, r.ID)
	}
	if link := answer.Headers["Link"]; link != "" {
		address, ok := strings.CutSuffix(strings.TrimPrefix(link, "<"), `>; rel="next"`)
		var err error
		if next, err = url.Parse(address); err != nil || !ok {
			t.Fatalf("%s: Link %s: %v", query, link, err)
		}
	}
	return ids, said.Pages, next
}

// However a list is read, in pages of whatever size, by number or by link, it is the same list.
func TestPagesAreTheWholeList(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.LongList)
	for _, filter := range []string{"", "approved=false", "state=pending", "by_user=" + fixture.Ben} {
		whole, _, _ := read(t, d, defaults, filter+"&p=-1")
		if len(whole) < 8 {
			t.Fatalf("%q: %d requests are too few to try pages with", filter, len(whole))
		}
		for _, size := range []int{3, len(whole)} {
			s := defaults
			s.Size = size
			want := (len(whole) + size - 1) / size
			var byNumber, byLink []string
			for p := 1; p <= want; p++ {
				ids, pages, _ := read(t, d, s, filter+"&p="+strconv.Itoa(p))
				byNumber = append(byNumber, ids...)
				if pages != want {
					t.Errorf("%q, pages of %d: %d, want %d", filter, size, pages, want)
				}
			}
			links := 0
			for query := filter; ; links++ {
				ids, _, next := read(t, d, s, query)
				byLink = append(byLink, ids...)
				if next == nil {
					break
				}
				query = next.RawQuery
			}
			if !reflect.DeepEqual(byNumber, whole) || !reflect.DeepEqual(byLink, whole) || links != want-1 {
				t.Errorf("%q, pages of %d: %v by number, %v by %d links, want %v", filter, size, byNumber, byLink, links, whole)
			}
		}
	}
}

func TestMoreThanOneAnswerHolds(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	event := desktest.Read(t, "../../../events/requests/list/p-minus-2.json")
	for most, want := range map[int]int{4: http.StatusRequestEntityTooLarge, 5: http.StatusOK} {
		s := defaults
		s.MaxUnpaged = most
		answer := d.Answer(func(d *desktest.Desk) rest.Handler { return rest.Handle(d.Table, operation(d.Table, s)) }, event)
		if answer.StatusCode != want {
			t.Errorf("5 requests where %d is the most: %d %s", most, answer.StatusCode, answer.Body)
		}
		if want != http.StatusOK && !strings.Contains(answer.Body, "by the Link header") {
			t.Errorf("the refusal names no remedy: %s", answer.Body)
		}
	}
}

// A request that appears while somebody reads page after page shows up in no page twice.
func TestLinksHoldStill(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	s := defaults
	s.Size = 2
	first, _, next := read(t, d, s, "")
	d.Ask(fixture.Ben, fixture.Weather)
	second, _, _ := read(t, d, s, next.RawQuery)
	if want := []string{fixture.Pending, fixture.Approved}; !reflect.DeepEqual(first, want) {
		t.Errorf("first page %v, want %v", first, want)
	}
	if want := []string{fixture.Automatic, fixture.Claimable}; !reflect.DeepEqual(second, want) {
		t.Errorf("second page %v, want %v", second, want)
	}
}

func TestLinksLeadToThePublicAddress(t *testing.T) {
	t.Parallel()
	s := defaults
	s.Size, s.PublicURL = 2, "https://keys.example.com/desk"
	_, _, next := read(t, desktest.New(t, fixture.Desk), s, "")
	if got := next.Scheme + "://" + next.Host + next.Path; got != "https://keys.example.com/desk/api/portal/requests" {
		t.Errorf("Link leads to %s", got)
	}
}
