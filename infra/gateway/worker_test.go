package gateway

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// barrier keeps invocations waiting until the test lets them go.
type barrier struct {
	arrived chan struct{}
	release chan struct{}
	url     string // what they ask and wait for
	query   string // the same, to be added to a request
}

func newBarrier(t testing.TB) *barrier {
	t.Helper()
	b := &barrier{arrived: make(chan struct{}), release: make(chan struct{})}
	over := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case b.arrived <- struct{}{}:
		case <-r.Context().Done():
		}
		select {
		case <-b.release:
		case <-r.Context().Done(): // the process has ended
		case <-over:
		}
	}))
	t.Cleanup(func() {
		close(over)
		server.Close()
	})
	b.url, b.query = server.URL, "wait="+url.QueryEscape(server.URL)
	return b
}

// together asks n times at once; then waits for the answers.
func (d *desk) together(n int, target string) (answers func() []response) {
	all := make([]response, n)
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() { all[i] = d.ask("GET", target, "") })
	}
	return func() []response { group.Wait(); return all }
}

func TestContext(t *testing.T) {
	d := serve(t, api())
	first, second := d.context(), d.context()
	if first.PID != second.PID || first.Served != 1 || second.Served != 2 {
		t.Errorf("the second request was not served by the warm process: %+v, %+v", first, second)
	}
	if first.Request == second.Request || len(first.Request) != 36 {
		t.Errorf("request ids: %s, %s", first.Request, second.Request)
	}
	if first.ARN != "arn:aws:lambda:us-east-1:123456789012:function:Echo" || !strings.HasPrefix(first.Trace, "Root=1-") {
		t.Errorf("got %+v", first)
	}
	if first.Left > 10_000 || first.Left < 5_000 {
		t.Errorf("%d ms left of 10 s", first.Left)
	}
	if filepath.Base(first.Folder) != "Echo" {
		t.Errorf("runs in %s", first.Folder)
	}
}

func TestEnvironment(t *testing.T) {
	t.Setenv("LEAKED", "from the parent")
	tmpl := api()
	tmpl.Functions[0].Environment = map[string]string{"OF_TEMPLATE": "kept", "OF_BOTH": "template", "EMPTY": ""}
	d := serve(t, tmpl, func(o *Options) {
		o.Environment = map[string]string{"OF_BOTH": "options", "AWS_REGION": "eu-west-1"}
	})
	got := decode[[]string](t, d.ask("GET", "/?do=environment", "").body)
	folder := filepath.Dir(d.routes[0].function.binary)
	var rest []string
	for _, variable := range got {
		name, value, _ := strings.Cut(variable, "=")
		switch name {
		case "AWS_LAMBDA_RUNTIME_API", "AWS_LAMBDA_LOG_STREAM_NAME", "_X_AMZN_TRACE_ID":
			if value == "" {
				t.Errorf("%s is empty", name)
			}
		default:
			rest = append(rest, variable)
		}
	}
	slices.Sort(rest)
	want := []string{
		"AWS_ACCESS_KEY_ID=local", "AWS_DEFAULT_REGION=us-east-1", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=256", "AWS_LAMBDA_FUNCTION_NAME=Echo",
		"AWS_LAMBDA_FUNCTION_VERSION=$LATEST", "AWS_LAMBDA_INITIALIZATION_TYPE=on-demand", "AWS_LAMBDA_LOG_GROUP_NAME=/aws/lambda/Echo",
		"AWS_REGION=eu-west-1", "AWS_SECRET_ACCESS_KEY=local", "AWS_SESSION_TOKEN=local", "EMPTY=", "LAMBDA_RUNTIME_DIR=" + folder,
		"LAMBDA_TASK_ROOT=" + folder, "LANG=en_US.UTF-8", "OF_BOTH=options", "OF_TEMPLATE=kept",
		"PATH=/usr/local/bin:/usr/bin:/bin:/opt/bin", "TZ=:UTC", "_HANDLER=bootstrap",
	}
	if diff := cmp.Diff(want, rest); diff != "" {
		t.Errorf("environment (-want +got):\n%s", diff)
	}
}

// TestConcurrency: as many invocations as workers run at the same time, one more waits.
func TestConcurrency(t *testing.T) {
	const workers = 4
	d := serve(t, api(), func(o *Options) { o.MaxWorkers = workers })
	b := newBarrier(t)
	answers := d.together(workers+1, "/?do=context&"+b.query)
	for range workers {
		<-b.arrived // all are inside their handlers now
	}
	b.release <- struct{}{}
	<-b.arrived // the one that waited
	close(b.release)
	pids := make(map[int]int)
	for _, a := range answers() {
		pids[decode[invocationContext](t, a.body).PID]++
	}
	if len(pids) != workers {
		t.Errorf("%d processes served, want %d: %v", len(pids), workers, pids)
	}
}

