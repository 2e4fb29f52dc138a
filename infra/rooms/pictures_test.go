package rooms

import (
	"os"
	"slices"
	"strings"
	"testing"

	"keydesk/infra/template"
)

// The picture of the packages is what go list says: each of its arrows is an import, and each import is an arrow, or a way along several.
func TestThePictureShowsTheImports(t *testing.T) {
	drawn, imports := arrows(t), map[string][]string{}
	for from, all := range graph(t) {
		for _, to := range all {
			if to, is := strings.CutPrefix(to, "shared/"); is && !strings.HasPrefix(from, "infra/") {
				imports[box(from, drawn)] = append(imports[box(from, drawn)], to)
			}
		}
	}
	for from, all := range drawn {
		for _, to := range all {
			if !slices.Contains(imports[from], to) {
				t.Fatalf("%s --> %s is drawn, and is no import", from, to)
			}
		}
	}
	for from, all := range imports {
		for _, to := range all {
			if !leads(drawn, from, to) {
				t.Errorf("%s --> %s is not drawn", from, to)
			}
		}
	}
}

// box is where the picture shows a package: a function that has no box of its own is among the others.
func box(name string, drawn map[string][]string) string {
	wing, own, _ := strings.Cut(name, "/")
	if _, is := drawn[own]; is || wing == "shared" {
		return own
	}
	return wing
}

// leads tells whether a way leads from one box to another.
func leads(drawn map[string][]string, from, to string) bool {
	return slices.ContainsFunc(drawn[from], func(next string) bool { return next == to || leads(drawn, next, to) })
}

// arrows are those of the picture: where each begins, and where they lead.
func arrows(t *testing.T) map[string][]string {
	t.Helper()
	_, picture, _ := strings.Cut(section(t, "What imports what"), "```mermaid")
	picture, _, _ = strings.Cut(picture, "```")
	drawn := map[string][]string{}
	for line := range strings.Lines(picture) {
		for ends := strings.Split(line, "-->"); len(ends) > 1; ends = ends[1:] {
			for from := range strings.SplitSeq(ends[0], "&") {
				for to := range strings.SplitSeq(ends[1], "&") {
					drawn[word(from)] = append(drawn[word(from)], word(to))
				}
			}
		}
	}
	return drawn
}

// word is a box's name, without what is written in it.
func word(end string) string {
	name, _, _ := strings.Cut(strings.TrimSpace(end), "[")
	return name
}

// The table of the functions has each of them, and the table of infra/ each of its folders.
func TestTheTablesLeaveNothingOut(t *testing.T) {
	wired, err := template.Load("../../template.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]bool{}
	for line := range strings.Lines(section(t, "What talks to what")) {
		cell, _, _ := strings.Cut(strings.TrimPrefix(line, "| "), " | ")
		for name := range strings.SplitSeq(cell, ", ") {
			told[name] = true
		}
	}
	for i := range wired.Functions {
		if name := wired.Functions[i].LogicalID; !told[name] {
			t.Errorf("docs/architecture.md does not say what %s answers", name)
		}
	}
	folders, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	rooms := section(t, "What imports what")
	for _, folder := range folders {
		if name := folder.Name(); folder.IsDir() && !strings.Contains(rooms, "["+name+"](../infra/"+name+")") {
			t.Errorf("docs/architecture.md does not say what infra/%s is", name)
		}
	}
}

// section is what stands in docs/architecture.md under a heading.
func section(t *testing.T, heading string) string {
	t.Helper()
	_, below, found := strings.Cut(read(t, "../../docs/architecture.md"), "\n## "+heading+"\n")
	if !found {
		t.Fatalf("docs/architecture.md has no heading %q", heading)
	}
	below, _, _ = strings.Cut(below, "\n## ")
	return below
}
