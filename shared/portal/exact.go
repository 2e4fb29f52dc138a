package portal

import (
	"bytes"
	"cmp"
	"encoding"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"keydesk/shared/secret"
)

// Unmarshal reads JSON that a client wrote into a pointer. It takes no text that two programs read differently: a member's name
// counts exactly as it is spelt, stands once in its object, and is UTF-8. (To encoding/json, "Email" and a second "email" are email too.)
func Unmarshal(text []byte, into any) error { return unmarshal("", text, into, "") }

// unmarshal is Unmarshal of a text that stands at a path. Where only says in words which members there are, another one is refused.
func unmarshal(path string, text []byte, into any, only string) error {
	same := string(text)
	switch {
	case !utf8.ValidString(same):
		return Refuse(Invalid, "%s has bytes that are no text; send it in UTF-8.", subject(path))
	case parts(same) > maxCatalogueParts:
		return Refuse(Invalid, "%s has more than %d members, items, objects and lists in all; leave some out.", subject(path), maxCatalogueParts)
	}
	r := exactReader{decoder: decoders.Get().(*jsontext.Decoder), path: path, only: only} //nolint:forcetypeassert // nothing else is in it
	r.decoder.Reset(bytes.NewBuffer(text), jsontext.AllowInvalidUTF8(true))               // halfCharacter says it in words
	err := r.document(reflect.TypeOf(into).Elem())
	decoders.Put(r.decoder)
	if err != nil {
		return err
	}
	if o, is := into.(*Object); is { // a document, whose own reader looks further
		return o.UnmarshalJSON(bytes.TrimSpace(text))
	}
	if half := halfCharacter(same); half != "" {
		return Refuse(Invalid, "%s: a text has %s, which is half a character; send it whole.", subject(path), half)
	}
	return json.Unmarshal(mended(text, r.mends), into)
}

// decoders are used again: one takes as much memory as a request.
var decoders = sync.Pool{New: func() any { return jsontext.NewDecoder(bytes.NewReader(nil)) }}

func subject(path string) string {
	if path == "" {
		return "The body"
	}
	return path
}

// exactReader reads JSON next to the type that it is for, and checks the names of members.
type exactReader struct {
	decoder *jsontext.Decoder
	path    string // of the text
	only    string // the members that there are, in words, of what takes null nowhere; empty: unknown ones are ignored
	mends   []mend // whole numbers that encoding/json does not read as they stand
}

// document checks a text that holds one value.
func (r *exactReader) document(t reflect.Type) error {
	err := r.value(t)
	if err == nil {
		if _, err = r.decoder.ReadToken(); errors.Is(err, io.EOF) {
			return nil
		}
	}
	var syntax *jsontext.SyntacticError
	var refusal *Error
	switch {
	case errors.As(err, &refusal):
		return err
	case errors.As(err, &syntax) && errors.Is(err, jsontext.ErrDuplicateName):
		return Refuse(Invalid, "%s: the member stands there twice; send it once.", r.at(syntax.JSONPointer))
	}
	return ErrMalformed
}

// value checks the next value.
func (r *exactReader) value(t reflect.Type) error {
	s := structureOf(t)
	kind := r.decoder.PeekKind()
	if !s.has(kind) {
		word := s.word
		if r.only != "" { // a condition that says null says nothing
			word = cmp.Or(word, s.holder)
		}
		return r.single(kind, word)
	}
	if _, err := r.decoder.ReadToken(); err != nil {
		return err
	}
	for r.decoder.PeekKind() != '}' && r.decoder.PeekKind() != ']' {
		inner := s.each
		if kind == '{' {
			name, err := r.decoder.ReadToken()
			if err != nil {
				return err
			}
			if inner, err = r.member(s, name.String()); err != nil {
				return err
			}
		}
		if err := r.value(inner); err != nil {
			return err
		}
	}
	_, err := r.decoder.ReadToken()
	return err
}

