package rest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/tailscale/hujson"

	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// In is what a call says.
type In struct {
	Method         string
	Path           string     // as sent, with the stage if there is one
	Domain         string     // that the gateway answers for; never the Host header, which the caller makes up
	Org            string     // that the credential names: good for reading, and true once Then runs
	Credential     string     // its hash, as true as Org
	ID             string     // what the path names: an {id}, a {policy}, an {email} or an {ssokey}; empty where it names none
	Key            string     // what it calls a key: a {key} or a {client}
	Query          url.Values // the parameters that the operation has; none is empty or there twice
	Body           []byte
	IdempotencyKey string
	IfMatch        int          // a revision; 0: none
	Webhook        http.Header  // the headers of a signed message, by their names in Standard Webhooks
	Usage          *table.Usage // how many there are of what the operation Adds, in Then; nil where the limit was never reached
	At             time.Time
	RequestID      string
}

// signed are the headers of a signed message.
var signed = []string{"webhook-id", "webhook-timestamp", "webhook-signature"}

// Bounds of what a call may carry.
const (
	maxBody           = 1 << 20
	maxUnguardedBody  = 16 << 10
	maxIdempotencyKey = 255
	maxAnnotatedBody  = 64 << 10
)

func read(event events.APIGatewayV2HTTPRequest, presented caller.Presented, op Endpoint) (In, error) {
	request := event.RequestContext
	in := In{
		Webhook: http.Header{},
		Method:  request.HTTP.Method, Path: event.RawPath, Domain: request.DomainName, RequestID: request.RequestID,
		Org: presented.Org, Credential: presented.Hash, At: time.Now(),
	}
	var err error
	if in.Query, err = parameters(event.RawQueryString, op.parameters()); err != nil {
		return in, err
	}
	for _, name := range signed {
		in.Webhook.Set(name, header(event, name))
	}
	if in.Body, err = body(event, op.maxBody()); err != nil {
		return in, err
	}
	if in.IdempotencyKey = header(event, "idempotency-key"); len(in.IdempotencyKey) > maxIdempotencyKey {
		return in, portal.Refuse(portal.Invalid, "Idempotency-Key is longer than %d characters; send a random UUID, and the same one when the call is repeated.", maxIdempotencyKey)
	}
	if in.IfMatch, err = revision(sent(event, "if-match")); err == nil && !op.revisions() {
		err = in.noRevision()
	}
	return in, err
}

// body is what the event holds as one, whatever it travelled in.
func body(event events.APIGatewayV2HTTPRequest, most int) (text []byte, err error) {
	text = []byte(event.Body)
	if event.IsBase64Encoded {
		if text, err = base64.StdEncoding.DecodeString(event.Body); err != nil {
			return nil, portal.ErrMalformed
		}
	}
	if len(text) > most {
		return nil, portal.Refuse(portal.TooLarge, "The body is %d bytes long; at most %d are read.", len(text), most)
	}
	return decoded(text, header(event, "content-encoding"), most)
}

// header is the value of a header whose name stands here in lower case, as API Gateway writes all names; SAM local leaves them
// as they were sent.
func header(event events.APIGatewayV2HTTPRequest, name string) string {
	value, _ := sent(event, name)
	return value
}

// sent is header, and tells whether the call has it.
func sent(event events.APIGatewayV2HTTPRequest, name string) (value string, there bool) {
	if value, there = event.Headers[name]; there {
		return value, true
	}
	for sent, value := range event.Headers {
		if strings.EqualFold(sent, name) {
			return value, true
		}
	}
	return "", false
}

