package gateway

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// leashes is where the test's processes hold on, so that the test sees them begin and end without looking for them.
type leashes struct {
	t       testing.TB
	address string
	held    chan leash
}

// leash is one process.
type leash struct {
	kind  string // "child": a function's own
	ended chan struct{}
}

func newLeashes(t testing.TB) *leashes {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	l := &leashes{t, listener.Addr().String(), make(chan leash, 100)}
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go l.hold(connection)
		}
	}()
	return l
}

func (l *leashes) hold(connection net.Conn) {
	reader := bufio.NewReader(connection)
	kind, _ := reader.ReadString('\n')
	one := leash{strings.TrimSuffix(kind, "\n"), make(chan struct{})}
	l.held <- one
	_, _ = io.Copy(io.Discard, reader) // until the process has ended
	close(one.ended)
}

// next is a process that has begun.
func (l *leashes) next() leash {
	l.t.Helper()
	select {
	case one := <-l.held:
		return one
	case <-time.After(10 * time.Second):
		l.t.Fatal("no process began")
		return leash{}
	}
}

// ends waits for the process's end.
func (l *leashes) ends(one leash) {
	l.t.Helper()
	select {
	case <-one.ended:
	case <-time.After(10 * time.Second):
		l.t.Errorf("process %q lives on", one.kind)
	}
}

func (l *leashes) option(o *Options) {
	o.Environment = map[string]string{"LEASH": l.address}
}

// TestTimeoutEndsTheGroup: what the function started ends with it.
func TestTimeoutEndsTheGroup(t *testing.T) {
	l := newLeashes(t)
	tmpl := api()
	tmpl.Functions[0].Timeout = 2 * time.Second
	d := serve(t, tmpl, l.option)
	d.ask("GET", "/?do=children", "").wants(t, 500, internalError)
	parent, child := l.next(), l.next()
	if parent.kind != "" || child.kind != "child" {
		t.Errorf("began: %q, %q", parent.kind, child.kind)
	}
	l.ends(parent)
	l.ends(child)
}

// TestClose: nothing of an idle or a busy function is left, and who still asks is told so.
func TestClose(t *testing.T) {
	l := newLeashes(t)
	d := serve(t, api(), l.option)
	d.ask("GET", "/", "")
	idle := l.next()
	answers := d.together(2, "/?do=hang")
	busy := l.next() // one of the two; the other is the idle one's
	begin := time.Now()
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begin); took > 2*time.Second {
		t.Errorf("took %v", took)
	}
	l.ends(idle)
	l.ends(busy)
	for _, a := range answers() {
		a.wants(t, 503, unavailable)
	}
	d.ask("GET", "/", "").wants(t, 503, unavailable)
	if err := d.Close(); err != nil {
		t.Errorf("closed again: %v", err)
	}
}

// TestParentKilled: a gateway that is killed outright leaves no process behind, idle or busy.
func TestParentKilled(t *testing.T) {
	l := newLeashes(t)
	build := place(t, api().Functions)
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), "GATEWAY_TEST_PARENT="+l.address, "GATEWAY_TEST_BUILD="+build)
	parent.Stderr = os.Stderr
	stdout, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	address, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t, url: strings.TrimSpace(address)}
	b := newBarrier(t)
	answers := d.together(2, "/?"+b.query)
	<-b.arrived
	<-b.arrived
	close(b.release)
	answers()
	first, second := l.next(), l.next() // both idle now
	busy := newBarrier(t)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.url+"/?"+busy.query, nil)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		if r, err := http.DefaultClient.Do(request); err == nil {
			_ = r.Body.Close()
		}
	}()
	<-busy.arrived // one is busy
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait()
	l.ends(first)
	l.ends(second)
}

// serveAsParent is what the test binary does as the parent of TestParentKilled.
func serveAsParent(leashAddress string) {
	tmpl := api()
	tmpl.Functions[0].Timeout = time.Hour
	g, err := New(tmpl, Options{
		Build: os.Getenv("GATEWAY_TEST_BUILD"), Log: os.Stderr, Environment: map[string]string{"LEASH": leashAddress},
	})
	if err != nil {
		panic(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println("http://" + listener.Addr().String())
	server := &http.Server{Handler: g, ReadHeaderTimeout: time.Minute}
	panic(server.Serve(listener))
}

// TestIdleEndsByItself: where no kernel ends a child with its parent, aws-lambda-go does, when its poll fails.
func TestIdleEndsByItself(t *testing.T) {
	polled := make(chan struct{})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(polled)
		<-r.Context().Done()
	})}
	go func() { _ = server.Serve(listener) }()
	cmd := exec.Command(filepath.Clean(testFunction))
	cmd.Env = []string{"AWS_LAMBDA_RUNTIME_API=" + listener.Addr().String() + "/with/a/path"}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-polled
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		if err == nil {
			t.Error("ended in peace")
		}
	case <-time.After(10 * time.Second):
		t.Error("lives on")
		_ = cmd.Process.Kill()
	}
}
