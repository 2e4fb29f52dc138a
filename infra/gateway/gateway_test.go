package gateway

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"keydesk/infra/template"
)

// testFunction is the binary of testdata/lambda.
var testFunction string

func TestMain(m *testing.M) {
	if address := os.Getenv("GATEWAY_TEST_PARENT"); address != "" {
		serveAsParent(address)
		return
	}
	folder, err := os.MkdirTemp("", "gateway-test-")
	if err != nil {
		panic(err)
	}
	testFunction = filepath.Join(folder, "bootstrap")
	build := exec.Command("go", "build", "-tags", "lambda.norpc", "-o", testFunction, "./testdata/lambda")
	if output, err := build.CombinedOutput(); err != nil {
		panic(fmt.Sprintf("build testdata/lambda: %v\n%s", err, output))
	}
	code := m.Run()
	_ = os.RemoveAll(folder)
	os.Exit(code)
}

// place puts the test function where a gateway looks for the template's functions.
func place(t testing.TB, functions []template.Function) string {
	t.Helper()
	build := t.TempDir()
	for _, f := range functions {
		if err := os.Mkdir(filepath.Join(build, f.LogicalID), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Link(testFunction, filepath.Join(build, f.LogicalID, "bootstrap")); err != nil {
			t.Fatal(err)
		}
	}
	return build
}

// api is a template whose $default is the function Echo.
func api() *template.Template {
	return &template.Template{
		Functions: []template.Function{{LogicalID: "Echo", Timeout: 10 * time.Second, MemoryMB: 256}},
		Routes:    []template.Route{{Function: "Echo"}},
	}
}

// desk is a gateway that serves.
type desk struct {
	*Gateway
	t   testing.TB
	url string
	log *lockedBuffer
}

func serve(t testing.TB, tmpl *template.Template, change ...func(*Options)) *desk {
	t.Helper()
	log := new(lockedBuffer)
	o := Options{Build: place(t, tmpl.Functions), Log: log}
	for _, c := range change {
		c(&o)
	}
	g, err := New(tmpl, o)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(g)
	t.Cleanup(func() {
		if err := g.Close(); err != nil {
			t.Error(err)
		}
		server.Close()
		if t.Failed() {
			t.Logf("the gateway's log:\n%s", log)
		}
	})
	return &desk{g, t, server.URL, log}
}

// response is an answer that has been read.
type response struct {
	*http.Response
	body string
}

// ask sends a request; headers are pairs of name and value.
func (d *desk) ask(method, target, body string, headers ...string) response {
	d.t.Helper()
	r, err := http.NewRequestWithContext(d.t.Context(), method, d.url+target, strings.NewReader(body))
	if err != nil {
		d.t.Fatal(err)
	}
	for pair := range slices.Chunk(headers, 2) {
		r.Header.Add(pair[0], pair[1])
	}
	return d.send(r)
}

func (d *desk) send(r *http.Request) response {
	d.t.Helper()
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		d.t.Fatal(err)
	}
	defer func() { _ = got.Body.Close() }()
	text, err := io.ReadAll(got.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return response{got, string(text)}
}

// wants checks status and body.
func (r response) wants(t testing.TB, status int, body string) {
	t.Helper()
	if r.StatusCode != status || r.body != body {
		t.Errorf("%s: got %d %q, want %d %q", r.Request.URL.Path, r.StatusCode, r.body, status, body)
	}
}

// decode reads a JSON body.
func decode[T any](t testing.TB, body string) (v T) {
	t.Helper()
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Fatalf("%v in %q", err, body)
	}
	return v
}

// invocationContext is what the act "context" tells.
type invocationContext struct {
	Request, ARN, Trace, Folder string
	Left                        int64
	PID, Served                 int
}

func (d *desk) context() invocationContext {
	d.t.Helper()
	return decode[invocationContext](d.t, d.ask("GET", "/?do=context", "").body)
}

// lockedBuffer may be read while it is written.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

