package gateway

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// Who the stand-in says it is.
const (
	accountID = "123456789012"
	apiID     = "local"
)

// event is the library's event but for `authentication`, which API Gateway leaves out where there is no client certificate.
type event struct {
	events.APIGatewayV2HTTPRequest
	RequestContext requestContext `json:"requestContext"`
}

type requestContext struct {
	events.APIGatewayV2HTTPRequestContext
	Authentication *struct{} `json:"authentication,omitempty"`
}

// newEvent is what the function receives for the request, and the trace id that goes with it.
func newEvent(r *http.Request, routeKey string, parameters map[string]string, body []byte, e *entry) (*event, string) {
	host, port := local(r)
	source, _, _ := net.SplitHostPort(r.RemoteAddr)
	trace := traceID(r.Header, e.begin)
	// An HTTP API hands the path on decoded, and cuts it at a decoded "?" (github.com/middleapi/standard-server/pull/93, after
	// captures of the real thing; github.com/honojs/hono/issues/2156). The query string stays as it was sent.
	path, _, _ := strings.Cut("/"+strings.TrimPrefix(r.URL.Path, "/"), "?")

	var ev event
	ev.Version = "2.0"
	ev.RouteKey = routeKey
	ev.RawPath = path
	ev.RawQueryString = r.URL.RawQuery
	ev.Cookies = cookies(r)
	ev.Headers = headers(r, len(body), map[string]string{
		"x-amzn-trace-id":   trace,
		"x-forwarded-for":   strings.Join(append(r.Header.Values("X-Forwarded-For"), source), ", "),
		"x-forwarded-port":  port,
		"x-forwarded-proto": "http",
	})
	ev.QueryStringParameters = query(r.URL.RawQuery)
	ev.PathParameters = parameters
	ev.Body = string(body)
	if len(body) > 0 && isBinary(r.Header.Get("Content-Type")) {
		ev.Body, ev.IsBase64Encoded = base64.StdEncoding.EncodeToString(body), true
	}
	ev.RequestContext.APIGatewayV2HTTPRequestContext = events.APIGatewayV2HTTPRequestContext{
		RouteKey: routeKey, AccountID: accountID, Stage: "$default", RequestID: e.id, APIID: apiID,
		// The address that the request came to, never its Host header, which on AWS a client cannot choose either.
		DomainName: net.JoinHostPort(host, port), DomainPrefix: apiID,
		Time: e.begin.UTC().Format("02/Jan/2006:15:04:05 -0700"), TimeEpoch: e.begin.UnixMilli(),
		HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{
			Method: r.Method, Path: path, Protocol: r.Proto, SourceIP: source, UserAgent: r.UserAgent(),
		},
	}
	return &ev, trace
}

// encode writes an event as JSON.
func encode(event any) []byte {
	encoded, err := json.Marshal(event)
	if err != nil {
		panic(fmt.Sprintf("an event of strings and numbers cannot be written as JSON: %v", err))
	}
	return encoded
}

// isBinary says whether a body of this content type reaches the function as base64: everything but the text types, and so also
// a form and a body without a content type (github.com/ministackorg/ministack/pull/766, measured on an HTTP API).
func isBinary(contentType string) bool {
	mediaType, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return true
	}
	switch mediaType {
	case "application/json", "application/javascript", "application/xml":
		return false
	}
	text := strings.HasPrefix(mediaType, "text/") || strings.HasSuffix(mediaType, "+json") || strings.HasSuffix(mediaType, "+xml")
	return !text
}

// headers are the request's, names in lower case, repeated ones joined; cookies are not among them.
func headers(r *http.Request, length int, added map[string]string) map[string]string {
	h := make(map[string]string, len(r.Header)+len(added)+2)
	for name, values := range r.Header {
		h[strings.ToLower(name)] = strings.Join(values, ",")
	}
	delete(h, "cookie")
	delete(h, "connection")
	h["host"] = r.Host
	h["content-length"] = strconv.Itoa(length)
	for name, value := range added {
		h[name] = value
	}
	return h
}

func cookies(r *http.Request) []string {
	var found []string
	for _, line := range r.Header.Values("Cookie") {
		for c := range strings.SplitSeq(line, ";") {
			if c = strings.TrimSpace(c); c != "" {
				found = append(found, c)
			}
		}
	}
	return found
}

// query decodes the parameters; repeated ones are joined by comma.
func query(raw string) map[string]string {
	parameters := make(map[string]string)
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		name, value = unescape(name), unescape(value)
		if before, repeated := parameters[name]; repeated {
			value = before + "," + value
		}
		parameters[name] = value
	}
	return parameters
}

// unescape leaves alone what is not well escaped.
func unescape(s string) string {
	if decoded, err := url.QueryUnescape(s); err == nil {
		return decoded
	}
	return s
}

// local is where the request came to.
func local(r *http.Request) (host, port string) {
	if address, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok {
		if host, port, err := net.SplitHostPort(address.String()); err == nil {
			return host, port
		}
	}
	return "localhost", "80"
}

// requestID looks like API Gateway's: 15 characters of base64 and "=".
func requestID() string {
	return base64.URLEncoding.EncodeToString(random(11))
}

// traceID is the client's or a new one.
func traceID(sent http.Header, now time.Time) string {
	if id := sent.Get("X-Amzn-Trace-Id"); id != "" {
		return id
	}
	return fmt.Sprintf("Root=1-%08x-%s", now.Unix(), hex.EncodeToString(random(12)))
}

// random never fails: crypto/rand ends the program where the system has no randomness.
func random(bytes int) []byte {
	b := make([]byte, bytes)
	_, _ = rand.Read(b)
	return b
}
