package sweep

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"keydesk/infra/fixture"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
)

// Another organisation's object is, to each of ours who calls about it, one that does not exist: by status, body, headers and
// the calls of AWS that it takes to say so; and it stays as it is.
func TestForeignObjects(t *testing.T) {
	t.Parallel()
	d := open(t)
	for _, route := range d.routes {
		t.Run(route.Method+" "+route.Path, func(t *testing.T) {
			s := of(t, route)
			needs, _ := caller.Needs(s.means)
			for _, as := range ours {
				if !as.role.May(needs) && s.proof.of == nil || as != admin && !route.Canonical() {
					continue
				}
				for _, their := range d.objects(t, fixture.OtherOrg, s.what()) {
					a := d.alike(t, as, s.about(nobodys(their)), s.about(their), nobodys(their), their)
					if a.status != cmp.Or(s.proof.refused, http.StatusNotFound) {
						t.Errorf("%s %s by %s: %d %s", s.method, s.about(nobodys(their)).target(), as.name, a.status, a.text)
					}
				}
				if s.beside["{id}"] != "" {
					d.underTheirs(t, as, s)
				}
				if changed := d.reset(t); len(changed) > 0 {
					t.Errorf("%s by %s changed %v", s.method, as.name, changed)
				}
			}
			for _, name := range s.names {
				if route.Canonical() {
					d.named(t, s, name)
				}
			}
		})
	}
}

// underTheirs names each of their keys under each of their developers.
func (d *desk) underTheirs(t *testing.T, as who, s sample) {
	t.Helper()
	for _, developer := range []string{fixture.Eve, d.fred} {
		for _, their := range d.objects(t, fixture.OtherOrg, s.what()) {
			none := s.under(nobodys(developer)).about(nobodys(their))
			if a := d.alike(t, as, none, s.under(developer).about(their), nobodys(their), their); a.status != http.StatusNotFound {
				t.Errorf("%s %s by %s: %d %s", s.method, none.target(), as.name, a.status, a.text)
			}
		}
	}
}

// named has the admin make a call whose body or query names another organisation's object. Such a call may succeed, as it does if
// nobody has the name, and changes nothing of the other organisation's.
func (d *desk) named(t *testing.T, s sample, name string) {
	t.Helper()
	for _, their := range d.objects(t, fixture.OtherOrg, variable.FindString(name)) {
		d.alike(t, admin, s.naming(name, nobodys(their)), s.naming(name, their), nobodys(their), their)
		for _, key := range d.reset(t) {
			if !strings.HasPrefix(key, "ORG#"+fixture.Org) {
				t.Errorf("%s %s %s changed %s", s.method, s.target(), s.naming(name, their).body, key)
			}
		}
	}
}

// alike makes two calls, each at the desk as it was at the beginning, and compares the answers, but for the names of what each is
// about.
func (d *desk) alike(t *testing.T, as who, first, second sample, firstName, secondName string) (a answer) {
	t.Helper()
	var difference string
	for range 2 { // on a busy machine a call of AWS may have been tried twice; what differs always differs again
		a = d.call(t, as, first)
		if a.status < http.StatusBadRequest {
			d.reset(t)
		}
		b := d.call(t, as, second)
		wanted, said := plain(a, firstName), plain(b, secondName)
		if said == wanted && maps.Equal(counted(a.calls), counted(b.calls)) {
			return a
		}
		difference = fmt.Sprintf("with the calls %v,\n%s\nand about nobody's, with the calls %v,\n%s", counted(b.calls), said, counted(a.calls), wanted)
		d.reset(t)
	}
	t.Errorf("%s %s %s by %s is answered, %s", second.method, second.target(), second.body, as.name, difference)
	return a
}

// passing is what differs from answer to answer: ids, times, revisions.
var passing = regexp.MustCompile(`[0-9a-f]{24}|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z`)

// plain is an answer without the name of what it is about, and without what differs from answer to answer.
func plain(a answer, name string) string {
	header := a.header.Clone()
	for _, name := range []string{"Date", "Apigw-Requestid", "Content-Length"} {
		header.Del(name)
	}
	text := fmt.Sprint(a.status, header, a.text)
	return passing.ReplaceAllString(strings.ReplaceAll(text, name, "<name>"), "<...>")
}

// objects are an organisation's that can stand in the place of a variable.
func (d *desk) objects(t *testing.T, org, variable string) []string {
	t.Helper()
	if variable == "" {
		return nil
	}
	found := map[string]bool{}
	for _, item := range d.begin {
		for _, name := range namesIn(item, org, variable) {
			found[name] = true
		}
	}
	if len(found) < 2 {
		t.Errorf("the desk of %s has %d objects for %s: too few to show anything", org, len(found), variable)
	}
	return slices.Sorted(maps.Keys(found))
}

// namesIn are the names of an item's object, if it is the organisation's: what stands in the item's own keys, "...#KIND#name"; but keys
// have other names.
func namesIn(item map[string]types.AttributeValue, org, variable string) (found []string) {
	if slices.Contains([]string{"{key}", "{hash}", "{client}"}, variable) {
		return namesOfKey(item, org, variable)
	}
	if !strings.HasPrefix(text(item["PK"]), "ORG#"+org) {
		return nil
	}
	if name := text(item["sso_key"]); variable == "{ssokey}" {
		return slices.DeleteFunc([]string{name}, func(name string) bool { return name == "" })
	}
	for _, key := range []string{text(item["PK"]), text(item["SK"])} {
		segments := strings.Split("#"+key, "#")
		kind, name := segments[len(segments)-2], segments[len(segments)-1]
		if kind == "EMAIL" && variable == "{email}" || kind == "POLICY" && variable == "{policy}" || portal.ValidID(name) && variable != "{email}" {
			found = append(found, name)
		}
	}
	return found
}

// namesOfKey are those that a key is shown by and, with its developer, its id.
func namesOfKey(item map[string]types.AttributeValue, org, variable string) []string {
	shown, id := text(item["shown"]), text(item["id"])
	switch {
	case text(item["SK"]) != "KEY" || text(item["org_id"]) != org, variable == "{client}" && text(item["auth_type"]) != portal.OAuth:
		return nil
	case variable == "{key}":
		return []string{shown, id}
	}
	return []string{shown}
}

func text(value types.AttributeValue) string {
	if s, ok := value.(*types.AttributeValueMemberS); ok {
		return s.Value
	}
	return ""
}

// nobodys is a name like the given one, which nobody has.
func nobodys(name string) string {
	first := "e"
	if strings.HasPrefix(name, first) {
		first = "f"
	}
	return first + name[1:]
}
