// Package bench holds no code: its benchmarks show what a cold start costs of our own making.
package bench

import (
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"keydesk/infra/template"
)

// BenchmarkInit is the time from the start of a function's process to its first question for work: all that happens before
// Lambda can hand it a call. "MB" is the size of its binary.
func BenchmarkInit(b *testing.B) {
	for _, f := range functions(b) {
		b.Run(f.LogicalID, func(b *testing.B) {
			polled := make(chan struct{})
			runtime := serve(b, polled)
			info, err := os.Stat(binary(f))
			if err != nil {
				b.Fatalf("%v: run make build", err)
			}
			for b.Loop() {
				start(b, f, runtime, polled)
			}
			b.ReportMetric(b.Elapsed().Seconds()*1000/float64(b.N), "ms/init")
			b.ReportMetric(float64(info.Size())/(1<<20), "MB")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// start runs the function until it asks for work.
func start(b *testing.B, f template.Function, runtime string, polled <-chan struct{}) {
	cmd := exec.CommandContext(b.Context(), binary(f))
	cmd.Env = []string{"AWS_LAMBDA_RUNTIME_API=" + runtime, "AWS_REGION=eu-central-1", "AWS_ACCESS_KEY_ID=bench", "AWS_SECRET_ACCESS_KEY=bench"}
	for name, value := range f.Environment {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // killed, mostly
		close(ended)
	}()
	select {
	case <-polled:
	case <-ended:
		b.Fatalf("%s ended before it asked for work: %s", f.LogicalID, cmd.ProcessState)
	}
	b.StopTimer()
	_ = cmd.Process.Kill()
	<-ended
	b.StartTimer()
}

// serve is a Runtime API that never has work.
func serve(b *testing.B, polled chan<- struct{}) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { //nolint:gosec // loopback
		polled <- struct{}{}
		<-r.Context().Done()
	})}
	go func() { _ = server.Serve(listener) }()
	b.Cleanup(func() { _ = server.Close() })
	return listener.Addr().String()
}

func functions(tb testing.TB) []template.Function {
	tb.Helper()
	t, err := template.Load(filepath.Join(root, "template.yaml"), nil)
	if err != nil {
		tb.Fatal(err)
	}
	return t.Functions
}

const root = "../.."

func binary(f template.Function) string {
	return filepath.Join(root, "build", f.LogicalID, "bootstrap")
}
