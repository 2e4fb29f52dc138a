package main

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"keydesk/infra/canary"
	"keydesk/infra/desktest"
	"keydesk/infra/golden"
)

// TestEvents has Lambda's library hand each event of events/autoapprove to a schedule, and compares what comes back, and what is
// logged. Run again, it finds nothing to do of the kind: it was done, and no more than that.
func TestEvents(t *testing.T) {
	cases, err := golden.Load("../../events")
	if err != nil {
		t.Fatal(err)
	}
	played := 0
	for _, c := range cases {
		if c.Function != "AutoApprove" {
			continue
		}
		played++
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			desk := desktest.New(t, c.Given)
			var log bytes.Buffer
			s := schedule{issuer: desk.Issuer, log: slog.New(slog.NewJSONHandler(&log, nil)), now: time.Now, page: atATime}
			returned, err := lambda.NewHandler(s.Invoke).Invoke(t.Context(), c.Event)
			if err != nil {
				t.Fatal(err)
			}
			if diff := golden.DiffReturned(c.Want, returned); diff != "" {
				t.Errorf("%s\n%s", c.Path, diff)
			}
			var line struct{ Report json.RawMessage }
			if err := json.Unmarshal(log.Bytes(), &line); err != nil || strings.Count(log.String(), "\n") != 1 {
				t.Errorf("logged: %v, %s", err, log.String())
			}
			if diff := golden.DiffReturned(c.Want, line.Report); diff != "" {
				t.Errorf("the log says otherwise:\n%s", diff)
			}
			if secret := canary.Find(append(log.Bytes(), returned...)); secret != "" {
				t.Errorf("it shows %s", secret)
			}
			if again, err := s.Invoke(t.Context()); err != nil || again.Approved+again.Declined+again.Asked+again.Expired+again.Emptied+again.Deleted > 0 {
				t.Errorf("again: %+v, %v", again, err)
			}
		})
	}
	if played < 14 {
		t.Errorf("%d events were played", played)
	}
}
