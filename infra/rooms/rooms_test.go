// Package rooms holds no code: its tests keep the arrows between the rooms of the repository going one way, and true what the documents,
// and some files at their top, say of where things are.
package rooms

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// floors lists the shared rooms from the top of the house down. A room may import those below it, never one above or beside.
var floors = [][]string{
	{"shared/revocation"},
	{"shared/rest", "shared/view"},
	{"shared/approval"},
	{"shared/table", "shared/vault"},
	{"shared/apikey", "shared/caller", "shared/awsenv", "shared/claim"},
	{"shared/portal"},
	{"shared/secret"},
}

// dataPlane are functions that answer for every call of the API owner's own APIs, with all that each may import: they start fast, and
// what they do not have they cannot do.
var dataPlane = map[string][]string{
	"functions/authorize": {"shared/table", "shared/apikey", "shared/awsenv", "shared/portal", "shared/secret"},
	"functions/hello":     {}, // it stands for somebody else's code
}

func TestArrowsGoOneWay(t *testing.T) {
	imports := graph(t)
	if len(imports) < 20 {
		t.Fatalf("go list shows %d packages only: %v", len(imports), imports)
	}
	for from, all := range imports {
		for _, to := range all {
			if complaint := forbidden(from, to); complaint != "" {
				t.Errorf("%s imports %s: %s", from, to, complaint)
			}
		}
	}
}

func TestForbiddenArrowsAreSeen(t *testing.T) {
	for _, arrow := range [][2]string{
		{"functions/requests/get", "functions/requests/list"},
		{"functions/requests/get", "infra/faults"},
		{"functions/requests/get", "infra/openapi"},
		{"functions/contract", "infra/openapi/answers"},
		{"shared/table", "infra/tabletest"},
		{"shared/portal", "shared/caller"},
		{"shared/table", "shared/vault"},
		{"shared/approval", "shared/view"},
		{"shared/view", "shared/rest"},
		{"shared/secret", "shared/portal"},
		{"shared/newcomer", "shared/secret"},
		{"functions/authorize", "shared/vault"},
		{"functions/authorize", "shared/rest"},
		{"functions/hello", "shared/portal"},
	} {
		if forbidden(arrow[0], arrow[1]) == "" {
			t.Errorf("%s may import %s", arrow[0], arrow[1])
		}
	}
}

func forbidden(from, to string) string {
	wing := func(path string) string { return strings.Split(path, "/")[0] }
	switch {
	case wing(from) == "infra":
		return "" // not deployed: it may look at everything
	case from == "functions/contract" && to == "infra/openapi":
		return "" // the contract is no code: a text, which that function serves and the tests in infra/ hold the desk to
	case wing(to) == "infra":
		return "what deploys does not need what does not"
	case wing(to) == "functions":
		return "functions are nobody's library; code moves to shared/ on its second use"
	case wing(from) == "functions":
		if may, bounded := dataPlane[from]; bounded && !slices.Contains(may, to) {
			return "the data plane has no use for it"
		}
		return ""
	}
	above, below := floor(from), floor(to)
	switch {
	case above < 0 || below < 0:
		return "a new shared room needs its floor in this test"
	case above >= below:
		return "arrows go down the floors"
	}
	return ""
}

func floor(room string) int {
	return slices.IndexFunc(floors, func(rooms []string) bool { return slices.Contains(rooms, room) })
}

// graph is each package of the module with those of the module that it imports; tests are left out.
func graph(t *testing.T) map[string][]string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", "keydesk/...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	imports := map[string][]string{}
	for decoder := json.NewDecoder(bytes.NewReader(out)); decoder.More(); {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := decoder.Decode(&p); err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(p.ImportPath, "keydesk/")
		imports[name] = []string{}
		for _, i := range p.Imports {
			if ours, ok := strings.CutPrefix(i, "keydesk/"); ok {
				imports[name] = append(imports[name], ours)
			}
		}
	}
	return imports
}
