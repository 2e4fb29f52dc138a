package template_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"keydesk/infra/template"
)

func TestSchedules(t *testing.T) {
	for rate, want := range map[string]time.Duration{
		"rate(1 minute)": time.Minute, "rate(5 minutes)": 5 * time.Minute, "rate(12 hours)": 12 * time.Hour, "rate(1 day)": 24 * time.Hour,
	} {
		var got []template.Schedule
		for _, s := range deployed(t, map[string]string{"ScheduleRate": rate}).Schedules {
			s.Statements = nil
			got = append(got, s)
		}
		if diff := cmp.Diff([]template.Schedule{{Function: "AutoApprove", Rate: want}}, got); diff != "" {
			t.Errorf("%s, -want +got:\n%s", rate, diff)
		}
	}
}

func TestStreams(t *testing.T) {
	key := func(equals, prefixes []string) template.Field {
		return template.Field{Path: "dynamodb.Keys.SK.S", Equals: equals, Prefixes: prefixes}
	}
	event := func(names ...string) template.Field { return template.Field{Path: "eventName", Equals: names} }
	want := []template.Stream{{
		Function: "Deliver", BatchSize: 25, MaximumRetryAttempts: 10, MaximumRecordAge: 24 * time.Hour, Bisect: true, ReportFailures: true,
		Filters: []template.Filter{
			{key(nil, []string{"HISTORY#"}), event("INSERT")},
			{key([]string{"DEVELOPER"}, nil), event("INSERT", "MODIFY")},
			{key(nil, []string{"NOTICE#"}), event("MODIFY")},
		},
	}}
	if diff := cmp.Diff(want, deployed(t, nil).Streams); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// Who is handed what: as AWS hands it over, so infra/local does.
func TestWants(t *testing.T) {
	stream := deployed(t, nil).Streams[0]
	for record, want := range map[string]bool{
		`{"eventName": "INSERT", "dynamodb": {"Keys": {"PK": {"S": "ORG#1#REQUEST#2"}, "SK": {"S": "HISTORY#000001"}}}}`:  true,
		`{"eventName": "MODIFY", "dynamodb": {"Keys": {"PK": {"S": "ORG#1#REQUEST#2"}, "SK": {"S": "HISTORY#000001"}}}}`:  false,
		`{"eventName": "INSERT", "dynamodb": {"Keys": {"PK": {"S": "ORG#1#REQUEST#2"}, "SK": {"S": "REQUEST"}}}}`:         false,
		`{"eventName": "MODIFY", "dynamodb": {"Keys": {"PK": {"S": "ORG#1#DEVELOPER#2"}, "SK": {"S": "DEVELOPER"}}}}`:     true,
		`{"eventName": "REMOVE", "dynamodb": {"Keys": {"PK": {"S": "ORG#1#DEVELOPER#2"}, "SK": {"S": "DEVELOPER"}}}}`:     false,
		`{"eventName": "INSERT", "dynamodb": {"Keys": {"PK": {"S": "ORG#1#DEVELOPER#2"}, "SK": {"S": "DEVELOPER#"}}}}`:    false,
		`{"eventName": "MODIFY", "dynamodb": {"Keys": {"PK": {"S": "ORG#1#REQUEST#2"}, "SK": {"S": "NOTICE#approved"}}}}`: true,
		`{"eventName": "INSERT", "dynamodb": {"Keys": {"PK": {"S": "ORG#1#REQUEST#2"}, "SK": {"S": "NOTICE#approved"}}}}`: false,
		`{"eventName": "INSERT", "dynamodb": {"Keys": {"SK": {"N": "1"}}}}`:                                               false,
		`{"eventName": "INSERT", "dynamodb": {"Keys": "HISTORY#"}}`:                                                       false,
		`{"eventName": "INSERT"}`: false,
	} {
		if got, err := stream.Wants([]byte(record)); err != nil || got != want {
			t.Errorf("%s: wanted %t, want %t (%v)", record, got, want, err)
		}
	}
	if _, err := stream.Wants([]byte("[")); err == nil {
		t.Error("what is no record is no error")
	}
	if all, err := (template.Stream{}).Wants([]byte("{}")); err != nil || !all {
		t.Errorf("a stream without filters: wanted %t (%v)", all, err)
	}
}

// What would be handed over otherwise on AWS must not go unnoticed.
func TestSourcesThatAreNotUnderstood(t *testing.T) {
	const (
		schedule = "{E: {Type: ScheduleV2, Properties: {ScheduleExpression: rate(1 minute), RoleArn: !GetAtt FRole.Arn}}}"
		stream   = "{E: {Type: DynamoDB, Properties: {Stream: !GetAtt Table.StreamArn, StartingPosition: TRIM_HORIZON, BatchSize: 2, " +
			"MaximumRetryAttempts: 1, MaximumRecordAgeInSeconds: 60, FilterCriteria: {Filters: [{Pattern: '{\"a\": [\"b\"]}'}]}}}}"
		pattern = `{"a": ["b"]}`
	)
	for name, c := range map[string]struct{ events, old, replacement, want string }{
		"a cron expression":         {schedule, "rate(1 minute)", "cron(0 10)", "only one like rate(5 minutes)"},
		"a rate of nothing":         {schedule, "rate(1 minute)", "rate(0 minutes)", "only one like rate(5 minutes)"},
		"a rate beyond all bounds":  {schedule, "rate(1 minute)", "rate(999999999 days)", "only one like rate(5 minutes)"},
		"a schedule without a role": {schedule, ", RoleArn: !GetAtt FRole.Arn", "", "needs the RoleArn of a role of this template"},
		"a schedule that is off":    {schedule, "ScheduleExpression", "State: DISABLED, ScheduleExpression", "field State not found"},
		"an event of one's own":     {schedule, "ScheduleExpression", "Input: '{}', ScheduleExpression", "field Input not found"},
		"another stream":            {stream, "!GetAtt Table.StreamArn", "arn:aws:kinesis:x", "only the stream of the table"},
		"from now on":               {stream, "TRIM_HORIZON", "LATEST", "only the StartingPosition TRIM_HORIZON"},
		"batches that wait":         {stream, "BatchSize", "MaximumBatchingWindowInSeconds: 5, BatchSize", "batches that wait"},
		"batches side by side":      {stream, "BatchSize", "ParallelizationFactor: 2, BatchSize", "side by side"},
		"tried for ever":            {stream, "MaximumRetryAttempts: 1", "MaximumRetryAttempts: -1", "needs a BatchSize, MaximumRetryAttempts"},
		"tried as AWS likes":        {stream, "MaximumRetryAttempts: 1, ", "", "needs a BatchSize, MaximumRetryAttempts"},
		"records of any age":        {stream, "MaximumRecordAgeInSeconds: 60, ", "", "MaximumRecordAgeInSeconds"},
		"windows":                   {stream, "BatchSize", "TumblingWindowInSeconds: 5, BatchSize", "field TumblingWindowInSeconds not found"},
		"a pattern that is no JSON": {stream, pattern, "{", "the filter {: unexpected end of JSON input"},
		"a pattern of nothing":      {stream, pattern, "{}", "an object without members"},
		"a value without brackets":  {stream, pattern, `{"a": "b"}`, "a: a pattern's values stand in brackets"},
		"a number":                  {stream, pattern, `{"a": {"b": [1]}}`, `a.b: only texts and {"prefix": ...}`},
		"another test":              {stream, pattern, `{"a": [{"suffix": "b"}]}`, `a: only texts and {"prefix": ...}`},
		"two tests in one":          {stream, pattern, `{"a": [{"prefix": "b", "exists": true}]}`, `a: only texts and {"prefix": ...}`},
		"a prefix, case aside":      {stream, pattern, `{"a": [{"prefix": {"equals-ignore-case": "b"}}]}`, `a: only texts and {"prefix": ...}`},
		"one of several members":    {stream, pattern, `{"$or": [{"a": ["b"]}, {"c": ["d"]}]}`, `the member "$or"`},
		"a list of nothing":         {stream, pattern, `{"a": []}`, "a: an empty list matches nothing"},
	} {
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(c.events, c.old) {
				t.Fatalf("there is no %q to replace", c.old)
			}
			tmpl, err := load(t, nil, map[string]string{"events": strings.Replace(c.events, c.old, c.replacement, 1)})
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "template.yaml:29") {
				t.Errorf("got %+v and error %v, want an error with %q", tmpl, err, c.want)
			}
		})
	}
}

