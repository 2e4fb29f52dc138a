package trial

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// wire is the last of the way to AWS, where something else can happen meanwhile.
type wire struct {
	aws.HTTPClient
	t         testing.TB
	mu        sync.Mutex
	meanwhile map[string]func()
}

func (w *wire) expect(operation string, happens func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.meanwhile[operation] = happens
}

// Do sends a request, once what is to happen meanwhile has happened.
func (w *wire) Do(r *http.Request) (*http.Response, error) {
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	w.mu.Lock()
	happens := w.meanwhile[operation]
	delete(w.meanwhile, operation)
	w.mu.Unlock()
	if happens != nil {
		happens()
	}
	return w.HTTPClient.Do(r)
}

// close fails a test in which something never happened: it has not tested what it says.
func (w *wire) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for operation := range w.meanwhile {
		w.t.Errorf("trial: no %s came, so what was to happen meanwhile did not", operation)
	}
}
