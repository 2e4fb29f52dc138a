package approval

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"keydesk/shared/portal"
)

// form is what a request answers to the questions of its entry, as rules read it.
type form struct {
	fields  portal.Object
	members []formMember // of the fields, once they were read
	read    bool
	absent  bool // the call has no form: what it would say is not known
}

type formMember struct {
	name  string
	value json.RawMessage
}

// answer is the answer to one question. A question without an answer has the text "".
type answer struct {
	texts   []string
	unclear string // why a rule cannot tell what the answer is; empty: it can
}

// holding tells whether a condition holds.
type holding int

const (
	no holding = iota
	unclear
	yes
)

// among tells whether the answer is one of the values. Of an answer of several items each counts: all of them have to be for a rule that
// approves, and any one is enough for a rule that does not.
func (a *answer) among(values []string, outcome portal.Outcome) holding {
	return a.holds(outcome, func(text string) bool { return listed(values, text) })
}

// notAmong tells whether the answer is none of the values. Again all items have to be for a rule that approves, and any one is enough else.
func (a *answer) notAmong(values []string, outcome portal.Outcome) holding {
	return a.holds(outcome, func(text string) bool { return !listed(values, text) })
}

func (a *answer) holds(outcome portal.Outcome, condition func(string) bool) holding {
	approves := outcome == portal.Approve
	switch {
	case !approves && slices.ContainsFunc(a.texts, condition):
		return yes
	case a.unclear != "":
		return unclear
	case approves && !slices.ContainsFunc(a.texts, func(text string) bool { return !condition(text) }):
		return yes
	}
	return no
}

func listed(values []string, text string) bool {
	return slices.ContainsFunc(values, func(value string) bool { return strings.EqualFold(plain(value), text) })
}

// plain is the form in which values and answers are compared: composed (NFC), without characters that nobody sees and without blanks
// around it. Upper and lower case are the same to whoever compares.
func plain(text string) string {
	seen := strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, text)
	return norm.NFC.String(strings.TrimSpace(seen))
}

// answer reads the member of that name. Another member whose name only looks the same, or is the same, makes the answer unclear.
func (f *form) answer(name string) answer {
	if f.absent {
		return answer{unclear: "is not known here"}
	}
	if !f.read {
		f.members, f.read = membersOf(f.fields), true
	}
	var a answer
	times := 0
	for _, m := range f.members {
		switch {
		case m.name == name:
			a.take(m.value)
			times++
		case strings.EqualFold(plain(m.name), plain(name)):
			a.unclear = "stands under another spelling of its name"
		}
	}
	switch {
	case times > 1:
		a.unclear = "is given more than once"
	case times == 0:
		a.texts = []string{""}
	}
	return a
}

// take adds a value. What is no text, nor a list of texts, is unclear; a number, true and false may yet decline or ask by their JSON.
func (a *answer) take(value json.RawMessage) {
	switch value[0] {
	case '"':
		var text string
		_ = json.Unmarshal(value, &text) // valid, as all of the object is
		a.texts = append(a.texts, plain(text))
	case 'n':
		a.texts = append(a.texts, "")
	case '{':
		a.unclear = "is an object"
	case '[':
		var items []json.RawMessage
		_ = json.Unmarshal(value, &items)
		if len(items) == 0 {
			a.texts = append(a.texts, "")
		}
		for _, item := range items {
			if item[0] == '[' {
				a.unclear = "is a list of lists"
				continue
			}
			a.take(item)
		}
	default:
		a.texts, a.unclear = append(a.texts, string(value)), "is no text"
	}
}

// membersOf are an object's members as they stand, one that is repeated as often as it is.
func membersOf(fields portal.Object) []formMember {
	decoder := json.NewDecoder(strings.NewReader(string(fields)))
	if _, err := decoder.Token(); err != nil { // the zero Object
		return nil
	}
	var members []formMember
	for decoder.More() {
		token, err := decoder.Token()
		name, is := token.(string)
		var value json.RawMessage
		if err != nil || !is || decoder.Decode(&value) != nil {
			return members
		}
		members = append(members, formMember{name, value})
	}
	return members
}
