package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/google/go-cmp/cmp"

	"keydesk/infra/faults"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// What an API is told of a key that opened it, in both ways of asking.
func TestWhatAnAPIIsTold(t *testing.T) {
	d := open(t)
	token, k := d.token(func(k *table.IssuedKey) {
		k.Policies = []string{gold, silver}
		k.Fields = map[string]string{"company": `Analytical "Engines"`, "cost centre": ""}
	})
	want := map[string]string{
		"org": org, "developer": d.developer.ID, "key": k.ID, "auth_type": "authToken", "policies": gold + "," + silver,
		"rate": "1000,1.5", "per": "60,1", "quota_max": "-1,1000000", "quota_renewal_rate": "3600,60",
		"field_company": `Analytical "Engines"`, "field_cost centre": "",
	}
	for range 2 { // read, then remembered
		if diff := cmp.Diff(said{true, "", want}, d.ask(event(token))); diff != "" {
			t.Errorf("an event: %s", diff)
		}
		if diff := cmp.Diff(said{true, "", want}, d.plainly(map[string]string{"key": token, "org": org})); diff != "" {
			t.Errorf("a plain question: %s", diff)
		}
	}
}

// A comma in a policy's id does not make two policies of it.
func TestCommaInAPolicy(t *testing.T) {
	d := open(t)
	const odd = "gold, 50%"
	policy, err := portal.NewPolicy(org, `{"_id": "`+odd+`", "name": "Odd"}`, noon)
	d.must(err)
	d.must(d.table.CreatePolicy(t.Context(), org, policy))
	token, _ := d.token(func(k *table.IssuedKey) { k.Policies = []string{gold, odd} })
	if got := d.ask(event(token)).Context["policies"]; got != gold+",gold%2C 50%25" {
		t.Errorf("policies %q", got)
	}
}

func TestLogLine(t *testing.T) {
	d := open(t)
	token, k := d.token()
	d.ask(event(token))
	line := d.line()
	delete(line, "time")
	want := map[string]any{"level": "INFO", "msg": "allow", "reason": "", "key": k.ID, "org": org, "remembered": false, "request_id": "request-1"}
	if diff := cmp.Diff(want, line); diff != "" {
		t.Error(diff)
	}
	d.change(k, func(k *table.IssuedKey) { k.State = table.Revoked })
	d.clock = d.clock.Add(longest)
	d.ask(event(token))
	line = d.line()
	delete(line, "time")
	want["msg"], want["reason"] = "deny", "revoked"
	if diff := cmp.Diff(want, line); diff != "" {
		t.Error(diff)
	}
}

// A plain question has no request id of API Gateway's. What a caller says of itself is not logged as if it were true.
func TestLogLineOfAPlainQuestion(t *testing.T) {
	d := open(t)
	token, k := d.token()
	ctx := lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: "lambda-1"})
	for _, org := range []string{"", k.OrgID, "nobody's"} {
		asked := map[string]string{"key": token, "org": org, "requestId": "mine"}
		if org == "" { // left open
			delete(asked, "org")
		}
		if _, err := d.tryInvoke(ctx, asked); err != nil {
			t.Fatal(err)
		}
		want := k.OrgID
		if org == "nobody's" {
			want = ""
		}
		if line := d.line(); line["request_id"] != "lambda-1" || line["org"] != want {
			t.Errorf("org %q: the log says %v", org, line)
		}
	}
}

// Whoever is asked in a way that this function does not understand must not be taken for one who said no, nor quote the key.
func TestNotUnderstood(t *testing.T) {
	d := open(t)
	token, _ := d.token()
	ctx := lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: "lambda-1"})
	want := map[string]any{"level": "ERROR", "msg": "no question", "error": errNotUnderstood.Error(), "request_id": "lambda-1"}
	for name, payload := range map[string]any{
		"payload 1.0":            map[string]any{"version": "1.0", "type": "REQUEST", "headers": map[string]string{"authorization": token}},
		"of a REST API":          map[string]string{"type": "TOKEN", "authorizationToken": token, "methodArn": "arn"},
		"no version":             map[string]any{"type": "REQUEST", "headers": map[string]string{"authorization": token}},
		"another type":           map[string]any{"version": "2.0", "type": "OTHER", "headers": map[string]string{"authorization": token}},
		"a proxy's event":        map[string]any{"version": "2.0", "routeKey": "GET /", "headers": map[string]string{"authorization": token}},
		"a list":                 []string{token},
		"a text":                 token,
		"a key that is a number": map[string]any{"key": 5, "org": token},
		"a number for whose":     map[string]any{"key": token, "org": 5},
		"a list for whose":       map[string]any{"key": token, "org": []string{org}},
		"a list of headers":      map[string]any{"version": "2.0", "type": "REQUEST", "headers": map[string]any{"authorization": []string{token}}},
	} {
		answer, err := d.tryInvoke(ctx, payload)
		if !errors.Is(err, errNotUnderstood) || answer != nil { // encoding/json's own errors quote
			t.Errorf("%s: answered %s, %v", name, answer, err)
		}
		line := d.line()
		delete(line, "time")
		if diff := cmp.Diff(want, line); diff != "" {
			t.Errorf("%s: the log says %s", name, diff)
		}
	}
	d.wantCalls()
}

