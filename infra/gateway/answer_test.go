package gateway

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// returns has the function return the text as it is.
func (d *desk) returns(text string) response {
	d.t.Helper()
	return d.ask("POST", "/?do=answer", text, "Content-Type", "text/plain")
}

func TestAnswer(t *testing.T) {
	d := serve(t, api())
	for name, c := range map[string]struct {
		returned    string
		status      int
		contentType string
		body        string
	}{
		"described":       {`{"statusCode": 201, "headers": {"content-type": "text/html"}, "body": "<p>"}`, 201, "text/html", "<p>"},
		"no content type": {`{"statusCode": 200, "body": "{}"}`, 200, "text/plain; charset=utf-8", "{}"},
		"no body":         {`{"statusCode": 404}`, 404, "text/plain; charset=utf-8", ""},
		"no content":      {`{"statusCode": 204, "body": "dropped"}`, 204, "text/plain; charset=utf-8", ""},
		"base64": {`{"statusCode": 200, "headers": {"Content-Type": "a/b"}, "body": "AP8=", "isBase64Encoded": true}`,
			200, "a/b", "\x00\xff"},
		"bad base64":          {`{"statusCode": 200, "body": "!", "isBase64Encoded": true}`, 500, "application/json", internalError},
		"status of 0":         {`{"statusCode": 0}`, 500, "application/json", internalError},
		"status of 101":       {`{"statusCode": 101}`, 500, "application/json", internalError},
		"status null":         {`{"statusCode": null}`, 500, "application/json", internalError},
		"status a word":       {`{"statusCode": "OK"}`, 500, "application/json", internalError},
		"object body":         {`{"statusCode": 200, "body": {}}`, 500, "application/json", internalError},
		"inferred object":     {`{"hello": "you"}`, 200, "application/json", `{"hello": "you"}`},
		"inferred text":       {`"hello"`, 200, "application/json", "hello"},
		"inferred null":       {`null`, 200, "application/json", "null"},
		"inferred from wrong": {`{"hello": `, 200, "application/json", `{"hello": `},
		"no answer":           {``, 200, "application/json", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := d.returns(c.returned)
			got.wants(t, c.status, c.body)
			if contentType := got.Header.Get("Content-Type"); contentType != c.contentType {
				t.Errorf("content type: got %q, want %q", contentType, c.contentType)
			}
			if id := got.Header.Get("Apigw-Requestid"); len(id) != 16 {
				t.Errorf("Apigw-Requestid: got %q", id)
			}
		})
	}
}

func TestAnswerHeaders(t *testing.T) {
	d := serve(t, api())
	got := d.returns(`{"statusCode": 200, "cookies": ["a=1; Secure", "b=2"], "body": "four",
		"headers": {"x-one": "1", "X-Two": "a,b", "content-length": "999", "connection": "close", "transfer-encoding": "chunked"},
		"multiValueHeaders": {"x-ignored": ["as on AWS"]}}`)
	got.wants(t, 200, "four")
	if diff := cmp.Diff([]string{"a=1; Secure", "b=2"}, got.Header.Values("Set-Cookie")); diff != "" {
		t.Errorf("cookies (-want +got):\n%s", diff)
	}
	for name, want := range map[string]string{"X-One": "1", "X-Two": "a,b", "Content-Length": "4", "Connection": "", "X-Ignored": ""} {
		if value := got.Header.Get(name); value != want {
			t.Errorf("%s: got %q, want %q", name, value, want)
		}
	}
	if got.Close || len(got.TransferEncoding) > 0 {
		t.Errorf("the function chose how the connection is used: close %v, encoding %v", got.Close, got.TransferEncoding)
	}
}

func TestAnswerToHead(t *testing.T) {
	got := serve(t, api()).ask("HEAD", "/?do=context", "")
	got.wants(t, 200, "")
	if got.ContentLength < 2 {
		t.Errorf("length: got %d", got.ContentLength)
	}
}
