package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tailscale/hujson"
)

// A document is one of those that describe Tyk's key requests; testdata has its samples as they are printed, comments and all.
// Names are the years in which they were written.
type document struct {
	year string
	// Ids that stand in the samples and have to exist here.
	developer, policy, request string
}

var (
	doc2017 = document{"2017", "5a13830f73169000018627a7", "5a0d2df0731690000132f591", "{id}"}
	doc2018 = document{"2018", "554c733a30c55e4b16000002", "554c789030c55e4ca0101002", "554c789030c55e4ca0000002"}
	doc2020 = document{"2020", "5efdbdb749960c000137f589", "5ead7120575961000181867e", "5efde61749960c000137f590"}
)

// sample is one call of a document and its answer.
type sample struct {
	document
	name    string
	instead string // the call to make, where the printed one is none that any client makes
	differs map[string]string
}

// Differences between documents and desk, and why each is there.
const (
	metaIsNull = "an answer without a document has Meta null, as Tyk itself answers today"
	idIsID     = "lists have named the id so since Tyk's Dashboard 1.6"
	noClients  = "a developer without OAuth clients lacks the member, as in Tyk"
)

var samples = []sample{
	{document: doc2017, name: "create"},
	{document: doc2017, name: "list", differs: map[string]string{".Data[]._id: missing": idIsID}},
	{document: doc2017, name: "approve"},
	{document: doc2018, name: "create", differs: map[string]string{".Meta: null, documented as string": metaIsNull}},
	{document: doc2018, name: "list"},
	{document: doc2018, name: "get"},
	{document: doc2018, name: "approve"},
	{document: doc2018, name: "delete", differs: map[string]string{".Meta: null, documented as string": metaIsNull}},
	{document: doc2020, name: "create"},
	{document: doc2020, name: "list", differs: map[string]string{".Data[].portal_developer.oauth_clients: missing": noClients}},
	{document: doc2020, name: "get", differs: map[string]string{".portal_developer.oauth_clients: missing": noClients}},
	{document: doc2020, name: "update"},
	{document: doc2020, name: "delete"},
	// The sample's own address is the list's, at which no client approves; the document's table has this one.
	{document: doc2020, name: "approve", instead: "PUT " + approve(doc2020.request)},
}

// TestSamples makes each call that the documents print, with ids of this desk in place of theirs, and compares the answer's
// shape with the printed one's. It is not parallel: other requests would push those of the lists off the first page.
func TestSamples(t *testing.T) {
	for _, s := range samples {
		t.Run(s.year+" "+s.name, s.try)
	}
}

func (s sample) try(t *testing.T) {
	if s.name != "list" {
		t.Parallel() // which begins when the lists are done
	}
	asked := fmt.Sprintf(`{"by_user": %q, "for_plan": %q, "oauth_info": {"redirect_uri": "http://localhost"}}`, developer, policy)
	id := admin.create(t, asked)
	line, body, _ := strings.Cut(s.read(t, ".http"), "\n")
	if s.instead != "" {
		line = s.instead
	}
	here := strings.NewReplacer(s.developer, developer, s.policy, policy, s.request, id, "KEYID", id)
	method, path, _ := strings.Cut(here.Replace(line), " ")
	if method == "UPDATE" && !front.update {
		method = http.MethodPut
	}

	a := admin.call(t, method, path, here.Replace(body))
	a.want(t, http.StatusOK, "")
	switch s.name {
	case "create":
		created(t, a)
	case "list": // what stood in it before is none of this test's
		mine := slices.DeleteFunc(a.rows(t), func(row map[string]any) bool { return row["id"] != id })
		if len(mine) != 1 {
			t.Fatalf("a request stands %d times on the first page", len(mine))
		}
		a.body["Data"] = []any{mine[0]}
	}
	documented := s.documented(t)
	if message, _ := documented["Message"].(string); !isID.MatchString(message) && message != a.message() {
		t.Errorf("Message is %q, documented as %q", a.message(), message)
	}
	s.judge(t, compare("", documented, a.body))
}

func (s sample) documented(t *testing.T) (answer map[string]any) {
	t.Helper()
	plain, err := hujson.Standardize([]byte(s.read(t, ".jsonc")))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(plain, &answer); err != nil {
		t.Fatal(err)
	}
	return answer
}

// judge wants just the differences that are written down.
func (s sample) judge(t *testing.T, found []string) {
	t.Helper()
	for _, difference := range found {
		if s.differs[difference] == "" {
			t.Errorf("unlike the document: %s", difference)
		}
	}
	for difference, why := range s.differs {
		if !slices.Contains(found, difference) {
			t.Errorf("like the document, although %s: take %q from the list", why, difference)
		}
	}
}

func (s sample) read(t *testing.T, ending string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", s.year, s.name+ending))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
