package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"strconv"
	"strings"

	"github.com/aws/aws-lambda-go/events"

	"keydesk/shared/portal"
)

// Out is what a call is answered, with 200.
type Out struct {
	Body   any
	Header map[string]string

	failed error // of one of many that the answer tells of: for the log
}

// envelope is Tyk's answer where there is no document to give.
type envelope struct {
	Status  string `json:"Status"`
	Message string `json:"Message"`
	Meta    any    `json:"Meta"`
}

// OK says that it is done: the object's id, or Tyk's words for it.
func OK(message string) Out { return Out{Body: envelope{Status: "OK", Message: message}} }

// OKMeta says that it is done, and adds what is worth knowing of it.
func OKMeta(message string, meta any) Out {
	return Out{Body: envelope{Status: "OK", Message: message, Meta: meta}}
}

// Document answers with a document and its revision, which If-Match takes.
func Document(body any, revision int) Out {
	return Out{Body: body, Header: map[string]string{"ETag": strconv.Quote(strconv.Itoa(revision))}}
}

func respond(out Out, err error, requestID string) events.APIGatewayV2HTTPResponse {
	response := events.APIGatewayV2HTTPResponse{StatusCode: http.StatusOK, Headers: headers(out, err)}
	body := out.Body
	if err != nil {
		response.StatusCode, body = refuse(err, requestID)
	}
	text, err := encode(body)
	if err == nil && portal.Travels(text) > portal.MaxAnswer {
		response.StatusCode, body = refuse(errTooLong, requestID)
		text, err = encode(body)
	}
	if err != nil { // a value that cannot be written, such as a secret
		response.StatusCode, body = refuse(err, requestID)
		text, _ = encode(body)
	}
	response.Body = text
	return response
}

var errTooLong = portal.Refuse(portal.TooLarge, "The answer would be longer than Lambda may give; read it in pages, with ?p= or by the Link header where there is one, or search for a longer part of the name.")

// headers are the answer's. Whatever the desk says is for its caller alone.
func headers(out Out, err error) map[string]string {
	h := map[string]string{"Content-Type": "application/json", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
	maps.Copy(h, out.Header)
	var refusal *portal.Error
	if !errors.As(err, &refusal) {
		return h
	}
	switch refusal.Kind {
	case portal.Busy:
		h["Retry-After"] = "1"
	case portal.WrongMethod:
		if allowed, ok := refusal.Meta.(allow); ok {
			h["Allow"] = strings.Join(allowed.Allow, ", ")
		}
	default:
	}
	return h
}

// encode writes JSON as people read it best: one line with an end, and no escapes for HTML.
func encode(body any) (string, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(body); err != nil {
		return "", err
	}
	return text.String(), nil
}
