package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"strings"

	"keydesk/shared/portal"
	"keydesk/shared/secret"
)

// settings say where keys come in, and whose they have to be.
type settings struct {
	header string // that a key comes in
	org    string // the organisation of the APIs whose stage names none; may be empty
}

// invocation is what Lambda hands over: API Gateway's event (payload 2.0), of which these members count, or a plain question, of which
// the last three do.
type invocation struct {
	Version        string                  `json:"version"`
	Type           string                  `json:"type"`
	Headers        map[string]secret.Value `json:"headers"` // all of them: whoever prints this by mistake prints none
	StageVariables struct {
		Org string `json:"keydesk_org"`
	} `json:"stageVariables"`
	RequestContext struct {
		RequestID      string `json:"requestId"`
		Authentication struct {
			ClientCert struct {
				PEM string `json:"clientCertPem"`
			} `json:"clientCert"`
		} `json:"authentication"`
	} `json:"requestContext"`

	Key         secret.Value    `json:"key"`
	Certificate string          `json:"certificate"` // or its SHA-256 fingerprint
	Org         json.RawMessage `json:"org"`         // a text; null is not the same as none
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
	var i invocation
	if json.Unmarshal(payload, &i) != nil { // its message could quote the key
		return question{}, errNotUnderstood
	}
	switch {
	case i.Type == "REQUEST" && i.Version == "2.0":
		q := question{org: cmp.Or(i.StageVariables.Org, s.org), requestID: i.RequestContext.RequestID}
		q.key, q.ambiguous = one(i.Headers, s.header)
		q.certificate = i.RequestContext.Authentication.ClientCert.PEM
		return q, nil
	case i.Type == "" && i.Version == "":
		q := question{plain: true, anybodys: i.Org == nil, key: i.Key, certificate: i.Certificate}
		if !q.anybodys && json.Unmarshal(i.Org, &q.org) != nil { // null leaves it empty, which is nobody's
			break
		}
		return q, nil
	}
	return question{}, errNotUnderstood
}

// one is the header of that name. API Gateway writes names in lower case, and joins two headers of one name; others do neither.
func one(headers map[string]secret.Value, name string) (value secret.Value, ambiguous bool) {
	for n, v := range headers {
		if v.IsZero() || !strings.EqualFold(n, name) {
			continue
		}
		if !value.IsZero() {
			return value, true
		}
		value = v
	}
	return value, false
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
