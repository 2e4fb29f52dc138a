package portal_test

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"keydesk/shared/portal"
)

// A text is measured as encoding/json writes it, without the quotation marks and the end of the line.
func TestTravels(t *testing.T) {
	measure := func(text string) (got, want int) {
		var written strings.Builder
		encoder := json.NewEncoder(&written)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(text); err != nil {
			t.Fatal(err)
		}
		return portal.Travels(text), written.Len() - len("\"\"\n")
	}
	for c := range rune(0x3000) {
		if got, want := measure(string(c)); got != want {
			t.Errorf("%q: %d bytes, want %d", c, got, want)
		}
	}
	texts := rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(bytes []byte) string { return string(bytes) }))
	rapid.Check(t, func(r *rapid.T) {
		text := strings.Join(rapid.SliceOf(rapid.OneOf(texts, rapid.SampledFrom([]string{"\ufffd", "\xff", "\u2028", "<&>", "\x7f"}))).Draw(r, "text"), "")
		if got, want := measure(text); got != want {
			r.Errorf("%q: %d bytes, want %d", text, got, want)
		}
	})
}
