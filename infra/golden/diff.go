package golden

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-lambda-go/events"
)

// shapes are the words that stand, in what is wanted, for what nobody can know before. They may be part of a longer string.
// <any> alone stands for any JSON value at all.
var shapes = map[string]string{
	"<id>":   `[0-9a-f]{24}`,
	"<time>": `[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})`,
	"<key>":  `([0-9a-f]{56}|[A-Za-z0-9+/]{100,}=*)`, // both forms of shared/apikey
	"<any>":  `(?s:.*)`,
}

var shape = regexp.MustCompile(`<(id|time|key|any)>`)

// Diff says what in the answer is not as it is wanted, a line each; "" when nothing.
func Diff(want Answer, got events.APIGatewayV2HTTPResponse) string {
	var d difference
	if got.StatusCode != want.StatusCode {
		d.add("statusCode", want.StatusCode, got.StatusCode)
	}
	headers := make(map[string]string, len(got.Headers))
	for name, value := range got.Headers {
		headers[strings.ToLower(name)] = value
	}
	for _, name := range slices.Sorted(maps.Keys(want.Headers)) {
		value, there := headers[strings.ToLower(name)]
		if !there {
			d.lines = append(d.lines, fmt.Sprintf("headers.%s: missing, want %s", name, quoted(want.Headers[name])))
			continue
		}
		d.value("headers."+name, want.Headers[name], value)
	}
	d.body(want.Body, got)
	return strings.Join(d.lines, "\n")
}

// DiffReturned is Diff for what a function returns that answers no HTTP call.
func DiffReturned(want Answer, got []byte) string {
	var d difference
	d.text("returned", want.Returns, string(got))
	return strings.Join(d.lines, "\n")
}

type difference struct{ lines []string }

// add notes a difference. A key is never quoted, right or wrong: what tests print is kept.
func (d *difference) add(path string, want, got any) {
	if text, ok := got.(string); ok && len(text) > 20 && strings.Contains(fmt.Sprint(want), "<key>") {
		got = fmt.Sprintf("%d characters that are none", len(text))
	}
	d.lines = append(d.lines, fmt.Sprintf("%s: want %s, got %s", path, quoted(want), quoted(got)))
}

func quoted(v any) string {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return fmt.Sprint(v)
	}
	return strings.TrimSpace(text.String())
}

func (d *difference) body(want json.RawMessage, got events.APIGatewayV2HTTPResponse) {
	text := got.Body
	if got.IsBase64Encoded {
		raw, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			d.lines = append(d.lines, "body: isBase64Encoded, but it is not base64: "+err.Error())
			return
		}
		text = string(raw)
	}
	d.text("body", want, text)
}

func (d *difference) text(path string, want json.RawMessage, text string) {
	wanted, err := parse(string(want))
	if err != nil {
		d.lines = append(d.lines, path+": what is wanted is not JSON: "+err.Error())
		return
	}
	if _, plain := wanted.(string); plain {
		d.value(path, wanted, text)
		return
	}
	answered, err := parse(text)
	if err != nil {
		d.lines = append(d.lines, path+": the answer is not JSON: "+err.Error())
		return
	}
	d.value(path, wanted, answered)
}

// parse keeps numbers as they are written: 1.0 is not 1 to every client.
func parse(text string) (any, error) {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		return nil, err
	}
	if decoder.More() {
		return nil, fmt.Errorf("more than one value")
	}
	return v, nil
}

func (d *difference) value(path string, want, got any) {
	switch want := want.(type) {
	case map[string]any:
		if got, ok := got.(map[string]any); ok {
			d.object(path, want, got)
			return
		}
	case []any:
		if got, ok := got.([]any); ok && len(got) == len(want) {
			for i := range want {
				d.value(fmt.Sprintf("%s[%d]", path, i), want[i], got[i])
			}
			return
		}
	case string:
		if want == "<any>" || matches(want, got) {
			return
		}
	default: // a number, a truth value, null: all comparable
		if want == got {
			return
		}
	}
	d.add(path, want, got)
}

func (d *difference) object(path string, want, got map[string]any) {
	for _, name := range slices.Sorted(maps.Keys(want)) {
		value, there := got[name]
		if !there {
			d.lines = append(d.lines, fmt.Sprintf("%s.%s: missing, want %s", path, name, quoted(want[name])))
			continue
		}
		d.value(path+"."+name, want[name], value)
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if _, wanted := want[name]; !wanted {
			d.lines = append(d.lines, fmt.Sprintf("%s.%s: not wanted", path, name))
		}
	}
}

// matches compares a string with one that may hold shapes.
func matches(want string, got any) bool {
	text, ok := got.(string)
	if !ok {
		return false
	}
	var pattern strings.Builder
	rest := want
	for at := shape.FindStringIndex(rest); at != nil; at = shape.FindStringIndex(rest) {
		pattern.WriteString(regexp.QuoteMeta(rest[:at[0]]) + shapes[rest[at[0]:at[1]]])
		rest = rest[at[1]:]
	}
	pattern.WriteString(regexp.QuoteMeta(rest))
	return regexp.MustCompile(`\A(?:` + pattern.String() + `)\z`).MatchString(text)
}
