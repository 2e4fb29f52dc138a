package sweep

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sesv2"

	"keydesk/infra/fixture"
	"keydesk/infra/local/doubles"
	"keydesk/infra/stream"
	"keydesk/infra/tabletest"
	"keydesk/shared/approval"
	"keydesk/shared/awsenv"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// What is done without a caller: the schedule's runs, and the notices that follow from the stream.

// lapsed is a request of Ada's, whose key for Identity checks has waited for her since 2020.
const lapsed = "5f2b8c0d00000000000000a2"

// attend gives the schedule and the stream something to do of every kind.
func (d *desk) attend(t *testing.T) {
	t.Helper()
	ses := sesv2.NewFromConfig(tabletest.Config(t), func(o *sesv2.Options) { o.BaseEndpoint = awsenv.Endpoint(doubles.SESVariable) })
	if _, err := ses.CreateEmailIdentity(t.Context(), &sesv2.CreateEmailIdentityInput{EmailIdentity: new(sender)}); err != nil {
		t.Fatal(err)
	}
	received := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(received.Close)
	d.tell(t, admin, "PUT", configuration, strings.Replace(settings, `"rules": [`, `
		"email": "reviewers@example.com", "event_options": {"key_request_event": {"webhook": "`+received.URL+`"}},
		"rules": [{"name": "no ledgers", "when": {"policy": ["`+fixture.Ledger+`"]}, "outcome": "decline", "reason": "There is none."}, `, 1))
	d.tell(t, admin, "POST", requests, `{"by_user": "`+fixture.Ben+`", "apply_policies": ["`+fixture.Ledger+`"]}`)
	asked, err := time.Parse(time.RFC3339, "2020-07-24T01:40:29Z")
	if err != nil {
		t.Fatal(err)
	}
	wish := fixture.Wish{ID: lapsed, Developer: fixture.Ada, Policy: fixture.Identity, By: fixture.Clerk(), At: asked}
	if err := fixture.Ask(t.Context(), d.Table, wish); err != nil {
		t.Fatal(err)
	}
	r, err := d.Table.Request(t.Context(), fixture.Org, lapsed)
	if err != nil {
		t.Fatal(err)
	}
	act := approval.Act{Name: "approved", By: caller.Caller{Org: fixture.Org, Name: "reviewer", Role: caller.Reviewer}, At: asked.Add(time.Minute)}
	if _, err := d.Issuer.Issue(t.Context(), r, act, ""); err != nil {
		t.Fatal(err)
	}
	going := table.Account{Developer: portal.Developer{ID: portal.NewID(asked), OrgID: fixture.Org, Email: "going@example.com"}}
	if err := d.Table.CreateDeveloper(t.Context(), going); err != nil {
		t.Fatal(err)
	}
	if err := d.Table.Leave(t.Context(), fixture.Org, going.ID, asked); err != nil {
		t.Fatal(err)
	}
	d.remember(t)
}

// tick has the schedule make a run, in which all that it does must succeed.
func (d *desk) tick(t *testing.T) map[string]int {
	t.Helper()
	answer, err := d.lambda.Invoke(t.Context(), "AutoApprove", []byte("{}"))
	d.watch(t, d.meter.read())
	var report struct {
		Approved, Declined, Reminded, Lapsed, Deleted, Failed int
		Why                                                   json.RawMessage
	}
	if err != nil || json.Unmarshal(answer, &report) != nil || report.Failed > 0 {
		t.Errorf("the schedule: %v, %s", err, answer)
	}
	return map[string]int{"approved": report.Approved, "declined": report.Declined, "reminded": report.Reminded, "lapsed": report.Lapsed, "deleted": report.Deleted}
}

// follow hands what happens in the table to the functions that the stream invokes, until the test is over.
func (d *desk) follow(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	for _, mapping := range d.api.Streams {
		f := stream.Follower{Mapping: mapping, Invoke: d.lambda.Invoke, Failures: t.TempDir(), Log: t.Output()}
		go func() { ended <- f.Follow(ctx, tabletest.Config(t), d.Table.Name()) }()
	}
	t.Cleanup(func() {
		cancel()
		for range d.api.Streams {
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
	})
}

// unattended has the schedule and the stream do what they do, until it is done.
func (d *desk) unattended(t *testing.T) {
	t.Helper()
	d.attend(t)
	d.follow(t)
	first, second := d.tick(t), d.tick(t)
	for done, n := range second {
		first[done] += n
	}
	for done, n := range first {
		if n == 0 {
			t.Errorf("the schedule has nothing %s", done)
		}
	}
	d.reset(t)
	d.tick(t) // it finds boxes filled: what it did is undone in the table, and not there
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline) && d.idle("Deliver") > 0; time.Sleep(50 * time.Millisecond) {
		d.watch(t, d.meter.read())
	}
}

// idle counts the powers of a function that no call has taken yet, but those that Lambda takes.
func (d *desk) idle(function string) int {
	idle := maps.Clone(d.granted[function])
	for power := range d.used[function] {
		delete(idle, power)
	}
	for _, power := range d.lambdas(function) {
		delete(idle, power)
	}
	return len(idle)
}

// lambdas are the powers that Lambda itself takes, in the function's name: to log, to read the stream, and to tell of failures.
func (d *desk) lambdas(function string) []string {
	log := arnOfLog + function + "Log:*"
	powers := []string{"logs:CreateLogStream " + log, "logs:PutLogEvents " + log}
	for _, schedule := range d.api.Schedules {
		if schedule.Function == function {
			powers = append(powers, "sqs:SendMessage "+arnOfQueue+function+"Failures")
		}
	}
	for _, mapping := range d.api.Streams {
		if mapping.Function == function {
			powers = append(powers, "sqs:SendMessage "+arnOfQueue+function+"Failures")
			for _, action := range []string{"DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"} {
				powers = append(powers, "dynamodb:"+action+" "+arnOfTable+d.Table.Name()+"/stream/*")
			}
		}
	}
	return powers
}
