package portal

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// document is a JSON object that a client wrote and gets back, taken apart into its members: a policy, an entry of the
// catalogue, a configuration. Members keep their order, and each its text, so that what the desk does not know is not lost.
//
// What it does know of a document is the document's shape: one more document, which holds every member that Tyk's documents
// name with the value that counts where a client leaves it out.
type document []member

type member struct {
	name  string
	label string   // the name as it came, in its quotation marks
	value string   // as it came
	inner document // of a shape: the value, where that has a shape of its own
}

// shapeOf reads a shape that stands in this package.
func shapeOf(text Object) document {
	compact, err := text.compact()
	if err != nil {
		panic(err)
	}
	d := takeApart(compact)
	for i, m := range d {
		if kindOf(m.value) == "an object" {
			d[i].inner = shapeOf(Object(m.value))
		}
	}
	return d
}

// readDocument reads a client's document, and completes it. A refusal names the document, or the member that is wrong by its
// path.
func readDocument(name string, sent Object, shape document) (document, error) {
	text, err := sent.compact()
	if err != nil {
		return nil, err
	}
	return readCompact(name, "", text, shape)
}

// readCompact is readDocument of a text without white space.
func readCompact(name, path, text string, shape document) (document, error) {
	if err := Object(text).readable(name); err != nil {
		return nil, err
	}
	return takeApart(text).completed(path, shape, true)
}

// complete takes a document apart that was read before.
func complete(kept Object, shape document) (document, error) {
	text, err := kept.compact()
	if err != nil {
		return nil, err
	}
	return takeApart(text).completed("", shape, false)
}

// exact refuses a member that is a known one but for its letter case. The document would show it, and nothing would follow it.
func (d document) exact(path string, shape document) error {
	for _, m := range d {
		if shape.find(m.name) != nil {
			continue
		}
		for _, known := range shape {
			if strings.EqualFold(m.name, known.name) {
				return otherCase(path+clip(m.name), known.name)
			}
		}
	}
	return nil
}

// compact is the object without white space.
func (o Object) compact() (string, error) {
	var compact bytes.Buffer
	text, _ := o.MarshalJSON() // never fails
	if err := json.Compact(&compact, text); err != nil {
		return "", ErrMalformed
	}
	return compact.String(), nil
}

// takeApart takes apart a compact object. Of a member that is said twice the last counts, as in all of encoding/json; the first
// is left out.
func takeApart(object string) document {
	var d document
	at := map[string]int{}
	for rest := object[1:]; rest != "}"; {
		var m member
		m.label, rest = cut(rest)
		m.value, rest = cut(rest[1:])
		rest = strings.TrimPrefix(rest, ",")
		m.name = unquote(m.label)
		if before, again := at[m.name]; again {
			d[before].label = ""
		}
		at[m.name] = len(d)
		d = append(d, m)
	}
	return slices.DeleteFunc(d, func(m member) bool { return m.label == "" })
}

// cut cuts the value off that compact JSON begins with. (The decoder of encoding/json could as well, in twenty times the time,
// and a catalogue of a thousand entries is read on every page of a portal.)
func cut(json string) (value, rest string) {
	depth, quoted := 0, false
	for i := 0; i < len(json); i++ {
		switch c := json[i]; {
		case c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
		case depth > 0 && (c == '}' || c == ']'):
			depth--
		case depth == 0 && strings.IndexByte(",:}]", c) >= 0:
			return json[:i], json[i:]
		}
	}
	return json, ""
}

// items takes apart a compact list.
func items(list string) []string {
	var all []string
	for rest := list[1:]; rest != "]"; {
		var item string
		item, rest = cut(rest)
		rest = strings.TrimPrefix(rest, ",")
		all = append(all, item)
	}
	return all
}

// text puts the document together again.
func (d document) text() string {
	var text strings.Builder
	separator := "{"
	for _, m := range d {
		text.WriteString(separator + m.label + ":" + m.value)
		separator = ","
	}
	if len(d) == 0 {
		return "{}"
	}
	return text.String() + "}"
}

