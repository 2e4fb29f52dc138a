package e2e

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

const (
	collection = "/api/portal/requests"
	patience   = time.Minute // SAM starts a container for a call where it has none
)

// client calls the desk with one credential; with none where that is empty.
type client struct{ credential string }

// answer is what a call was answered.
type answer struct {
	call       string // as a failing test names it
	begin, end time.Time
	status     int
	header     http.Header
	text       string
	body       map[string]any // nil where the text is no JSON object
}

// httpClient keeps a connection for each of those who race.
var httpClient = &http.Client{
	Timeout:   patience,
	Transport: &http.Transport{MaxIdleConnsPerHost: 64},
	CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse // clients of this API follow none
	},
}

// call makes a call that the desk itself answers, with further headers as "Name: value".
func (c client) call(t *testing.T, method, path, body string, headers ...string) answer {
	t.Helper()
	a := c.send(t, method, path, body, headers...)
	inspect(t, a)
	return a
}

// send makes a call that a front end may answer in its own way. A call that fails gives an answer of status 0.
func (c client) send(t *testing.T, method, path, body string, headers ...string) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(context.Background(), method, base.String()+path, strings.NewReader(body))
	if err != nil {
		t.Error(err)
		return answer{}
	}
	if c.credential != "" {
		request.Header.Set("Authorization", c.credential)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		request.Header.Set(name, value)
	}
	begin := time.Now()
	response, err := httpClient.Do(request)
	if err != nil {
		t.Errorf("%s %s: %v", method, path, err)
		return answer{}
	}
	a := read(t, method+" "+path, response)
	a.begin, a.end = begin, time.Now()
	return a
}

// wire makes a call whose head stands just as a client wrote it, which Go's own client would mend: it leaves out no
// Content-Length and no value of a header.
func wire(t *testing.T, method, path, body string, headers ...string) answer {
	t.Helper()
	var text bytes.Buffer
	fmt.Fprintf(&text, "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n", method, base.Path+path, base.Host)
	for _, h := range headers {
		fmt.Fprintf(&text, "%s\r\n", h)
	}
	fmt.Fprintf(&text, "\r\n%s", body)

	connection, err := dial()
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close() //nolint:errcheck // the answer has been read
	if _, err := connection.Write(text.Bytes()); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(connection), &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	a := read(t, method+" "+path, response)
	inspect(t, a)
	return a
}

// dial connects to the desk, for as long as one call may take.
func dial() (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	plain := &net.Dialer{}
	var connection net.Conn
	var err error
	if base.Scheme == "https" {
		connection, err = (&tls.Dialer{NetDialer: plain}).DialContext(ctx, "tcp", withPort("443"))
	} else {
		connection, err = plain.DialContext(ctx, "tcp", withPort("80"))
	}
	if err != nil {
		return nil, err
	}
	return connection, connection.SetDeadline(time.Now().Add(patience))
}

func withPort(usual string) string {
	if base.Port() != "" {
		return base.Host
	}
	return net.JoinHostPort(base.Hostname(), usual)
}

func read(t *testing.T, call string, response *http.Response) answer {
	t.Helper()
	defer response.Body.Close() //nolint:errcheck // it has been read
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Errorf("%s: %v", call, err)
		return answer{}
	}
	a := answer{call: call, status: response.StatusCode, header: response.Header, text: string(text)}
	_ = json.Unmarshal(text, &a.body) // inspect says so where the desk answers no JSON
	return a
}

// message is the envelope's, or empty.
func (a answer) message() string { return a.string("Message") }

func (a answer) string(member string) string {
	text, _ := a.body[member].(string)
	return text
}

// want ends the test where the answer has another status, or another Message. An empty message stands for any.
func (a answer) want(t *testing.T, status int, message string) {
	t.Helper()
	if a.status == 0 {
		t.FailNow() // send has said why
	}
	if a.status != status || message != "" && a.message() != message {
		t.Fatalf("%s: got %d %s\nwant %d %s", a.call, a.status, a.text, status, message)
	}
}

// wantRefusal is want for an answer that is no success: the envelope's other members say so, too.
func (a answer) wantRefusal(t *testing.T, status int, message string) {
	t.Helper()
	a.want(t, status, message)
	if a.string("Status") != "Error" || a.message() == "" {
		t.Fatalf("%s: a refusal says Status Error and why: %s", a.call, a.text)
	}
}
