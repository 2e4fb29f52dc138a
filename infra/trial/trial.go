// Package trial puts the desk on trial: its calls to AWS fail, race and die as a test says, and afterwards an audit looks at
// what they left in the table and in the vault. What an audit asks for holds after whatever happened: one key at most a request,
// and one successor a key; a live one only where the request was granted, the very one that lies in the box; a change of a key made
// once; each place in a plan held by one; and history without a gap.
package trial

import (
	"crypto/rand"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"keydesk/infra/desktest"
	"keydesk/infra/faults"
	"keydesk/infra/fixture"
	"keydesk/infra/tabletest"
	"keydesk/shared/apikey"
	"keydesk/shared/approval"
	"keydesk/shared/awsenv"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/table"
	"keydesk/shared/vault"
)

// retention is how long a key of the trial's waits for its developer.
const retention = 7 * 24 * time.Hour

// Desk is a desk with the fixture's books. What befalls its calls is the plan's to say.
type Desk struct {
	*faults.Plan
	Books *table.Table // past the plan: nothing befalls what a test itself reads and writes
	t     testing.TB
	plain aws.Config // past the plan
	cfg   aws.Config // under the plan
	wire  *wire
}

// Open sets up a desk under a plan of its own.
func Open(t testing.TB) *Desk {
	t.Helper()
	d := &Desk{Books: desktest.New(t, fixture.Desk).Table, t: t, plain: tabletest.Config(t)}
	return d.Again(t)
}

// Again is the same desk for another test, under a plan of that test's own.
func (d *Desk) Again(t testing.TB) *Desk {
	t.Helper()
	plan := faults.New(t)
	w := &wire{HTTPClient: d.plain.HTTPClient, t: t, meanwhile: map[string]func(){}}
	t.Cleanup(w.close)
	cfg := d.plain.Copy()
	plan.Install(&cfg)
	cfg.HTTPClient, cfg.Retryer = w, impatient
	return &Desk{Plan: plan, Books: d.Books, t: t, plain: d.plain, cfg: cfg, wire: w}
}

// impatient tries as often as a function does, and hardly waits in between.
func impatient() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxBackoff = time.Millisecond })
}

// Issuer is what one process works with: clients of its own, with a patience of their own. They are under the plan.
func (d *Desk) Issuer(options ...func(*aws.Config)) *approval.Issuer {
	cfg := d.cfg.Copy()
	for _, option := range options {
		option(&cfg)
	}
	return issuer(cfg, d.Books.Name())
}

// Signers are the organisations' signing secrets, past the plan.
func (d *Desk) Signers() *vault.Signers {
	return vault.NewSigners(d.plain, "trial-webhook/"+d.Books.Name(), "")
}

// Unharmed is what a process works with that is past the plan.
func (d *Desk) Unharmed() *approval.Issuer { return issuer(d.plain, d.Books.Name()) }

func issuer(cfg aws.Config, name string) *approval.Issuer {
	return &approval.Issuer{
		Table: table.New(cfg, name), Vault: vault.New(cfg, "trial/"+name, ""), Form: apikey.Base64, Random: rand.Reader, Retention: retention,
	}
}

// Meanwhile has something happen once, when the next request of the operation is on its way: after all that was done before,
// and before AWS does it.
func (d *Desk) Meanwhile(operation string, happens func()) { d.wire.expect(operation, happens) }

// Person is somebody with a credential.
type Person struct {
	caller.Caller
	Authorization string
}

// Person makes a credential of the role.
func (d *Desk) Person(role caller.Role) Person {
	d.t.Helper()
	id := portal.NewID(time.Now())
	p := Person{Authorization: "kd_" + fixture.Org + "_" + strings.ToLower(rand.Text()+rand.Text())}
	p.Caller = caller.Caller{Org: fixture.Org, Name: string(role) + " " + id, Role: role, Credential: caller.Hash(p.Authorization)}
	d.must(d.Books.CreateCredential(d.t.Context(), table.Credential{Caller: p.Caller, ID: id, Created: time.Now().Unix()}))
	return p
}

