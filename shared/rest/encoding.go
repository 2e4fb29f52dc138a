package rest

import (
	"bytes"
	"compress/gzip"
	"io"
	"strings"

	"keydesk/shared/portal"
)

// decoded is a body without its Content-Encoding. It reads no more than a body may have: a few kilobytes of gzip may hold gigabytes.
func decoded(body []byte, encoding string, most int) ([]byte, error) {
	encoding = strings.ToLower(strings.Trim(encoding, " \t"))
	if len(body) == 0 { // as of most calls
		return body, nil
	}
	switch encoding {
	case "", "identity":
		return body, nil
	case "gzip", "x-gzip":
	default:
		return nil, portal.Refuse(portal.Unsupported, "Content-Encoding: %.40q is not read here; send the body as it is, or in gzip.", encoding)
	}
	unzipped, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, errNoGzip
	}
	text, err := io.ReadAll(io.LimitReader(unzipped, int64(most)+1))
	if err != nil {
		return nil, errNoGzip
	}
	if len(text) > most {
		return nil, portal.Refuse(portal.TooLarge, "The body is more than %d bytes long out of its gzip; at most that many are read.", most)
	}
	return text, nil
}

var errNoGzip = portal.Refuse(portal.Invalid, "The body is not whole gzip, which its Content-Encoding says it is; send it without that header.")
