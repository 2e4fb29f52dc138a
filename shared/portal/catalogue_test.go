package portal_test

import (
	"fmt"
	"strings"
	"testing"

	"keydesk/shared/portal"
)

func catalogue(t *testing.T, document string) portal.CatalogueInput {
	t.Helper()
	c, err := portal.NewCatalogue("org", "ours", portal.Object(document))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// The members of a catalogue keep their order; its entries and its revision come last.
func TestCatalogueKeepsItsDocument(t *testing.T) {
	in := catalogue(t, `{"z": 1.0, "apis": [{"name": "b", "policy_id": "p"}, {"name": "a"}], "id": "theirs", "revision": 7, "email": "", "a": [true]}`)
	if in.ID != "ours" || !in.Whole || in.CopyOf == nil || *in.CopyOf != 7 || len(in.Entries) != 2 || in.Entries[0].PolicyID != "p" {
		t.Errorf("read %+v", in)
	}
	if want := `{"z":1.0,"id":"ours","email":"","a":[true],"org_id":"org"}`; string(in.Head()) != want {
		t.Errorf("head %s, want %s", in.Head(), want)
	}
	stored, err := portal.StoredCatalogue([]byte(in.Head()), in.Entries, 8)
	if err != nil {
		t.Fatal(err)
	}
	text := written(t, stored)
	want := fmt.Sprintf(`{"z":1.0,"id":"ours","email":"","a":[true],"org_id":"org","apis":[%s,%s],"revision":8}`, written(t, in.Entries[0]), written(t, in.Entries[1]))
	if stored.ID != "ours" || text != want {
		t.Errorf("%s is written as %s\nwant %s", stored.ID, text, want)
	}
	if again := written(t, stored.WithID("other")); again != strings.Replace(text, "ours", "other", 1) {
		t.Errorf("under another id: %s", again)
	}
}

func TestCatalogueOfNothing(t *testing.T) {
	for document, whole := range map[string]bool{`{}`: false, `{"org_id": "another"}`: false, `{"apis": null}`: true, `{"apis": []}`: true} {
		in := catalogue(t, document)
		if in.Whole != whole || in.CopyOf != nil || len(in.Entries) != 0 || !strings.Contains(written(t, in.Catalogue), `"org_id":"org"`) {
			t.Errorf("%s: read %+v", document, in)
		}
	}
	none, err := portal.NewCatalogue("org", "", "")
	if want := `{"id":"","org_id":"org","email":"","apis":[],"revision":0}`; err != nil || written(t, none.Catalogue) != want {
		t.Errorf("none is written as %s, %v", written(t, none.Catalogue), err)
	}
}

func TestCatalogueHidesTokens(t *testing.T) {
	in := catalogue(t, `{"apis": [{}, {"config": {"dcr_options": {"access_token": "secret"}}}]}`)
	if text := written(t, in.WithoutTokens()); strings.Contains(text, "secret") {
		t.Errorf("others read %s", text)
	}
	if text := written(t, in.Catalogue); !strings.Contains(text, "secret") {
		t.Errorf("its owner reads %s", text)
	}
}

func TestCatalogueRefuses(t *testing.T) {
	entries := func(n int, entry string) string {
		return `{"apis": [` + strings.TrimSuffix(strings.Repeat(entry+",", n), ",") + `]}`
	}
	long := func(n int) string { return `{"x": "` + strings.Repeat("x", n) + `"}` }
	for name, c := range map[string]struct {
		sent, want string
		kind       portal.Kind
	}{
		"apis of another kind":       {`{"apis": {}}`, "apis: a list is expected, not an object.", portal.Invalid},
		"a revision of nothing":      {`{"apis": [], "revision": null}`, "revision: a whole number is expected", portal.Invalid},
		"an entry of another kind":   {`{"apis": [{}, null]}`, "apis[1]: an object is expected, not null.", portal.Invalid},
		"a member of another kind":   {`{"apis": [{}, {"config": {"override": "x"}}]}`, "apis[1].config.override: true or false is expected, not a string.", portal.Invalid},
		"an unknown kind of key":     {`{"apis": [{"auth_type": "magic"}]}`, `apis[0].auth_type: "magic" is none; send one of authToken, basic,`, portal.Invalid},
		"no id of a policy":          {`{"apis": [{"policy_id": "a#2"}]}`, `apis[0].policy_id: "a#2" cannot be a policy's id; send 1 to 200 bytes without`, portal.Invalid},
		"an id that fits no path":    {`{"apis": [{"policy_id": "a?b"}]}`, `apis[0].policy_id: "a?b" cannot be a policy's id;`, portal.Invalid},
		"a reserved id":              {`{"apis": [{"policy_id": "search"}]}`, `apis[0].policy_id: "search" is reserved,`, portal.Invalid},
		"half a character":           {`{"apis": [{}, {"x": "\ud800"}]}`, `apis[1]: a text has \ud800, which is half`, portal.Invalid},
		"bytes that are no text":     {"{\"x\": \"\xff\"}", "The catalogue has bytes that are no text;", portal.Invalid},
		"an entry that is no text":   {"{\"apis\": [{\"x\": \"\xff\"}]}", "apis[0] has bytes that are no text;", portal.Invalid},
		"half an OAuth client":       {`{"apis": [{"config": {"oauth_usage_limit": 0.5}}]}`, "apis[0].config.oauth_usage_limit: a whole number is expected, not 0.5.", portal.Invalid},
		"a deep entry":               {`{"apis": [{"x": ` + strings.Repeat("[", 32) + strings.Repeat("]", 32) + `}]}`, "apis[0] is nested more than 32 deep;", portal.Invalid},
		"a deep head":                {`{"x": ` + strings.Repeat("[", 32) + strings.Repeat("]", 32) + `}`, "The catalogue is nested more than 32 deep;", portal.Invalid},
		"a number that is too large": {`{"apis": [{"x": 1e999}]}`, "apis[0]: the number 1e999 is too large;", portal.Invalid},
		"a long entry":               {`{"apis": [` + long(64<<10) + `]}`, "apis[0] is 66", portal.Invalid},
		"a long head":                {long(64 << 10), "The catalogue is 65", portal.Invalid},
		"a head of another kind":     {`{"email": 5}`, "email: a string is expected, not a number.", portal.Invalid},
		"too many entries":           {entries(1001, "{}"), "apis has 1001 entries; a catalogue may have 1000.", portal.Invalid},
		"too much altogether":        {entries(100, long(62<<10)), "apis: the entries are too long together to be read in one answer;", portal.TooLarge},
		"too much as it travels":     {entries(60, `{"x": "`+strings.Repeat(`\"`, 30<<10)+`"}`), "apis: the entries are too long together to be read in one answer;", portal.TooLarge},
		"lines of another kind":      {entries(90, `{"x": "`+strings.Repeat("\u2028", 14<<10)+`"}`), "apis: the entries are too long together to be read in one answer;", portal.TooLarge},
		"a revision that is none":    {`{"revision": "7"}`, "revision: a whole number is expected,", portal.Invalid},
		"a negative revision":        {`{"revision": -1}`, "revision: a whole number is expected,", portal.Invalid},
		"half a revision":            {`{"revision": 1.5}`, "revision: a whole number is expected,", portal.Invalid},
	} {
		_, err := portal.NewCatalogue("org", "ours", portal.Object(c.sent))
		refused(t, name, err, c.kind, c.want)
	}
}

// What a catalogue takes is measured with its head, and as it travels.
func TestCatalogueFits(t *testing.T) {
	const most = portal.MaxAnswer - 64<<10
	entries := func(n int, x string) string { return strings.TrimSuffix(strings.Repeat(`{"x": "`+x+`"},`, n), ",") }
	perEntry := portal.Travels(written(t, entry(t, `{"x": ""}`))) + 1
	long := strings.Repeat("x", 60<<10)
	n := most / (perEntry + len(long))
	room := most - n*(perEntry+len(long)) - 200 // of which the head needs a little
	for head, want := range map[int]bool{room: true, room + 300: false} {
		c, err := portal.NewCatalogue("org", portal.NewID(now), portal.Object(`{"head": "`+strings.Repeat("x", head)+`", "apis": [`+entries(n, long)+`]}`))
		if (err == nil) != want {
			t.Errorf("with %d bytes more: %v", head, err)
		}
		if travels := portal.Travels(written(t, c.Catalogue)); travels > most == want {
			t.Errorf("with %d bytes more it travels as %d of %d", head, travels, most)
		}
	}
}

func TestStoredCatalogueIsNoDocument(t *testing.T) {
	if _, err := portal.StoredCatalogue([]byte(`{"id"`), nil, 1); err == nil {
		t.Error("a head that is no JSON is read")
	}
}
