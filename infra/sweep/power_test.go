package sweep

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"keydesk/infra/desktest"
	"keydesk/infra/fixture"
	"keydesk/infra/local/doubles"
	"keydesk/infra/tabletest"
	"keydesk/infra/template"
	"keydesk/shared/awsenv"
)

// A power is an action on a resource, as IAM spells them, and through which service, of which attributes or on which items where the role
// says so: "dynamodb:GetItem arn:aws:...". What each function needs is not written down anywhere: its calls tell.

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
				if attributes := statement.Conditions["dynamodb:Attributes"]; len(attributes) > 0 {
					power += writing(attributes)
				}
				items := statement.Conditions["dynamodb:LeadingKeys"]
				for _, kind := range items {
					powers[power+" of "+kind] = true
				}
				if len(items) == 0 {
					powers[power] = true
				}
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
	arnOfQueue = "arn:aws:sqs:us-east-1:123456789012:"
	arnOfSES   = "arn:aws:ses:us-east-1:123456789012:"
)

// inTransaction is the action that a write of a transaction is authorised as.
var inTransaction = map[string]string{"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}

// needs are the powers that a call takes. DynamoDB and Secrets Manager use the key in the caller's name.
func (c call) needs(names []string) []string {
	const onTable, onSecret = " " + arnOfKey + " via dynamodb.us-east-1.amazonaws.com", " " + arnOfKey + " via secretsmanager.us-east-1.amazonaws.com"
	secret := " " + c.secret(names)
	switch c.operation {
	case "CreateSecret":
		return []string{"secretsmanager:CreateSecret" + secret, "kms:GenerateDataKey" + onSecret, "kms:Decrypt" + onSecret}
	case "GetSecretValue":
		return []string{"secretsmanager:GetSecretValue" + secret, "kms:Decrypt" + onSecret}
	case "DeleteSecret":
		return []string{"secretsmanager:DeleteSecret" + secret}
	case "SendEmail":
		return []string{"ses:SendEmail " + arnOfSES + "identity/*", "ses:SendEmail " + arnOfSES + "configuration-set/*"} // the sender may have one
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
			need(inTransaction[kind], on.TableName)
		}
	}
	return powers
}

// secret is the one that the call is about, as roles name it: by what the names of its kind begin with, or by its name alone.
func (c call) secret(names []string) string {
	name := c.what.Name + c.what.SecretID
	for _, begin := range names {
		if name == begin {
			return name
		}
		if strings.HasPrefix(name, begin+"/") {
			return arnOfBox + begin + "/*"
		}
	}
	return arnOfBox + name
}

// take notes that a function has used a power, and tells whether its role has it: whole, or for each item that the call is about.
func (d *desk) take(c call, power string) bool {
	partitions := c.leading()
	for _, power := range []string{power, power + writing(c.attributes())} {
		if d.has(c.function, power) {
			return true
		}
		lacks := func(partition string) bool { return !d.hasOf(partition, c.function, power) }
		if len(partitions) > 0 && !slices.ContainsFunc(partitions, lacks) {
			return true
		}
	}
	return false
}

func (d *desk) has(function, power string) bool {
	if d.granted[function][power] {
		d.used[function][power] = true
	}
	return d.granted[function][power]
}

func (d *desk) hasOf(partition, function, power string) bool {
	for narrow := range d.granted[function] {
		if pattern, is := strings.CutPrefix(narrow, power+" of "); is && like(partition, pattern) {
			return d.has(function, narrow)
		}
	}
	return false
}

// watch holds that each call is one that the function's role allows, and remembers which powers it took.
func (d *desk) watch(t *testing.T, calls []call) {
	t.Helper()
	for _, c := range calls {
		for _, power := range c.needs(d.names) {
			if !d.take(c, power) {
				t.Errorf("%s calls %s, for which its role in template.yaml would need %s", c.function, c, power)
			}
		}
	}
}

// rare are calls that make a function do what the samples do not.
var rare = []sample{
	{method: "GET", path: requests, query: "?by_user=" + fixture.Ben},
	{method: "GET", path: requests, query: "?approved=true"},
	// A request lets go of a plan.
	{method: "PUT", path: requests + "/{id}", object: fixture.Pending, body: `{"apply_policies": ["` + fixture.Petstore + `"]}`},
	// A rule looks at a developer's keys.
	{method: "POST", path: configuration + "/dry-run", body: `{"rules": [{"name": "first key", "when": {"keys_held": {"at_most": 0}}, "outcome": "ask"}]}`},
	// An approve finds its box filled: the sample's is undone in the table, and not there. So does a rotation.
	{method: "PUT", path: requests + "/approve/{id}", means: "PUT " + requests + "/approve/{id}", object: fixture.Automatic},
	{
		method: "POST", path: keys + "/{key}/rotate", means: "POST " + keys + "/{key}/rotate",
		object: fixture.BensKey, beside: names{"{id}": fixture.Ben}, body: `{"grace_seconds": 60}`,
	},
}

