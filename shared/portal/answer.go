package portal

import "unicode/utf8"

// MaxAnswer is what Lambda may answer, 6 MB, less a little for headers. It counts the body as it travels.
const MaxAnswer = 6<<20 - 64<<10

// Travels is how many bytes a text takes in Lambda's answer, where it is a JSON string of encoding/json's, without escapes for HTML.
func Travels(text string) int {
	travels := 0
	for i, c := range text {
		switch {
		case c == '"' || c == '\\' || c == '\b' || c == '\f' || c == '\n' || c == '\r' || c == '\t':
			travels += len(`\n`)
		case c < ' ' || c == '\u2028' || c == '\u2029':
			travels += len(`\u2028`)
		case c == utf8.RuneError:
			travels += replaced(text[i:])
		default:
			travels += utf8.RuneLen(c)
		}
	}
	return travels
}

// replaced is how many bytes a text's first character takes, if it is the one that stands for a byte that is no text, or such a
// byte.
func replaced(text string) int {
	if _, size := utf8.DecodeRuneInString(text); size > 1 {
		return size
	}
	return len(`\ufffd`)
}