// What could not be read is no verdict: nobody is let in, and the next call asks again.
func TestTableFails(t *testing.T) {
	const tries = 6 // of the table's
	for _, rule := range []faults.Rule{
		{Operation: "GetItem", Fault: faults.Throttle, Times: tries},
		{Operation: "GetItem", Fault: faults.NeverSent, Times: tries},
		{Operation: "BatchGetItem", Fault: faults.Throttle, Times: tries},
		{Operation: "BatchGetItem", Fault: faults.AnswerLost, Times: tries},
	} {
		t.Run(rule.String(), func(t *testing.T) {
			t.Parallel()
			d := open(t)
			token, _ := d.token()
			d.Add(rule)
			answer, err := d.tryInvoke(t.Context(), event(token))
			if err == nil || answer != nil || strings.Contains(err.Error(), "faults") {
				t.Errorf("answer %s, error %v", answer, err)
			}
			if line := d.line(); line["msg"] != "no verdict" || line["request_id"] != "request-1" || strings.Contains(d.logged.String(), token) {
				t.Errorf("the log says %v", line)
			}
			d.want(good, d.ask(event(token)))
		})
	}
}

// A call that hangs is answered before Lambda ends it, in whichever round.
func TestTimeToAnswer(t *testing.T) {
	token, k := plainKey(t)
	hang := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	for round, hangs := range map[string]func(*authorizer){
		"the key": func(a *authorizer) {
			a.issued = func(ctx context.Context, _ string) (*table.IssuedKey, error) { return nil, hang(ctx) }
		},
		"its standing": func(a *authorizer) {
			a.standing = func(ctx context.Context, _ *table.IssuedKey) (table.Standing, error) {
				return table.Standing{}, hang(ctx)
			}
		},
	} {
		t.Run(round, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := inMemory(k)
				hangs(a)
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				defer cancel()
				began := time.Now()
				if _, err := a.Invoke(ctx, payload(t, event(token))); err == nil {
					t.Error("a verdict came of nothing")
				}
				if took := time.Since(began); took != 5*time.Second-timeToAnswer {
					t.Errorf("it took %v", took)
				}
			})
		})
	}
}

// Whoever calls first in a day waits for the note of the key's last use, and no longer than this.
func TestNoteHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		key := mintedToken(t)
		k := table.IssuedKey{ID: "key", Digest: key.Digest(), OrgID: org, AuthType: portal.AuthToken, Policies: []string{gold}, State: table.Active}
		a := inMemory(&k)
		a.used = func(ctx context.Context, _, _ string) error { <-ctx.Done(); return ctx.Err() }
		began := time.Now()
		if d, err := a.decide(t.Context(), &question{org: org, key: key.Raw()}); err != nil || d.reason != good {
			t.Errorf("%+v, %v", d, err)
		}
		if took := time.Since(began); took != 200*time.Millisecond {
			t.Errorf("it took %v", took)
		}
	})
}

func TestSettings(t *testing.T) {
	for name, c := range map[string]struct{ header, org, says string }{
		"all is well":         {"X-Api-Key", org, ""},
		"no organisation":     {"Authorization", "", ""},
		"no header":           {"", org, "KEYDESK_KEY_HEADER"},
		"not an organisation": {"Authorization", "acme", "KEYDESK_PROTECTED_ORG"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("KEYDESK_TABLE", "table")
			t.Setenv("KEYDESK_KEY_HEADER", c.header)
			t.Setenv("KEYDESK_PROTECTED_ORG", c.org)
			defer func() {
				said, _ := recover().(string)
				if (said == "") != (c.says == "") || !strings.Contains(said, c.says) {
					t.Errorf("it panics with %q, want %q", said, c.says)
				}
			}()
			if a := fromEnv(); a.header != c.header || a.org != c.org {
				t.Errorf("the settings are %+v", a.settings)
			}
		})
	}
}
