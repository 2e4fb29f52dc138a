package template

import (
	"debug/elf"
	"fmt"
)

// CheckBinary tells whether the program at path can run as this function on AWS: an ELF file for the function's architecture that
// needs no shared library (the base image has no promise about its libc).
func (f Function) CheckBinary(path string) error {
	file, err := elf.Open(path)
	if err != nil {
		return fmt.Errorf("the program of %s: %w", f.LogicalID, err)
	}
	defer func() { _ = file.Close() }()
	architecture, ok := map[elf.Machine]string{elf.EM_AARCH64: "arm64", elf.EM_X86_64: "x86_64"}[file.Machine]
	if !ok {
		architecture = file.Machine.String()
	}
	if architecture != f.Architecture {
		return fmt.Errorf("%s is for %s, and template.yaml says %s: make build ARCH=%s", path, architecture, f.Architecture, f.Architecture)
	}
	for _, program := range file.Progs {
		if program.Type == elf.PT_INTERP {
			return fmt.Errorf("%s is linked dynamically: build it with CGO_ENABLED=0", path)
		}
	}
	return nil
}
