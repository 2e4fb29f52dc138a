package sweep

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"keydesk/infra/fixture"
	"keydesk/infra/template"
)

// A power is an action on a resource, as IAM spells them, and through which service where the role says so: "dynamodb:GetItem
// arn:aws:...". What each function needs is not written down anywhere: its calls tell.

// granted is every power of a function's role.
func granted(f template.Function) map[string]bool {
	powers := map[string]bool{}
	for _, statement := range f.Statements {
		for _, action := range statement.Actions {
			for _, resource := range statement.Resources {
				power := action + " " + resource
				for _, service := range statement.Conditions["kms:ViaService"] {
					power += " via " + service
				}
				powers[power] = true
			}
		}
	}
	return powers
}

const (
	arnOfTable = "arn:aws:dynamodb:us-east-1:123456789012:table/"
	arnOfBox   = "arn:aws:secretsmanager:us-east-1:123456789012:secret:"
	arnOfKey   = "arn:aws:kms:us-east-1:123456789012:key/"
	arnOfLog   = "arn:aws:logs:us-east-1:123456789012:log-group:"
)

// writing is the action that a write of a transaction is authorised as.
var writing = map[string]string{"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}

// needs are the powers that a call takes. DynamoDB and Secrets Manager use the key in the caller's name.
func (c call) needs(boxes string) []string {
	const onTable, onBox = " " + arnOfKey + " via dynamodb.us-east-1.amazonaws.com", " " + arnOfKey + " via secretsmanager.us-east-1.amazonaws.com"
	box := " " + arnOfBox + c.what.Name + c.what.SecretID
	if strings.HasPrefix(c.what.Name+c.what.SecretID, boxes+"/") {
		box = " " + arnOfBox + boxes + "/*"
	}
	switch c.operation {
	case "CreateSecret":
		return []string{"secretsmanager:CreateSecret" + box, "kms:GenerateDataKey" + onBox, "kms:Decrypt" + onBox}
	case "GetSecretValue":
		return []string{"secretsmanager:GetSecretValue" + box, "kms:Decrypt" + onBox}
	}
	powers := []string{"kms:Decrypt" + onTable}
	need := func(action, resource string) { powers = append(powers, "dynamodb:"+action+" "+arnOfTable+resource) }
	switch {
	case c.what.IndexName != "":
		need(c.operation, c.what.TableName+"/index/"+c.what.IndexName)
	case c.what.TableName != "":
		need(c.operation, c.what.TableName)
	}
	for table := range c.what.RequestItems {
		need(c.operation, table)
	}
	for _, write := range c.what.TransactItems {
		for kind, on := range write {
			need(writing[kind], on.TableName)
		}
	}
	return powers
}

// watch holds that each call is one that the function's role allows, and remembers which powers it took.
func (d *desk) watch(t *testing.T, calls []call) {
	t.Helper()
	for _, c := range calls {
		for _, power := range c.needs(d.boxes) {
			if !d.granted[c.function][power] {
				t.Errorf("%s calls %s, for which its role in template.yaml would need %s", c.function, c, power)
			}
			d.used[c.function][power] = true
		}
	}
}

// rare are calls that make a function do what the samples do not.
var rare = []sample{
	{method: "GET", path: requests, query: "?by_user=" + fixture.Ben},
	{method: "GET", path: requests, query: "?approved=true"},
	// A request lets go of a plan.
	{method: "PUT", path: requests + "/{id}", object: fixture.Pending, body: `{"apply_policies": ["` + fixture.Petstore + `"]}`},
	// An approve finds its box filled: the sample's is undone in the table, and not there.
	{method: "PUT", path: requests + "/approve/{id}", object: fixture.Automatic},
}

// Every power that a role of template.yaml grants is one that its function's calls take: there is none to spare. (That no call
// takes more, watch holds, for this test and for all others here.)
func TestNoPowerIsIdle(t *testing.T) {
	t.Parallel()
	d := open(t)
	for _, route := range d.routes {
		d.call(t, admin, of(t, route))
		d.reset(t)
	}
	for _, s := range rare {
		if a := d.call(t, admin, s); a.status != http.StatusOK {
			t.Errorf("%s %s: %d %s", s.method, s.target(), a.status, a.text)
		}
		d.reset(t)
	}
	for function, powers := range d.granted {
		for _, action := range []string{"logs:CreateLogStream ", "logs:PutLogEvents "} { // Lambda, in the function's name
			power := action + arnOfLog + function + "Log:*"
			if !powers[power] {
				t.Errorf("%s cannot log: its role needs %s", function, power)
			}
			d.used[function][power] = true
		}
		for _, power := range slices.Sorted(maps.Keys(powers)) {
			if !d.used[function][power] {
				t.Errorf("the role of %s grants %s, which no call takes: take it out of template.yaml, or make the call here", function, power)
			}
		}
	}
}
