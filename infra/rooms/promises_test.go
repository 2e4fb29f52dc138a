package rooms

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var keyOfTheTable = regexp.MustCompile(`[A-Z][#$]`)

// Every key of the table is made in keys.go and nowhere else, as it says.
func TestKeysAreMadeInOneFile(t *testing.T) {
	literals := func(file string) (made []string) {
		ast.Inspect(parse(t, file), func(n ast.Node) bool {
			if l, is := n.(*ast.BasicLit); is && l.Kind == token.STRING && keyOfTheTable.MatchString(l.Value) {
				made = append(made, l.Value)
			}
			return true
		})
		return made
	}
	files, err := filepath.Glob("../../shared/table/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		made, own := literals(file), filepath.Base(file) == "keys.go"
		switch {
		case strings.HasSuffix(file, "_test.go"):
		case own && len(made) < 10:
			t.Errorf("keys.go makes %d keys only: %s", len(made), made)
		case !own && len(made) > 0:
			t.Errorf("%s makes keys of the table: %s", file, made)
		}
	}
}

// The rules are pure, as they say: whoever reads a table, or waits for anything, has a context.
func TestRulesArePure(t *testing.T) {
	for _, file := range []string{"../../shared/approval/rules.go", "../../shared/approval/judge.go"} {
		for _, imported := range parse(t, file).Imports {
			if imported.Path.Value == `"context"` {
				t.Errorf("%s imports context", file)
			}
		}
	}
}

func parse(t *testing.T, file string) *ast.File {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}
