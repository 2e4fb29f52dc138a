package sweep

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"keydesk/infra/fixture"
)

// meter stands between the functions and AWS, and writes down which function makes which call.
type meter struct {
	mu    sync.Mutex
	calls []call
}

// call is a call of AWS, as far as it says what a function does.
type call struct {
	function, operation string // "CreateRequest", "TransactWriteItems"
	what                body
}

// body is what bears on the powers that a call needs, and on what it costs.
type body struct {
	TableName, IndexName string
	RequestItems         map[string]batch                        // of a BatchGetItem, by table
	TransactItems        []map[string]struct{ TableName string } // by kind of write: "Put"
	Values               map[string]struct{ S string }           `json:"ExpressionAttributeValues"`
	Names                map[string]string                       `json:"ExpressionAttributeNames"`
	Key                  map[string]struct{ S string }           // of an item
	UpdateExpression     string
	ConditionExpression  string
	Name, SecretID       string // of a box
}

// batch is what a BatchGetItem reads of a table.
type batch struct {
	Keys []map[string]struct{ S string }
}

// paths are the operations of a service that names them so.
var paths = map[string]string{"POST /v2/email/outbound-emails": "SendEmail"}

// before gives the address of a proxy before an AWS service. A function's own address is this, a slash and its name.
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
		function, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		c := call{function: function}
		_, c.operation, _ = strings.Cut(r.Header.Get("X-Amz-Target"), ".") // DynamoDB_20120810.GetItem
		if c.operation == "" {
			c.operation = paths[r.Method+" /"+path]
		}
		text, err := io.ReadAll(r.Body)
		if err == nil {
			err = json.Unmarshal(text, &c.what)
		}
		if err != nil && r.Context().Err() == nil {
			t.Errorf("%s of %s: %v", c.operation, c.function, err)
		}
		m.mu.Lock()
		m.calls = append(m.calls, c)
		m.mu.Unlock()
		r.URL.Path, r.Body = "/"+path, io.NopCloser(bytes.NewReader(text))
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// read gives the calls made since it was last read.
func (m *meter) read() []call {
	m.mu.Lock()
	defer m.mu.Unlock()
	made := m.calls
	m.calls = nil
	return made
}

// counted is how often each operation was called.
func counted(calls []call) map[string]int {
	count := map[string]int{}
	for _, c := range calls {
		count[c.String()]++
	}
	return count
}

// String is the operation, and the index where it reads one.
func (c call) String() string { return strings.TrimSpace(c.operation + " " + c.what.IndexName) }

// wide tells whether the call reads what may be much: a list, a view, or all that our organisation has under its own name.
func (c call) wide() bool {
	if c.operation != "Query" {
		return false
	}
	for _, value := range c.what.Values {
		if value.S == "ORG#"+fixture.Org {
			return true
		}
	}
	return slices.Contains([]string{"list", "view"}, c.what.IndexName)
}
