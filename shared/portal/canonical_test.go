package portal

import "testing"

// Equal JSON values have one text; whatever else differs has another.
func TestCanonical(t *testing.T) {
	t.Parallel()
	equal := [][2]Object{
		{``, `{}`},
		{`{}`, ` { } `},
		{`{"a": 1, "b": [1, 2]}`, "{\"b\":[1,2],\n\"a\":1}"},
		{`{"a": {"x": "é", "y": null}}`, `{"a": {"y": null, "x": "\u00e9"}}`},
	}
	for _, pair := range equal {
		if a, b := pair[0].Canonical(), pair[1].Canonical(); a != b {
			t.Errorf("%s and %s are %s and %s", pair[0], pair[1], a, b)
		}
	}
	different := [][2]Object{
		{`{"a": [1, 2]}`, `{"a": [2, 1]}`},
		{`{"a": 9007199254740993}`, `{"a": 9007199254740992}`},
		{`{"a": "1"}`, `{"a": 1}`},
		{`{"a": null}`, `{}`},
		{`{"a": "x"}`, `{"A": "x"}`},
		{`{"a": "resale", "a": "demo"}`, `{"a": "demo"}`},
		{`{"a": {"b": 1, "b": 2}}`, `{"a": {"b": 2}}`},
		{`{"a": {}}`, `{"a": []}`},
	}
	for _, pair := range different {
		if a, b := pair[0].Canonical(), pair[1].Canonical(); a == b {
			t.Errorf("%s and %s are both %s", pair[0], pair[1], a)
		}
	}
	for text, want := range map[string]bool{
		`{"a": 1, "b": {"a": 1}, "c": ["a", "a"]}`: false,
		`{"a": "a", "b": "b"}`:                     false,
		`{"a": "b", "b": "a", "c": {"x": []}}`:     false,
		`{"a": {"b": 1, "b": 1}}`:                  true,
		`{"a": [{"b": 1}, {"c": 1, "c": 2}]}`:      true,
		`{"a": [{}], "a": 1}`:                      true,
		`{"a": 1, "\u0061": 2}`:                    true,
	} {
		if got := repeats([]byte(text)); got != want {
			t.Errorf("%s: %t", text, got)
		}
	}
}
