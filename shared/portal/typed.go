package portal

import (
	"bytes"
	"math"
	"strconv"
)

// What a member is called that holds a text, a whole number, or true and false.
const (
	textWord  = "a string"
	wholeWord = "a whole number"
	boolWord  = "true or false"
)

// isNull refuses null where a text, a number, or true or false belongs. A reader would have to guess what it says: the default, or what
// was there before. A list and an object take it: clients in Go write an empty one so.
func isNull(path, word string) error {
	return Refuse(Invalid, "%s: %s is expected, not null; send one, or leave the member out.", path, word)
}

// plainWhole writes a whole number in digits alone: 3.0 is one, and so is 1e3, as JSON Schema has it and readers in Go have not. What is
// none, or has more than 64 bits, stays as it is.
func plainWhole(number string) string {
	if _, err := strconv.ParseInt(number, 10, 64); err == nil {
		return number
	}
	f, err := strconv.ParseFloat(number, 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) >= 1<<63 {
		return number
	}
	return strconv.FormatInt(int64(f), 10)
}

// mend is a number of a text that is to be written in another way.
type mend struct {
	from, to int
	plain    string
}

// mended is the text with its mends, which stand in its order.
func mended(text []byte, mends []mend) []byte {
	if len(mends) == 0 {
		return text
	}
	var all bytes.Buffer
	from := 0
	for _, m := range mends {
		all.Write(text[from:m.from])
		all.WriteString(m.plain)
		from = m.to
	}
	all.Write(text[from:])
	return all.Bytes()
}
