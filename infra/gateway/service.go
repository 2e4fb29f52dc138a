package gateway

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"time"
)

// service stands in for Lambda: it owns the processes and speaks the Runtime API to them
// (docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html). One listener serves all, for aws-lambda-go puts whatever
// AWS_LAMBDA_RUNTIME_API holds between "http://" and "/2018-06-01/", a path included: each process has a path of its own.
type service struct {
	log     *journal
	address string // of the Runtime API
	server  http.Server
	spawn   chan func()

	mu      sync.Mutex
	workers map[string]*worker
	closed  bool
	closing chan struct{}  // closed with it
	running sync.WaitGroup // invocations and processes
}

func newService(log *journal) *service {
	return &service{log: log, workers: make(map[string]*worker), closing: make(chan struct{}), spawn: make(chan func())}
}

// listen opens the Runtime API on a free port of the loopback interface.
func (s *service) listen() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen for the functions' processes: %w", err)
	}
	s.address = listener.Addr().String()
	const invocation = "/{worker}/2018-06-01/runtime/invocation"
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+invocation+"/next", s.next)
	mux.HandleFunc("POST "+invocation+"/{id}/response", s.response)
	mux.HandleFunc("POST "+invocation+"/{id}/error", s.failure)
	mux.HandleFunc("POST /{worker}/2018-06-01/runtime/init/error", s.initFailure)
	s.server = http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	go func() {
		if err := s.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.log.printf("the Lambda Runtime API stopped: %v", err)
		}
	}()
	go s.spawnAll()
	return nil
}

// spawnAll starts all processes from one thread that lives as long as the service: Linux ends a child with the *thread* that
// started it (see ownGroup), and Go ends threads as it likes.
func (s *service) spawnAll() {
	runtime.LockOSThread()
	for start := range s.spawn {
		start()
	}
}

// run runs an invocation of which close will wait; false: too late.
func (s *service) run(invocation func()) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.running.Go(invocation)
	return true
}

// start starts a process of the function. It must be known before it runs, for it polls at once.
func (s *service) start(f *function, built time.Time) (*worker, error) {
	w := &worker{
		id: fmt.Sprintf("%x", random(16)), arn: f.arn(), service: s, built: built,
		poll: make(chan struct{}), work: make(chan *invocation), gone: make(chan struct{}),
	}
	output := s.log.lines(f.LogicalID)
	cmd := exec.Command(f.binary)
	cmd.Dir = filepath.Dir(f.binary)
	cmd.Env = environ(f.environment, map[string]string{
		"AWS_LAMBDA_RUNTIME_API":     s.address + "/" + w.id,
		"AWS_LAMBDA_LOG_STREAM_NAME": time.Now().UTC().Format("2006/01/02/[$LATEST]") + w.id,
	})
	cmd.Stdout, cmd.Stderr = output, output
	cmd.SysProcAttr = ownGroup()
	cmd.WaitDelay = time.Second // for output that a child of its own holds open

	s.mu.Lock()
	s.workers[w.id] = w
	s.mu.Unlock()
	started := make(chan error)
	s.spawn <- func() { started <- cmd.Start() }
	if err := <-started; err != nil {
		s.forget(w)
		return nil, err
	}
	s.mu.Lock()
	w.pid = cmd.Process.Pid
	closed := s.closed
	s.mu.Unlock()
	s.running.Go(func() { w.reap(cmd, output) }) // within an invocation, so close is still waiting
	if closed {
		w.kill()
	}
	return w, nil
}

func environ(all ...map[string]string) []string {
	merged := make(map[string]string)
	for _, variables := range all {
		maps.Copy(merged, variables)
	}
	list := make([]string, 0, len(merged))
	for name, value := range merged {
		list = append(list, name+"="+value)
	}
	return list
}

// forget drops a process that is no more, and says whether the service is being closed.
func (s *service) forget(w *worker) (closed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.workers, w.id)
	return s.closed
}

// close ends all processes and waits for their end.
func (s *service) close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	close(s.closing)
	workers := maps.Clone(s.workers)
	s.mu.Unlock()
	for _, w := range workers {
		w.kill()
	}
	s.running.Wait()
	close(s.spawn)
	return s.server.Close()
}
