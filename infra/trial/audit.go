package trial

import (
	"cmp"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamodbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"keydesk/infra/fixture"
	"keydesk/shared/apikey"
	"keydesk/shared/awsenv"
	"keydesk/shared/portal"
	"keydesk/shared/secret"
	"keydesk/shared/table"
)

// Record is all that a desk holds of one request.
type Record struct {
	table.Request
	History []table.History   // of its revisions, in their order
	Again   []table.History   // of the times that its key was given again
	Keys    []table.IssuedKey // that came of it
	Plans   []string          // that it holds
	Box     apikey.Key        // zero where there is no box
	held    int               // its keys beside the developer
	shown   int               // its shown hashes
}

// Approvals are the lines of history that tell of a grant.
func (r *Record) Approvals() int {
	n := 0
	for _, line := range r.History {
		if line.Act == "approved" {
			n++
		}
	}
	return n
}

// Audit reads all that the desk holds of the request, and fails the test where it does not add up.
func (d *Desk) Audit(id string) Record {
	d.t.Helper()
	r := d.record(id)
	granted := 0
	if r.State == portal.Approved {
		granted = 1
	}
	if len(r.Keys) != granted || r.held != granted || r.shown != granted || r.Approvals() != granted {
		d.t.Errorf("a request that is %s: %d issued keys, %d beside the developer, %d shown hashes, %d approvals in its history",
			r.State, len(r.Keys), r.held, r.shown, r.Approvals())
	}
	for _, key := range r.Keys {
		d.auditKey(&r, key)
	}
	if len(r.History) != r.Revision {
		d.t.Errorf("%d lines of history at revision %d", len(r.History), r.Revision)
	}
	for i, line := range r.History {
		if line.Revision != i+1 {
			d.t.Errorf("revision %d of the history is in place %d", line.Revision, i+1)
		}
	}
	if slices.Sort(r.Holds); !slices.Equal(r.Plans, r.Holds) {
		d.t.Errorf("it says that it holds the plans %v, and %v are taken", r.Holds, r.Plans)
	}
	if want := task(&r.Request); r.Task != want {
		d.t.Errorf("the schedule is to %q for a request that is %s, delivered %v; want %q", r.Task, r.State, r.Delivery, want)
	}
	return r
}

func (d *Desk) auditKey(r *Record, key table.IssuedKey) {
	d.t.Helper()
	if key.Digest != r.Box.Digest() || key.Shown != r.Box.Shown() {
		d.t.Errorf("the issued key is not the one in the box")
	}
	if !slices.Equal(key.Policies, r.ApplyPolicies) || key.Developer != r.ByUser || key.State != table.Active {
		d.t.Errorf("the issued key %+v is not what request %+v asks for", key, r.Request.Request)
	}
}

// task is what is left for the schedule to do with a decided request.
func task(r *table.Request) table.Task {
	switch {
	case r.Open():
		return r.Task
	case r.State == portal.Approved && r.Delivery == nil:
		return table.Lapse
	default:
		return table.Empty
	}
}

// record reads the table as it is, hidden requests and all.
func (d *Desk) record(id string) Record {
	d.t.Helper()
	r := Record{Box: d.Box(id)}
	for _, it := range d.scan(id, r.Box.Digest()) {
		pk, sk := text(it["PK"]), text(it["SK"])
		switch {
		case sk == "REQUEST":
			d.parse(it, &r.Request)
		case strings.HasPrefix(sk, "HISTORY#"):
			var line table.History
			d.parse(it, &line)
			if strings.Count(sk, "#") == 1 {
				r.History = append(r.History, line)
			} else {
				r.Again = append(r.Again, line)
			}
		case sk == "KEY":
			var key table.IssuedKey
			d.parse(it, &key)
			r.Keys = append(r.Keys, key)
		case strings.HasPrefix(sk, "KEY#"):
			r.held++
		case strings.HasPrefix(sk, "PLAN#"):
			r.Plans = append(r.Plans, strings.TrimPrefix(sk, "PLAN#"))
		case strings.Contains(pk, "#SHOWN#"):
			r.shown++
		}
	}
	return r
}

// scan looks through the whole table, lest something of the request's stand where nobody would look for it.
func (d *Desk) scan(id, digest string) []map[string]dynamodbtypes.AttributeValue {
	d.t.Helper()
	value := func(s string) dynamodbtypes.AttributeValue { return &dynamodbtypes.AttributeValueMemberS{Value: s} }
	pages := dynamodb.NewScanPaginator(d.db(), &dynamodb.ScanInput{
		TableName: aws.String(d.Books.Name()), ConsistentRead: aws.Bool(true),
		FilterExpression:         aws.String("PK = :pk OR #request = :id OR held_by = :id OR SK = :digest"),
		ExpressionAttributeNames: map[string]string{"#request": "request"},
		ExpressionAttributeValues: map[string]dynamodbtypes.AttributeValue{
			":pk": value("ORG#" + fixture.Org + "#REQUEST#" + id), ":id": value(id), ":digest": value(cmp.Or(digest, "none")),
		},
	})
	var items []map[string]dynamodbtypes.AttributeValue
	for pages.HasMorePages() {
		page, err := pages.NextPage(d.t.Context())
		d.must(err)
		items = append(items, page.Items...)
	}
	return items
}

func (d *Desk) parse(it map[string]dynamodbtypes.AttributeValue, into any) {
	d.t.Helper()
	d.must(attributevalue.UnmarshalMapWithOptions(it, into, func(o *attributevalue.DecoderOptions) { o.TagKey = "json" }))
}

func text(v dynamodbtypes.AttributeValue) string {
	return v.(*dynamodbtypes.AttributeValueMemberS).Value
}

// Box is the key in the request's box, past the plan; zero where there is no box.
func (d *Desk) Box(id string) apikey.Key {
	d.t.Helper()
	client := secretsmanager.NewFromConfig(d.plain, func(o *secretsmanager.Options) {
		o.BaseEndpoint = awsenv.Endpoint("AWS_ENDPOINT_URL_SECRETS_MANAGER")
	})
	name := "trial/" + d.Books.Name() + "/" + fixture.Org + "/" + id + "/token"
	out, err := client.GetSecretValue(d.t.Context(), &secretsmanager.GetSecretValueInput{SecretId: &name})
	var absent *types.ResourceNotFoundException
	if errors.As(err, &absent) {
		return apikey.Key{}
	}
	d.must(err)
	var contents struct {
		RawKey string `json:"raw_key"`
	}
	d.must(json.Unmarshal([]byte(aws.ToString(out.SecretString)), &contents))
	key, err := apikey.Parse(secret.New(contents.RawKey))
	d.must(err)
	return key
}
