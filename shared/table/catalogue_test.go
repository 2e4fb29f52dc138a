package table_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"keydesk/infra/faults"
	"keydesk/infra/fixture"
	"keydesk/infra/tabletest"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

// catalogueOf is a catalogue of the entries, as a client sends it.
func catalogueOf(t *testing.T, entries ...string) portal.Catalogue {
	t.Helper()
	in, err := portal.NewCatalogue(fixture.Org, fixture.Catalogue, portal.Object(`{"apis": [`+strings.Join(entries, ",")+`]}`))
	if err != nil {
		t.Fatal(err)
	}
	return in.Catalogue
}

func stored(t *testing.T, books *table.Table) table.Catalogue {
	t.Helper()
	c, err := books.Catalogue(t.Context(), fixture.Org)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// write puts a catalogue of the entries in the place of the one that stands there, and reads it again.
func write(t *testing.T, books *table.Table, entries ...string) table.Catalogue {
	t.Helper()
	if err := books.WriteCatalogue(t.Context(), fixture.Org, stored(t, books), catalogueOf(t, entries...)); err != nil {
		t.Fatal(err)
	}
	return stored(t, books)
}

// names are those of the catalogue's entries.
func names(t *testing.T, c table.Catalogue) []string {
	t.Helper()
	all := []string{}
	for _, e := range c.Entries {
		var known struct{ Name string }
		if err := json.Unmarshal([]byte(e.Document()), &known); err != nil {
			t.Fatal(err)
		}
		all = append(all, known.Name)
	}
	return all
}

// writtenAt is the revision that wrote each item of an entry.
func writtenAt(t *testing.T, books *table.Table) map[string]string {
	t.Helper()
	revisions := map[string]string{}
	for _, item := range tabletest.Items(t, books) {
		if entry, is := strings.CutPrefix(fmt.Sprint(item["SK"]), "CATALOGUE#"); is {
			revisions[entry] = fmt.Sprint(item["revision"])
		}
	}
	return revisions
}

func TestCatalogueIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	books := tabletest.New(t)
	if none := stored(t, books); none.ID != "" || none.Revision != 0 || len(none.Entries) != 0 {
		t.Errorf("before: %+v", none)
	}
	entries := []string{
		`{"z": 1.0, "policy_id": "p", "name": "first"}`, `{"name": "free"}`, `{"policy_id": "q", "name": "other", "é": "\u00e9"}`,
		`{"policy_id": "p", "name": "second"}`, `{"name": "free"}`, `{"policy_id": "p", "name": "third"}`,
	}
	got, want := write(t, books, entries...), catalogueOf(t, entries...)
	want.Revision = 1
	if g, w := wire(t, got.Catalogue), wire(t, want); g != w {
		t.Errorf("read   %s\nwritten %s", g, w)
	}
	places := map[string]string{"p": "1", "p#2": "1", "p#3": "1", "q": "1", "#1": "1", "#2": "1"}
	if at := writtenAt(t, books); !reflect.DeepEqual(at, places) {
		t.Errorf("entries stand at %v, want %v", at, places)
	}
	found, err := books.Entries(t.Context(), fixture.Org, []string{"p", "q", "unheard of"})
	if err != nil || len(found) != 2 || !strings.Contains(string(found["p"].Document()), `"first"`) {
		t.Errorf("a decision finds %v, %v", found, err)
	}
}

