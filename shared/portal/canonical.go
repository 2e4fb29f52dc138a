package portal

import (
	"bytes"
	"encoding/json"
	"slices"
)

// Canonical is one text for all objects that are equal as JSON values: white space and the order of members do not count. An object
// that repeats a member has no one value, and stands as it came.
func (o Object) Canonical() string {
	text, _ := o.MarshalJSON() // never fails
	if repeats(text) {
		return string(text)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber() // a number is the number that was written
	var value any
	if decoder.Decode(&value) != nil {
		return string(text)
	}
	sorted, err := json.Marshal(value) // writes the members of an object by their names
	if err != nil {
		return string(text)
	}
	return string(sorted)
}

// repeats tells whether any object in a JSON value has a member twice.
func repeats(text []byte) bool {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var open []map[string]bool // the members of each object that is open; nil for a list
	var named bool             // the member's name was read, and its value follows
	for {
		token, err := decoder.Token()
		if err != nil {
			return false
		}
		inObject := len(open) > 0 && open[len(open)-1] != nil
		name, isText := token.(string)
		switch {
		case token == json.Delim('{'):
			open, named = append(open, map[string]bool{}), false
		case token == json.Delim('['):
			open, named = append(open, nil), false
		case token == json.Delim('}'), token == json.Delim(']'):
			open, named = slices.Delete(open, len(open)-1, len(open)), false
		case inObject && !named && isText:
			if open[len(open)-1][name] {
				return true
			}
			open[len(open)-1][name], named = true, true
		default:
			named = false
		}
	}
}