// single checks the next value, in which there are no names to look at, where a member of that word belongs.
func (r *exactReader) single(kind jsontext.Kind, word string) error {
	switch {
	case kind == '0' && word == wholeWord:
		number, err := r.decoder.ReadValue()
		if plain := plainWhole(string(number)); err == nil && plain != string(number) {
			end := int(r.decoder.InputOffset())
			r.mends = append(r.mends, mend{end - len(number), end, plain})
		}
		return err
	case kind == 'n' && word != "":
		if _, err := r.decoder.ReadToken(); err != nil {
			return err
		}
		return isNull(r.at(r.decoder.StackPointer()), word)
	}
	return r.decoder.SkipValue() // which finds names that stand twice
}

// member is the type of a member whose name was just read; nil where it may hold anything.
func (r *exactReader) member(s *structure, name string) (reflect.Type, error) {
	if s.members == nil {
		return s.each, nil
	}
	t, known := s.members[name]
	if known {
		return t, nil
	}
	for other := range s.members {
		if strings.EqualFold(other, name) {
			return nil, otherCase(r.at(r.decoder.StackPointer()), other)
		}
	}
	if r.only != "" {
		return nil, Refuse(Invalid, "%s: this member is unknown; %s.", r.at(r.decoder.StackPointer()), r.only)
	}
	return nil, nil //nolint:nilnil // anything may stand there
}

// otherCase refuses a member that is a known one but for its letter case: who sent it means the known one, and would not learn that
// it does not count.
func otherCase(path, known string) error {
	return Refuse(Invalid, "%s: a name counts in its exact letter case; send %q.", path, clip(known))
}

// at writes a pointer as messages name members: fields.usecase, ids[3].
func (r *exactReader) at(pointer jsontext.Pointer) string {
	var path strings.Builder
	path.WriteString(r.path)
	for token := range pointer.Tokens() {
		switch {
		case token != "" && strings.Trim(token, "0123456789") == "":
			path.WriteString("[" + token + "]")
		case path.Len() > 0:
			path.WriteString("." + clip(token))
		default:
			path.WriteString(clip(token))
		}
	}
	return path.String()
}

// structure is what can be said of values for a type: the members of a struct, or the type of each item of a list and each value of a map.
// Both are nil for all else. Word is what a text, a number or true and false are called; it is empty for what takes null, as lists and
// objects do: clients in Go write an empty one so.
type structure struct {
	members map[string]reflect.Type
	each    reflect.Type
	word    string
	holder  string // what a list or an object is called
}

// has tells whether something can be said of the names in a value of that kind.
func (s *structure) has(kind jsontext.Kind) bool {
	return kind == '{' && (s.members != nil || s.each != nil) || kind == '[' && s.each != nil
}

var structures sync.Map // by type

// nothing is what can be said of a value that may hold anything.
var nothing structure

func structureOf(t reflect.Type) *structure {
	if t == nil {
		return &nothing
	}
	known, there := structures.Load(t)
	if !there {
		s := structureFor(t)
		known, _ = structures.LoadOrStore(t, &s)
	}
	return known.(*structure) //nolint:forcetypeassert // nothing else is in it
}

func structureFor(t reflect.Type) (s structure) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == reflect.TypeFor[secret.Value]() || t == reflect.TypeFor[SentKey]() {
		s.word = textWord
		return s
	}
	if own := reflect.PointerTo(t); own.Implements(reflect.TypeFor[json.Unmarshaler]()) || own.Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		return s
	}
	switch t.Kind() {
	case reflect.String:
		s.word = textWord
	case reflect.Bool:
		s.word = boolWord
	case reflect.Int, reflect.Int64:
		s.word = wholeWord
	case reflect.Slice:
		s.each, s.holder = t.Elem(), "a list"
	case reflect.Map:
		s.each, s.holder = t.Elem(), "an object"
	case reflect.Struct:
		s.members, s.holder = membersOf(t), "an object"
	default:
	}
	return s
}

// membersOf are the members of a struct, by their names in JSON.
func membersOf(t reflect.Type) map[string]reflect.Type {
	members := map[string]reflect.Type{}
	for _, field := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if field.IsExported() && !field.Anonymous && name != "-" {
			members[cmp.Or(name, field.Name)] = field.Type
		}
	}
	return members
}