func wire(t *testing.T, c portal.Catalogue) string {
	t.Helper()
	text, err := c.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Only what differs is written, so that an entry is rewritten by those alone who change it.
func TestCatalogueIsWrittenWhereItChanges(t *testing.T) {
	t.Parallel()
	books := tabletest.New(t)
	const a, b, c, free, open = `{"policy_id": "a"}`, `{"policy_id": "b"}`, `{"policy_id": "c"}`, `{"name": "free"}`, `{"name": "open"}`
	for _, step := range []struct {
		what    string
		entries []string
		want    map[string]string
	}{
		{"the first", []string{a, b, free, open}, map[string]string{"a": "1", "b": "1", "#1": "1", "#2": "1"}},
		{"nothing", []string{a, b, free, open}, map[string]string{"a": "1", "b": "1", "#1": "1", "#2": "1"}},
		{"the order", []string{b, open, free, a}, map[string]string{"a": "1", "b": "1", "#1": "1", "#2": "1"}},
		{"one gone", []string{b, open, a}, map[string]string{"a": "1", "b": "1", "#2": "1"}},
		{"one more", []string{b, c, open, a}, map[string]string{"a": "1", "b": "1", "c": "5", "#2": "1"}},
		{"one changed", []string{`{"policy_id": "b", "show": false}`, c, open, a}, map[string]string{"a": "1", "b": "6", "c": "5", "#2": "1"}},
		{"one twice", []string{a, a, c, free, open}, map[string]string{"a": "1", "a#2": "7", "c": "5", "#1": "7", "#2": "1"}},
		{"the first of two gone", []string{`{"policy_id": "a", "name": "x"}`}, map[string]string{"a": "8"}},
		{"all gone", nil, map[string]string{}},
	} {
		got := write(t, books, step.entries...)
		if at := writtenAt(t, books); !reflect.DeepEqual(at, step.want) {
			t.Errorf("%s: entries were written at %v, want %v", step.what, at, step.want)
		}
		want := catalogueOf(t, step.entries...)
		want.Revision = got.Revision
		if g, w := wire(t, got.Catalogue), wire(t, want); g != w {
			t.Errorf("%s: read %s\nwant %s", step.what, g, w)
		}
	}
}

// numbered are entries from one number to before another.
func numbered(from, to int) []string {
	var entries []string
	for n := from; n < to; n++ {
		entries = append(entries, fmt.Sprintf(`{"policy_id": "policy %d", "name": "%d"}`, n, n))
	}
	return entries
}

func TestThousandEntries(t *testing.T) {
	t.Parallel()
	plan := faults.New(t)
	books := tabletest.New(t, plan.Install)
	for n := 99; n < 1000+99; n += 99 {
		write(t, books, numbered(0, min(n, 1000))...)
	}
	plan.Reset()
	var want []string
	for n := range 1000 {
		want = append(want, strconv.Itoa(n))
	}
	if got := names(t, stored(t, books)); !slices.Equal(got, want) {
		t.Errorf("%d entries, or out of order", len(got))
	}
	if calls := plan.Calls(); len(calls) < 2 {
		t.Errorf("read in %v; the test is of more than one Query", calls)
	}
	changed := numbered(0, 1000)
	changed[500] = `{"policy_id": "policy 500", "name": "another"}`
	write(t, books, changed...)
	if at := writtenAt(t, books); at["policy 500"] != "12" || at["policy 501"] != "6" {
		t.Errorf("the changed one was written at %s, the next at %s", at["policy 500"], at["policy 501"])
	}
}

func TestMoreThanOneTransactionHolds(t *testing.T) {
	t.Parallel()
	books := tabletest.New(t)
	write(t, books, numbered(0, 30)...)
	long := strings.Repeat("x", 60<<10)
	var many []string
	for n := range 62 {
		many = append(many, fmt.Sprintf(`{"policy_id": "%d", "long": %q}`, n, long))
	}
	for words, entries := range map[string][]string{
		"apis: 100 entries are new, changed or gone; one call may change 99. Change fewer at a time.": numbered(50, 120),
		"apis: the entries that are new, changed or gone have 3":                                      many,
	} {
		err := books.WriteCatalogue(t.Context(), fixture.Org, stored(t, books), catalogueOf(t, entries...))
		var refusal *portal.Error
		if !errors.As(err, &refusal) || refusal.Kind != portal.TooLarge || !strings.HasPrefix(refusal.Message, words) {
			t.Errorf("%d entries in place of 30: %v; want %s", len(entries), err, words)
		}
	}
	if got := stored(t, books); got.Revision != 1 || len(got.Entries) != 30 {
		t.Errorf("revision %d of %d entries", got.Revision, len(got.Entries))
	}
	write(t, books, numbered(1, 99)...) // 69 are new, and one is gone
	write(t, books)
	write(t, books, many[:50]...) // 3.1 MB: about as much as fits
}

// What is deleted or overwritten counts as well: AWS says that all items of a transaction have 4 MB together.
func TestWhatIsGoneCounts(t *testing.T) {
	t.Parallel()
	books := tabletest.New(t)
	long := func(from, to int, name string) (entries []string) {
		for n := from; n < to; n++ {
			entries = append(entries, fmt.Sprintf(`{"policy_id": "%d", "name": %q, "long": %q}`, n, name, strings.Repeat("x", 60<<10)))
		}
		return entries
	}
	write(t, books, long(0, 40, "before")...)
	for what, entries := range map[string][]string{
		"overwritten": long(0, 40, "after"), "deleted": long(40, 80, "after"), "both": append(long(0, 20, "after"), long(20, 60, "before")[20:]...),
	} {
		err := books.WriteCatalogue(t.Context(), fixture.Org, stored(t, books), catalogueOf(t, entries...))
		if kindOf(err) != portal.TooLarge || !strings.Contains(err.Error(), "Change fewer at a time.") {
			t.Errorf("%s: %v", what, err)
		}
	}
	write(t, books, append(long(0, 20, "after"), long(20, 40, "before")...)...)
	write(t, books)
}

// Whoever writes from a copy that others have changed is told so, and writes nothing.
func TestStaleCopy(t *testing.T) {
	t.Parallel()
	books := tabletest.New(t)
	none := stored(t, books)
	copyOf := write(t, books, numbered(0, 3)...)
	write(t, books, numbered(0, 2)...)
	for name, before := range map[string]table.Catalogue{"none": none, "the first": copyOf} {
		err := books.WriteCatalogue(t.Context(), fixture.Org, before, catalogueOf(t, numbered(5, 6)...))
		var changed *table.CatalogueChanged
		if !errors.As(err, &changed) || changed.Revision != 2 || changed.ID != fixture.Catalogue {
			t.Errorf("a changed copy of %s: %v", name, err)
		}
	}
	if got := names(t, stored(t, books)); !slices.Equal(got, []string{"0", "1"}) {
		t.Errorf("there are %v", got)
	}
}

// A write whose answer was lost finds its own work, and is not told that somebody else was faster.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	for name, rules := range map[string][]faults.Rule{
		"lost":                        {{Fault: faults.AnswerLost}},
		"lost, and met by a conflict": {{Fault: faults.AnswerLost}, {Fault: faults.Conflict, Nth: 2, Times: 2}},
		"conflicts":                   {{Fault: faults.Conflict, Times: 3}},
		"throttles":                   {{Fault: faults.ThrottleItem, Times: 2}, {Fault: faults.Throttle, Nth: 3}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plan := faults.New(t)
			books := tabletest.New(t, plan.Install)
			for _, r := range rules {
				r.Operation = "TransactWriteItems"
				plan.Add(r)
			}
			write(t, books, numbered(0, 3)...)
			if got := write(t, books, numbered(1, 4)...); got.Revision != 2 || !slices.Equal(names(t, got), []string{"1", "2", "3"}) {
				t.Errorf("revision %d of %v", got.Revision, names(t, got))
			}
		})
	}
}