func TestFailures(t *testing.T) {
	tmpl := api()
	tmpl.Functions[0].Timeout = time.Second
	d := serve(t, tmpl)
	for _, c := range []struct {
		do, log string
		dies    bool
	}{
		{"fail", "the function failed", false},
		{"panic", "the function failed", true},
		{"exit", "the process ended: exit status 3", true},
		{"hang", "task timed out after 1s", true},
		{"half", "the function failed while it answered: errorString", false},
	} {
		t.Run(c.do, func(t *testing.T) {
			before := d.context()
			d.ask("GET", "/?do="+c.do, "").wants(t, 500, internalError)
			after := d.context()
			if died := before.PID != after.PID; died != c.dies {
				t.Errorf("the process died: %v, want %v", died, c.dies)
			}
			if log := d.log.String(); !strings.Contains(log, "500") || !strings.Contains(log, c.log+"\n") {
				t.Errorf("no %q in the log", c.log)
			}
		})
	}
	if log := d.log.String(); strings.Contains(log, "warm: secret detail") {
		t.Error("the request's line quotes the function's error")
	}
}

// TestPanicsInARow: a process that is about to end is never given the next request.
func TestPanicsInARow(t *testing.T) {
	d := serve(t, api(), func(o *Options) { o.MaxWorkers = 1 })
	for range 20 {
		d.ask("GET", "/?do=panic", "").wants(t, 500, internalError)
		if got := d.ask("GET", "/", ""); got.StatusCode != http.StatusOK {
			t.Fatalf("after a panic: got %d %s", got.StatusCode, got.body)
		}
	}
}

func TestIntegrationTimeout(t *testing.T) {
	tmpl := api()
	d := serve(t, tmpl, func(o *Options) { o.MaxWorkers = 1 })
	d.limit = 200 * time.Millisecond
	b := newBarrier(t)
	answers := d.together(2, "/?do=context&"+b.query) // one is too slow, the other waits for it in vain
	<-b.arrived
	for _, a := range answers() {
		a.wants(t, 503, unavailable)
	}
	b.release <- struct{}{} // nobody waits any more, but it goes on to its end
	d.limit = integrationTimeout
	if got := d.context(); got.Served != 2 {
		t.Errorf("served %d, want 2 by the same process", got.Served)
	}
}

func TestStartFails(t *testing.T) {
	t.Run("no program", func(t *testing.T) {
		d := serve(t, api())
		if err := os.Remove(d.routes[0].function.binary); err != nil {
			t.Fatal(err)
		}
		d.ask("GET", "/", "").wants(t, 500, internalError)
		if log := d.log.String(); !strings.Contains(log, "no such file") || !strings.Contains(log, "`make build`") {
			t.Error("the log does not say what to do")
		}
	})
	t.Run("exits at once", func(t *testing.T) {
		d := serve(t, api(), func(o *Options) { o.Environment = map[string]string{"START": "fail"} })
		d.ask("GET", "/", "").wants(t, 500, internalError)
		if log := d.log.String(); !strings.Contains(log, "Echo cold: initialisation: the process ended: exit status 7\n") {
			t.Error("the log does not say what happened")
		}
	})
}

// TestRebuild: what `make build` has written is what answers next.
func TestRebuild(t *testing.T) {
	d := serve(t, api())
	binary := d.routes[0].function.binary
	b := newBarrier(t)
	answers := d.together(2, "/?do=context&"+b.query)
	<-b.arrived
	<-b.arrived
	b.release <- struct{}{}
	b.release <- struct{}{}
	old := make(map[int]bool)
	for _, a := range answers() {
		old[decode[invocationContext](t, a.body).PID] = true
	}
	program, err := os.ReadFile(binary)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(binary+".new", program, 0o700); err != nil { //nolint:gosec // it is a program
		t.Fatal(err)
	}
	if err := os.Rename(binary+".new", binary); err != nil {
		t.Fatal(err)
	}
	fresh := d.context()
	if len(old) != 2 || old[fresh.PID] || fresh.Served != 1 {
		t.Errorf("%+v answered, of the old processes %v", fresh, old)
	}
	if again := d.context(); again.PID != fresh.PID {
		t.Errorf("%+v answered, want the fresh process %d", again, fresh.PID)
	}
}
