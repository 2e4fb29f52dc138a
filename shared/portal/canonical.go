package portal

import "github.com/go-json-experiment/json/jsontext"

// Canonical is one text for all objects that are equal as JSON values: white space, escapes and the order of members do not count. A
// number is the number that was written. An object that repeats a member has no one value, and stands as it came.
func (o Object) Canonical() string {
	text, _ := o.MarshalJSON() // never fails
	value := jsontext.Value(text).Clone()
	if repeats(text) || value.Compact(jsontext.PreserveRawStrings(false), jsontext.ReorderRawObjects(true)) != nil {
		return string(text)
	}
	return string(value)
}

// repeats tells whether any object in a JSON value has a member twice.
func repeats(text []byte) bool { return !jsontext.Value(text).IsValid() }