// completed is the document with the members of the shape that it lacks at its end, and with their values for lists and objects that it
// says null of. A member of another kind than the shape's is refused by its path; of a client's own document, which is not stored yet,
// null where no list or object belongs and a name of another letter case, too.
func (d document) completed(path string, shape document, own bool) (document, error) {
	if own {
		if err := d.exact(path, shape); err != nil {
			return nil, err
		}
	}
	for _, known := range shape {
		m := d.find(known.name)
		switch {
		case m == nil:
			d = append(d, known)
		case m.value == "null":
			if own && known.word() != "" {
				return nil, isNull(path+known.name, known.word())
			}
			m.value = known.value
		case kindOf(m.value) != kindOf(known.value):
			return nil, Refuse(Invalid, "%s: %s is expected, not %s.", path+known.name, kindOf(known.value), kindOf(m.value))
		case known.word() == wholeWord:
			if m.value = plainWhole(m.value); !isWhole(m.value) {
				return nil, Refuse(Invalid, "%s: a whole number is expected, not %.20s.", path+known.name, m.value)
			}
		case known.inner != nil:
			inner, err := takeApart(m.value).completed(path+known.name+".", known.inner, own)
			if err != nil {
				return nil, err
			}
			m.value = inner.text()
		}
	}
	return d, nil
}

// wholeNumbers are the members that hold integers of 64 bits in the clients written in Go, which read nothing else there.
var wholeNumbers = []string{
	"mails_a_day", "oauth_usage_limit", "quota_max", "quota_renewal_rate", "throttle_retry_limit", "max_query_depth",
	"remind_after", "expire_after", "callback_within", "max_keys_per_developer", "max_open_requests", "max_developers",
	"key_expires_in",
}

// word is what the value of a shape's member is called where null cannot stand in its place; empty for a list and an object.
func (m *member) word() string {
	switch kind := kindOf(m.value); {
	case slices.Contains(wholeNumbers, m.name):
		return wholeWord
	case kind == "an object" || kind == "a list":
		return ""
	default:
		return kind
	}
}

func isWhole(number string) bool {
	_, err := strconv.ParseInt(number, 10, 64)
	return err == nil
}

// kindOf names the kind of a JSON value as people do.
func kindOf(value string) string {
	switch value[0] {
	case '{':
		return "an object"
	case '[':
		return "a list"
	case '"':
		return "a string"
	case 't', 'f':
		return "true or false"
	case 'n':
		return "null"
	default:
		return "a number"
	}
}

func (d document) find(name string) *member {
	if i := slices.IndexFunc(d, func(m member) bool { return m.name == name }); i >= 0 {
		return &d[i]
	}
	return nil
}

// get is the value of a member; null where there is none.
func (d document) get(name string) string {
	if m := d.find(name); m != nil {
		return m.value
	}
	return "null"
}

// getText, getBool, getInt and getObject read members of which completed has seen that they are what they should be.
func (d document) getText(name string) string { return unquote(d.get(name)) }

func (d document) getBool(name string) bool { return d.get(name) == "true" }

func (d document) getInt(name string) int {
	n, _ := strconv.Atoi(d.get(name))
	return n
}

func (d document) getObject(name string) document { return takeApart(d.get(name)) }

// set gives a member a value, in its place; a new one comes last.
func (d document) set(name, value string) document {
	if m := d.find(name); m != nil {
		m.value = value
		return d
	}
	return append(d, member{name: name, label: quote(name), value: value})
}

// blank empties the text that a path of members leads to, if it leads to one.
func (d document) blank(name string, below ...string) document {
	m := d.find(name)
	switch {
	case m == nil:
	case len(below) > 0:
		m.value = takeApart(m.value).blank(below[0], below[1:]...).text()
	default:
		m.value = quote("")
	}
	return d
}

// unquote reads a JSON string of which it was seen before that it is one.
func unquote(quoted string) string {
	if !strings.Contains(quoted, `\`) {
		return strings.Trim(quoted, `"`)
	}
	var text string
	_ = json.Unmarshal([]byte(quoted), &text)
	return text
}

// quote writes a JSON string, with no escapes for HTML.
func quote(text string) string {
	var quoted strings.Builder
	encoder := json.NewEncoder(&quoted)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(text) // never fails
	return strings.TrimSuffix(quoted.String(), "\n")
}

// without is the document without some of its members.
func (d document) without(names ...string) document {
	return slices.DeleteFunc(slices.Clone(d), func(m member) bool { return slices.Contains(names, m.name) })
}
