package trial

import (
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
	History []table.History // of its revisions, in their order
	Again   []table.History // of the times that its key was given again
	Keys    []Key           // that came of it: the first, then its successor, and so on
	Edited  *Key            // that it changes, if it is for that
	Plans   []string        // the places that are taken in its name
	Box     apikey.Key      // zero where there is no box
	Ending  *SecretTask     // of the box; nil where there is none

	around *surroundings
}

// Key is all that a desk holds of one key.
type Key struct {
	table.IssuedKey
	History []table.KeyHistory // of its revisions after the first, in their order
	Again   []table.KeyHistory // of the times that its successor was given again
	Next    apikey.Key         // in the box of the key that is to succeed it; zero where there is none
	Ending  *SecretTask        // of that box; nil where there is none
	beside  []beside           // the developer
	shown   int                // its shown hashes
}

// beside is a key as it stands beside its developer.
type beside struct {
	Digest   string   `json:"digest"`
	Shown    string   `json:"shown"`
	Policies []string `json:"policies"`
	Ends     int64    `json:"ends"`
}

// SecretTask is what the schedule has to do with a box.
type SecretTask struct {
	DueAt string `json:"due_at"`
	Until string `json:"until"`
	DuePK string `json:"DuePK"`
}

// surroundings are all requests and keys of the developer whose request it is, and the places that they have.
type surroundings struct {
	there    bool // the developer, and not on the way out
	requests []table.Request
	keys     map[string]*Key // by digest
	places   map[string]place
	grants   map[string]bool // that the developer may claim, by request
	held     int             // open requests and keys, as they are counted
	strays   []string        // what stands where nobody would look for it
}

// place is a place in a plan.
type place struct {
	Holder string `json:"held_by"`
	Ends   int64  `json:"ends"` // 0: never
}

// Approvals are the lines of history that tell of a grant, or of a rotation's begin.
func (r *Record) Approvals() int {
	granted := "approved"
	if r.Rotates != nil {
		granted = "rotation offered"
	}
	return len(slices.DeleteFunc(slices.Clone(r.History), func(line table.History) bool { return line.Act != granted }))
}

// record reads the table as it is, hidden requests and all.
func (d *Desk) record(id string) Record {
	d.t.Helper()
	r := Record{Request: d.Read(id)}
	r.Box = d.box(id, r.AuthType)
	r.Ending = d.ending("ORG#" + fixture.Org + "#REQUEST#" + id)
	r.around = d.surroundings(r.ByUser, id)
	for _, it := range d.lines("ORG#" + fixture.Org + "#REQUEST#" + id) {
		var line table.History
		d.parse(it, &line)
		if strings.Count(text(it["SK"]), "#") == 1 {
			r.History = append(r.History, line)
		} else {
			r.Again = append(r.Again, line)
		}
	}
	for name, place := range r.around.places {
		if place.Holder == id {
			r.Plans = append(r.Plans, name)
		}
	}
	slices.Sort(r.Plans)
	var keys []*Key
	for _, k := range r.around.keys {
		if k.Request == id {
			keys = append(keys, k)
		}
	}
	for _, k := range inTurn(keys) {
		d.complete(k)
		r.Keys = append(r.Keys, *k)
	}
	if k := r.around.keys[r.Edits]; k != nil {
		d.complete(k)
		r.Edited = k
	}
	return r
}

// inTurn sorts keys so that each comes after the one that it succeeds.
func inTurn(keys []*Key) []*Key {
	older := map[string]string{} // of each successor
	for _, k := range keys {
		if k.Rotation != nil {
			older[k.Rotation.Successor] = k.Digest
		}
	}
	age := func(k *Key) int {
		n := 0
		for digest := k.Digest; older[digest] != "" && n < len(keys); n++ {
			digest = older[digest]
		}
		return n
	}
	slices.SortFunc(keys, func(a, b *Key) int { return age(a) - age(b) })
	return keys
}

// complete adds to a key its history, and what lies in its box.
func (d *Desk) complete(k *Key) {
	d.t.Helper()
	k.History, k.Again, k.Next = nil, nil, d.box(k.ID, k.AuthType)
	k.Ending = d.ending("KEY#" + k.Digest)
	for _, it := range d.lines("KEY#" + k.Digest) {
		var line table.KeyHistory
		d.parse(it, &line)
		if strings.Count(text(it["SK"]), "#") == 1 {
			k.History = append(k.History, line)
		} else {
			k.Again = append(k.Again, line)
		}
	}
}

type item = map[string]dynamodbtypes.AttributeValue

// surroundings looks through the whole table, lest something of the developer's, or of the request's, stand where nobody would
// look for it.
func (d *Desk) surroundings(developer, id string) *surroundings {
	d.t.Helper()
	s := &surroundings{keys: map[string]*Key{}, places: map[string]place{}, grants: map[string]bool{}}
	home := "ORG#" + fixture.Org + "#DEVELOPER#" + developer
	items := d.scan(home, developer, id)
	for _, it := range items {
		if pk, sk := text(it["PK"]), text(it["SK"]); strings.HasPrefix(pk, "KEY#") && sk == "KEY" {
			k := &Key{}
			d.parse(it, &k.IssuedKey)
			s.keys[strings.TrimPrefix(pk, "KEY#")] = k
		}
	}
	for _, it := range items {
		if !d.place(s, home, it) {
			s.strays = append(s.strays, text(it["PK"])+" "+text(it["SK"]))
		}
	}
	return s
}

