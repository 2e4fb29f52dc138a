package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestMailIsAnnounced(t *testing.T) {
	folder := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("1.txt", "From: x\nTo: ada@pennywise.example\nSubject: Grüße\n\nbody\n")
	write("2.txt", "To: a\nSubject: \x1b[31mred\n\n")
	write(".part", "not yet")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var heard said
	go announce(ctx, folder, &heard)
	heard.within(t, 10*time.Second, "2.txt")
	write("3.txt", "no message")
	heard.within(t, 10*time.Second, "3.txt")
	want := "mail to ada@pennywise.example: Grüße   " + folder + "/1.txt\n" +
		"mail to a: [31mred   " + folder + "/2.txt\n" +
		"mail that cannot be read: " + folder + "/3.txt\n"
	if heard.String() != want {
		t.Errorf("it said\n%s\nwant\n%s", &heard, want)
	}
}

// TestTheDeskWorksByItself has the schedule grant a key, and its developer hear of it.
func TestTheDeskWorksByItself(t *testing.T) {
	r := begin(t)
	desk := client{r.environment["KEYDESK_URL"] + "/api/portal/requests"}
	body := `{"by_user": "` + r.environment["KEYDESK_DEVELOPER"] + `", "for_plan": "` + r.environment["KEYDESK_POLICY_AUTO"] + `"}`
	id, err := desk.call(t.Context(), "POST", "", r.environment["KEYDESK_PORTAL"], body)
	if err != nil {
		t.Fatal(err)
	}
	report, err := fire(t.Context(), r.environment["AWS_ENDPOINT_URL_LAMBDA"], "AutoApprove")
	if err != nil || !strings.Contains(report, "approved 1") {
		t.Errorf("the schedule says %q, %v", report, err)
	}
	within(t, time.Minute, "the mail with the link", func() bool {
		files, err := filepath.Glob(filepath.Join(r.environment["KEYDESK_MAIL"], "*-ada@pennywise.example.txt"))
		if err != nil || len(files) == 0 {
			return false
		}
		text, err := os.ReadFile(files[len(files)-1])
		link := r.environment["KEYDESK_URL"] + "/console/claim#" + id + "."
		return err == nil && strings.Contains(string(text), link)
	})
	r.said.within(t, time.Minute, "mail to ada@pennywise.example: Your key is ready")
	if err := r.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := r.cmd.Wait(); err != nil {
		t.Errorf("it ended with %v; it said:\n%s", err, r.said)
	}
	r.gone(t)
}
