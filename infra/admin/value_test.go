package main

import (
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"keydesk/shared/caller"
)

func TestEnd(t *testing.T) {
	t.Parallel()
	now := time.Now()
	tomorrow := now.UTC().AddDate(0, 0, 1)
	for text, want := range map[string]time.Time{
		"never":                         {},
		"1d":                            now.Add(day),
		"3650d":                         now.Add(3650 * day),
		now.UTC().Format(time.DateOnly): tomorrow.Truncate(day), // today is still to come to its end
		tomorrow.Format(time.DateOnly):  tomorrow.Truncate(day).Add(day),
	} {
		var e end
		if err := e.UnmarshalText([]byte(text)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if at := e.of(now); want.IsZero() && at != 0 || !want.IsZero() && at != want.Unix() {
			t.Errorf("%s ends %s, want %s", text, stamp(at), want)
		}
	}
	for _, text := range []string{"", "d", "0d", "-1d", "+1d", "1.5d", "90", "1h", "99999999999d", "2030-02-30", now.UTC().AddDate(0, 0, -1).Format(time.DateOnly), "2099-01-01", "Never"} {
		if err := new(end).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is taken for an end", text)
		}
	}
}

// The life is counted from the credential's making, however long the command has been running by then.
func TestALifeBeginsWithTheCredential(t *testing.T) {
	t.Parallel()
	o := newOperator(t)
	org := o.gets(idShape, "organisation", "create", "--name", "Orchard Bank")
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	command := createCredential{Organisation: id(org), Role: string(caller.Portal), Name: "developer portal"}
	if err := command.Expires.UnmarshalText([]byte("90d")); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Second) // the flag is read in one second, the credential made in another
	if err := command.Run(t.Context(), &desk{Table: o.desk, out: out, say: io.Discard}); err != nil {
		t.Fatal(err)
	}
	if made := o.stored(org, "developer portal"); made.Expires-made.Created != 90*86400 {
		t.Errorf("it lives %d seconds, want 90 days", made.Expires-made.Created)
	}
}