// atLength are such calls that need others before them: a key lets go of a plan by a request and takes one by PUT, and opens an API;
// somebody asks for an OAuth client, and then for one of another plan.
func (d *desk) atLength(t *testing.T) {
	t.Helper()
	edit := `{"by_user": "` + fixture.Ben + `", "key": "` + fixture.BensKey + `", "apply_policies": ["` + fixture.Payments + `"], "remove_policies": ["` + fixture.Petstore + `"]}`
	id := d.tell(t, admin, "POST", requests, edit)
	d.tell(t, admin, "PUT", requests+"/approve/"+id, "")
	d.tell(t, admin, "PUT", developers+"/"+fixture.Ben+"/keys/"+fixture.BensKey, `{"apply_policies": ["`+fixture.Petstore+`"]}`)
	// A key is claimed, and then by another page, which is noted.
	body := claiming(d.ClaimKey.Token(fixture.Org, unclaimed, 1))
	claim := sample{method: "POST", path: requests + "/{id}/claim", object: unclaimed, open: true, body: body}
	if a := d.call(t, admin, claim); a.status != http.StatusOK {
		t.Errorf("the claim: %d %s", a.status, a.text)
	}
	claim.body = strings.Replace(body, strings.Repeat("p", 32), strings.Repeat("q", 32), 1)
	if a := d.call(t, admin, claim); a.status != http.StatusConflict {
		t.Errorf("the second claim: %d", a.status)
	}
	client := `{"name": "Maps", "policy_id": "maps", "version": "v2", "auth_type": "oauth", "config": {"override": true, "oauth_usage_limit": 3}}`
	d.tell(t, admin, "POST", policies, `{"_id": "maps", "name": "Maps"}`)
	d.tell(t, admin, "PUT", catalogue, strings.Replace(d.withToken(t), `"apis":[`, `"apis":[`+client+`,`, 1))
	id = d.tell(t, admin, "POST", requests, `{"by_user": "`+fixture.Ada+`", "apply_policies": ["`+fixture.Photos+`"]}`)
	d.tell(t, admin, "PUT", requests+"/"+id, `{"apply_policies": ["maps"]}`)
	edit = `{"by_user": "` + fixture.Ben + `", "key": "` + fixture.BensKey + `", "apply_policies": ["` + travel + `"], "remove_policies": ["` + fixture.Petstore + `"]}`
	id = d.tell(t, admin, "POST", requests, edit)
	if a := d.call(t, who{name: "the third party"}, sample{method: "POST", path: requests + "/{id}/callback", object: id, proof: proof{of: signature}}); a.status != http.StatusOK {
		t.Errorf("a third party's answer about a key: %d %s", a.status, a.text)
	}
	key := d.approve(t, clerk, fixture.Automatic).RawKey // as the rules say
	if a := d.call(t, who{name: "Chen", credential: key}, sample{method: "GET", path: "/hello"}); a.status != http.StatusOK {
		t.Errorf("GET /hello with a good key: %d %s", a.status, a.text)
	}
}

// sign has each function that a call has sign make the secret to sign with: whoever is first does.
func (d *desk) sign(t *testing.T) {
	t.Helper()
	for _, s := range []sample{
		{method: "POST", path: requests, body: `{"by_user": "` + fixture.Ben + `", "apply_policies": ["` + travel + `"]}`},
		{method: "PUT", path: requests + "/{id}", object: fixture.Pending, body: `{"apply_policies": ["` + travel + `"]}`},
		{method: "POST", path: keys, means: "POST " + keys, object: fixture.Finn, body: `{"apply_policies": ["` + travel + `"]}`},
	} {
		d.reset(t)
		d.forget(t)
		if a := d.call(t, admin, s); a.status != http.StatusOK || !strings.Contains(a.text, "https://pay.example/keys?") {
			t.Errorf("%s %s sends the developer to nobody: %d %s", s.method, s.target(), a.status, a.text)
		}
	}
	d.reset(t)
}

// forget removes our signing secret.
func (d *desk) forget(t *testing.T) {
	t.Helper()
	client := secretsmanager.NewFromConfig(tabletest.Config(t), func(o *secretsmanager.Options) {
		o.BaseEndpoint = awsenv.Endpoint(doubles.SecretsManagerVariable)
	})
	name := d.names[1] + "/" + fixture.Org + "/webhook"
	if _, err := client.DeleteSecret(t.Context(), &secretsmanager.DeleteSecretInput{SecretId: &name, ForceDeleteWithoutRecovery: new(true)}); err != nil {
		t.Fatal(err)
	}
}

// Every power that a role of template.yaml grants is one that its function's calls take: there is none to spare. (That no call
// takes more, watch holds, for this test and for all others here.)
func TestNoPowerIsIdle(t *testing.T) {
	t.Parallel()
	d := at(t, desktest.NewWithStream(t, fixture.Keys))
	d.sign(t)
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
	d.atLimit(t)
	d.atLength(t)
	d.forget(t)
	d.unattended(t)
	for function, powers := range d.granted {
		for _, power := range d.lambdas(function) {
			if !powers[power] {
				t.Errorf("Lambda cannot do for %s what it has to: its role needs %s", function, power)
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
