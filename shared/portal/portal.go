// Package portal holds the words of the desk: requests, developers, policies, the catalogue and the configuration, spelt as
// the Tyk classic Portal spells them on the wire, and the one vocabulary of refusals. There is no AWS in it, so that a rule
// can be read and tested without any.
package portal

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"reflect"
	"strconv"
	"time"
)

// idLength is the length of an id in hexadecimal digits, that of a MongoDB ObjectID, which the clients of Tyk expect.
const idLength = 24

// NewID makes an id that sorts by creation: 8 digits of Unix seconds (clients read the time from them), 5 of microseconds
// and 11 of chance.
func NewID(now time.Time) string {
	var chance [8]byte
	_, _ = rand.Read(chance[:])                                                             // never fails: crypto/rand ends the program instead
	low := uint64(now.Nanosecond()/1000)<<44 | binary.BigEndian.Uint64(chance[:])&(1<<44-1) //nolint:gosec // never negative
	var id [12]byte
	binary.BigEndian.PutUint32(id[:4], uint32(now.Unix())) //nolint:gosec // seconds fit 32 bits until 2106
	binary.BigEndian.PutUint64(id[4:], low)
	return hex.EncodeToString(id[:])
}

// CreatedAt is when an id was made, to the second.
func CreatedAt(id string) time.Time {
	seconds, _ := strconv.ParseInt(id[:min(8, len(id))], 16, 64) // an id of our own making
	return time.Unix(seconds, 0).UTC()
}

// ValidID tells whether s has the shape of an id: 24 lower-case hexadecimal digits.
func ValidID(s string) bool {
	if len(s) != idLength {
		return false
	}
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// Object is a JSON object kept just as it came, so that no client's member, number or order is lost on the way through the
// table. The zero Object is {}.
type Object string

// MarshalJSON gives the object back as it came.
func (o Object) MarshalJSON() ([]byte, error) {
	if o == "" {
		return []byte("{}"), nil
	}
	return []byte(o), nil
}

// UnmarshalJSON keeps an object; null counts as {}.
func (o *Object) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		*o = ""
		return nil
	}
	if text[0] != '{' {
		return &json.UnmarshalTypeError{Value: kind(text[0]), Type: reflect.TypeFor[Object]()} // encoding/json adds the field
	}
	*o = Object(text)
	return nil
}

// Texts are the object's members as texts: a text as it is, all else as JSON. Null says nothing, and is left out.
func (o Object) Texts() map[string]string {
	var members map[string]json.RawMessage
	if json.Unmarshal([]byte(o), &members) != nil { // the zero Object
		return nil
	}
	texts := make(map[string]string, len(members))
	for name, value := range members {
		text := string(value)
		if value[0] == '"' {
			_ = json.Unmarshal(value, &text) // valid, as all of the object is
		}
		if string(value) != "null" {
			texts[name] = text
		}
	}
	return texts
}

// kind names the JSON value that begins with a character, as encoding/json does.
func kind(first byte) string {
	switch first {
	case '"':
		return "string"
	case '[':
		return "array"
	case 't', 'f':
		return "bool"
	default:
		return "number"
	}
}
