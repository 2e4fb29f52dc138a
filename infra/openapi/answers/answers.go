// Package answers holds what the desk says to its contract, infra/openapi/keydesk.yaml.
package answers

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// Check says in which way an answer is not as the contract promises it; nil where it is. The path may have a query, and a slash
// at its end.
func Check(method, path string, status int, header http.Header, body []byte) error {
	contract, err := load()
	if err != nil {
		return err
	}
	if err := check(contract, method, path, status, header, body); err != nil {
		return fmt.Errorf("%s %s, answered %d: %w", method, path, status, err)
	}
	return nil
}

func check(contract *openapi3.T, method, path string, status int, header http.Header, body []byte) error {
	request, err := http.NewRequestWithContext(context.Background(), method, path, nil)
	if err != nil {
		return err
	}
	operation, err := find(contract, method, request.URL.EscapedPath(), status, header)
	if err != nil {
		return err
	}
	promised := operation.Responses.Status(status)
	if promised == nil {
		return fmt.Errorf("the contract does not have this status for %s", operation.OperationID)
	}
	for _, name := range telling {
		if header.Get(name) != "" && promised.Value.Headers[name] == nil {
			return fmt.Errorf("the contract does not have the header %s for this answer of %s", name, operation.OperationID)
		}
	}
	return openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{
			Request: request, Route: &routers.Route{Spec: contract, Operation: operation},
		},
		Status: status, Header: header, Body: io.NopCloser(bytes.NewReader(body)), Options: &options,
	})
}

// CheckEvent says in which way the body of a webhook is not as the contract promises it; nil where it is.
func CheckEvent(body []byte) error {
	contract, err := load()
	if err != nil {
		return err
	}
	var event any
	if err := json.Unmarshal(body, &event); err != nil {
		return fmt.Errorf("an event: %w", err)
	}
	promised := contract.Webhooks["keyRequestEvent"].Post.RequestBody.Value.GetMediaType("application/json")
	if err := promised.Schema.Value.VisitJSON(event, openapi3.MultiErrors(), openapi3.EnableJSONSchema2020()); err != nil {
		return fmt.Errorf("an event: %w", err)
	}
	return nil
}

// telling are the headers that say something of the API. Others may come and go: front ends add their own.
var telling = []string{"Allow", "ETag", "Link", "Location", "Retry-After"}

// options have the findings told without the values: a key may be among them, and what tests print is kept.
var options = func() (o openapi3filter.Options) {
	o.MultiError = true
	o.WithCustomSchemaErrorFunc(func(err *openapi3.SchemaError) string { return err.Reason })
	return o
}()

// find is the operation that a call is for; where it is for none, the answers to all such calls.
func find(contract *openapi3.T, method, path string, status int, header http.Header) (*openapi3.Operation, error) {
	item := match(contract, path)
	if item == nil {
		return elsewhere(contract, http.StatusNotFound), nil
	}
	verb := method
	if verb == "UPDATE" { // which OpenAPI cannot say
		verb = http.MethodPut
	}
	if operation := item.GetOperation(verb); operation != nil {
		return operation, nil
	}
	var has []string
	for verb := range item.Operations() {
		has = append(has, verb)
	}
	slices.Sort(has)
	allowed := strings.Split(header.Get("Allow"), ", ")
	slices.Sort(allowed)
	if status == http.StatusMethodNotAllowed && !slices.Equal(allowed, has) {
		return nil, fmt.Errorf("its Allow is %q; the contract has %v for this path", header.Get("Allow"), has)
	}
	return elsewhere(contract, http.StatusMethodNotAllowed), nil
}

// match is what the contract has for a path. Of those that fit, the one is meant whose variables come last.
func match(contract *openapi3.T, path string) *openapi3.PathItem {
	segments := strings.Split(strings.TrimRight(path, "/"), "/")
	var found *openapi3.PathItem
	var nearest string
	for pattern, item := range contract.Paths.Map() {
		if far, fits := fit(strings.Split(pattern, "/"), segments, item.Parameters); fits && (found == nil || far < nearest) {
			found, nearest = item, far
		}
	}
	return found
}

// fit tells whether a path is one of a pattern's, and how far it is from being the pattern itself: a digit a segment, 1 for a variable.
func fit(pattern, segments []string, parameters openapi3.Parameters) (far string, fits bool) {
	if len(pattern) != len(segments) {
		return "", false
	}
	for i, want := range pattern {
		name, variable := strings.CutPrefix(want, "{")
		switch {
		case variable && (segments[i] != "" || mayBeEmpty(parameters, strings.TrimSuffix(name, "}"))):
			far += "1"
		case want != segments[i]:
			return "", false
		default:
			far += "0"
		}
	}
	return far, true
}

// mayBeEmpty tells whether clients may leave the variable out of the path, slashes and all: OpenAPI has no word for that.
func mayBeEmpty(parameters openapi3.Parameters, name string) bool {
	variable := parameters.GetByInAndName("path", name)
	return variable != nil && variable.Extensions["x-may-be-empty"] == true
}

// elsewhere is what a call gets that no operation is for: this status, as x-answers-to-what-is-not-below has it.
func elsewhere(contract *openapi3.T, status int) *openapi3.Operation {
	name := map[int]string{http.StatusNotFound: "NotFound", http.StatusMethodNotAllowed: "WrongMethod"}[status]
	operation := &openapi3.Operation{OperationID: "a call that it does not have", Responses: openapi3.NewResponsesWithCapacity(1)}
	operation.Responses.Set(fmt.Sprint(status), contract.Components.Responses[name])
	return operation
}
