package template_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"keydesk/infra/template"
)

// frame is the smallest template whose one function has one variable, V.
const frame = `
Parameters:
  Stage: {Type: String, Default: live}
  Size: {Type: Number, Default: 10, AllowedValues: [10, 20]}
  Empty: {Type: String, Default: ""}
Conditions:
  IsLive: !Equals [!Ref Stage, live]
  Long: {"Fn::Equals": [!Ref Stage, test]}
  Odd: !Not [!Equals [!Ref Stage, live]]
Globals:
  Function:
    Timeout: 10
    MemorySize: 512
    Architectures: [arm64]
    Environment: {Variables: {SHARED: yes, V: from Globals}}
Resources:
  Api: {Type: AWS::Serverless::HttpApi, Properties: {Auth: {Authorizers: {{authorizers}}}}}
  Table: {Type: AWS::DynamoDB::Table, Properties: {KeySchema: [{AttributeName: h, KeyType: HASH}, {AttributeName: r, KeyType: RANGE}]}}
  Log: {Type: AWS::Logs::LogGroup}
  FRole:
    Type: AWS::IAM::Role
    Properties: {Policies: [{PolicyDocument: {Statement: {{statements}}}}]}
  F:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/f
      Role: !GetAtt FRole.Arn
      Environment: {Variables: {V: {{value}}}}
      Events: {{events}}
`

// load reads the frame with its holes filled.
func load(t *testing.T, parameters map[string]string, holes map[string]string) (*template.Template, error) {
	t.Helper()
	text := frame
	for hole, empty := range map[string]string{"statements": "[]", "value": "v", "events": "{}", "authorizers": "{}"} {
		filling, ok := holes[hole]
		if !ok {
			filling = empty
		}
		text = strings.ReplaceAll(text, "{{"+hole+"}}", filling)
	}
	return template.Load(write(t, text), parameters)
}

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "template.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestReferences(t *testing.T) {
	for name, c := range map[string]struct {
		value, want string
		parameters  map[string]string
	}{
		"Ref to a parameter":                    {value: "!Ref Stage", want: "live"},
		"Ref to a number":                       {value: "!Ref Size", want: "10"},
		"Ref to an empty parameter":             {value: "!Ref Empty", want: ""},
		"Ref to a parameter that is given":      {value: "!Ref Stage", want: "test", parameters: map[string]string{"Stage": "test"}},
		"Ref to a pseudo parameter":             {value: "!Ref AWS::Region", want: "us-east-1"},
		"Ref to a pseudo parameter given":       {value: "!Ref AWS::StackName", want: "mine", parameters: map[string]string{"AWS::StackName": "mine"}},
		"Ref to a resource":                     {value: "!Ref Table", want: "Table"},
		"Ref to a resource whose name is given": {value: "!Ref Table", want: "t-1", parameters: map[string]string{"Table": "t-1"}},
		"Ref, long":                             {value: "{Ref: Stage}", want: "live"},
		"Sub":                                   {value: `!Sub "a/${AWS::Region}/${Stage}/b"`, want: "a/us-east-1/live/b"},
		"Sub without a reference":               {value: "!Sub plain", want: "plain"},
		"Sub, long, with an attribute":          {value: `{"Fn::Sub": "${Table.Arn}/index/list"}`, want: "arn:aws:dynamodb:us-east-1:123456789012:table/Table/index/list"},
		"GetAtt":                                {value: "!GetAtt Log.Arn", want: "arn:aws:logs:us-east-1:123456789012:log-group:Log:*"},
		"GetAtt of a stream":                    {value: "!GetAtt Table.StreamArn", want: "arn:aws:dynamodb:us-east-1:123456789012:table/Table/stream/label"},
		"GetAtt of an address":                  {value: "!GetAtt Api.ApiEndpoint", want: "https://Api.execute-api.us-east-1.amazonaws.com"},
		"GetAtt, long":                          {value: `{"Fn::GetAtt": [FRole, Arn]}`, want: "arn:aws:iam::123456789012:role/FRole"},
		"Join":                                  {value: `!Join ["-", [a, !Ref Stage, !Ref Size]]`, want: "a-live-10"},
		"If that holds":                         {value: "!If [IsLive, !Ref Size, none]", want: "10"},
		"If that does not":                      {value: "!If [IsLive, !Ref Size, none]", want: "none", parameters: map[string]string{"Stage": "test"}},
		"If, both long":                         {value: `{"Fn::If": [Long, yes, !Sub "not ${Stage}"]}`, want: "not live"},
		"no reference":                          {value: "10", want: "10"},
	} {
		t.Run(name, func(t *testing.T) {
			tmpl, err := load(t, c.parameters, map[string]string{"value": c.value})
			if err != nil {
				t.Fatal(err)
			}
			if got := tmpl.Functions[0].Environment["V"]; got != c.want {
				t.Errorf("%s stands for %q, want %q", c.value, got, c.want)
			}
		})
	}
}

