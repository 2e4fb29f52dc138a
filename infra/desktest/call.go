package desktest

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"keydesk/infra/faults"
	"keydesk/infra/fixture"
)

// Said is what a function answers.
type Said struct {
	Status  int               `json:"-"`
	Headers map[string]string `json:"-"`
	Text    string            `json:"-"`
	Message string
	Meta    json.RawMessage
}

// Call is a call as API Gateway hands it over. The path may have a query.
func Call(credential, method, path, body string) Event {
	path, query, _ := strings.Cut(path, "?")
	event := Event{RawPath: path, RawQueryString: query, Body: body, Headers: map[string]string{"authorization": credential}}
	event.RequestContext.HTTP.Method, event.RequestContext.RequestID = method, "desktest"
	return event
}

// Say has the function answer an event.
func (d *Desk) Say(function Function, event Event) Said {
	d.t.Helper()
	answer := d.Answer(function, event)
	said := Said{Status: answer.StatusCode, Headers: answer.Headers, Text: strings.TrimSpace(answer.Body)}
	if err := json.Unmarshal([]byte(answer.Body), &said); err != nil {
		d.t.Fatalf("%v: %s", err, answer.Body)
	}
	return said
}

// Rounds are the AWS calls that the function makes for an event: calls side by side are one round, whose names stand in
// alphabetical order.
func Rounds(t *testing.T, function Function, event Event) [][]string {
	t.Helper()
	return roundsAt(t, fixture.Desk, function, event)
}

func roundsAt(t *testing.T, given string, function Function, event Event) [][]string {
	t.Helper()
	plan := faults.New(t)
	desk := New(t, given, plan.Install)
	plan.Reset()
	plan.Hold(50 * time.Millisecond)
	desk.Answer(function, event)
	return plan.Rounds()
}
