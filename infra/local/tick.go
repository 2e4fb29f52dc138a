package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"keydesk/infra/template"
)

// tick fires every schedule of the template now, at the desk that the environment leads to, and says what came of it.
func tick(out io.Writer) error {
	address := os.Getenv("AWS_ENDPOINT_URL_LAMBDA")
	if address == "" {
		return errors.New("AWS_ENDPOINT_URL_LAMBDA is not set: is `make run` running? It writes .local/env, which sets it")
	}
	t, err := template.Load("template.yaml", nil)
	if err != nil {
		return err
	}
	for _, schedule := range t.Schedules {
		said, err := fire(context.Background(), address, schedule.Function)
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintf(out, "%s: %s\n", schedule.Function, said)
	}
	return nil
}

// fire invokes the function as EventBridge Scheduler does, but waits for its report, and gives that in words.
func fire(ctx context.Context, address, function string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	event := scheduledEvent(function, time.Now())
	invocations := address + "/2015-03-31/functions/" + function + "/invocations"
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, invocations, bytes.NewReader(event)) //nolint:gosec // the desk's own address
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request) //nolint:gosec // as above
	if err != nil {
		return "", fmt.Errorf("invoke %s: %w: is `make run` running?", function, err)
	}
	defer func() { _ = response.Body.Close() }()
	report, err := io.ReadAll(response.Body)
	if err != nil {
		return "", err
	}
	if response.StatusCode != http.StatusOK || response.Header.Get("X-Amz-Function-Error") != "" {
		return "", fmt.Errorf("%s failed: %s", function, report)
	}
	return words(report), nil
}

// words tells a report: its figures that are not zero, in its own order, then what failed and why, a line each.
func words(report []byte) string {
	var figures, lines []string
	var failed struct {
		Why []struct{ ID, Error string }
	}
	_ = json.Unmarshal(report, &failed) // where there is none, it is shown as it is
	for _, f := range failed.Why {
		lines = append(lines, "\n  "+f.ID+": "+f.Error)
	}
	for decoder := json.NewDecoder(bytes.NewReader(report)); ; {
		token, err := decoder.Token()
		if name, is := token.(string); is {
			name = strings.ReplaceAll(name, "_", " ")
			switch value, _ := decoder.Token(); value := value.(type) {
			case float64:
				if value != 0 {
					figures = append(figures, fmt.Sprintf("%s %v", name, value))
				}
			case bool:
				if value {
					figures = append(figures, name)
				}
			}
		}
		if err != nil {
			break
		}
	}
	if len(figures) == 0 {
		return "nothing was due" + strings.Join(lines, "")
	}
	return strings.Join(figures, ", ") + strings.Join(lines, "")
}
