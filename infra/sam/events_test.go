//go:build sam

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"keydesk/infra/fixture"
	"keydesk/infra/golden"
	"keydesk/infra/template"
)

const (
	tableName     = "keydesk-events"
	boxPrefix     = "keydesk/events"
	webhookPrefix = "keydesk-webhook/events"
	claimKey      = "keydesk-claim/events"
)

// TestEvents sends events of every operation through SAM, one for each status code that it answers, and all of the schedule's. Of each
// function the first that is granted and the first that is refused, and those of the schedule, go through `sam local invoke`, in a container for each; the others
// through one `sam local start-lambda`, which starts each function once. Each finds the table and the delivery secrets as the fixture makes them.
//
// The handlers' tests play every event. A container can break what depends on the operation (its binary, environment and permissions) or
// on the shape of an answer. It cannot break one case of an operation alone, so more events here would prove nothing more.
func TestEvents(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	cases, err := golden.Load(filepath.Join(root, "events"))
	if err != nil {
		t.Fatal(err)
	}
	desk := openDesk(t, root)
	c, err := prepare(t.Context(), root, "test", map[string]string{
		"KEYDESK_TABLE": tableName, "KEYDESK_BOX_PREFIX": boxPrefix, "KEYDESK_WEBHOOK_PREFIX": webhookPrefix,
		"KEYDESK_CLAIM_KEY": claimKey, "KEYDESK_PROTECTED_ORG": fixture.Org,
	})
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(root, ".local", "log", "sam-events.log"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	first, others := split(cases, desk.schedules)
	t.Logf("%d events through sam local invoke, %d through sam local start-lambda", len(first), len(others))

	t.Run("invoke", func(t *testing.T) {
		through := func(t *testing.T, event golden.Case) []byte { return invoke(t, c, event, log) }
		changing, still := apart(first)
		desk.sendAtOnce(t, still, through)
		desk.send(t, changing, through)
	})
	t.Run("start-lambda", func(t *testing.T) {
		s := startLambda(t, c, log)
		desk.send(t, others, func(t *testing.T, event golden.Case) []byte { return post(t, s, event) })
	})
}

// send sends the events one after another and compares what comes back with what they promise.
func (d *desk) send(t *testing.T, cases []golden.Case, through func(*testing.T, golden.Case) []byte) {
	t.Helper()
	for _, event := range cases {
		t.Run(event.Name, func(t *testing.T) {
			d.give(t, event.Given)
			defer d.after(t, event)
			check(t, event, through(t, event))
		})
	}
}

// sendAtOnce is send, of events that change nothing: those that are given the same go side by side, since a container takes its time to start.
func (d *desk) sendAtOnce(t *testing.T, cases map[string][]golden.Case, through func(*testing.T, golden.Case) []byte) {
	t.Helper()
	for given, events := range cases {
		t.Run("given "+given, func(t *testing.T) {
			d.give(t, given)
			for _, event := range events {
				t.Run(event.Name, func(t *testing.T) {
					t.Parallel()
					check(t, event, through(t, event))
				})
			}
		})
	}
}

// apart takes the events that change nothing apart, by what they are given.
func apart(cases []golden.Case) (changing []golden.Case, still map[string][]golden.Case) {
	still = map[string][]golden.Case{}
	for _, event := range cases {
		if changes(event) {
			changing = append(changing, event)
		} else {
			still[event.Given] = append(still[event.Given], event)
		}
	}
	return changing, still
}

// split chooses the events that go through `sam local invoke`, and those that go through `sam local start-lambda`. An operation has a
// folder of events; of those that are answered with the same status code the first is chosen.
func split(cases []golden.Case, schedules []template.Schedule) (invoked, started []golden.Case) {
	type outcome struct {
		operation string
		status    int
	}
	type kind struct {
		function string
		refused  bool
	}
	seen, seenKind := make(map[outcome]bool), make(map[kind]bool)
	for _, c := range cases {
		operation, status := path.Dir(c.Name), c.Want.StatusCode
		scheduled := slices.ContainsFunc(schedules, func(s template.Schedule) bool { return s.Function == c.Function })
		k := kind{c.Function, status >= http.StatusBadRequest}
		switch {
		case scheduled || !seenKind[k]:
			invoked = append(invoked, c)
		case !seen[outcome{operation, status}]:
			started = append(started, c)
		}
		seen[outcome{operation, status}], seenKind[k] = true, true
	}
	return invoked, started
}

func check(t *testing.T, event golden.Case, answer []byte) {
	t.Helper()
	if event.Want.Returns != nil {
		if diff := golden.DiffReturned(event.Want, answer); diff != "" {
			t.Errorf("%s is answered otherwise than it promises:\n%s", event.Path, diff)
		}
		return
	}
	var got events.APIGatewayV2HTTPResponse
	if err := json.Unmarshal(answer, &got); err != nil {
		t.Fatalf("SAM's answer is not JSON: %v", err)
	}
	if got.StatusCode == 0 {
		t.Fatalf("the function failed: %s", answer)
	}
	if diff := golden.Diff(event.Want, got); diff != "" {
		t.Errorf("%s is answered otherwise than it promises:\n%s", event.Path, diff)
	}
}

// invoke is `sam local invoke`: its standard output is the answer.
func invoke(t *testing.T, c *cli, event golden.Case, log io.Writer) []byte {
	t.Helper()
	cmd := c.local(t.Context(), "invoke", event.Function, "--event", event.Path)
	cmd.Stderr = log
	answer, err := cmd.Output()
	if err != nil {
		t.Fatalf("sam local invoke: %v", err)
	}
	return answer
}

func startLambda(t *testing.T, c *cli, log io.Writer) *server {
	t.Helper()
	port, err := freePort(0)
	if err != nil {
		t.Fatal(err)
	}
	s, err := c.serve(t.Context(), "start-lambda", port, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// post invokes as the AWS SDK does.
func post(t *testing.T, s *server, event golden.Case) []byte {
	t.Helper()
	url := fmt.Sprintf("%s/2015-03-31/functions/%s/invocations", s.url(), event.Function)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(event.Event))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}
