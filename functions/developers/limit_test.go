package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"keydesk/infra/fixture"
	"keydesk/infra/trial"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// allow has the organisation have so many developers.
func allow(t *testing.T, d *trial.Desk, most int) {
	t.Helper()
	c, err := portal.NewConfiguration(fixture.Org, fixture.Configuration, portal.Object(fmt.Sprintf(`{"max_developers": %d}`, most)))
	if err == nil {
		err = d.Books.PutConfiguration(t.Context(), fixture.Org, c)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// counted has all developers be counted, as deliver does it.
func counted(t *testing.T, d *trial.Desk, most int) {
	t.Helper()
	if _, err := d.Books.CountUsage(t.Context(), fixture.Org, table.Developers, most, time.Now()); err != nil {
		t.Fatal(err)
	}
}

// An organisation at its limit is refused one more developer, in words and figures, unless the e-mail is taken: then the answer says whose
// it is. A developer who was deleted is noticed when the count is old, and a limit that was raised at once.
func TestDevelopersOfAnOrganisation(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	who := d.Person(caller.Portal)
	most, err := d.Books.CountDevelopers(t.Context(), fixture.Org, 1000)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	create := func() said {
		n++
		return call(t, d, d.Issuer().Table, who, http.MethodPost, collection, fmt.Sprintf(`{"email": "more%d@example.com"}`, n))
	}
	refused := func(most int) {
		t.Helper()
		words := fmt.Sprintf("max_developers: the organisation had %d developers when they were last counted, and may have %d; delete some, or have an "+
			"admin raise max_developers in the configuration.", most, most)
		answer := create()
		if answer.status != http.StatusConflict || answer.Message != words || !strings.Contains(answer.text, fmt.Sprintf(`"Meta":{"held":%d,"limit":%d}`, most, most)) {
			t.Errorf("%d %s", answer.status, answer.text)
		}
	}
	taken := func() string {
		t.Helper()
		answer := create()
		if answer.status != http.StatusOK {
			t.Errorf("%d %s", answer.status, answer.text)
		}
		return answer.Message
	}
	allow(t, d, most)
	counted(t, d, most)
	refused(most)
	answer := call(t, d, d.Issuer().Table, who, http.MethodPost, collection, `{"email": "ADA@example.com"}`)
	if answer.status != http.StatusConflict || answer.Meta.ID != fixture.Ada {
		t.Errorf("an e-mail that is taken: %d %s", answer.status, answer.text)
	}
	allow(t, d, most+1)
	id := taken()
	counted(t, d, most+1)
	time.Sleep(table.GoodFor(0))
	refused(most + 1) // it counted again: none has gone
	if answer := call(t, d, d.Unharmed().Table, who, http.MethodDelete, collection+"/"+id, ""); answer.status != http.StatusOK {
		t.Fatalf("%d %s", answer.status, answer.text)
	}
	time.Sleep(table.GoodFor(0))
	taken()
	allow(t, d, 0)
	counted(t, d, most)
	taken()
}

// While there is room, the limit takes no call more, and below it none to read the configuration.
func TestCallsBelowTheLimit(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	who := d.Person(caller.Portal)
	d.Reset()
	call(t, d, d.Issuer().Table, who, http.MethodPost, collection, `{"email": "more@example.com"}`)
	if calls := d.Calls(); !slices.Equal(calls, []string{"BatchGetItem", "TransactWriteItems"}) {
		t.Errorf("it takes the calls %v", calls)
	}
}