// Call is a call of the person's as API Gateway hands it over.
func (p Person) Call(method, path, body string, headers map[string]string) events.APIGatewayV2HTTPRequest {
	event := events.APIGatewayV2HTTPRequest{RawPath: path, Body: body, Headers: map[string]string{"authorization": p.Authorization}}
	maps.Copy(event.Headers, headers)
	event.RequestContext.HTTP.Method, event.RequestContext.RequestID = method, callID()
	return event
}

// Act is what the person does, now.
func (p Person) Act(name string) approval.Act {
	return approval.Act{Name: name, By: p.Caller, At: time.Now(), RequestID: callID()}
}

// callID names a call as the log would: no two have the same.
func callID() string { return "trial-" + portal.NewID(time.Now()) }

// Developer writes a new developer, and gives the id.
func (d *Desk) Developer() string {
	d.t.Helper()
	id := portal.NewID(time.Now())
	d.must(d.Books.CreateDeveloper(d.t.Context(), table.Account{Developer: portal.Developer{ID: id, OrgID: fixture.Org, Email: id + "@example.com"}}))
	return id
}

// Ask has a person ask for the policies on behalf of a new developer, and gives the pending request.
func (d *Desk) Ask(by Person, policies ...string) table.Request {
	d.t.Helper()
	return d.AskFor(by, portal.RequestInput{ApplyPolicies: policies})
}

// AskFor has a person ask for what the input says: on behalf of a new developer, unless it names one.
func (d *Desk) AskFor(by Person, input portal.RequestInput) table.Request {
	d.t.Helper()
	if input.ByUser == nil {
		developer := d.Developer()
		input.ByUser = &developer
	}
	act := by.Act("created")
	asked, err := portal.NewRequest(fixture.Org, &input, act.At)
	d.must(err)
	books, err := d.Books.Books(d.t.Context(), fixture.Org, asked.ByUser, asked.ApplyPolicies)
	d.must(err)
	r, err := approval.Ask(d.t.Context(), d.Books, &books, approval.Wish{Request: asked}, act)
	d.must(err)
	return d.Read(r.ID)
}

// Read is the request as it stands.
func (d *Desk) Read(id string) table.Request {
	d.t.Helper()
	r, err := d.Books.Request(d.t.Context(), fixture.Org, id)
	d.must(err)
	return r
}

// ChangeDeveloper writes to a developer's item in one call, as whoever deactivates or deletes developers would: an update
// expression that names no attribute by a placeholder but :yes, true. An empty one deletes the item.
func (d *Desk) ChangeDeveloper(id, expression string) {
	d.t.Helper()
	key := map[string]types.AttributeValue{
		"PK": &types.AttributeValueMemberS{Value: "ORG#" + fixture.Org + "#DEVELOPER#" + id},
		"SK": &types.AttributeValueMemberS{Value: "DEVELOPER"},
	}
	there := aws.String("attribute_exists(PK)")
	name := d.Books.Name()
	var err error
	if expression == "" {
		_, err = d.db().DeleteItem(d.t.Context(), &dynamodb.DeleteItemInput{TableName: &name, Key: key, ConditionExpression: there})
	} else {
		_, err = d.db().UpdateItem(d.t.Context(), &dynamodb.UpdateItemInput{
			TableName: &name, Key: key, ConditionExpression: there, UpdateExpression: &expression,
			ExpressionAttributeValues: map[string]types.AttributeValue{":yes": &types.AttributeValueMemberBOOL{Value: true}},
		})
	}
	d.must(err)
}

// db leads past the plan, as Books does.
func (d *Desk) db() *dynamodb.Client {
	return dynamodb.NewFromConfig(d.plain, func(o *dynamodb.Options) {
		o.BaseEndpoint = awsenv.Endpoint("AWS_ENDPOINT_URL_DYNAMODB")
	})
}

func (d *Desk) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

// Kind is what kind of refusal an error is; 0 for none and for a fault of the desk's own.
func Kind(err error) portal.Kind {
	var refusal *portal.Error
	if errors.As(err, &refusal) {
		return refusal.Kind
	}
	return 0
}
