package trial

import (
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"keydesk/infra/fixture"
	"keydesk/shared/approval"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
)

// story is a key that was granted, changed by a request, and rotated.
type story struct{ granted, edit Record }

func (s story) older() Key { return s.granted.Keys[0] }
func (s story) newer() Key { return s.granted.Keys[1] }

// tell has a person bring it about.
func (d *Desk) tell(person Person) story {
	d.t.Helper()
	r, k := d.Grant(person, portal.RequestInput{ApplyPolicies: []string{fixture.Payments}})
	edit := d.AskFor(person, portal.RequestInput{Key: &k.Shown, ByUser: &r.ByUser, ApplyPolicies: []string{fixture.Weather}})
	_, err := d.Issuer().Issue(d.t.Context(), edit, person.Act("approved"), "")
	d.must(err)
	_, err = d.Issuer().Rotate(d.t.Context(), d.Key(k), person.Act("rotated"), approval.Rotation{Grace: time.Hour})
	d.must(err)
	return story{d.Audit(r.ID), d.Audit(edit.ID)}
}

func issuedAt(k Key) string { return "KEY#" + k.Digest }

// besideAt is where a key stands beside its developer: ids count down there.
func besideAt(k Key) string {
	id, _ := hex.DecodeString(k.ID)
	for i := range id {
		id[i] = ^id[i]
	}
	return "KEY#" + hex.EncodeToString(id)
}

// tampering is what may go missing of a key, or be there twice, and what the audit says of it.
var tampering = map[string]struct {
	tamper func(d *Desk, s story)
	sees   string
}{
	"nothing":            {func(*Desk, story) {}, ""},
	"no successor":       {func(d *Desk, s story) { d.remove(issuedAt(s.newer()), "KEY") }, "1 issued keys that succeed none, 0 successors, 1 rotations"},
	"not its successor":  {func(d *Desk, s story) { d.set(issuedAt(s.newer()), "KEY", "digest", "another") }, "not the one in the box"},
	"no predecessor":     {func(d *Desk, s story) { d.remove(issuedAt(s.older()), "KEY") }, "the key that request"},
	"of another request": {func(d *Desk, s story) { d.set(issuedAt(s.newer()), "KEY", "request", s.edit.ID) }, "1 keys came of it"},
	"of another kind":    {func(d *Desk, s story) { d.set(issuedAt(s.newer()), "KEY", "auth_type", portal.Basic) }, "is not what request"},
	"a public key":       {func(d *Desk, s story) { d.set(issuedAt(s.newer()), "KEY", "public_key", "PEM") }, "has a public key true"},
	"not beside":         {func(d *Desk, s story) { d.remove(developer(s.granted), besideAt(s.newer())) }, "stands 0 times beside its developer"},
	"otherwise beside":   {func(d *Desk, s story) { d.set(developer(s.granted), besideAt(s.newer()), "shown", "another") }, "beside its developer stands"},
	"not shown": {func(d *Desk, s story) { d.remove("ORG#"+fixture.Org+"#SHOWN#"+s.older().Shown, s.older().Digest) },
		"has 0 shown hashes"},
	"no line of history": {func(d *Desk, s story) { d.remove(issuedAt(s.older()), "HISTORY#0000000002") }, "1 lines of history of a key at revision 3"},
	"another line":       {func(d *Desk, s story) { d.set(issuedAt(s.older()), "HISTORY#0000000003", "state", "suspended") }, "the last line of a key's history"},
	"edited by nobody":   {func(d *Desk, s story) { d.set(issuedAt(s.older()), "HISTORY#0000000002", "act", "changed") }, "has changed its key 0 times"},
	"edited twice":       {func(d *Desk, s story) { d.again(s) }, "has changed its key 2 times"},
	"edited, not granted": {func(d *Desk, s story) { d.set(request(s.edit), "REQUEST", "state", string(portal.Declined)) },
		"a request that is declined has changed its key 1 times"},
	"suspended":      {func(d *Desk, s story) { d.set(issuedAt(s.older()), "KEY", "state", "suspended") }, "the last line of a key's history"},
	"revoked":        {func(d *Desk, s story) { d.set(issuedAt(s.newer()), "KEY", "state", "revoked") }, "a key that is revoked stands 1 times"},
	"a box for ever": {func(d *Desk, s story) { d.remove(issuedAt(s.older()), "SECRET") }, "the task that ends it is <nil>"},
	"a plan is gone": {func(d *Desk, s story) { d.remove(developer(s.granted), "PLAN#"+fixture.Weather) }, "is said to be held of"},
	"a plan is another's": {func(d *Desk, s story) { d.set(developer(s.granted), "PLAN#"+fixture.Weather, "held_by", "somebody") },
		"is said to be held of"},
	"a plan too many": {func(d *Desk, s story) {
		d.put(developer(s.granted), "PLAN#"+fixture.Petstore, map[string]string{"held_by": "somebody"})
	},
		"nobody says so"},
	"a stray key": {func(d *Desk, s story) {
		d.put("ORG#"+fixture.Org+"#DEVELOPER#"+fixture.Ada, "PLAN#x", map[string]string{"held_by": s.granted.ID})
	},
		"stands where nobody would look for it"},
	"a grant to nobody": {func(d *Desk, s story) { d.put(developer(s.granted), "KEYGRANT#"+s.granted.ID, nil) }, "among the grants to be claimed: true"},
}

// TestAuditOfKeys has something of a key go missing, or be there twice. The audit sees it.
func TestAuditOfKeys(t *testing.T) {
	t.Parallel()
	desk := Open(t)
	person := desk.Person(caller.Admin)
	for name, c := range tampering {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := desk.Again(t)
			s := d.tell(person)
			c.tamper(d, s)
			j := &judged{TB: t}
			d.t = j
			d.Audit(s.granted.ID)
			d.Audit(s.edit.ID)
			if said := strings.Join(j.errors, "\n"); (c.sees == "") != (said == "") || !strings.Contains(said, c.sees) {
				t.Errorf("the audit says %q, want %q", said, c.sees)
			}
		})
	}
}

// again writes one more line of history for a change that was made once.
func (d *Desk) again(s story) {
	line := s.older().History[0]
	d.put(issuedAt(s.older()), "HISTORY#0000000004", map[string]string{"act": line.Act, "request_id": line.RequestID})
}

func (d *Desk) put(pk, sk string, attributes map[string]string) {
	it := key(pk, sk)
	for name, value := range attributes {
		it[name] = &types.AttributeValueMemberS{Value: value}
	}
	_, err := d.db().PutItem(d.t.Context(), &dynamodb.PutItemInput{TableName: new(d.Books.Name()), Item: it})
	d.must(err)
}