const (
	internalError  = `{"message":"Internal Server Error"}`
	unavailable    = `{"message":"Service Unavailable"}`
	entityTooLarge = `{"message":"Request Entity Too Large"}`
)

func TestNewRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*template.Template)
		want   string
	}{
		"function that is not built": {
			func(t *template.Template) {
				t.Functions = append(t.Functions, template.Function{LogicalID: "Other"})
				t.Routes = append(t.Routes, template.Route{Method: "GET", Path: "/", Function: "Other"})
			}, "function Other is not built (run `make build`)",
		},
		"route to no function": {
			func(t *template.Template) {
				t.Routes = []template.Route{{Method: "GET", Path: "/x", Function: "Nobody"}}
			}, `route GET /x: the template has no function "Nobody"`,
		},
		"route twice": {
			func(t *template.Template) {
				t.Routes = append(t.Routes, t.Routes[0])
			}, "route $default stands twice",
		},
	} {
		t.Run(name, func(t *testing.T) {
			tmpl := api()
			build := place(t, tmpl.Functions)
			c.change(tmpl)
			g, err := New(tmpl, Options{Build: build})
			if err == nil {
				_ = g.Close()
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	d := serve(t, api())
	t.Run("head at the limit", func(t *testing.T) {
		head := func(size int) response {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.url+"/", nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("User-Agent", "test")
			r.Header.Set("Accept-Encoding", "identity")
			used := len("GET / HTTP/1.1") + len(r.Host) + len("test") + len("identity")
			r.Header.Set("X-Filler", strings.Repeat("x", size-used))
			return d.send(r)
		}
		if got := head(10_240); got.StatusCode != http.StatusOK {
			t.Errorf("10240 bytes: got %d %s", got.StatusCode, got.body)
		}
		head(10_241).wants(t, 431, `{"message":"Request Header Fields Too Large"}`)
	})
	t.Run("event above 6 MB", func(t *testing.T) {
		text := strings.Repeat("x", 6<<20)
		d.ask("POST", "/", text, "Content-Type", "text/plain").wants(t, 413, entityTooLarge)
		binary := text[:5<<20] // fits as it is, but not as base64
		if got := d.ask("POST", "/?do=context", binary, "Content-Type", "text/plain"); got.StatusCode != http.StatusOK {
			t.Errorf("5 MB of text: got %d %s", got.StatusCode, got.body)
		}
		d.ask("POST", "/", binary, "Content-Type", "application/octet-stream").wants(t, 413, entityTooLarge)
	})
	t.Run("body above 10 MB", func(t *testing.T) {
		d.ask("POST", "/", strings.Repeat("x", 10<<20+1), "Content-Type", "text/plain").wants(t, 413, entityTooLarge)
	})
	t.Run("answer above 6 MB", func(t *testing.T) {
		if got := d.ask("GET", "/?do=big&bytes=6291556", ""); got.StatusCode != http.StatusOK || len(got.body) != 6291556 {
			t.Errorf("at the limit: got %d and %d bytes", got.StatusCode, len(got.body))
		}
		d.ask("GET", "/?do=big&bytes=6291557", "").wants(t, 500, internalError)
		if got := d.ask("GET", "/", ""); got.StatusCode != http.StatusOK {
			t.Errorf("the next request: got %d %s", got.StatusCode, got.body)
		}
	})
}

func TestLog(t *testing.T) {
	d := serve(t, api())
	d.ask("PUT", "/api/x%20y?token=SECRET", "SECRET", "Authorization", "SECRET")
	d.ask("GET", "/?do=print", "")
	d.ask("GET", "/?do=fail", "")
	log := d.log.String()
	for _, want := range []string{" PUT /api/x%20y 200 ", " Echo cold\n", " Echo warm\n", "Echo | on standard output\n",
		"Echo | on standard error\n", " GET / 500 ", " Echo warm: the function failed\n"} {
		if !strings.Contains(log, want) {
			t.Errorf("no %q in the log", want)
		}
	}
	if strings.Contains(log, "SECRET") {
		t.Error("the log holds a query, a header or a body")
	}
}