// What fails without a caller who would hear of it is kept for two weeks, and an alarm tells of it.
func TestFailuresAreKept(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "template.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var file map[string]any
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	for at, queue := range map[string]string{
		"AutoApprove.Properties.EventInvokeConfig.DestinationConfig.OnFailure.Destination":    "AutoApproveFailures",
		"AutoApprove.Properties.Events.Schedule.Properties.DeadLetterConfig.Arn":              "AutoApproveFailures",
		"Deliver.Properties.Events.Stream.Properties.DestinationConfig.OnFailure.Destination": "DeliverFailures",
	} {
		if got := member(file, "Resources."+at); got != queue+".Arn" {
			t.Errorf("%s is %v, want the queue %s", at, got, queue)
		}
		if days := member(file, "Resources."+queue+".Properties.MessageRetentionPeriod"); days != 14*24*60*60 {
			t.Errorf("%s keeps what failed %v seconds, want 14 days", queue, days)
		}
		alarm := "Resources." + queue + "Alarm.Properties."
		if name := fmt.Sprint(member(file, alarm+"Dimensions")); !strings.Contains(name, queue+".QueueName") {
			t.Errorf("the alarm of %s looks at %s", queue, name)
		}
	}
	// The next run takes up what one left; Lambda itself would have tried the same event twice more.
	if retries := member(file, "Resources.AutoApprove.Properties.EventInvokeConfig.MaximumRetryAttempts"); retries != 0 {
		t.Errorf("a run that failed is tried again %v times", retries)
	}
}

// member is what stands in a file under names that a dot divides.
func member(file map[string]any, path string) any {
	var value any = file
	for name := range strings.SplitSeq(path, ".") {
		members, _ := value.(map[string]any)
		value = members[name]
	}
	return value
}
