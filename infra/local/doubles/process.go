package doubles

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"runtime"
	"strconv"
	"time"
)

const (
	readyWithin = 60 * time.Second // a slow machine under load; usually one second
	endWithin   = 5 * time.Second
	tries       = 3 // for a port that somebody else takes in the moment between finding and using it
)

// process is a double that runs.
type process struct {
	url   string // where it answers
	name  string
	cmd   *exec.Cmd
	said  tail
	ended chan struct{} // closed when it has ended
}

// start runs the command that serves on a given port and waits until it answers there.
func start(name string, command func(port string) []string) (*process, error) {
	var err error
	for range tries {
		var port string
		if port, err = freePort(); err != nil {
			return nil, err
		}
		argv := command(port)
		p := &process{
			url: "http://127.0.0.1:" + port, name: name, ended: make(chan struct{}),
			cmd: exec.Command(argv[0], argv[1:]...),
		}
		if err = p.run(); err != nil {
			return nil, fmt.Errorf("start %s: %w", name, err)
		}
		if err = p.ready(); err == nil {
			return p, nil
		}
		p.stop()
		if !errors.Is(err, errEnded) {
			break
		}
	}
	return nil, err
}

// run starts the process in a thread of its own that lives as long as the process: Linux ends the process with its parent's
// thread, so that nothing is left behind even when this program is killed.
func (p *process) run() error {
	p.cmd.Stdout, p.cmd.Stderr = &p.said, &p.said
	p.cmd.SysProcAttr = withParent()
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with this function
		defer close(p.ended)
		err := p.cmd.Start()
		started <- err
		if err == nil {
			_ = p.cmd.Wait() // that it ended is all there is to know; what it said is in p.said
		}
	}()
	return <-started
}

var errEnded = errors.New("ended before it answered")

// ready waits until the process answers HTTP, whatever it answers.
func (p *process) ready() error {
	ctx, cancel := context.WithTimeout(context.Background(), readyWithin)
	defer cancel()
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for {
		select {
		case <-p.ended:
			return fmt.Errorf("%s %w; it said:\n%s", p.name, errEnded, p.said.String())
		case <-ctx.Done():
			return fmt.Errorf("%s did not answer within %s; it said:\n%s", p.name, readyWithin, p.said.String())
		case <-poll.C:
			if answers(ctx, p.url) {
				return nil
			}
		}
	}
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

func (p *process) failure() error {
	return fmt.Errorf("%s ended; it said:\n%s", p.name, p.said.String())
}

// stop ends the process and waits for its end.
func (p *process) stop() {
	_ = p.cmd.Process.Kill() // an error means that it has ended already
	select {
	case <-p.ended:
	case <-time.After(endWithin): // a process that even a kill does not end is the kernel's; do not wait for it
	}
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	defer func() { _ = l.Close() }()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port), nil
}
