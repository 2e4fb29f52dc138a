package template_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	table = "arn:aws:dynamodb:us-east-1:123456789012:table/Table"
	key   = "arn:aws:kms:us-east-1:123456789012:key/Key"
	boxes = "arn:aws:secretsmanager:us-east-1:123456789012:secret:keydesk/keydesk/*"
	log   = "arn:aws:logs:us-east-1:123456789012:log-group:"
)

// permissions is every action of every function: nobody has more, nobody has less. An index is named where it is queried.
var permissions = map[string]map[string][]string{
	"ListRequests": {
		"dynamodb:GetItem":      {table},
		"dynamodb:BatchGetItem": {table},
		"dynamodb:Query":        {table, table + "/index/developer", table + "/index/list", table + "/index/view"},
	},
	"GetRequest": {
		"dynamodb:GetItem":      {table},
		"dynamodb:BatchGetItem": {table},
		"dynamodb:Query":        {table},
	},
	"CreateRequest": {
		"dynamodb:GetItem":            {table},
		"dynamodb:BatchGetItem":       {table},
		"dynamodb:PutItem":            {table},
		"dynamodb:ConditionCheckItem": {table},
	},
	"UpdateRequest": {
		"dynamodb:GetItem":      {table},
		"dynamodb:BatchGetItem": {table},
		"dynamodb:PutItem":      {table},
		"dynamodb:DeleteItem":   {table},
	},
	"DeleteRequest": {
		"dynamodb:GetItem":    {table},
		"dynamodb:PutItem":    {table},
		"dynamodb:DeleteItem": {table},
	},
	"ApproveRequest": {
		"dynamodb:GetItem":              {table},
		"dynamodb:BatchGetItem":         {table},
		"dynamodb:PutItem":              {table},
		"dynamodb:ConditionCheckItem":   {table},
		"secretsmanager:CreateSecret":   {boxes},
		"secretsmanager:GetSecretValue": {boxes},
		"kms:GenerateDataKey":           {key + " via secretsmanager.us-east-1.amazonaws.com"},
		"kms:Decrypt":                   {key + " via secretsmanager.us-east-1.amazonaws.com"},
	},
	"DeclineRequest": {
		"dynamodb:GetItem":    {table},
		"dynamodb:PutItem":    {table},
		"dynamodb:DeleteItem": {table},
	},
	"Developers": {
		"dynamodb:GetItem":            {table},
		"dynamodb:BatchGetItem":       {table},
		"dynamodb:Query":              {table, table + "/index/developer", table + "/index/list"},
		"dynamodb:PutItem":            {table},
		"dynamodb:UpdateItem":         {table},
		"dynamodb:DeleteItem":         {table},
		"dynamodb:ConditionCheckItem": {table},
	},
	"Catalogue": {
		"dynamodb:GetItem":    {table},
		"dynamodb:Query":      {table},
		"dynamodb:PutItem":    {table},
		"dynamodb:DeleteItem": {table},
	},
	"Policies": {
		"dynamodb:GetItem":    {table},
		"dynamodb:Query":      {table},
		"dynamodb:PutItem":    {table},
		"dynamodb:DeleteItem": {table},
	},
	"Configuration": {
		"dynamodb:GetItem": {table},
		"dynamodb:PutItem": {table},
	},
	"Contract": {},
	"Unknown":  {},
}

// withCommon adds what a function needs to log and, if it uses the table, to have the table's items decrypted.
func withCommon(function string, own map[string][]string) map[string][]string {
	all := maps.Clone(own)
	all["logs:CreateLogStream"] = []string{log + function + "Log:*"}
	all["logs:PutLogEvents"] = []string{log + function + "Log:*"}
	if _, usesTable := own["dynamodb:GetItem"]; usesTable {
		all["kms:Decrypt"] = append([]string{key + " via dynamodb.us-east-1.amazonaws.com"}, own["kms:Decrypt"]...)
	}
	return all
}

func TestPermissions(t *testing.T) {
	want := map[string]map[string][]string{}
	for function, own := range permissions {
		want[function] = withCommon(function, own)
	}
	got := map[string]map[string][]string{}
	for _, f := range deployed(t, nil).Functions {
		got[f.LogicalID] = map[string][]string{}
		for _, statement := range f.Statements {
			via := ""
			if services := statement.Conditions["kms:ViaService"]; len(services) > 0 {
				via = " via " + strings.Join(services, " or ")
			}
			for _, action := range statement.Actions {
				for _, resource := range statement.Resources {
					got[f.LogicalID][action] = append(got[f.LogicalID][action], resource+via)
				}
			}
		}
		for _, resources := range got[f.LogicalID] {
			slices.Sort(resources)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// A wildcard may stand for the streams of a function's own log group and for the boxes under this stack's prefix, for nothing else.
func TestNoWildcards(t *testing.T) {
	for _, f := range deployed(t, nil).Functions {
		for _, statement := range f.Statements {
			for _, action := range statement.Actions {
				if strings.Contains(action, "*") {
					t.Errorf("%s may do %s: name the actions", f.LogicalID, action)
				}
			}
			for _, resource := range statement.Resources {
				if strings.Contains(resource, "*") && resource != log+f.LogicalID+"Log:*" && resource != boxes {
					t.Errorf("%s may do %v on %s: name the resource", f.LogicalID, statement.Actions, resource)
				}
			}
		}
	}
}

func TestTablePermissionsNameTheTableOrAnIndex(t *testing.T) {
	tmpl := deployed(t, nil)
	allowed := []string{table}
	for _, index := range tmpl.Table.Indexes {
		allowed = append(allowed, table+"/index/"+index.Name)
	}
	for _, f := range tmpl.Functions {
		for _, statement := range f.Statements {
			onTable := slices.ContainsFunc(statement.Actions, func(action string) bool { return strings.HasPrefix(action, "dynamodb:") })
			for _, resource := range statement.Resources {
				if onTable && !slices.Contains(allowed, resource) {
					t.Errorf("%s may do %v on %s, which is neither the table nor an index of it", f.LogicalID, statement.Actions, resource)
				}
			}
		}
	}
}
