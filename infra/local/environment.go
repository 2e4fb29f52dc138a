package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
)

// writeEnvironment writes a file for `. file`: whoever reads it can call the desk and its doubles. It holds credentials, so
// nobody else may read it.
func writeEnvironment(path string, environment map[string]string) error {
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(environment)) {
		fmt.Fprintf(&text, "export %s=%s\n", name, quote(environment[name]))
	}
	part := path + ".part" // so that nobody reads half of it
	if err := os.WriteFile(part, []byte(text.String()), 0o600); err != nil {
		return err
	}
	return os.Rename(part, path)
}

// quote writes a value so that a shell reads it as it is. What needs no quotes gets none, so that others than shells can
// read the file too.
func quote(value string) string {
	if plain.MatchString(value) {
		return value
	}
	return "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
}

var plain = regexp.MustCompile(`^[A-Za-z0-9_./:=@%+-]+$`)

// forgetEnvironment removes the file, if it still leads to this desk: another one may have written its own since.
func forgetEnvironment(file string, environment map[string]string) error {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil || !strings.Contains(string(text), environment["KEYDESK_ADMIN"]) {
		return err
	}
	return os.Remove(file)
}
