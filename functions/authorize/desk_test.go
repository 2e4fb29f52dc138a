package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"keydesk/infra/canary"
	"keydesk/infra/faults"
	"keydesk/infra/tabletest"
	"keydesk/shared/apikey"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

const (
	org      = "5e9d9544a1dcd60001d0ed20"
	otherOrg = "53ac07777cbb8c2d53000002"
	gold     = "5ead7120575961000181867e"
	silver   = "554c789030c55e4ca0101002"
)

// noon is when the tests begin.
var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// desk is an authorizer at a table of its own, with a developer and two policies, and a clock that stands still.
type desk struct {
	*authorizer
	*faults.Plan
	t         testing.TB
	table     *table.Table
	clock     time.Time
	logged    *bytes.Buffer
	developer table.Account
}

func open(t testing.TB) *desk {
	t.Helper()
	d := &desk{t: t, Plan: faults.New(t), clock: noon, logged: &bytes.Buffer{}}
	d.table = tabletest.New(t, d.Install)
	d.authorizer = &authorizer{
		settings: settings{header: "Authorization", org: org},
		check:    newCheck(d.table, slog.New(slog.NewJSONHandler(d.logged, nil))),
	}
	d.now = func() time.Time { return d.clock }
	d.developer = table.Account{Developer: portal.Developer{ID: portal.NewID(noon), OrgID: org, Email: "ada@example.com"}, Revision: 1}
	d.must(d.table.CreateDeveloper(t.Context(), d.developer))
	for _, p := range []portal.Object{
		`{"_id": "` + gold + `", "name": "Gold", "rate": 1000, "per": 60, "quota_max": -1, "quota_renewal_rate": 3600}`,
		`{"_id": "` + silver + `", "name": "Silver", "rate": 1.5, "per": 1, "quota_max": 1000000, "quota_renewal_rate": 60}`,
	} {
		policy, err := portal.NewPolicy(org, p, noon)
		d.must(err)
		d.must(d.table.CreatePolicy(t.Context(), org, policy))
	}
	d.Reset()
	return d
}

// in is the same desk, for a part of the test.
func (d *desk) in(t testing.TB) *desk {
	same := *d
	same.t = t
	return &same
}

func (d *desk) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

// mint makes a key, and the answer that the data plane has to give for it.
func (d *desk) mint(kind string) (apikey.Key, table.IssuedKey) {
	d.t.Helper()
	return d.mintOf(rand.Reader, kind, apikey.Base64)
}

func (d *desk) mintOf(random io.Reader, kind string, form apikey.Form) (apikey.Key, table.IssuedKey) {
	d.t.Helper()
	key, err := apikey.Mint(random, org, kind, form)
	d.must(err)
	return key, d.issued(key)
}

func (d *desk) issued(key apikey.Key) table.IssuedKey {
	return table.IssuedKey{
		ID: portal.NewID(noon), Digest: key.Digest(), Shown: key.Shown(), OrgID: org, Developer: d.developer.ID, Policies: []string{gold},
		AuthType: key.Kind(), State: table.Active, Created: portal.Timestamp(noon), Revision: 1, LastUsed: "2026-11-22",
	}
}

// grant writes a key as a granted request does.
func (d *desk) grant(k table.IssuedKey) table.IssuedKey {
	d.t.Helper()
	id := portal.NewID(time.Now())
	r := table.Request{Request: portal.Request{ID: id, OrgID: org, ByUser: k.Developer, State: portal.Approved, Revision: 1}, Attempt: id}
	d.must(d.table.Write(d.t.Context(), table.Change{After: r, Key: &k}))
	d.Reset()
	return k
}

// change writes what becomes of a key.
func (d *desk) change(k table.IssuedKey, change func(*table.IssuedKey)) {
	d.t.Helper()
	after := k
	change(&after)
	after.Revision, after.Attempt = k.Revision+1, portal.NewID(time.Now())
	d.must(d.table.WriteKey(d.t.Context(), table.KeyChange{Before: k, After: after, History: table.KeyHistory{Act: "test"}}))
	d.Reset()
}

