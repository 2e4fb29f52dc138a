package template_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"keydesk/infra/template"
)

// That a role has the powers which its function's calls take, and no other, infra/sweep proves on the calls themselves.

const (
	table   = "arn:aws:dynamodb:us-east-1:123456789012:table/Table"
	streams = table + "/stream/*"
	vault   = "arn:aws:secretsmanager:us-east-1:123456789012:secret:"
	boxes   = vault + "keydesk/keydesk/*"
	signing = vault + "keydesk-webhook/keydesk/*"
	ses     = "arn:aws:ses:us-east-1:123456789012:"
	log     = "arn:aws:logs:us-east-1:123456789012:log-group:"
	queue   = "arn:aws:sqs:us-east-1:123456789012:"
)

// A wildcard may stand for the streams of a function's own log group, for the boxes and the signing secrets under this stack's
// prefixes, for the table's stream, whose last part is a date, and for the addresses that mail is sent from, with
// what SES has set for them; for nothing else.
func TestNoWildcards(t *testing.T) {
	for _, f := range deployed(t, nil).Functions {
		allowed := []string{log + f.LogicalID + "Log:*", boxes, signing, streams, ses + "identity/*", ses + "configuration-set/*"}
		for _, statement := range f.Statements {
			for _, action := range statement.Actions {
				if strings.Contains(action, "*") {
					t.Errorf("%s may do %s: name the actions", f.LogicalID, action)
				}
			}
			for _, resource := range statement.Resources {
				if strings.Contains(resource, "*") && !slices.Contains(allowed, resource) {
					t.Errorf("%s may do %v on %s: name the resource", f.LogicalID, statement.Actions, resource)
				}
			}
		}
	}
}

// The key of the claim links is for those alone who make and take them, and for none of them who approves or decides.
func TestClaimKeyStandsApart(t *testing.T) {
	var may []string
	for _, f := range deployed(t, nil).Functions {
		for _, statement := range f.Statements {
			if slices.Contains(statement.Resources, "ClaimKey") {
				may = append(may, f.LogicalID)
			}
		}
	}
	if want := []string{"RequestClaim", "Deliver"}; !slices.Equal(may, want) {
		t.Errorf("%v may read the claim key, want %v", may, want)
	}
}

// The schedule's role invokes its function, tells the queue where it could not, and does nothing else.
func TestScheduleRole(t *testing.T) {
	want := []template.Statement{
		{Actions: []string{"lambda:InvokeFunction"}, Resources: []string{"arn:aws:lambda:us-east-1:123456789012:function:AutoApprove"}, Conditions: map[string][]string{}},
		{Actions: []string{"sqs:SendMessage"}, Resources: []string{queue + "AutoApproveFailures"}, Conditions: map[string][]string{}},
	}
	for _, schedule := range deployed(t, nil).Schedules {
		if diff := cmp.Diff(want, schedule.Statements); diff != "" {
			t.Errorf("the schedule of %s, -want +got:\n%s", schedule.Function, diff)
		}
	}
}

func TestTablePermissionsNameTheTable(t *testing.T) {
	tmpl := deployed(t, nil)
	allowed := []string{table, streams}
	for _, index := range tmpl.Table.Indexes {
		allowed = append(allowed, table+"/index/"+index.Name)
	}
	for _, f := range tmpl.Functions {
		for _, statement := range f.Statements {
			onTable := slices.ContainsFunc(statement.Actions, func(action string) bool { return strings.HasPrefix(action, "dynamodb:") })
			for _, resource := range statement.Resources {
				if onTable && !slices.Contains(allowed, resource) {
					t.Errorf("%s may do %v on %s, which is neither the table nor its stream nor an index of it", f.LogicalID, statement.Actions, resource)
				}
			}
		}
	}
}

// The function with the most strangers before it reaches keys, policies and developers, and of keys writes one attribute: no requests, no
// e-mail addresses, no credentials.
func TestAuthorizerIsNarrow(t *testing.T) {
	const org = "ORG#????????????????????????" // an id's 24 digits
	want := map[string]map[string][]string{
		"dynamodb:GetItem":      {"dynamodb:LeadingKeys": {"KEY#*"}},
		"dynamodb:BatchGetItem": {"dynamodb:LeadingKeys": {org, org + "#DEVELOPER#*"}},
		"dynamodb:UpdateItem":   {"dynamodb:LeadingKeys": {"KEY#*"}, "dynamodb:Attributes": {"PK", "SK", "last_used"}},
	}
	got := map[string]map[string][]string{}
	for _, f := range deployed(t, nil).Functions {
		for _, statement := range f.Statements {
			for _, action := range statement.Actions {
				if f.LogicalID == "Authorize" && strings.HasPrefix(action, "dynamodb:") {
					got[action] = statement.Conditions
				}
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
