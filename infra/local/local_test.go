package main

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"keydesk/shared/portal"
)

// The test's own binary plays the program: with arguments of its own it is `local` at the repository's root.
func TestMain(m *testing.M) {
	if os.Getenv("KEYDESK_TEST_LOCAL") != "" {
		main()
		return
	}
	if err := os.Chdir("../.."); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// running is a `local run` that has said that it is ready.
type running struct {
	cmd         *exec.Cmd
	said        *said
	file        string
	environment map[string]string
}

// begin starts `local run`, with words in front of it if there are any, and waits until it is ready.
func begin(t *testing.T, words ...string) *running {
	t.Helper()
	r := &running{said: &said{}, file: filepath.Join(t.TempDir(), "env")}
	argv := slices.Concat(words, []string{os.Args[0], "run", "-port", strconv.Itoa(freePort(t)), "-env", r.file})
	r.cmd = exec.Command(argv[0], argv[1:]...)
	r.cmd.Env = append(os.Environ(), "KEYDESK_TEST_LOCAL=1")
	r.cmd.Stdout, r.cmd.Stderr = r.said, r.said
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.cmd.Process.Kill() }) // an error means that it has ended, as it should
	r.said.within(t, time.Minute, "is ready")
	r.environment = readEnvironment(t, r.file)
	return r
}

// gone waits until neither the desk nor a double answers.
func (r *running) gone(t *testing.T) {
	t.Helper()
	for _, name := range []string{"KEYDESK_URL", "AWS_ENDPOINT_URL_LAMBDA", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_SECRETS_MANAGER"} {
		within(t, 10*time.Second, name+" to stop answering", func() bool { return !answers(t.Context(), r.environment[name]) })
	}
}

func TestRunServesTheSampleAndEndsWithEverything(t *testing.T) {
	r := begin(t)
	desk := client{r.environment["KEYDESK_URL"] + "/api/portal/requests"}
	for _, role := range []string{"KEYDESK_ADMIN", "KEYDESK_PORTAL"} {
		body := `{"by_user": "` + r.environment["KEYDESK_DEVELOPER"] + `", "for_plan": "` + r.environment["KEYDESK_POLICY"] + `"}`
		if _, err := desk.call(t.Context(), http.MethodPost, "", r.environment[role], body); err != nil {
			t.Errorf("%s cannot ask for KEYDESK_POLICY: %v", role, err)
		}
	}
	if _, err := desk.call(t.Context(), http.MethodGet, "", r.environment["KEYDESK_REVIEWER"], ""); err != nil {
		t.Errorf("KEYDESK_REVIEWER cannot list requests: %v", err)
	}
	mode, err := os.Stat(r.file)
	if err != nil || mode.Mode().Perm() != 0o600 {
		t.Errorf("the environment's file is %v, %v; want it for its owner alone", mode, err)
	}

	if err := r.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := r.cmd.Wait(); err != nil {
		t.Errorf("it ended with %v on Ctrl-C; it said:\n%s", err, r.said)
	}
	r.gone(t)
	if _, err := os.Stat(r.file); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the environment's file is left behind (%v)", err)
	}
}

// A newcomer can try every kind of key: there is a plan of each.
func TestThereIsAPlanOfEachKind(t *testing.T) {
	for _, kind := range []string{portal.AuthToken, portal.Basic, portal.OAuth, portal.JWT, portal.MutualTLS} {
		if !strings.Contains(catalogue, `"auth_type": "`+kind+`"`) {
			t.Errorf("no plan gives keys of the kind %s", kind)
		}
	}
}

func TestRunThatIsKilledLeavesNothingRunning(t *testing.T) {
	r := begin(t)
	if err := r.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = r.cmd.Wait() // it was killed: that is its result
	r.gone(t)
}

func TestRunEndsWhenWhoeverStartedItIsKilled(t *testing.T) {
	r := begin(t, "sh", "-c", `"$0" "$@" & wait`) // as make does
	if err := r.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	r.gone(t)
}

func TestATakenPortIsNamedWithTheRemedy(t *testing.T) {
	listener, err := listen(0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	port := listener.Addr().(*net.TCPAddr).Port
	_, err = listen(port)
	if err == nil || !strings.Contains(err.Error(), strconv.Itoa(port)+" is taken") || !strings.Contains(err.Error(), "PORT=") {
		t.Errorf("listen on a taken port: %v; want the port and the remedy", err)
	}
}

func TestExecGivesTheCommandsEndAndEnvironment(t *testing.T) {
	cmd := exec.Command(os.Args[0], "exec", "--", "sh", "-c",
		`[ -n "$AWS_REGION" ] && curl -s "$AWS_ENDPOINT_URL_DYNAMODB" && curl -s "$AWS_ENDPOINT_URL_SECRETS_MANAGER" && exit 7`)
	cmd.Env = append(os.Environ(), "KEYDESK_TEST_LOCAL=1")
	said, err := cmd.CombinedOutput()
	if exit := new(exec.ExitError); !errors.As(err, &exit) || exit.ExitCode() != 7 {
		t.Errorf("local exec ended with %v; want its command's 7; it said:\n%s", err, said)
	}
}

func TestExecTellsItsCommandWhenWhoeverStartedItIsKilled(t *testing.T) {
	var heard said
	cmd := exec.Command("sh", "-c", `"$0" "$@" & wait`, os.Args[0], "exec", "--", "sh", "-c",
		`trap 'echo told; exit' TERM; echo begun; while :; do sleep 0.1; done`)
	cmd.Env = append(os.Environ(), "KEYDESK_TEST_LOCAL=1")
	cmd.Stdout, cmd.Stderr = &heard, &heard
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	heard.within(t, time.Minute, "begun")
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	heard.within(t, 10*time.Second, "told")
}

func TestEnvironmentIsReadBackByAShell(t *testing.T) {
	file := filepath.Join(t.TempDir(), "env")
	for _, value := range []string{"plain", "http://127.0.0.1:3000", "two words", `it's "$HOME" \ ` + "`x`", ""} {
		if err := writeEnvironment(file, map[string]string{"VALUE": value}); err != nil {
			t.Fatal(err)
		}
		if got := readEnvironment(t, file)["VALUE"]; got != value {
			t.Errorf("a shell reads %q where %q was written", got, value)
		}
	}
}

// readEnvironment is what a shell makes of the file.
func readEnvironment(t *testing.T, file string) map[string]string {
	t.Helper()
	out, err := exec.Command("env", "-i", "sh", "-c", `. "$0" && env -0`, file).Output()
	if err != nil {
		t.Fatalf("a shell cannot read %s: %v", file, err)
	}
	environment := map[string]string{}
	for pair := range bytes.SplitSeq(bytes.TrimRight(out, "\x00"), []byte{0}) {
		name, value, _ := strings.Cut(string(pair), "=")
		environment[name] = value
	}
	return environment
}

func answers(ctx context.Context, url string) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	return response.Body.Close() == nil
}

func freePort(t *testing.T) int {
	t.Helper()
	listener, err := listen(0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().(*net.TCPAddr).Port
}

func within(t *testing.T, limit time.Duration, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if done() {
			return
		}
	}
	t.Fatalf("waited %s for %s", limit, what)
}
