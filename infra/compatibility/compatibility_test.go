// Package compatibility holds no code: its tests keep docs/compatibility.md, which compares the desk with the classic Portal,
// complete and true to what is there.
package compatibility

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tailscale/hujson"

	"keydesk/shared/caller"
)

const (
	docs    = "../../docs"
	samples = "../e2e/testdata"
	events  = "../../events"
)

// row is one of a table: what it is about, whether that is as in Tyk, how and why, and what shows it.
type row struct {
	names     []string
	is, shown string
	line      string
}

// tables reads the document's tables by the headings above them.
func tables(t *testing.T) map[string][]row {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(docs, "compatibility.md"))
	if err != nil {
		t.Fatal(err)
	}
	all, heading := map[string][]row{}, ""
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), " | ")
		switch {
		case strings.HasPrefix(line, "#"):
			heading = strings.TrimSpace(strings.TrimLeft(line, "#"))
		case !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "| ---") || strings.Contains(line, "| is | how"):
		case len(cells) != 4:
			t.Errorf("%d cells, want 4: %s", len(cells), line)
		default:
			all[heading] = append(all[heading], row{quoted(cells[0]), strings.TrimSpace(cells[1]), cells[3], line})
		}
	}
	return all
}

var inQuotes = regexp.MustCompile("`([^`]+)`")

// quoted are the texts of a cell that stand in backquotes.
func quoted(cell string) (names []string) {
	for _, found := range inQuotes.FindAllStringSubmatch(cell, -1) {
		names = append(names, found[1])
	}
	return names
}

func TestEveryRowSaysWhetherAndWhere(t *testing.T) {
	known := regexp.MustCompile(`^(same|different|ours|not yet \(step [3-8]\))$`)
	rows := 0
	for heading, all := range tables(t) {
		for _, r := range all {
			rows++
			if !known.MatchString(r.is) {
				t.Errorf("%s: neither same, different, ours nor not yet: %s", heading, r.line)
			}
			if !link.MatchString(r.shown) {
				t.Errorf("%s: nothing shows it: %s", heading, r.line)
			}
		}
	}
	if rows < 80 {
		t.Errorf("%d rows are read only", rows)
	}
}

var link = regexp.MustCompile(`\[([^]]+)\]\(([^)]+)\)`)

// Whatever is linked is there, and a test is in the file that it is said to be in.
func TestLinks(t *testing.T) {
	var text []byte
	for _, document := range []string{"compatibility.md", "security.md"} {
		more, err := os.ReadFile(filepath.Join(docs, document))
		if err != nil {
			t.Fatal(err)
		}
		text = append(text, more...)
	}
	for _, found := range link.FindAllStringSubmatch(string(text), -1) {
		if strings.Contains(found[2], "://") || strings.Contains(found[2], "#") {
			continue
		}
		name, path := found[1], filepath.Join(docs, found[2])
		content, err := os.ReadFile(path)
		if info, statErr := os.Stat(path); statErr == nil && info.IsDir() {
			err = nil
		}
		switch {
		case err != nil:
			t.Errorf("%s: %v", found[0], err)
		case strings.HasPrefix(name, "Test") && !strings.Contains(string(content), "func "+name+"("):
			t.Errorf("%s: the file has no such test", found[0])
		case strings.HasSuffix(path, ".json") && name != "plain words" && name+".json" != filepath.Base(path):
			t.Errorf("%s: named otherwise than the event", found[0])
		}
	}
}

func TestNoRouteIsMissing(t *testing.T) {
	var told []string
	for heading, all := range tables(t) {
		if strings.HasPrefix(heading, "Routes") {
			for _, r := range all {
				told = append(told, r.names...)
			}
		}
	}
	for _, route := range slices.Concat(caller.Routes(), caller.Signed, caller.Public, caller.Protected) {
		if !slices.Contains(told, route) {
			t.Errorf("%s is not told of", route)
		}
	}
}

// about says which object a sample's or an event's JSON is, by the table that tells of its members.
var about = map[string]string{
	samples + "/2017/create.http": "Key request", samples + "/2018/create.http": "Key request", samples + "/2020/create.http": "Key request",
	samples + "/2020/update.http": "Key request", samples + "/2018/get.jsonc": "Key request", samples + "/2020/get.jsonc": "Key request",
	samples + "/2017/developer.http": "Developer",
	"testdata/webhook.json":          "Notices",
	// The desk's own answers, with what it has and the samples have not.
	events + "/requests/get/approved.json": "Key request", events + "/requests/get/declined.json": "Key request",
	events + "/developers/list/plain.json": "Developer", events + "/developers/create/whole.json": "Developer",
	events + "/developers/verify_credentials/right.json": "Developer",
	events + "/catalogue/get/whole.json":                 "Catalogue", events + "/configuration/get/whole.json": "Settings",
	events + "/configuration/update/decisions.json": "Settings",
	events + "/policies/get/plan.json":              "Policy", events + "/developers/get/with-clients.json": "Developer",
	events + "/keys/get/token.json": "Key", events + "/keys/get/rotated.json": "Key", events + "/keys/get/client.json": "Key", events + "/keys/get/certificate.json": "Key",
	events + "/keys/rotate/token.json": "Answer", events + "/keys/rotate/client.json": "Answer",
}

