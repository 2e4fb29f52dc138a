package e2e

import (
	"encoding/json"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// wantReason wants the check to have said in the log why it refused a call: for one of the reasons, if there are any. Where the desk's
// log cannot be read, because the desk runs elsewhere or writes it to a terminal, nothing is wanted, as TestMain has said.
func wantReason(t *testing.T, a answer, reasons ...string) {
	t.Helper()
	if logFile == "" || len(reasons) == 0 || reasons[0] == "" || a.status == 0 {
		return
	}
	for begin := time.Now(); ; time.Sleep(every / 10) { // a line may be written just after the answer
		said, found := deskLog.why(&a, reasons)
		if found {
			if !slices.Contains(reasons, said) {
				t.Errorf("%s: the log says %q, want %q", a.call, said, reasons)
			}
			return
		}
		if time.Since(begin) > 2*time.Second*time.Duration(front.slow) {
			t.Errorf("%s: the log does not say why: want %q", a.call, reasons)
			return
		}
	}
}

// logFile is the desk's log, where the desk and this suite are on one machine.
var logFile = os.Getenv("KEYDESK_LOG")

// deskLog is the log as far as it has been read.
var deskLog journal

type journal struct {
	mu      sync.Mutex
	read    int64
	rest    string // of a line whose end has not been read
	denials []denial
}

// denial is a line that says why a call was refused.
type denial struct {
	Msg, Reason string
	RequestID   string `json:"request_id"`
	Time        time.Time
}

// why is what the log says of a refused call. SAM CLI gives all calls one id: there it is a line of the call's own time with one of the
// reasons, which may be another test's; that it is just this call's is for the gateway to show.
func (j *journal) why(a *answer, reasons []string) (reason string, found bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.readOn()
	id := a.header.Get("Apigw-Requestid")
	at := slices.IndexFunc(j.denials, func(d denial) bool {
		if id != "" {
			return d.RequestID == id
		}
		return !d.Time.Before(a.begin) && !d.Time.After(a.end) && slices.Contains(reasons, d.Reason)
	})
	if at < 0 {
		return "", false
	}
	return j.denials[at].Reason, true
}

// readOn reads what was written since.
func (j *journal) readOn() {
	file, err := os.Open(logFile)
	if err != nil {
		return
	}
	defer func() { _ = file.Close() }()
	text, _ := io.ReadAll(io.NewSectionReader(file, j.read, 1<<40))
	j.read += int64(len(text))
	j.take(j.rest + string(text))
}

// take takes whole lines: {...} of functions, which from the gateway begin with "Authorize | ".
func (j *journal) take(text string) {
	whole := strings.LastIndexByte(text, '\n') + 1
	j.rest = text[whole:]
	for line := range strings.Lines(text[:whole]) {
		var d denial
		begin := strings.IndexByte(line, '{')
		if begin >= 0 && json.Unmarshal([]byte(line[begin:]), &d) == nil && d.Msg == "deny" {
			j.denials = append(j.denials, d)
		}
	}
}
