package portal

import (
	"errors"
	"fmt"
)

// Kind says what is the matter with a call, in the words of the desk; package rest turns it into a status code.
type Kind int

// The kinds of refusal. What is none of them is a fault of the desk's own.
const (
	Invalid      Kind = iota + 1 // the call is malformed or says something that cannot be
	Unauthorised                 // nobody we know is asking
	Forbidden                    // the caller may not do this
	NotFound                     // there is no such object, or it belongs to someone else
	WrongMethod                  // the path exists, the verb does not
	Conflict                     // the object is in a state that forbids it
	Stale                        // the object is no longer what If-Match saw
	TooLarge                     // more than one call may carry
	Unsupported                  // the body is in an encoding that is not read here
	Busy                         // too much at once; nothing was done
)

// Error is a refusal that a client may read. Message names the field or object and the remedy; Meta, where there is any, is
// added to the answer's envelope.
type Error struct {
	Kind    Kind
	Message string
	Meta    any
	pattern string // the message without what the client sent, which may be somebody's e-mail address: what a log may hold
}

func (e *Error) Error() string { return e.Message }

// Refuse makes an Error.
func Refuse(kind Kind, format string, arguments ...any) *Error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, arguments...), pattern: format}
}

// Loggable is an error in words that hold nothing of a client's. Why somebody is not known are the desk's own words.
func Loggable(err error) string {
	var refusal *Error
	if !errors.As(err, &refusal) || errors.Is(err, ErrNotAuthorised) {
		return err.Error()
	}
	return refusal.pattern
}

// ErrNotFound is the one answer for what does not exist and what belongs to another organisation.
var ErrNotFound = Refuse(NotFound, "Could not retrieve portal object.")

// ForDeletion says in Tyk's own words that there is nothing to delete.
func ForDeletion(err error) error {
	if errors.Is(err, ErrNotFound) {
		return Refuse(NotFound, "Could not retrieve object for deletion")
	}
	return err
}

// ErrNotAuthorised is the answer to a call without a credential that we know.
var ErrNotAuthorised = Refuse(Unauthorised, "Not authorised")

// ErrMalformed is the answer to a body that is not JSON.
var ErrMalformed = Refuse(Invalid, "Request body malformed.")
