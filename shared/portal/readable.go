package portal

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Limits of an object: every client's decoder reads so deep, and nothing takes long that has no more parts.
const (
	deepest   = 32
	mostParts = 20_000
)

// readable refuses an object, JSON as was seen before, that some client could not read, and with it the whole list that shows it:
// one of too many parts or nested too deep, a number beyond what numbers hold elsewhere, and text that is none.
func (o Object) readable(field string) error {
	text, depth := string(o), 0
	switch {
	case !utf8.ValidString(text):
		return Refuse(Invalid, "%s has bytes that are no text; send it in UTF-8.", field)
	case parts(text) > mostParts:
		return Refuse(Invalid, "%s has more than %d members, items, objects and lists in all; leave some out.", field, mostParts)
	}
	for text != "" {
		token := 1
		switch c := text[0]; {
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
		case c == '"':
			token = quotedLength(text)
			if err := readableText(field, text[:token], text[token:]); err != nil {
				return err
			}
		case c == '-' || '0' <= c && c <= '9':
			token = len(text) - len(strings.TrimLeft(text, "+-.0123456789eE"))
			if _, err := strconv.ParseFloat(text[:token], 64); err != nil {
				return Refuse(Invalid, "%s: the number %.20s is too large; send it as a string.", field, text[:token])
			}
		}
		if depth > deepest {
			return Refuse(Invalid, "%s is nested more than %d deep; send it flatter.", field, deepest)
		}
		text = text[token:]
	}
	return nil
}

// parts is how many objects, lists, and members or items after the first JSON has: cheap to count, and what it costs to take it
// apart.
func parts(json string) int {
	n := 0
	for i := 0; i < len(json); i++ {
		switch json[i] {
		case '"':
			i += quotedLength(json[i:]) - 1
		case '{', '[', ',':
			n++
		}
	}
	return n
}

// quotedLength is how long the JSON string is that a text begins with.
func quotedLength(json string) int {
	for i := 1; i < len(json); i++ {
		switch json[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(json)
}

// readableText refuses half a character, which JavaScript can write and others cannot read, and the names of members that PHP has
// no objects for.
func readableText(field, quoted, after string) error {
	if half := halfCharacter(quoted); half != "" {
		return Refuse(Invalid, "%s: a text has %s, which is half a character; send it whole.", field, half)
	}
	isName := strings.HasPrefix(strings.TrimLeft(after, " \t\r\n"), ":")
	if isName && strings.HasPrefix(quoted, `"\u0000`) {
		return Refuse(Invalid, `%s: a member's name begins with \u0000; give it another.`, field)
	}
	return nil
}

// halfCharacter is the first escape in a JSON string that stands for one half of a surrogate pair without the other; empty where
// there is none.
func halfCharacter(quoted string) string {
	const escape = len(`\ud800`)
	for {
		at := strings.IndexByte(quoted, '\\')
		if at < 0 {
			return ""
		}
		quoted = quoted[at:]
		switch first := unit(quoted); {
		case !utf16.IsSurrogate(first):
			quoted = quoted[len(`\n`):]
		case utf16.DecodeRune(first, unit(quoted[escape:])) == utf8.RuneError:
			return quoted[:escape]
		default:
			quoted = quoted[2*escape:]
		}
	}
}

// unit is what the escape that a text begins with stands for, where it is one in hexadecimal.
func unit(escape string) rune {
	if !strings.HasPrefix(escape, `\u`) {
		return 0
	}
	n, _ := strconv.ParseUint(escape[2:6], 16, 16)
	return rune(n)
}
