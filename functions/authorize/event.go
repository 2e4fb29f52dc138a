package main

import (
	"cmp"
	"errors"

	"keydesk/shared/portal"
	"keydesk/shared/secret"
)

// settings say where keys come in, and whose they have to be.
type settings struct {
	header string // that a key comes in
	org    string // the organisation of the APIs whose stage names none; may be empty
}

// invocation is what counts of what Lambda hands over: API Gateway's event (payload 2.0), or a plain question.
type invocation struct {
	version, kind string       // of an event
	header        secret.Value // of the settings' name
	ambiguous     bool         // the header came twice, in two spellings
	stageOrg      string
	requestID     string
	pem           string // of the TLS connection

	key         secret.Value // of a plain question
	certificate string       // or its SHA-256 fingerprint
	org         string
	saysOrg     bool // null is not the same as none
}

// question is what is asked, by whichever way it came.
type question struct {
	plain       bool         // not API Gateway's
	anybodys    bool         // a plain question that says nothing of whose key it has to be
	org         string       // whose key it has to be
	key         secret.Value // as it came: a header's value
	certificate string       // of the TLS connection, where there is no key
	ambiguous   bool         // the header came twice, in two spellings
	requestID   string
}

// errNotUnderstood does not say what came: there may be a key in it.
var errNotUnderstood = errors.New(`not understood: send an authorizer's event of type REQUEST in payload format 2.0, ` +
	`or {"key": "...", "org": "..."}, or {"certificate": "...", "org": "..."}`)

// read reads an invocation.
func (s settings) read(payload []byte) (question, error) {
	i, err := readInvocation(payload, s.header)
	switch {
	case err != nil: // it could quote the key
	case i.kind == "REQUEST" && i.version == "2.0":
		return question{
			org: cmp.Or(i.stageOrg, s.org), requestID: i.requestID, key: i.header, ambiguous: i.ambiguous, certificate: i.pem,
		}, nil
	case i.kind == "" && i.version == "":
		return question{plain: true, anybodys: !i.saysOrg, org: i.org, key: i.key, certificate: i.certificate}, nil
	}
	return question{}, errNotUnderstood
}

// organisation tells whether the question says well enough whose key it has to be. A certificate's fingerprint is no secret and names
// nobody: without an organisation it would be just anybody's. A gateway's setting that nobody made, empty or null, is none either.
func (q *question) organisation() bool {
	if q.anybodys {
		return !q.key.IsZero() || q.certificate == ""
	}
	return portal.ValidID(q.org)
}

// answer is the decision as it was asked for. Of a refusal it says why, and nothing of the key: it may be another organisation's.
func (d decision) answer(plain bool) []byte {
	switch {
	case d.reason == good && plain: // what the context holds stands beside the verdict
		return written(`{"allowed":true,"reason":"",`, d.context[1:], "")
	case d.reason == good:
		return written(`{"isAuthorized":true,"context":`, d.context, `}`)
	case plain:
		return written(`{"allowed":false,"reason":"`, string(d.reason), `"}`)
	}
	return written(`{"isAuthorized":false,"context":{"reason":"`, string(d.reason), `"}}`)
}

// written takes one piece of memory.
func written(begin, middle, end string) []byte {
	text := make([]byte, 0, len(begin)+len(middle)+len(end))
	return append(append(append(text, begin...), middle...), end...)
}
