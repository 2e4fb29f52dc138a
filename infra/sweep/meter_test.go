package sweep

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// meter stands between the functions and AWS, and counts their calls by name: "GetItem", "CreateSecret".
type meter struct {
	mu    sync.Mutex
	calls map[string]int
}

// before gives the address of a proxy before an AWS service, whose calls it counts.
func (m *meter) before(t *testing.T, service string) string {
	t.Helper()
	target, err := url.Parse(service)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target) //nolint:gosec // to a double, which this machine runs
	proxy.Transport = &http.Transport{MaxIdleConnsPerHost: 64}
	proxy.ErrorHandler = func(http.ResponseWriter, *http.Request, error) {} // the desk has no use for what it began to read
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, name, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".") // DynamoDB_20120810.GetItem
		m.mu.Lock()
		m.calls[name]++
		m.mu.Unlock()
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// read gives the calls counted since it was last read.
func (m *meter) read() map[string]int {
	m.mu.Lock()
	defer m.mu.Unlock()
	counted := maps.Clone(m.calls)
	clear(m.calls)
	return counted
}
