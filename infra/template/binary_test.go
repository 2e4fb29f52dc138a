package template_test

import (
	"debug/elf"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"keydesk/infra/template"
)

var goArchitectures = map[string]string{"arm64": "arm64", "x86_64": "amd64"}

// build compiles the smallest program for an architecture, named as Lambda names it.
func build(t *testing.T, architecture string) string {
	t.Helper()
	source := filepath.Join(t.TempDir(), "main.go")
	if err := os.WriteFile(source, []byte("package main\n\nfunc main() {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(filepath.Dir(source), "bootstrap")
	compile := exec.Command("go", "build", "-ldflags", "-s -w", "-o", program, source)
	compile.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+goArchitectures[architecture])
	if output, err := compile.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	return program
}

func TestCheckBinary(t *testing.T) {
	programs := map[string]string{"arm64": build(t, "arm64"), "x86_64": build(t, "x86_64")}
	for wanted := range programs {
		for built, program := range programs {
			t.Run(wanted+" template, "+built+" program", func(t *testing.T) {
				err := template.Function{LogicalID: "F", Architecture: wanted}.CheckBinary(program)
				switch {
				case built == wanted && err != nil:
					t.Error(err)
				case built != wanted && (err == nil || !strings.Contains(err.Error(), "is for "+built+", and template.yaml says "+wanted)):
					t.Errorf("got error %v, want one that names both architectures", err)
				}
			})
		}
	}
}

func TestCheckBinaryLinkedDynamically(t *testing.T) {
	program := build(t, "x86_64")
	content, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	const programHeaders = 64 // they follow the header of a 64-bit ELF file; the first word of each is its type
	binary.LittleEndian.PutUint32(content[programHeaders:], uint32(elf.PT_INTERP))
	if err := os.WriteFile(program, content, 0o600); err != nil {
		t.Fatal(err)
	}
	err = template.Function{LogicalID: "F", Architecture: "x86_64"}.CheckBinary(program)
	if err == nil || !strings.Contains(err.Error(), "linked dynamically") {
		t.Errorf("got error %v, want one about linking", err)
	}
}

func TestCheckBinaryThatIsNone(t *testing.T) {
	f := template.Function{LogicalID: "F", Architecture: "arm64"}
	if err := f.CheckBinary("binary_test.go"); err == nil || !strings.Contains(err.Error(), "the program of F") {
		t.Errorf("a text: got error %v, want one that names the function", err)
	}
	if err := f.CheckBinary("nowhere"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("nothing: got error %v, want one that says so", err)
	}
}

// The programs that `make build` made for this machine, as the local gateway and SAM local run them.
func TestBuiltPrograms(t *testing.T) {
	const largest = 11 << 20 // bytes; what is larger starts later
	architecture := "x86_64"
	if runtime.GOARCH == "arm64" {
		architecture = "arm64"
	}
	for _, f := range deployed(t, map[string]string{"Architecture": architecture}).Functions {
		program := filepath.Join(root, "build", f.LogicalID, "bootstrap")
		info, err := os.Stat(program)
		if errors.Is(err, fs.ErrNotExist) {
			t.Errorf("build/%s/bootstrap is not there: run make build", f.LogicalID)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() > largest {
			t.Errorf("build/%s/bootstrap has %d bytes, more than %d", f.LogicalID, info.Size(), largest)
		}
		if err := f.CheckBinary(program); err != nil {
			t.Error(err)
		}
	}
}
