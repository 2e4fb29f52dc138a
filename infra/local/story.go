package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// tellStory has happen, through the desk's own API, what the sample data tells: the functions that deploy make its requests
// and its key, and a desk that is said to be ready has answered.
func tellStory(ctx context.Context, environment map[string]string) error {
	desk := client{environment["KEYDESK_URL"] + "/api/portal/requests"}
	asker, reviewer := environment["KEYDESK_PORTAL"], environment["KEYDESK_REVIEWER"]
	granted, err := desk.call(ctx, http.MethodPost, "", asker,
		`{"by_user": "`+ada+`", "apply_policies": ["`+accounts+`"], "version": "v2", "fields": {"usecase": "a budget"}}`)
	if err != nil {
		return err
	}
	if _, err := desk.call(ctx, http.MethodPut, "/approve/"+granted, reviewer, ""); err != nil {
		return err
	}
	for policy, usecase := range map[string]string{payments: "paying at the till", rates: "price comparison"} {
		_, err = desk.call(ctx, http.MethodPost, "", asker,
			`{"by_user": "`+grace+`", "apply_policies": ["`+policy+`"], "version": "v2", "fields": {"usecase": "`+usecase+`"}}`)
		if err != nil {
			return err
		}
	}
	_, err = fire(ctx, environment["AWS_ENDPOINT_URL_LAMBDA"], "AutoApprove") // which asks a person
	return err
}

// client calls the desk at a URL.
type client struct{ url string }

// call gives the answer's Message. The rest of an answer, such as a key, stays here.
func (c client) call(ctx context.Context, method, path, credential, body string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.url+path, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	request.Header.Set("Authorization", credential)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", fmt.Errorf("make the sample data: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	var answer struct{ Message string }
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return "", fmt.Errorf("make the sample data: %s %s: %s: %w", method, path, response.Status, err)
	}
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("make the sample data: %s %s: %s: %s", method, path, response.Status, answer.Message)
	}
	return answer.Message, nil
}
