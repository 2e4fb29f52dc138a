package portal

import (
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// Half of the clients' decoders fail on these, and with them the whole list that shows them.
func TestReadableRefuses(t *testing.T) {
	const half = ", which is half a character; send it whole."
	const name = `o: a member's name begins with \u0000; give it another.`
	const text = "o has bytes that are no text; send it in UTF-8."
	const many = "o has more than 20000 members, items, objects and lists in all; leave some out."
	for sent, want := range map[string]string{
		`{"a": "\ud800"}`:                                                  `o: a text has \ud800` + half,
		`{"a": "x\\\uDC00\ud800"}`:                                         `o: a text has \uDC00` + half,
		`{"a": ["\ud83d\ud83d\ude00"]}`:                                    `o: a text has \ud83d` + half,
		`{"a": "\ud83dx\ude00"}`:                                           `o: a text has \ud83d` + half,
		`{"a": "\ud83d\n\ude00"}`:                                          `o: a text has \ud83d` + half,
		`{"a\ud800": 1}`:                                                   `o: a text has \ud800` + half,
		`{"\u0000": 1}`:                                                    name,
		"{\"a\": [{\"\\u0000b\"\t\r\n : 1}]}":                              name,
		"{\"a\": \"\xff\"}":                                                text,
		"{\"\xed\xa0\x80\": 1}":                                            text, // half a character again, in what would be UTF-8
		`{"a": [` + strings.Repeat("1,", 20_000) + `1]}`:                   many,
		`{"a": [` + strings.Repeat("[],", 10_000) + `[]]}`:                 many,
		`{` + strings.Repeat(`"a":1,`, 20_000) + `"a":1}`:                  many,
		`{"a": ` + strings.Repeat("[", 32) + strings.Repeat("]", 32) + `}`: "o is nested more than 32 deep; send it flatter.",
		`{"a": [-1e999]}`:                                                  "o: the number -1e999 is too large; send it as a string.",
	} {
		var refusal *Error
		if err := Object(sent).readable("o"); !errors.As(err, &refusal) || refusal.Kind != Invalid || refusal.Message != want {
			t.Errorf("%.60s: %v, want %s", sent, err, want)
		}
	}
}

func TestReadable(t *testing.T) {
	for _, sent := range []string{
		``, `{}`, `{"": 1}`, `{"a": "\u0000"}`, `{"a\u0000": ["\u0000", "b"]}`, `{"a": "\ud83d\ude00 \uD83D\uDE00"}`, `{"a": "\\ud800", "b": "\\\\\ud83d\ude00"}`,
		`{"a": "\ufffd \ue000 \ud7ff \"\/"}`, `{"a": [-1.5e+300, 0, true, null, "[[[[[1e999"]}`, `{"a": "` + strings.Repeat(",", 30_000) + `"}`,
		`{"a": [` + strings.Repeat("1,", 19_997) + `1]}`,
	} {
		if err := Object(sent).readable("o"); err != nil {
			t.Errorf("%.60s: %v", sent, err)
		}
	}
}

// Escapes take no longer than other text: a search that began again at each of these would go on for hours, and this test with it.
func TestManyEscapesAreCheap(t *testing.T) {
	for _, escape := range []string{`\"`, `\u0041`, `\ud83d\ude00`} {
		if err := Object(`{"a": "` + strings.Repeat(escape, 32<<20/len(escape)) + `"}`).readable("o"); err != nil {
			t.Errorf("%s: %v", escape, err)
		}
	}
}

// What is hostile is refused before it is taken apart.
func TestManyPartsAreCheap(t *testing.T) {
	for name, members := range map[string]string{
		"members": strings.Repeat(`"a":1,`, 4<<20/6),
		"different names": func() string {
			var text strings.Builder
			for n := range 4 << 20 / 12 {
				fmt.Fprintf(&text, `"%x":1,`, n)
			}
			return text.String()
		}(),
		"items":   `"apis":[` + strings.Repeat(`0,`, 2<<20) + `0],`,
		"entries": `"apis":[` + strings.Repeat(`{},`, 4<<20/3) + `{}],`,
	} {
		sent := Object(`{` + members + `"z":0}`)
		if !json.Valid([]byte(sent)) {
			t.Fatal(name)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := NewCatalogue("org", "id", sent)
		runtime.ReadMemStats(&after)
		var refusal *Error
		if took := after.TotalAlloc - before.TotalAlloc; !errors.As(err, &refusal) || !strings.HasPrefix(refusal.Message, "The catalogue has more than 200000 members") || took > 1<<20 {
			t.Errorf("%s: %v, after %d bytes", name, err, took)
		}
	}
}