// Decode reads the body, a JSON object whatever its content type says: clients of Tyk rarely send one. Comments and trailing
// commas are let pass, since the samples of Tyk's documents have them. Names of members are exact: see portal.Unmarshal.
func Decode(body []byte, into any) error {
	body = bytes.TrimPrefix(body, []byte("\ufeff")) // PowerShell's mark
	switch text := bytes.TrimSpace(body); {
	case len(text) == 0:
		return portal.Refuse(portal.Invalid, "The body is empty; send a JSON object.")
	case text[0] != '{' && text[0] != '/':
		return portal.Refuse(portal.Invalid, "Request body malformed. Send a JSON object.")
	}
	err := portal.Unmarshal(body, into)
	if errors.Is(err, portal.ErrMalformed) && len(body) <= maxAnnotatedBody {
		if plain, standardErr := hujson.Standardize(append(bytes.Clone(body), '\n')); standardErr == nil {
			err = portal.Unmarshal(plain, into)
		}
	}
	var refusal *portal.Error
	var wrongType *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrongType) && wrongType.Field != "":
		return portal.Refuse(portal.Invalid, "%s: %s is expected, not %s.", wrongType.Field, expected(wrongType), instead(wrongType))
	case err != nil && !errors.As(err, &refusal):
		return portal.ErrMalformed
	case err == nil && isAnswer(body):
		return errAnswer
	case err == nil:
		return oneID(body)
	}
	return err
}

// oneID refuses a body that names its object in two ways that differ. Clients of Tyk know the id by one name or the other: whichever
// counted, some client would write to another object than it meant.
func oneID(body []byte) error {
	if !bytes.Contains(body, []byte(`"_id"`)) || !bytes.Contains(body, []byte(`"id"`)) {
		return nil
	}
	var first, second string
	members := membersOf(body)
	_, _ = json.Unmarshal(members["_id"], &first), json.Unmarshal(members["id"], &second) // what is no text stays empty here
	if first == "" || second == "" || first == second {
		return nil
	}
	return portal.Refuse(portal.Invalid, "_id and id: must be the same, got %.40q and %.40q; send one of them.", first, second)
}

// membersOf takes a body apart that was decoded before.
func membersOf(body []byte) (members map[string]json.RawMessage) {
	if plain, err := hujson.Standardize(append(bytes.Clone(body), '\n')); err == nil {
		body = plain
	}
	_ = json.Unmarshal(body, &members) // no members where it is no object
	return members
}

// isAnswer tells whether a body is an envelope of ours, with or without members that a client added to it. A client that takes a refusal for
// the catalogue, adds its entry and sends it back would replace all others.
func isAnswer(body []byte) bool {
	if !bytes.Contains(body, []byte(`"Status"`)) || !bytes.Contains(body, []byte(`"Message"`)) { // as nearly none has
		return false
	}
	members := membersOf(body)
	status := string(members["Status"])
	return (status == `"OK"` || status == `"Error"`) && bytes.HasPrefix(members["Message"], []byte(`"`))
}

var errAnswer = portal.Refuse(portal.Invalid, "The body is an answer of the API (Status, Message), not an object to write; read the object again, then change that.")

// Only refuses members that a body of Keydesk's own has not: one that is misspelt must not count as left out.
func Only(body []byte, known ...string) error {
	var sent map[string]json.RawMessage
	if err := Decode(body, &sent); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(sent)) {
		if !slices.Contains(known, name) {
			return portal.Refuse(portal.Invalid, "%.40q is nothing that is known here; send %s.", name, strings.Join(known, ", "))
		}
	}
	return nil
}

// expected names what a member should hold, in JSON's words.
func expected(e *json.UnmarshalTypeError) string {
	switch name := e.Type.String(); name {
	case "string", "*string", "secret.Value", "*secret.Value":
		return "a string"
	case "portal.SentKey":
		return "a string, or a JWK as an object"
	case "int":
		return "a whole number"
	case "bool":
		return "true or false"
	case "[]string":
		return "a list of strings"
	default:
		return "an object"
	}
}

// instead names what it holds instead. (Of a number encoding/json says which.)
func instead(e *json.UnmarshalTypeError) string {
	switch kind, number, _ := strings.Cut(e.Value, " "); kind {
	case "number":
		if number != "" {
			return number
		}
		return "a number"
	case "bool":
		return "true or false"
	case "array":
		return "a list"
	case "object":
		return "an object"
	default:
		return "a " + kind
	}
}
