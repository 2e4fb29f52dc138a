package portal_test

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"keydesk/shared/portal"
)

func TestIDsSortByCreation(t *testing.T) {
	start := time.Date(2026, 11, 22, 5, 59, 59, 999_997_000, time.UTC) // a second ends three steps on
	var ids []string
	for step := range 8 {
		ids = append(ids, portal.NewID(start.Add(time.Duration(step)*time.Microsecond)))
	}
	ids = append(ids, portal.NewID(start.Add(time.Second)), portal.NewID(start.AddDate(50, 0, 0)))
	if !slices.IsSorted(ids) {
		t.Errorf("out of order: %v", ids)
	}
	for _, id := range ids {
		if !portal.ValidID(id) {
			t.Errorf("%s is no id", id)
		}
	}
	if seconds, err := strconv.ParseInt(ids[0][:8], 16, 64); err != nil || seconds != start.Unix() {
		t.Errorf("%s begins with second %d (%v), want %d, which clients read", ids[0], seconds, err, start.Unix())
	}
}

func TestIDsOfOneInstantDiffer(t *testing.T) {
	now := time.Now()
	seen := map[string]bool{}
	for range 10_000 {
		seen[portal.NewID(now)] = true
	}
	if len(seen) != 10_000 {
		t.Errorf("%d ids of 10,000 are the same", 10_000-len(seen))
	}
}

func TestValidID(t *testing.T) {
	for id, want := range map[string]bool{
		"5efde61749960c000137f590": true, "000000000000000000000000": true,
		"": false, "5efde61749960c000137f59": false, "5efde61749960c000137f5900": false,
		"5EFDE61749960C000137F590": false, "5efde61749960c000137f59g": false, "5efde617/9960c000137f590": false,
		"5efde61749960c000137f5é": false, strings.Repeat("0", 25): false,
	} {
		if got := portal.ValidID(id); got != want {
			t.Errorf("ValidID(%q) = %v", id, got)
		}
	}
}

func TestTimestamp(t *testing.T) {
	at := time.Date(2026, 1, 31, 23, 0, 0, 120_400_000, time.FixedZone("", 3600))
	if got := portal.Timestamp(at); got != "2026-01-31T22:00:00.120Z" {
		t.Errorf("Timestamp = %s", got)
	}
}

func TestObjectIsKeptAsItCame(t *testing.T) {
	for _, text := range []string{
		`{}`, `{"b":1,"a":2}`, `{"n":1.0,"big":12345678901234567890}`, `{"a":{"a":[null,true,"é\u00e9<&>"]}}`, `{"a":1,"a":2}`,
	} {
		var in struct{ Fields portal.Object }
		if err := json.Unmarshal([]byte(`{"Fields":`+text+`}`), &in); err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		encoder := json.NewEncoder(&out)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(in.Fields); err != nil {
			t.Fatal(err)
		}
		if got := strings.TrimSpace(out.String()); got != text {
			t.Errorf("%s came back as %s", text, got)
		}
	}
}

func TestNoObjectIsAnEmptyOne(t *testing.T) {
	o := portal.Object(`{"a":1}`)
	if err := json.Unmarshal([]byte("null"), &o); err != nil || o != "" {
		t.Errorf("null: %q, %v", o, err)
	}
	if text, err := json.Marshal(o); err != nil || string(text) != "{}" {
		t.Errorf("written as %s, %v", text, err)
	}
}

func TestTexts(t *testing.T) {
	o := portal.Object(`{"text": "a\u0062\"", "empty": "", "number": 1.50, "yes": true, "null": null, "list": [1, "a"], "object": {"a" : null}, "": "none", "twice": 1, "twice": "2"}`)
	want := map[string]string{"text": `ab"`, "empty": "", "number": "1.50", "yes": "true", "list": `[1, "a"]`, "object": `{"a" : null}`, "": "none", "twice": "2"}
	if got := o.Texts(); !maps.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	for _, none := range []portal.Object{"", "{}"} {
		if got := none.Texts(); len(got) != 0 {
			t.Errorf("%q has the texts %q", none, got)
		}
	}
}

func TestObjectRefusesWhatIsNone(t *testing.T) {
	for _, text := range []string{`[]`, `"a"`, `5`, `true`} {
		var in struct {
			Fields portal.Object `json:"fields"`
		}
		err := json.Unmarshal([]byte(`{"fields":`+text+`}`), &in)
		var wrong *json.UnmarshalTypeError
		if !errors.As(err, &wrong) || wrong.Field != "fields" {
			t.Errorf("%s: %v, which does not name the member", text, err)
		}
	}
}
