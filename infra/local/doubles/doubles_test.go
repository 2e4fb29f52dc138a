package doubles

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The test's own binary plays three parts: a double that serves, one that fails at once, and a program that starts a double
// and is then killed.
func TestMain(m *testing.M) {
	switch part := os.Getenv("KEYDESK_TEST_PART"); part {
	case "":
		os.Exit(m.Run())
	case "serve":
		println(http.ListenAndServe("127.0.0.1:"+os.Args[1], nil).Error()) //nolint:gosec // nobody slow calls it
	case "fail":
		println("no such option")
		os.Exit(2)
	case "parent":
		parent()
	}
}

func play(part string) func(port string) []string {
	return func(port string) []string { return []string{"env", "KEYDESK_TEST_PART=" + part, os.Args[0], port} }
}

func TestStartWaitsForAnAnswer(t *testing.T) {
	p, err := start("the double", play("serve"))
	if err != nil {
		t.Fatal(err)
	}
	if !answers(t.Context(), p.url) {
		t.Errorf("%s does not answer after start", p.url)
	}
	p.stop()
	if answers(t.Context(), p.url) {
		t.Errorf("%s still answers after stop", p.url)
	}
}

func TestStartShowsWhatAFailedDoubleSaid(t *testing.T) {
	_, err := start("the double", play("fail"))
	if err == nil || !strings.Contains(err.Error(), "the double ended before it answered; it said:\nno such option") {
		t.Errorf("error %v does not name the double and what it said", err)
	}
}

func TestStartNamesAMissingProgram(t *testing.T) {
	_, err := start("the double", func(string) []string { return []string{"no-such-program"} })
	if err == nil || !strings.Contains(err.Error(), "no-such-program") {
		t.Errorf("error %v does not name the program", err)
	}
}

func TestNothingFetchedIsSaidInWords(t *testing.T) {
	_, err := Start(t.TempDir(), "")
	if err == nil || !strings.Contains(err.Error(), "make run") {
		t.Errorf("error %v does not say what to do", err)
	}
}

func TestADoubleEndsWithAParentThatIsKilled(t *testing.T) {
	said := filepath.Join(t.TempDir(), "url")
	program := exec.Command(os.Args[0])
	program.Env = append(os.Environ(), "KEYDESK_TEST_PART=parent", "KEYDESK_TEST_URL="+said)
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	var url string
	within(t, "the double to answer", func() bool {
		text, _ := os.ReadFile(said) // not there yet: tried again
		url = string(text)
		return url != "" && answers(t.Context(), url)
	})
	if err := program.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = program.Wait() // it was killed: that is its result
	within(t, "the double to end", func() bool { return !answers(t.Context(), url) })
}

// parent starts a double, tells where, and waits to be killed.
func parent() {
	p, err := start("the double", play("serve"))
	if err != nil {
		println(err.Error())
		os.Exit(1)
	}
	if err := os.WriteFile(os.Getenv("KEYDESK_TEST_URL"), []byte(p.url), 0o600); err != nil {
		println(err.Error())
		os.Exit(1)
	}
	select {}
}

func within(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if done() {
			return
		}
	}
	t.Fatalf("waited 10 s for %s", what)
}
