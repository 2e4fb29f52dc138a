package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"keydesk/infra/template"
)

// TestScheduledEvent compares the event with one that EventBridge Scheduler sent.
func TestScheduledEvent(t *testing.T) {
	t.Setenv("AWS_REGION", "us-east-2")
	var got map[string]any
	if err := json.Unmarshal(scheduledEvent("AutoApprove", time.Date(2024, 6, 13, 14, 30, 0, 5, time.FixedZone("", 7200))), &got); err != nil {
		t.Fatal(err)
	}
	if id, _ := got["id"].(string); len(id) != len("37666ae6-48cf-4285-b4c6-a3320b38824a") || strings.Count(id, "-") != 4 {
		t.Errorf("the id is %v", got["id"])
	}
	got["id"] = "37666ae6-48cf-4285-b4c6-a3320b38824a"
	want := map[string]any{
		"version": "0", "id": "37666ae6-48cf-4285-b4c6-a3320b38824a", "detail-type": "Scheduled Event", "source": "aws.scheduler",
		"account": "123456789012", "time": "2024-06-13T12:30:00Z", "region": "us-east-2",
		"resources": []any{"arn:aws:scheduler:us-east-2:123456789012:schedule/default/AutoApproveSchedule"}, "detail": "{}",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestTheClock has runs that last much longer than the period: they do not keep one another waiting, and end with ctx.
func TestTheClock(t *testing.T) {
	const period = 40 * time.Millisecond
	ctx, cancel := context.WithCancel(t.Context())
	begun, ended := make(chan time.Time, 100), make(chan struct{})
	start := time.Now()
	go func() {
		keepTime(ctx, template.Schedule{Function: "AutoApprove", Rate: period}, func(ctx context.Context, function string, _ []byte) ([]byte, error) {
			if function != "AutoApprove" {
				t.Errorf("%s was invoked", function)
			}
			begun <- time.Now()
			<-ctx.Done()
			return nil, ctx.Err()
		})
		close(ended)
	}()
	for range 3 {
		if at := <-begun; at.Sub(start) < period {
			t.Errorf("the first time came after %s", at.Sub(start))
		}
	}
	cancel()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Error("it goes on")
	}
}

func TestWordsOfAReport(t *testing.T) {
	for report, want := range map[string]string{
		`{"looked_at": 0, "approved": 0, "failed": 0, "more": false, "why": []}`: "nothing was due",
		`{"looked_at": 3, "approved": 2, "sent_again": 0, "failed": 1, "left": 4, "more": true, "why": [{"id": "7", "error": "42 is wrong"}]}`: "" +
			"looked at 3, approved 2, failed 1, left 4, more\n  7: 42 is wrong",
	} {
		if got := words([]byte(report)); got != want {
			t.Errorf("%s\ngives %q\nwant  %q", report, got, want)
		}
	}
}

// TestTickFiresEverySchedule fires those of the template at functions that a server plays.
func TestTickFiresEverySchedule(t *testing.T) {
	var failure string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var event struct{ Source string }
		if json.NewDecoder(r.Body).Decode(&event) != nil || event.Source != "aws.scheduler" || r.URL.Path != "/2015-03-31/functions/AutoApprove/invocations" {
			t.Errorf("%s is sent %+v", r.URL.Path, event)
		}
		if failure != "" {
			w.Header().Set("X-Amz-Function-Error", failure)
		}
		_, _ = w.Write([]byte(`{"looked_at": 1, "approved": 1}`))
	}))
	defer server.Close()
	t.Setenv("AWS_ENDPOINT_URL_LAMBDA", server.URL)
	var said bytes.Buffer
	if err := tick(&said); err != nil || said.String() != "AutoApprove: looked at 1, approved 1\n" {
		t.Errorf("it says %q, and %v", &said, err)
	}
	failure = "Unhandled"
	if err := tick(&said); err == nil || !strings.Contains(err.Error(), "AutoApprove failed: ") {
		t.Errorf("of a function that failed it says %v", err)
	}
	server.Close()
	if err := tick(&said); err == nil || !strings.Contains(err.Error(), "is `make run` running?") {
		t.Errorf("where nobody answers it says %v", err)
	}
	t.Setenv("AWS_ENDPOINT_URL_LAMBDA", "")
	if err := tick(&said); err == nil || !strings.Contains(err.Error(), "is `make run` running?") {
		t.Errorf("without an address it says %v", err)
	}
}