// place puts an item where it belongs; false where there is no such place.
func (d *Desk) place(s *surroundings, home string, it item) bool {
	d.t.Helper()
	pk, sk := text(it["PK"]), text(it["SK"])
	switch name, plan := strings.CutPrefix(sk, "PLAN#"); {
	case sk == "REQUEST":
		var r table.Request
		d.parse(it, &r)
		s.requests = append(s.requests, r)
	case sk == "DEVELOPER":
		s.there = it["deleting"] == nil
	case sk == "COUNT" && pk == home:
		var c struct{ Held int }
		d.parse(it, &c)
		s.held = c.Held
	case plan && pk == home:
		var p place
		d.parse(it, &p)
		s.places[name] = p
	case strings.HasPrefix(sk, "KEYGRANT#") && pk == home:
		s.grants[strings.TrimPrefix(sk, "KEYGRANT#")] = true
	case strings.HasPrefix(sk, "KEY#") && pk == home && s.keys[text(it["digest"])] != nil:
		var b beside
		d.parse(it, &b)
		s.keys[b.Digest].beside = append(s.keys[b.Digest].beside, b)
	case strings.Contains(pk, "#SHOWN#") && s.keys[sk] != nil && strings.HasSuffix(pk, "#"+s.keys[sk].Shown):
		s.keys[sk].shown++
	default:
		return sk == "KEY"
	}
	return true
}

func (d *Desk) scan(home, developer, id string) []item {
	d.t.Helper()
	value := func(s string) dynamodbtypes.AttributeValue { return &dynamodbtypes.AttributeValueMemberS{Value: s} }
	pages := dynamodb.NewScanPaginator(d.db(), &dynamodb.ScanInput{
		TableName: aws.String(d.Books.Name()), ConsistentRead: aws.Bool(true),
		FilterExpression:          aws.String("PK = :home OR by_user = :developer OR developer = :developer OR #request = :id OR held_by = :id"),
		ExpressionAttributeNames:  map[string]string{"#request": "request"},
		ExpressionAttributeValues: item{":home": value(home), ":developer": value(developer), ":id": value(id)},
	})
	var items []item
	for pages.HasMorePages() {
		page, err := pages.NextPage(d.t.Context())
		d.must(err)
		items = append(items, page.Items...)
	}
	return items
}

// ending is the task that ends a box, next to the request or key that the box is for.
func (d *Desk) ending(pk string) *SecretTask {
	d.t.Helper()
	out, err := d.db().GetItem(d.t.Context(), &dynamodb.GetItemInput{
		TableName: aws.String(d.Books.Name()), ConsistentRead: aws.Bool(true),
		Key: item{"PK": &dynamodbtypes.AttributeValueMemberS{Value: pk}, "SK": &dynamodbtypes.AttributeValueMemberS{Value: "SECRET"}},
	})
	d.must(err)
	if out.Item == nil {
		return nil
	}
	var task SecretTask
	d.parse(out.Item, &task)
	return &task
}

// lines are those of a history, in their order.
func (d *Desk) lines(pk string) []item {
	d.t.Helper()
	pages := dynamodb.NewQueryPaginator(d.db(), &dynamodb.QueryInput{
		TableName: aws.String(d.Books.Name()), ConsistentRead: aws.Bool(true),
		KeyConditionExpression: aws.String("PK = :pk AND begins_with(SK, :history)"),
		ExpressionAttributeValues: item{
			":pk": &dynamodbtypes.AttributeValueMemberS{Value: pk}, ":history": &dynamodbtypes.AttributeValueMemberS{Value: "HISTORY#"},
		},
	})
	var found []item
	for pages.HasMorePages() {
		page, err := pages.NextPage(d.t.Context())
		d.must(err)
		found = append(found, page.Items...)
	}
	return found
}

func (d *Desk) parse(it item, into any) {
	d.t.Helper()
	d.must(attributevalue.UnmarshalMapWithOptions(it, into, func(o *attributevalue.DecoderOptions) { o.TagKey = "json" }))
}

func text(v dynamodbtypes.AttributeValue) string {
	if s, is := v.(*dynamodbtypes.AttributeValueMemberS); is {
		return s.Value
	}
	return ""
}

// Box is the key in the box of a request, or of the key that is to succeed another, by the id of either; zero where there is none. It
// is read past the plan.
func (d *Desk) Box(id string) apikey.Key {
	d.t.Helper()
	var found apikey.Key
	for _, kind := range []string{portal.AuthToken, portal.Basic, portal.OAuth, portal.JWT} {
		switch key := d.box(id, kind); {
		case key.IsZero():
		case found.IsZero():
			found = key
		default:
			d.t.Errorf("%s has two boxes, of %s and %s", id, found.Kind(), kind)
		}
	}
	return found
}

// box is the key in the box of one kind.
func (d *Desk) box(id, kind string) apikey.Key {
	d.t.Helper()
	if kind == portal.MutualTLS {
		return apikey.Key{}
	}
	client := secretsmanager.NewFromConfig(d.plain, func(o *secretsmanager.Options) {
		o.BaseEndpoint = awsenv.Endpoint("AWS_ENDPOINT_URL_SECRETS_MANAGER")
	})
	if kind == portal.AuthToken {
		kind = "token"
	}
	name := "trial/" + d.Books.Name() + "/" + fixture.Org + "/" + id + "/" + kind
	out, err := client.GetSecretValue(d.t.Context(), &secretsmanager.GetSecretValueInput{SecretId: &name})
	var absent *types.ResourceNotFoundException
	if errors.As(err, &absent) {
		return apikey.Key{}
	}
	d.must(err)
	key, err := apikey.Unseal(fixture.Org, secret.New(aws.ToString(out.SecretString)))
	d.must(err)
	return key
}