func TestWhatIsNotUnderstood(t *testing.T) {
	for name, c := range map[string]struct {
		holes, parameters map[string]string
		want              string
	}{
		"Ref to nothing":                {holes: map[string]string{"value": "!Ref Nobody"}, want: `template.yaml:28: "Nobody" is no parameter, pseudo parameter or resource`},
		"Sub of nothing":                {holes: map[string]string{"value": `!Sub "a-${Nobody}-${Stage}"`}, want: `:28: "Nobody" is no parameter`},
		"Sub with variables":            {holes: map[string]string{"value": `!Sub ["${a}", {a: b}]`}, want: ":28: Sub is understood with a text only"},
		"GetAtt of nothing":             {holes: map[string]string{"value": "!GetAtt Nobody.Arn"}, want: `:28: attribute "Arn" of "Nobody"`},
		"GetAtt of another attribute":   {holes: map[string]string{"value": "!GetAtt Table.TableId"}, want: `:28: attribute "TableId" of "Table"`},
		"another function":              {holes: map[string]string{"value": "!Select [0, [a]]"}, want: ":28: the function Select is not understood here"},
		"If of an unknown condition":    {holes: map[string]string{"value": "!If [Nobody, a, b]"}, want: `:28: the condition "Nobody"`},
		"If of a condition not Equals":  {holes: map[string]string{"value": "!If [Odd, a, b]"}, want: `:28: the condition "Odd"`},
		"a parameter that is not there": {parameters: map[string]string{"Stag": "x"}, want: "has no parameter Stag (it has Empty, Size, Stage)"},
		"a value that is not allowed":   {parameters: map[string]string{"Size": "11"}, want: `parameter Size is one of 10, 20, not "11"`},
		"Deny":                          {holes: map[string]string{"statements": "[{Effect: Deny, Action: a, Resource: b}]"}, want: `role FRole has a statement whose Effect is "Deny"`},
		"a route without a method":      {holes: map[string]string{"events": "{E: {Type: HttpApi, Properties: {Path: /a}}}"}, want: ":29: event E of F needs a Method and a Path"},
		"a path without its slash":      {holes: map[string]string{"events": "{E: {Type: HttpApi, Properties: {Path: a, Method: GET}}}"}, want: ":29: event E of F needs a Method and a Path"},
		"another source of events":      {holes: map[string]string{"events": "{E: {Type: Schedule, Properties: {}}}"}, want: `:29: event E of F is of the type "Schedule"`},
	} {
		t.Run(name, func(t *testing.T) {
			tmpl, err := load(t, c.parameters, c.holes)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %+v and error %v, want an error with %q", tmpl, err, c.want)
			}
		})
	}
}

func TestNoFile(t *testing.T) {
	if _, err := template.Load("nowhere.yaml", nil); err == nil || !strings.Contains(err.Error(), "nowhere.yaml") {
		t.Errorf("got error %v, want one that names the file", err)
	}
}

func TestRoleThatHidesPermissions(t *testing.T) {
	for name, c := range map[string]struct{ old, new, want string }{
		"a managed policy": {old: "Properties: {Policies:", new: "Properties: {ManagedPolicyArns: [x], Policies:", want: "role FRole has a managed policy"},
		"no role":          {old: "Role: !GetAtt FRole.Arn", new: "Handler: x", want: "function F needs a Role of its own"},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.NewReplacer(c.old, c.new, "{{statements}}", "[]", "{{value}}", "v", "{{events}}", "{}", "{{authorizers}}", "{}").Replace(frame)
			if _, err := template.Load(write(t, text), nil); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got error %v, want one with %q", err, c.want)
			}
		})
	}
}

func TestFunction(t *testing.T) {
	tmpl, err := load(t, nil, map[string]string{
		"value":      "own",
		"statements": "[{Effect: Allow, Action: a:One, Resource: [!GetAtt Table.Arn, x], Condition: {StringEquals: {k: v}}}]",
		"events": `{B: {Type: HttpApi, Properties: {Method: get, Path: "/b/{id}"}}, S: {Type: ScheduleV2, Properties: {ScheduleExpression: rate(2 hours), RoleArn: !GetAtt FRole.Arn}},
        T: {Type: DynamoDB, Properties: {Stream: !GetAtt Table.StreamArn, StartingPosition: TRIM_HORIZON, BatchSize: 2, MaximumRetryAttempts: 0, MaximumRecordAgeInSeconds: 60}},
        A: {Type: HttpApi, Properties: {Method: ANY, Path: $default}}}`,
	})
	if err != nil {
		t.Fatal(err)
	}
	statements := []template.Statement{{
		Actions:    []string{"a:One"},
		Resources:  []string{"arn:aws:dynamodb:us-east-1:123456789012:table/Table", "x"},
		Conditions: map[string][]string{"k": {"v"}},
	}}
	want := &template.Template{
		Functions: []template.Function{{
			LogicalID: "F", Folder: "functions/f", Architecture: "arm64", Timeout: 10 * time.Second, MemoryMB: 512,
			Environment: map[string]string{"SHARED": "yes", "V": "own"},
			Statements:  statements,
		}},
		Routes:    []template.Route{{Method: "GET", Path: "/b/{id}", Function: "F"}, {Function: "F"}},
		Schedules: []template.Schedule{{Function: "F", Rate: 2 * time.Hour, Statements: statements}},
		Streams:   []template.Stream{{Function: "F", BatchSize: 2, MaximumRecordAge: time.Minute}},
		Table:     template.Table{LogicalID: "Table", HashKey: "h", RangeKey: "r", Attributes: map[string]string{}},
	}
	if diff := cmp.Diff(want, tmpl); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
