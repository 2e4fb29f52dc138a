package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"keydesk/infra/trial"
	"keydesk/shared/rest"
	"keydesk/shared/table"
)

// paging is the template's.
var paging = rest.Paging{Size: 10, MaxUnpaged: 1000}

const collection = "/api/portal/developers"

// said is what a call was answered.
type said struct {
	status  int
	next    string // the query of the Link to the next page
	text    string
	Message string
	Meta    struct {
		ID          string
		KeysRevoked int    `json:"keys_revoked"`
		LockedUntil string `json:"locked_until"`
	}
}

// into reads the answer's document.
func (s said) into(t testing.TB, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(s.text), v); s.status != http.StatusOK || err != nil {
		t.Fatalf("%d %s: %v", s.status, s.text, err)
	}
}

// call has a fresh process answer a person's call.
func call(t testing.TB, d *trial.Desk, books *table.Table, who trial.Person, method, path, body string) said {
	t.Helper()
	return callBy(t, d, operations(books, paging), books, who, method, path, body)
}

// callPaged asks for the list, with other pages.
func callPaged(t testing.TB, d *trial.Desk, pages rest.Paging, who trial.Person, query string) said {
	t.Helper()
	books := d.Issuer().Table
	return callBy(t, d, operations(books, pages), books, who, http.MethodGet, collection+query, "")
}

func callBy(t testing.TB, d *trial.Desk, all []rest.Endpoint, books *table.Table, who trial.Person, method, path, body string) said {
	t.Helper()
	path, query, _ := strings.Cut(path, "?")
	event := who.Call(method, path, body, nil)
	event.RawQueryString = query
	response, err := rest.Handle(books, all...)(d.Invocation(t.Context()), event)
	if err != nil {
		t.Error(err)
	}
	answer := said{status: response.StatusCode, text: response.Body}
	if err := json.Unmarshal([]byte(response.Body), &answer); err != nil {
		t.Errorf("%v: %s", err, response.Body)
	}
	if link, ok := strings.CutSuffix(response.Headers["Link"], `>; rel="next"`); ok {
		next, err := url.Parse(strings.TrimPrefix(link, "<"))
		if err != nil {
			t.Error(err)
		}
		answer.next = next.RawQuery
	}
	return answer
}
