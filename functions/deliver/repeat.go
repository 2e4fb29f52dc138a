package main

import (
	"maps"
	"slices"
	"strings"
	"unicode"

	"keydesk/shared/portal"
)

// What a mail repeats of other people's words: bounded, without characters that nobody sees, and never as a line of the desk's own.

// told is a thing that a mail tells, and what it is called there.
type told struct{ name, value string }

// Bounds of what a mail repeats.
const (
	mostAnswers = 20
	longest     = 200 // characters of an answer, and of a subject
	longestName = 100 // of what people call themselves: no mail carries another message in it
)

// answers are those to a form, by their names.
func answers(fields portal.Object) []told {
	var all []told
	texts := fields.Texts()
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		all = append(all, told{clip(oneLine(name), longest), clip(oneLine(texts[name]), longest)})
	}
	return all[:min(len(all), mostAnswers)]
}

// lines writes what is told, each on a line of its own, where there is something to tell.
func lines(all []told) string {
	var text []string
	for _, t := range all {
		if value := oneLine(t.value); value != "" {
			text = append(text, oneLine(t.name)+": "+value)
		}
	}
	return strings.Join(text, "\n")
}

// quote writes the same with a mark before each line, as mail programs mark what another wrote. A form's field may have any name, such as
// that of a line of the desk's.
func quote(all []told) string {
	text := lines(all)
	if text == "" {
		return ""
	}
	return "> " + strings.ReplaceAll(text, "\n", "\n> ")
}

// oneLine is a text on one line, without characters that nobody sees. So nothing in it begins a header or turns the text around it.
func oneLine(text string) string {
	return strings.Join(strings.FieldsFunc(visible(text), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || endsLine(r)
	}), " ")
}

// plain is a text of several lines, without other characters that nobody sees.
func plain(text string) string {
	text = strings.ReplaceAll(visible(text), "\r\n", "\n")
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case endsLine(r):
			return '\n'
		case unicode.IsControl(r) && r != '\n' && r != '\t':
			return -1
		}
		return r
	}, text))
}

// visible takes out what is no text, and the characters that only format it: they can hide words and show them in another order.
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
}

// endsLine tells whether Unicode ends a line or a paragraph by the character.
func endsLine(r rune) bool { return r == '\u0085' || unicode.In(r, unicode.Zl, unicode.Zp) }

func clip(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "..."
	}
	return text
}
