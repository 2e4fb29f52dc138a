package rooms

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	link    = regexp.MustCompile(`\]\(([^)#:]*)(#[^)]*)?\)`) // relative: addresses have a colon
	path    = regexp.MustCompile("`((?:docs|events|functions|infra|shared)/[^`]*|[^` ]*/[^` ]*\\.go)`")
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
)

// Whatever the documents link to, or name by its path from the top, is there.
func TestDocumentsLeadSomewhere(t *testing.T) {
	documents, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	links, paths := 0, 0
	for _, document := range append(documents, "../../README.md") {
		text := read(t, document)
		for _, found := range link.FindAllStringSubmatch(text, -1) {
			to := document
			if links++; found[1] != "" {
				to = filepath.Join(filepath.Dir(document), found[1])
			}
			if _, err := os.Stat(to); err != nil {
				t.Errorf("%s: %s leads nowhere", document, found[0])
			} else if found[2] != "" && !strings.Contains(anchors(read(t, to)), found[2]+"\n") {
				t.Errorf("%s: %s has no such heading", document, found[0])
			}
		}
		for _, found := range path.FindAllStringSubmatch(text, -1) {
			if paths++; !there(found[1]) {
				t.Errorf("%s: there is no %s", document, found[0])
			}
		}
	}
	if links < 300 || paths < 10 {
		t.Errorf("%d links and %d paths are read only", links, paths)
	}
}

func there(path string) bool {
	_, err := os.Stat(filepath.Join("../..", path))
	return err == nil
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var notInAnchors = regexp.MustCompile(`[^a-z0-9 _-]`)

// anchors are those of a document's headings, a line each.
func anchors(text string) string {
	var all strings.Builder
	for _, found := range heading.FindAllStringSubmatch(text, -1) {
		all.WriteString("#" + strings.ReplaceAll(notInAnchors.ReplaceAllString(strings.ToLower(found[1]), ""), " ", "-") + "\n")
	}
	return all.String()
}
