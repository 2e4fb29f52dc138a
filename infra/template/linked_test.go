package template_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// The tables of Unicode's domains are some 160 KB, and are linked as soon as anything that runs at a function's start leads to them. The
// functions that never see an address have none of them; the name of a function of theirs in Developers shows that the test would see them.
func TestDomainsAreLinkedWhereTheyAreUsed(t *testing.T) {
	const name = "golang.org/x/net/idna.validateAndMap"
	for function, want := range map[string]bool{
		"Developers": true, "Authorize": false, "Policies": false, "GetRequest": false, "ListRequests": false, "Console": false, "Hello": false, "Unknown": false,
	} {
		program, err := os.ReadFile(filepath.Join(root, "build", function, "bootstrap"))
		if err != nil {
			t.Errorf("%v: run make build", err)
			continue
		}
		found := bytes.Count(program, []byte(name)) > bytes.Count(program, []byte("vendor/"+name)) // net/http has a copy of its own
		if found != want {
			t.Errorf("%s: the domains' tables are linked: %t, want %t", function, found, want)
		}
	}
}
