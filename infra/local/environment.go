package main

import (
	"fmt"
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
