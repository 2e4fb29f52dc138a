package desktest

import (
	"bytes"
	"io"
	"os"

	"keydesk/shared/rest"
)

// Logged is what a function's handler writes to standard output, where Lambda takes its log from, while it answers events. Nothing else
// may run meanwhile: the test must not be parallel to others.
func (d *Desk) Logged(function Function, events ...Event) string {
	d.t.Helper()
	in, out, err := os.Pipe()
	if err != nil {
		d.t.Fatal(err)
	}
	standard := os.Stdout
	os.Stdout = out
	handle := function(d)
	os.Stdout = standard
	for _, event := range events {
		d.Answer(func(*Desk) rest.Handler { return handle }, event)
	}
	if err := out.Close(); err != nil {
		d.t.Fatal(err)
	}
	var text bytes.Buffer
	if _, err := io.Copy(&text, in); err != nil {
		d.t.Fatal(err)
	}
	return text.String()
}
