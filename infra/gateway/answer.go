package gateway

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
)

// answer is what the client receives.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// message is an answer of API Gateway's own.
func message(status int, text string) answer {
	body := fmt.Appendf(nil, `{"message":%q}`, text)
	return answer{status, http.Header{"Content-Type": {"application/json"}}, body}
}

// newAnswer reads what the function returned. With a statusCode it is a description of the answer, and must be a sound one;
// anything else is the body itself, of status 200, whether it is sound JSON or not (the documentation says "valid JSON"; measured
// in aws/aws-lambda-dotnet, Tools/LambdaTestTool-v2, InvokeResponseExtensions.cs).
func newAnswer(payload []byte) (answer, error) {
	var probe struct {
		StatusCode json.RawMessage `json:"statusCode"`
	}
	if err := json.Unmarshal(payload, &probe); err == nil && probe.StatusCode != nil {
		return describedAnswer(payload)
	}
	var text *string
	if err := json.Unmarshal(payload, &text); err == nil && text != nil {
		payload = []byte(*text)
	}
	return answer{http.StatusOK, http.Header{"Content-Type": {"application/json"}}, payload}, nil
}

// describedAnswer reads the fields that format 2.0 has. multiValueHeaders is not one of them: API Gateway ignores it, although
// the library's struct has it (github.com/aws/serverless-java-container/issues/377), and so it is ignored here.
func describedAnswer(payload []byte) (answer, error) {
	var described struct {
		StatusCode      int               `json:"statusCode"`
		Headers         map[string]string `json:"headers"`
		Cookies         []string          `json:"cookies"`
		Body            string            `json:"body"`
		IsBase64Encoded bool              `json:"isBase64Encoded"`
	}
	if err := json.Unmarshal(payload, &described); err != nil {
		return answer{}, fmt.Errorf("the function's answer is malformed: %w", err)
	}
	if described.StatusCode < 200 || described.StatusCode > 599 {
		return answer{}, fmt.Errorf("the function's answer has statusCode %d", described.StatusCode)
	}
	a := answer{described.StatusCode, make(http.Header), []byte(described.Body)}
	if described.IsBase64Encoded {
		decoded, err := base64.StdEncoding.DecodeString(described.Body)
		if err != nil {
			return answer{}, fmt.Errorf("the body of the function's answer is not base64: %w", err)
		}
		a.body = decoded
	}
	for name, value := range described.Headers {
		a.header.Set(name, value)
	}
	for _, cookie := range described.Cookies {
		a.header.Add("Set-Cookie", cookie)
	}
	if a.header.Get("Content-Type") == "" {
		a.header.Set("Content-Type", "text/plain; charset=utf-8") // an HTTP API's default
	}
	return a, nil
}

// connectionHeaders belong to the connection, not to the answer: the server sets its own.
var connectionHeaders = []string{"Connection", "Content-Length", "Keep-Alive", "Te", "Trailer", "Transfer-Encoding", "Upgrade"}

func (a answer) write(w http.ResponseWriter) {
	for _, name := range connectionHeaders {
		a.header.Del(name)
	}
	for name, values := range a.header {
		w.Header()[name] = values
	}
	if a.status == http.StatusNoContent || a.status == http.StatusNotModified {
		w.WriteHeader(a.status)
		return
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // a client that has left needs no answer
}
