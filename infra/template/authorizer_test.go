package template_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"keydesk/infra/template"
)

// guard is an authorizer as it is understood.
const guard = `FunctionArn: !GetAtt F.Arn, AuthorizerPayloadFormatVersion: "2.0", EnableSimpleResponses: true,
        EnableFunctionDefaultPermissions: true, Identity: {ReauthorizeEvery: 0}`

const behindGuard = `{E: {Type: HttpApi, Properties: {Method: GET, Path: /a, Auth: {Authorizer: Guard}}},
        D: {Type: HttpApi, Properties: {Method: ANY, Path: $default}}}`

func TestAuthorizer(t *testing.T) {
	tmpl, err := load(t, nil, map[string]string{"authorizers": "{Guard: {" + guard + "}}", "events": behindGuard})
	if err != nil {
		t.Fatal(err)
	}
	want := []template.Route{{Method: "GET", Path: "/a", Function: "F", Authorizer: "F"}, {Function: "F"}}
	if diff := cmp.Diff(want, tmpl.Routes); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// What the local gateway does not play must not go unnoticed: it would let through what AWS stops, or stop what AWS lets through.
func TestAuthorizerThatIsNotUnderstood(t *testing.T) {
	with := func(old, replacement string) string {
		return "{Guard: {" + strings.Replace(guard, old, replacement, 1) + "}}"
	}
	for name, c := range map[string]struct{ authorizers, want string }{
		"no such authorizer":          {"{Other: {" + guard + "}}", `event E of F names the authorizer "Guard", which no API here has`},
		"no function of this one":     {with("!GetAtt F.Arn", "arn:aws:lambda:us-east-1:123456789012:function:Else"), "authorizer Guard needs the Arn of a function of this template"},
		"no function":                 {with("!GetAtt F.Arn", "!GetAtt Nobody.Arn"), `attribute "Arn" of "Nobody"`},
		"an older payload":            {with("2.0", "1.0"), "authorizer Guard: only payload 2.0"},
		"policies for answers":        {with("EnableSimpleResponses: true", "EnableSimpleResponses: false"), "simple responses"},
		"no permission to invoke it":  {with("EnableFunctionDefaultPermissions: true", "FunctionInvokeRole: x"), "the default permissions"},
		"answers that are kept":       {with("ReauthorizeEvery: 0", "ReauthorizeEvery: 1"), "only the Identity {ReauthorizeEvery: 0}"},
		"answers that may be kept":    {with("Identity: {ReauthorizeEvery: 0}", "Identity: {}"), "only the Identity {ReauthorizeEvery: 0}"},
		"headers that must be there":  {with("ReauthorizeEvery: 0", "ReauthorizeEvery: 0, Headers: [Authorization]"), "only the Identity {ReauthorizeEvery: 0}"},
		"an authorizer of all routes": {"{Guard: {" + guard + "}}, DefaultAuthorizer: Guard", "Api has a DefaultAuthorizer"},
	} {
		t.Run(name, func(t *testing.T) {
			tmpl, err := load(t, nil, map[string]string{"authorizers": c.authorizers, "events": behindGuard})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %+v and error %v, want an error with %q", tmpl, err, c.want)
			}
		})
	}
}
