package main

import (
	"encoding/json"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"keydesk/infra/golden"
)

// TestEvents gives each event of events/deliver to a deliverer, and compares what it returns.
func TestEvents(t *testing.T) {
	t.Parallel()
	cases, err := golden.Load("../../events")
	if err != nil {
		t.Fatal(err)
	}
	played := 0
	for _, c := range cases {
		if c.Function != "Deliver" {
			continue
		}
		played++
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			o := open(t)
			var batch events.DynamoDBEvent
			o.must(json.Unmarshal(c.Event, &batch))
			answer, err := o.deliverer().Invoke(t.Context(), batch)
			o.must(err)
			returned, err := json.Marshal(answer)
			o.must(err)
			if diff := golden.DiffReturned(c.Want, returned); diff != "" {
				t.Errorf("%s\n%s", c.Path, diff)
			}
		})
	}
	if played < 9 {
		t.Errorf("%d events were played", played)
	}
}
