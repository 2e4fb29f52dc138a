package approval

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"keydesk/shared/portal"
)

// What an API is told of whoever calls it is flat, and short enough to travel with every call.
func TestFlat(t *testing.T) {
	long := strings.Repeat("x", longestField)
	for fields, want := range map[portal.Object]map[string]string{
		``:   nil,
		`{}`: {},
		`{"team": "blue", "size": 12, "share": 0.50, "beta": true, "gone": false}`: {"team": "blue", "size": "12", "share": "0.50", "beta": "true", "gone": "false"},
		`{"a": null, "b": {"c": 1}, "d": [1, null], "e": "", "f": -1e3, "": "x"}`:  {"b": `{"c": 1}`, "d": "[1, null]", "e": "", "f": "-1e3"},
		`{"quoted": "a \"b\" \u00e9\n"}`:                                           {"quoted": "a \"b\" é\n"},
		portal.Object(`{"a": "` + long + `", "b": "` + long + `x"}`):               {"a": long},
		portal.Object(`{"` + long + `": 1, "` + long + `x": 1}`):                   {long: "1"},
	} {
		if got := flat(fields); !maps.Equal(got, want) {
			t.Errorf("%.80s: %v, want %v", fields, got, want)
		}
	}
	var many []string
	for n := range 100 {
		many = append(many, fmt.Sprintf(`"%03d": "%s"`, n, long[3:256]))
	}
	told, size := flat(portal.Object("{"+strings.Join(many, ",")+"}")), 0
	for name, value := range told {
		size += len(name) + len(value)
	}
	if size != mostFields || told["000"] == "" || told["015"] == "" || len(told) != 16 {
		t.Errorf("of a hundred, %d are told, %d bytes in all", len(told), size)
	}
}
