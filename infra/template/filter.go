package template

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Filter is a pattern of EventBridge's, as far as template.yaml uses them: a record must have each of the fields.
type Filter []Field

// Field is what a filter says of one member of a record: that it is a text, one of Equals or one that begins with one of Prefixes.
type Field struct {
	Path     string // "dynamodb.Keys.SK.S"
	Equals   []string
	Prefixes []string
}

// Wants tells whether a record, as functions receive it in JSON, passes one of the filters, or there is none.
func (s Stream) Wants(record []byte) (bool, error) {
	var members map[string]any
	if err := json.Unmarshal(record, &members); err != nil {
		return false, fmt.Errorf("a stream's record: %w", err)
	}
	wanted := func(f Filter) bool { return f.matches(members) }
	return len(s.Filters) == 0 || slices.ContainsFunc(s.Filters, wanted), nil
}

func (f Filter) matches(record map[string]any) bool {
	return !slices.ContainsFunc(f, func(field Field) bool { return !field.matches(record) })
}

func (f Field) matches(record map[string]any) bool {
	var value any = record
	for name := range strings.SplitSeq(f.Path, ".") {
		members, _ := value.(map[string]any)
		value = members[name]
	}
	text, is := value.(string)
	begins := func(prefix string) bool { return strings.HasPrefix(text, prefix) }
	return is && (slices.Contains(f.Equals, text) || slices.ContainsFunc(f.Prefixes, begins))
}

// newFilter refuses what it would match otherwise than AWS does
// (docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html).
func newFilter(pattern string) (Filter, error) {
	var members map[string]any
	if err := json.Unmarshal([]byte(pattern), &members); err != nil {
		return nil, err
	}
	return fields("", members)
}

func fields(above string, members map[string]any) (Filter, error) {
	if len(members) == 0 {
		return nil, errors.New("an object without members is not understood here")
	}
	var all Filter
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if strings.ContainsAny(name, "$.") {
			return nil, fmt.Errorf("the member %q is not understood here", name)
		}
		var below Filter
		var err error
		switch value := members[name].(type) {
		case map[string]any:
			below, err = fields(above+name+".", value)
		case []any:
			below = Filter{{Path: above + name}}
			err = below[0].allow(value)
		default:
			err = fmt.Errorf("%s: a pattern's values stand in brackets", above+name)
		}
		if err != nil {
			return nil, err
		}
		all = append(all, below...)
	}
	return all, nil
}

// allow adds what the field may be.
func (f *Field) allow(values []any) error {
	for _, value := range values {
		test, isTest := value.(map[string]any)
		prefix, isPrefix := test["prefix"].(string)
		switch text, isText := value.(string); {
		case isText:
			f.Equals = append(f.Equals, text)
		case isTest && isPrefix && len(test) == 1:
			f.Prefixes = append(f.Prefixes, prefix)
		default:
			return fmt.Errorf("%s: only texts and {\"prefix\": ...} are understood here, not %v", f.Path, value)
		}
	}
	if len(values) == 0 {
		return fmt.Errorf("%s: an empty list matches nothing", f.Path)
	}
	return nil
}
