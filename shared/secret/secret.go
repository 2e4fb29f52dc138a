// Package secret exists because a raw key that is printed, logged or stored by accident is a key that must be revoked. Value
// holds one so that no printing, logging or marshalling shows it: the text comes out through Reveal alone, and a test counts
// the places that call it.
package secret

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// redacted stands wherever a secret would have been printed.
const redacted = "[secret]"

// errMarshal is what every encoder is told. An error is safer than a placeholder: a placeholder would be stored, or answered
// to the developer, in place of the key, with nobody knowing until the key is needed and lost.
var errMarshal = errors.New("a secret cannot be marshalled: call Reveal where it is stored or answered")

// Value is a secret text. The zero Value holds none.
//
// The text stands behind an unexported pointer since fmt and encoders cannot call methods on the unexported fields of what
// they are given, but would show a string there; of a pointer they show the address or nothing.
type Value struct {
	_    [0]func() // not comparable: == would compare the addresses
	text *string
}

// New keeps s secret.
func New(s string) Value {
	if s == "" {
		return Value{}
	}
	return Value{text: &s}
}

// Reveal gives the secret itself, to be called only where it is stored, answered or checked.
func (v Value) Reveal() string {
	if v.text == nil {
		return ""
	}
	return *v.text
}

// IsZero tells whether there is no secret in v.
func (v Value) IsZero() bool { return v.text == nil }

// String redacts.
func (v Value) String() string { return redacted }

// GoString redacts %#v.
func (v Value) GoString() string { return redacted }

// Format redacts for every verb and flag, %x and %p included.
func (v Value) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue redacts for every slog handler.
func (v Value) LogValue() slog.Value { return slog.StringValue(redacted) }

// UnmarshalText takes a secret in, from a JSON string or its like.
func (v *Value) UnmarshalText(text []byte) error {
	*v = New(string(text))
	return nil
}

// MarshalText refuses. JSON, XML, YAML and the keys of their maps all come here.
func (v Value) MarshalText() ([]byte, error) { return nil, errMarshal }
