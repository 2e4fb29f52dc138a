package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"keydesk/infra/local/doubles"
	"keydesk/infra/tabletest"
)

// cloudFormation answers DescribeStacks as AWS does (moto would need a dozen packages more to). The stack "theirs" is not
// Keydesk's.
func cloudFormation(t *testing.T, outputs map[string]string) string {
	t.Helper()
	stacks := map[string]map[string]string{"keydesk": outputs, "ours": outputs, "theirs": {"BucketName": "theirs"}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		made, known := stacks[r.FormValue("StackName")]
		w.Header().Set("Content-Type", "text/xml")
		if !known || r.FormValue("Action") != "DescribeStacks" {
			code, message := "ValidationError", "Stack with id such does not exist"
			if r.FormValue("StackName") == "denied" {
				code, message = "AccessDenied", "not you"
			}
			w.WriteHeader(http.StatusBadRequest)
			_, _ = fmt.Fprintf(w, `<ErrorResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><Error><Type>Sender</Type>
				<Code>%s</Code><Message>%s</Message></Error><RequestId>1</RequestId></ErrorResponse>`, code, message)
			return
		}
		_, _ = fmt.Fprint(w, `<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeStacksResult><Stacks><member>
			<StackName>such</StackName><StackStatus>CREATE_COMPLETE</StackStatus><CreationTime>2026-11-22T08:00:00Z</CreationTime><Outputs>
			<member><OutputKey>ApiUrl</OutputKey><OutputValue>https://example.com</OutputValue></member>`)
		for key, value := range made {
			_, _ = fmt.Fprintf(w, "<member><OutputKey>%s</OutputKey><OutputValue>%s</OutputValue></member>", key, value)
		}
		_, _ = fmt.Fprint(w, `</Outputs></member></Stacks></DescribeStacksResult>
			<ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></DescribeStacksResponse>`)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// What the command line names comes before KEYDESK_TABLE, and that before the usual stack; stderr says what it came to.
func TestWhere(t *testing.T) {
	t.Parallel()
	desk := tabletest.New(t)
	cloud := endpointOfCF + "=" + cloudFormation(t, map[string]string{itsTable: desk.Name()})
	endpoint := os.Getenv(doubles.DynamoDBVariable)
	ours := "admin: table " + desk.Name() + " of " + endpoint
	nobody := []string{"AWS_ACCESS_KEY_ID=", "AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull, "AWS_CONFIG_FILE=" + os.DevNull}
	for name, c := range map[string]struct {
		environment, arguments []string
		want                   string
		fails                  bool
	}{
		"a stack":                     {nil, []string{"--stack", "ours"}, ours, false},
		"the usual stack":             {nil, nil, ours, false},
		"a stack before the variable": {[]string{"KEYDESK_TABLE=nowhere"}, []string{"--stack", "ours"}, ours, false},
		"a table before the variable": {[]string{"KEYDESK_TABLE=nowhere"}, []string{"--table", desk.Name()}, ours, false},
		"the variable":                {[]string{"KEYDESK_TABLE=" + desk.Name(), endpointOfCF + "=http://127.0.0.1:1"}, nil, ours, false},
		"a stack that is not there":   {nil, []string{"--stack", "gone"}, "--stack: there is no stack gone in eu-west-1 of this account: is AWS_REGION right, or did you mean --table gone?", true},
		"a stack that is a secret":    {nil, []string{"--stack", "denied"}, "--stack: nobody says what the stack denied in eu-west-1 has made (AccessDenied: not you): are AWS_PROFILE and AWS_REGION right, or did you mean --table denied?", true},
		"a stack of somebody else's":  {nil, []string{"--stack", "theirs"}, "--stack: theirs has no output TableName", true},
		"a table that is not there":   {[]string{"KEYDESK_TABLE=nowhere"}, nil, "there is no table nowhere in " + endpoint, true},
		"no region":                   {[]string{"AWS_REGION=", "AWS_CONFIG_FILE=" + os.DevNull}, nil, "no AWS region: set AWS_REGION", true},
		"no credentials":              {nobody, nil, "no AWS credentials: set AWS_PROFILE", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd, out, stderr := start(t, append([]string{cloud}, c.environment...), append(c.arguments, "organisation", "list")...)
			err := cmd.Run()
			if (err != nil) != c.fails || !strings.Contains(stderr.String(), c.want) || strings.HasPrefix(out.String(), "ID  NAME") == c.fails {
				t.Errorf("%v; want %q in\n%s%s", err, c.want, stderr, out)
			}
		})
	}
}

// Where nobody answers, that is said in one line and soon, with the address and what to do.
func TestNoAnswer(t *testing.T) {
	t.Parallel()
	const nowhere = "http://127.0.0.1:1"
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then does the server see its client go
		<-r.Context().Done()
	}))
	t.Cleanup(silent.Close)
	create := []string{"organisation", "create", "--name", "Orchard Bank"}
	for name, c := range map[string]struct {
		environment, arguments []string
		want                   string
	}{
		"to a read":     {[]string{"KEYDESK_TABLE=desk", doubles.DynamoDBVariable + "=" + nowhere}, []string{"organisation", "list"}, "no connection to " + nowhere + "/ (connection refused): is `make run` running?"},
		"to a write":    {[]string{"KEYDESK_TABLE=desk", doubles.DynamoDBVariable + "=" + nowhere}, create, "no connection to " + nowhere + "/ (connection refused): is `make run` running?"},
		"of AWS":        {[]string{"KEYDESK_TABLE=desk", doubles.DynamoDBVariable + "=", "AWS_REGION=nowhere"}, create, "no connection to https://dynamodb.nowhere.amazonaws.com/ ("},
		"about a stack": {[]string{endpointOfCF + "=" + nowhere}, []string{"--stack", "ours", "organisation", "list"}, "no connection to " + nowhere + "/ (connection refused): "},
		"but silence":   {[]string{"KEYDESK_TABLE=desk", doubles.DynamoDBVariable + "=" + silent.URL}, create, "no answer from " + silent.URL + " within "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd, out, stderr := start(t, c.environment, c.arguments...)
			begin := time.Now()
			err := cmd.Run()
			lines := strings.Split(strings.TrimSpace(stderr.String()), "\n")
			if err == nil || out.Len() > 0 || !strings.HasPrefix(lines[len(lines)-1], "admin: "+c.want) || len(lines) > 2 {
				t.Errorf("%v; want %q in\n%s%s", err, c.want, stderr, out)
			}
			if took := time.Since(begin); took > patience+2*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}

// The names that the tool looks for are those that samconfig.toml and template.yaml give.
func TestNames(t *testing.T) {
	t.Parallel()
	names := map[string][]string{"samconfig.toml": {"\nstack_name = \"" + usualStack + "\"\n"}}
	for _, output := range []string{itsTable, itsKey, itsSecrets, itsDeliver, runFailures, lostBatches} {
		names["template.yaml"] = append(names["template.yaml"], "\n  "+output+":\n    Description: ")
	}
	for file, all := range names {
		text, err := os.ReadFile("../../" + file)
		for _, want := range all {
			if err != nil || !strings.Contains(string(text), want) {
				t.Errorf("%s does not say %q (%v)", file, want, err)
			}
		}
	}
}
