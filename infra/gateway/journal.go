package gateway

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// journal is the one place that writes to Options.Log, whole lines at a time.
type journal struct {
	mu  sync.Mutex
	out io.Writer
}

func newJournal(out io.Writer) *journal {
	if out == nil {
		out = io.Discard
	}
	return &journal{out: out}
}

func (j *journal) printf(format string, arguments ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	_, _ = fmt.Fprintf(j.out, format+"\n", arguments...) // there is nowhere to report a log's failure
}

// entry is what is said about a request: never its query, headers or body, which may hold what nobody should read.
type entry struct {
	begin    time.Time
	id       string // API Gateway's request id
	method   string
	path     string // as it was sent, so it holds no control characters
	status   int
	function string // empty: none was asked
	cold     bool
	failure  error // why there was no answer
}

func (j *journal) request(e entry) {
	j.entry(e, fmt.Sprintf("%s %s %d", e.method, discreet(e.path), e.status))
}

// invocation is the line about an event that did not come by HTTP.
func (j *journal) invocation(e entry) {
	j.entry(e, "invoke")
}

func (j *journal) entry(e entry, what string) {
	line := fmt.Sprintf("%s %s %s", e.begin.Format("15:04:05.000"), what, time.Since(e.begin).Round(10*time.Microsecond))
	if e.function != "" {
		line += " " + e.function
		if e.cold {
			line += " cold"
		} else {
			line += " warm"
		}
	}
	if e.failure != nil {
		line += ": " + e.failure.Error()
	}
	j.printf("%s", line)
}

// longestSegment is that of an id, or of a short hash; what is longer in a path may be a key.
const longestSegment = 40

// discreet is a path whose long segments are cut short: some clients revoke by the key itself.
func discreet(path string) string {
	segments := strings.Split(path, "/")
	for i, s := range segments {
		if len(s) > longestSegment {
			segments[i] = s[:8] + "..."
		}
	}
	return strings.Join(segments, "/")
}

// maxLine is the longest line kept together, CloudWatch's largest event.
const maxLine = 256 << 10

// lineWriter passes a function's output on, each line with the function's name before it.
type lineWriter struct {
	journal *journal
	name    string
	rest    []byte // of a line whose end has not come yet
}

func (j *journal) lines(name string) *lineWriter {
	return &lineWriter{journal: j, name: name}
}

func (l *lineWriter) Write(b []byte) (int, error) {
	l.rest = append(l.rest, b...)
	for {
		line, rest, found := bytes.Cut(l.rest, []byte("\n"))
		if !found {
			break
		}
		l.journal.printf("%s | %s", l.name, line)
		l.rest = rest
	}
	if len(l.rest) > maxLine {
		l.flush()
	}
	return len(b), nil
}

// flush writes a last line that has no end.
func (l *lineWriter) flush() {
	if len(l.rest) > 0 {
		l.journal.printf("%s | %s", l.name, l.rest)
		l.rest = nil
	}
}
