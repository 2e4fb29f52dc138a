package main

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"keydesk/shared/secret"
)

// readInvocation reads what counts of an invocation, by exact names, each of which may stand once. To encoding/json a second "Org" is
// the organisation too; and it takes twice the time, on every call of every API.
func readInvocation(payload []byte, header string) (i invocation, err error) {
	r := reader{jsontext.NewDecoder(bytes.NewBuffer(payload), jsontext.AllowInvalidUTF8(true))} // a key that is no text opens nothing
	err = r.members(func(name string) error {
		switch name {
		case "version":
			return r.text(&i.version)
		case "type":
			return r.text(&i.kind)
		case "headers":
			return r.members(func(name string) error { return i.readHeader(r, name, header) })
		case "stageVariables":
			return r.only("keydesk_org", func() error { return r.text(&i.stageOrg) })
		case "requestContext":
			return r.members(func(name string) error { return i.readContext(r, name) })
		case "key":
			return r.secret(&i.key)
		case "certificate":
			return r.text(&i.certificate)
		case "org":
			i.saysOrg = true
			return r.text(&i.org)
		}
		return r.decoder.SkipValue()
	})
	if err == nil {
		if _, err = r.decoder.ReadToken(); errors.Is(err, io.EOF) {
			return i, nil
		}
		err = errNotUnderstood
	}
	return i, err
}

// readHeader reads a header, if it is the one that a key comes in. API Gateway writes names in lower case, and joins two headers of
// one name; others do neither.
func (i *invocation) readHeader(r reader, name, wanted string) error {
	if !strings.EqualFold(name, wanted) {
		return r.decoder.SkipValue()
	}
	var value secret.Value
	if err := r.secret(&value); err != nil || value.IsZero() {
		return err
	}
	i.ambiguous = i.ambiguous || !i.header.IsZero()
	i.header = value
	return nil
}

func (i *invocation) readContext(r reader, name string) error {
	switch name {
	case "requestId":
		return r.text(&i.requestID)
	case "authentication":
		return r.only("clientCert", func() error {
			return r.only("clientCertPem", func() error { return r.text(&i.pem) })
		})
	}
	return r.decoder.SkipValue()
}

// reader reads JSON value by value. Null is an empty text, and an object without members.
type reader struct{ decoder *jsontext.Decoder }

// members has each member of an object read, once its name is.
func (r reader) members(read func(name string) error) error {
	token, err := r.decoder.ReadToken()
	if err != nil || token.Kind() == 'n' {
		return err
	}
	if token.Kind() != '{' {
		return errNotUnderstood
	}
	for r.decoder.PeekKind() == '"' {
		name, err := r.decoder.ReadToken()
		if err != nil {
			return err
		}
		if err := read(name.String()); err != nil {
			return err
		}
	}
	_, err = r.decoder.ReadToken()
	return err
}

// only has one member of an object read.
func (r reader) only(wanted string, read func() error) error {
	return r.members(func(name string) error {
		if name == wanted {
			return read()
		}
		return r.decoder.SkipValue()
	})
}

func (r reader) text(into *string) error {
	token, err := r.decoder.ReadToken()
	switch {
	case err != nil || token.Kind() == 'n':
		return err
	case token.Kind() != '"':
		return errNotUnderstood
	}
	*into = token.String()
	return nil
}

func (r reader) secret(into *secret.Value) error {
	var text string
	err := r.text(&text)
	*into = secret.New(text)
	return err
}
