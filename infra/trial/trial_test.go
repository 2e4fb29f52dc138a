package trial

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"keydesk/infra/fixture"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
)

// judged is a test that may fail without failing this one.
type judged struct {
	testing.TB
	errors []string
}

func (j *judged) Errorf(format string, arguments ...any) {
	j.errors = append(j.errors, fmt.Sprintf(format, arguments...))
}

// TestAudit has something of a granted request go missing, or be there twice. The audit sees it.
func TestAudit(t *testing.T) {
	t.Parallel()
	desk := Open(t)
	person := desk.Person(caller.Reviewer)
	for name, c := range map[string]struct {
		tamper func(d *Desk, r Record)
		sees   string
	}{
		"nothing":        {func(*Desk, Record) {}, ""},
		"no issued key":  {func(d *Desk, r Record) { d.remove("KEY#"+r.Keys[0].Digest, "KEY") }, "0 issued keys that succeed none"},
		"no plan":        {func(d *Desk, r Record) { d.remove(developer(r), "PLAN#"+fixture.Payments) }, "is said to be held of"},
		"no first line":  {func(d *Desk, r Record) { d.remove(request(r), "HISTORY#0000000001") }, "1 lines of history at revision 2"},
		"no approval":    {func(d *Desk, r Record) { d.remove(request(r), "HISTORY#0000000002") }, "0 approvals in its history"},
		"no shown hash":  {func(d *Desk, r Record) { d.remove(shown(r), r.Keys[0].Digest) }, "has 0 shown hashes"},
		"not granted":    {func(d *Desk, r Record) { d.set(request(r), "REQUEST", "state", string(portal.Declined)) }, "declined: 1 issued keys"},
		"another plan":   {func(d *Desk, r Record) { d.set("KEY#"+r.Keys[0].Digest, "KEY", "developer", "somebody") }, "is not what request"},
		"another in box": {func(d *Desk, r Record) { d.set("KEY#"+r.Keys[0].Digest, "KEY", "digest", "another") }, "not the one in the box"},
		"nothing to do":  {func(d *Desk, r Record) { d.set(request(r), "REQUEST", "task", "remind") }, `the schedule is to "remind"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := desk.Again(t)
			r := d.Ask(person, fixture.Payments)
			if _, err := d.Issuer().Issue(t.Context(), r, person.Act("approved"), ""); err != nil {
				t.Fatal(err)
			}
			c.tamper(d, d.Audit(r.ID))
			j := &judged{TB: t}
			d.t = j
			d.Audit(r.ID)
			if said := strings.Join(j.errors, "\n"); (c.sees == "") != (said == "") || !strings.Contains(said, c.sees) {
				t.Errorf("the audit says %q, want %q", said, c.sees)
			}
		})
	}
}

func request(r Record) string   { return "ORG#" + r.OrgID + "#REQUEST#" + r.ID }
func developer(r Record) string { return "ORG#" + r.OrgID + "#DEVELOPER#" + r.ByUser }
func shown(r Record) string     { return "ORG#" + r.OrgID + "#SHOWN#" + r.Keys[0].Shown }

func (d *Desk) remove(pk, sk string) {
	name := d.Books.Name()
	there := "attribute_exists(PK)"
	_, err := d.db().DeleteItem(d.t.Context(), &dynamodb.DeleteItemInput{TableName: &name, Key: key(pk, sk), ConditionExpression: &there})
	d.must(err)
}

func (d *Desk) set(pk, sk, attribute, value string) {
	name := d.Books.Name()
	there, update := "attribute_exists(PK)", "SET #attribute = :value"
	_, err := d.db().UpdateItem(d.t.Context(), &dynamodb.UpdateItemInput{
		TableName: &name, Key: key(pk, sk), ConditionExpression: &there, UpdateExpression: &update,
		ExpressionAttributeNames:  map[string]string{"#attribute": attribute},
		ExpressionAttributeValues: map[string]types.AttributeValue{":value": &types.AttributeValueMemberS{Value: value}},
	})
	d.must(err)
}

func key(pk, sk string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{
		"PK": &types.AttributeValueMemberS{Value: pk}, "SK": &types.AttributeValueMemberS{Value: sk},
	}
}

// What was to happen meanwhile and did not fails its test.
func TestMeanwhile(t *testing.T) {
	j := &judged{TB: t}
	w := &wire{t: j, meanwhile: map[string]func(){}}
	w.expect("CreateSecret", func() {})
	w.close()
	if len(j.errors) != 1 || !strings.Contains(j.errors[0], "no CreateSecret came") {
		t.Errorf("it says %q", j.errors)
	}
}