// inside says which object a member holds, or a list of, where that has a table of its own. What is in the members of "" is for
// others to say.
var inside = map[string]string{
	"portal_developer": "Developer", "catalogue_entry": "Catalogue entry", "catalogues": "Catalogue entry", "apis": "Catalogue entry",
	"config": "Settings", "rules": "Rule", "field": "", "data": "Key request", "welcome_email": "E-mail copy", "key_email": "E-mail copy", "reset_password_email": "E-mail copy",
	"fields": "", "keys": "", "subscriptions": "", "api_keys": "", "access_rights": "", "meta_data": "",
}

func TestNoFieldIsMissing(t *testing.T) {
	told := map[string]map[string]bool{}
	for heading, all := range tables(t) {
		told[heading] = map[string]bool{}
		for _, r := range all {
			for _, name := range r.names {
				told[heading][name] = true
			}
		}
	}
	seen := map[string]bool{}
	tell := func(file string) func(object, member string) {
		return func(object, member string) {
			if !told[object][member] && !seen[object+" "+member] {
				t.Errorf("%s: the table %q does not tell of `%s`", file, object, member)
			}
			seen[object+" "+member] = true
		}
	}
	files, err := filepath.Glob(samples + "/*/*")
	if err != nil {
		t.Fatal(err)
	}
	for file, object := range about {
		if !strings.HasPrefix(file, samples) {
			files = append(files, file)
		}
		if _, err := os.Stat(file); err != nil {
			t.Error(object, err)
		}
	}
	for _, file := range files {
		object := about[file]
		if object == "" {
			object = "Answer"
		}
		for _, document := range documents(t, file) {
			members(document, objectOf(object, document), "", tell(file))
		}
	}
	if len(seen) < 120 {
		t.Errorf("%d fields are read only", len(seen))
	}
}

// documents are the objects of a file: the one of a sample, or the body that an event sends and the one that it is answered.
func documents(t *testing.T, file string) []map[string]any {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if filepath.Ext(file) == ".http" {
		_, body, _ := strings.Cut(string(text), "\n")
		text = []byte(body)
	}
	if strings.TrimSpace(string(text)) == "" {
		return nil
	}
	if text, err = hujson.Standardize(text); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	var document map[string]any
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	golden, isEvent := document["golden"].(map[string]any)
	if !isEvent {
		return []map[string]any{document}
	}
	answer, _ := golden["body"].(map[string]any)
	all := []map[string]any{answer}
	if sent, ok := document["body"].(string); ok {
		var body map[string]any
		if err := json.Unmarshal([]byte(sent), &body); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all = append(all, body)
	}
	return all
}

// objectOf is what a document of a file is: an envelope or a list is an answer, whatever the file is about.
func objectOf(object string, document map[string]any) string {
	for _, name := range []string{"Status", "Data", "RawKey"} {
		if _, there := document[name]; there {
			return "Answer"
		}
	}
	return object
}

// members tells of each member of an object, and of what is inside of it: by a dotted name, or as of an object with a table of its
// own.
func members(value any, object, prefix string, tell func(object, member string)) {
	switch v := value.(type) {
	case []any:
		for _, element := range v {
			members(element, object, prefix, tell)
		}
	case map[string]any:
		for name, member := range v {
			tell(object, prefix+name)
			switch inner, own := inside[name]; {
			case own && inner != "":
				members(member, inner, "", tell)
			case own || name == "Meta":
			case name == "oauth_clients":
				clients, _ := member.(map[string]any)
				for _, of := range clients {
					members(of, "OAuth client", "", tell)
				}
			case name == "Data":
				members(member, rowsOf(member), "", tell)
			default:
				members(member, object, prefix+name+".", tell)
			}
		}
	}
}

// rowsOf tells lists of requests from those of developers.
func rowsOf(data any) string {
	rows, _ := data.([]any)
	if len(rows) > 0 {
		if first, ok := rows[0].(map[string]any); ok && first["email"] != nil {
			return "Developer"
		}
	}
	return "Key request"
}
