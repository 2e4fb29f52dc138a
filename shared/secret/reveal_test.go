package secret_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"strings"
	"testing"
)

// revealed lists every folder that may look at a secret, with the number of places that do. A new place needs a reason here.
var revealed = map[string]int{
	"shared/apikey":        4, // checked: its form is read, and it is hashed; sealed for its box, and read from it
	"shared/portal":        1, // checked: whether jwt_secret is a public key after all
	"shared/claim":         1, // the key by which claim links are made and checked
	"shared/vault":         5, // stored: the box's content; checked: that what signs is long enough; used: a signing secret, to sign and to verify
	"shared/view":          3, // answered: the one delivery
	"functions/authorize":  2, // checked: the key that a call brings
	"functions/developers": 7, // hashed and checked: a developer's password
	"infra/local":          1, // written: a throw-away credential into .local/env
	"infra/admin":          2, // printed: a new credential, once; a signing secret
	"infra/desktest":       1, // sent: the credential that took another's place
}

func TestRevealIsCalledWhereItMay(t *testing.T) {
	found := map[string]int{}
	places := map[string][]string{}
	eachSource(t, func(name string, file *ast.File, set *token.FileSet) {
		ast.Inspect(file, func(n ast.Node) bool {
			// A method value or expression counts like a call: it too hands the text on.
			if selector, is := n.(*ast.SelectorExpr); is && selector.Sel.Name == "Reveal" {
				folder := path.Dir(name)
				found[folder]++
				places[folder] = append(places[folder], set.Position(selector.Sel.Pos()).String())
			}
			return true
		})
	})
	if !maps.Equal(found, revealed) {
		t.Errorf("Reveal stands %v times, want %v (the list is above this test); all places: %v", found, revealed, places)
	}
}

// eachSource calls see with every Go file of the repository that is no test.
func eachSource(t *testing.T, see func(name string, file *ast.File, set *token.FileSet)) {
	t.Helper()
	root := os.DirFS("../..")
	if _, err := fs.Stat(root, "go.mod"); err != nil {
		t.Fatalf("the repository's root is not where this test looks for it: %v", err)
	}
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != "." && (strings.HasPrefix(entry.Name(), ".") || name == "build"):
			return fs.SkipDir // what builds and runs leave behind
		case entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		text, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, name, text, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		see(name, file, set)
		return nil
	})
	if err != nil {
		t.Fatalf("read the repository: %v", err)
	}
}