// token grants a plain token, and gives it as it is sent.
func (d *desk) token(change ...func(*table.IssuedKey)) (string, table.IssuedKey) {
	d.t.Helper()
	key, k := d.mint(portal.AuthToken)
	for _, c := range change {
		c(&k)
	}
	return key.Raw().Reveal(), d.grant(k)
}

// said is what an authorizer answers, whoever asks.
type said struct {
	Allowed bool
	Reason  string
	Context map[string]string
}

// event is what API Gateway sends.
func event(key string) events.APIGatewayV2CustomAuthorizerV2Request {
	e := events.APIGatewayV2CustomAuthorizerV2Request{
		Version: "2.0", Type: "REQUEST", RouteArn: "arn:aws:execute-api:eu-west-1:123456789012:api/$default/GET/hello",
		Headers: map[string]string{"accept": "*/*", "user-agent": "curl/8.5.0"},
	}
	if key != "" {
		e.Headers["authorization"] = key
	}
	e.RequestContext.RequestID = "request-1"
	return e
}

// ask sends an event.
func (d *desk) ask(event any) said {
	d.t.Helper()
	var answer struct {
		IsAuthorized *bool             `json:"isAuthorized"`
		Context      map[string]string `json:"context"`
	}
	d.invoke(event, &answer)
	if answer.IsAuthorized == nil {
		d.t.Fatal("the answer lacks isAuthorized")
	}
	s := said{Allowed: *answer.IsAuthorized, Context: answer.Context}
	if !s.Allowed {
		s.Reason, s.Context = answer.Context["reason"], nil
	}
	d.wantLogged(s)
	return s
}

// plainly asks without API Gateway.
func (d *desk) plainly(question any) said {
	d.t.Helper()
	answer := map[string]any{}
	d.invoke(question, &answer)
	s := said{Allowed: answer["allowed"].(bool), Reason: answer["reason"].(string)}
	delete(answer, "allowed")
	delete(answer, "reason")
	for name, value := range answer {
		if s.Context == nil {
			s.Context = map[string]string{}
		}
		s.Context[name] = value.(string)
	}
	d.wantLogged(s)
	return s
}

// invoke also holds that what is logged shows no key.
func (d *desk) invoke(payload, answer any) {
	d.t.Helper()
	text, err := d.tryInvoke(d.t.Context(), payload)
	d.must(err)
	d.must(json.Unmarshal(text, answer))
	if secret := canary.Find(d.logged.Bytes()); secret != "" {
		d.t.Errorf("the log shows %s", secret)
	}
}

func (d *desk) tryInvoke(ctx context.Context, payload any) ([]byte, error) {
	d.t.Helper()
	question, err := json.Marshal(payload)
	d.must(err)
	return d.Invoke(ctx, question)
}

// line is the last line of the log.
func (d *desk) line() map[string]any {
	d.t.Helper()
	lines := strings.Split(strings.TrimSpace(d.logged.String()), "\n")
	line := map[string]any{}
	d.must(json.Unmarshal([]byte(lines[len(lines)-1]), &line))
	return line
}

func (d *desk) wantLogged(s said) {
	d.t.Helper()
	line, message := d.line(), "deny"
	if s.Allowed {
		message = "allow"
	}
	if line["msg"] != message || line["reason"] != s.Reason {
		d.t.Errorf("the log says %v of %+v", line, s)
	}
}

// want compares the reason of an answer; empty is a yes.
func (d *desk) want(reason reason, s said) {
	d.t.Helper()
	if s.Allowed != (reason == good) || s.Reason != string(reason) {
		d.t.Errorf("allowed %v, reason %q; want reason %q", s.Allowed, s.Reason, reason)
	}
}

// wantCalls compares the rounds of calls since the last time.
func (d *desk) wantCalls(rounds ...[]string) {
	d.t.Helper()
	defer d.Reset()
	got, _ := json.Marshal(d.Rounds())
	want, _ := json.Marshal(rounds)
	if string(got) != string(want) {
		d.t.Errorf("calls in rounds: %s, want %s", got, want)
	}
}
