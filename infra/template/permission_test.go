package template_test

import (
	"slices"
	"strings"
	"testing"
)

// That a role has the powers which its function's calls take, and no other, infra/sweep proves on the calls themselves.

const (
	table = "arn:aws:dynamodb:us-east-1:123456789012:table/Table"
	boxes = "arn:aws:secretsmanager:us-east-1:123456789012:secret:keydesk/keydesk/*"
	log   = "arn:aws:logs:us-east-1:123456789012:log-group:"
)

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
