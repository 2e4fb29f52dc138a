package e2e

import (
	"encoding/json"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// wantReason wants the check to have said in the log why it refused a call. Where the desk's log cannot be read, because the desk runs
// elsewhere, nothing is wanted: KEYDESK_LOG names the file.
func wantReason(t *testing.T, a answer, reason string) {
	t.Helper()
	id := a.header.Get("Apigw-Requestid")
	if logFile == "" || reason == "" || a.status == 0 {
		return
	}
	for begin := time.Now(); ; time.Sleep(every / 10) { // a line may be written just after the answer
		said, found := deskLog.lines()[id]
		if found {
			if said != reason {
				t.Errorf("%s: the log says %q, want %q", a.call, said, reason)
			}
			return
		}
		if time.Since(begin) > 2*time.Second {
			t.Errorf("%s: the log does not say why", a.call)
			return
		}
	}
}

// logFile is the desk's log, where the desk and this suite are on one machine.
var logFile = os.Getenv("KEYDESK_LOG")

// deskLog is the log as far as it has been read: the reasons of refusals, by the id of the call.
var deskLog journal

type journal struct {
	mu      sync.Mutex
	read    int64
	rest    string // of a line whose end has not been read
	reasons map[string]string
}

// lines reads on, and gives a copy of the reasons.
func (j *journal) lines() map[string]string {
	j.mu.Lock()
	defer j.mu.Unlock()
	if file, err := os.Open(logFile); err == nil {
		defer func() { _ = file.Close() }()
		text, _ := io.ReadAll(io.NewSectionReader(file, j.read, 1<<40))
		j.read += int64(len(text))
		j.take(j.rest + string(text))
	}
	copied := make(map[string]string, len(j.reasons))
	for id, reason := range j.reasons {
		copied[id] = reason
	}
	return copied
}

// take takes whole lines, "Authorize | {...}" from the gateway.
func (j *journal) take(text string) {
	whole := strings.LastIndexByte(text, '\n') + 1
	j.rest = text[whole:]
	if j.reasons == nil {
		j.reasons = map[string]string{}
	}
	for line := range strings.Lines(text[:whole]) {
		var said struct {
			Msg, Reason string
			RequestID   string `json:"request_id"`
		}
		begin := strings.IndexByte(line, '{')
		if begin >= 0 && json.Unmarshal([]byte(line[begin:]), &said) == nil && said.Msg == "deny" {
			j.reasons[said.RequestID] = said.Reason
		}
	}
}
