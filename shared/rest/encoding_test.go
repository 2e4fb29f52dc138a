package rest_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"keydesk/infra/desktest"
	"keydesk/infra/fixture"
)

func zipped(t *testing.T, text string) []byte {
	t.Helper()
	var body bytes.Buffer
	w := gzip.NewWriter(&body)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return body.Bytes()
}

// A body is read out of gzip, bounded as any other; another encoding is refused in words.
func TestContentEncoding(t *testing.T) {
	t.Parallel()
	desk := desktest.New(t, fixture.Desk)
	const text = `{"a": "b"}`
	small := zipped(t, text)
	for name, c := range map[string]struct {
		encoding string
		body     []byte
		status   int
		words    string
	}{
		"gzip":                 {"gzip", small, http.StatusOK, ""},
		"in capitals":          {" GZIP ", small, http.StatusOK, ""},
		"its older name":       {"x-gzip", small, http.StatusOK, ""},
		"as it is":             {"identity", []byte(text), http.StatusOK, ""},
		"an empty header":      {"", []byte(text), http.StatusOK, ""},
		"another":              {"br", small, http.StatusUnsupportedMediaType, `Content-Encoding: "br" is not read here; send the body as it is, or in gzip.`},
		"twice":                {"gzip, gzip", small, http.StatusUnsupportedMediaType, "Content-Encoding:"},
		"what is no gzip":      {"gzip", []byte(text), http.StatusBadRequest, "The body is not whole gzip"},
		"cut off":              {"gzip", small[:len(small)-3], http.StatusBadRequest, "The body is not whole gzip"},
		"with more behind it":  {"gzip", append(bytes.Clone(small), "more"...), http.StatusBadRequest, "The body is not whole gzip"},
		"a megabyte":           {"gzip", zipped(t, strings.Repeat(" ", 1<<20-len(text))+text), http.StatusOK, ""},
		"more than a megabyte": {"gzip", zipped(t, strings.Repeat(" ", 1<<20)+text), http.StatusRequestEntityTooLarge, "The body is more than 1048576 bytes long out of its gzip;"},
		"very much more":       {"gzip", zipped(t, strings.Repeat(" ", 64<<20)), http.StatusRequestEntityTooLarge, "The body is more than 1048576 bytes long out of its gzip;"},
	} {
		event := call(fixture.AdminCredential)
		event.Headers["content-encoding"] = c.encoding
		event.Body, event.IsBase64Encoded = base64.StdEncoding.EncodeToString(c.body), true
		in, status, said := read(t, desk, event)
		if status != c.status || !strings.HasPrefix(said.Message, c.words) || status == http.StatusOK && strings.TrimSpace(string(in.Body)) != text {
			t.Errorf("%s: %d %s, body %.40q", name, status, said.Message, in.Body)
		}
	}
}
