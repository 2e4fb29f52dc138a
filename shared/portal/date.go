package portal

import (
	"strings"
	"time"
)

// date reads a time that a client sent in a field, and writes it as the desk writes its own: every browser reads that. Without a
// zone it is UTC. It is empty where none was sent: the zero time is what Go's clients send when they mean none.
func date(field, sent string) (string, error) {
	if sent == "" {
		return "", nil
	}
	at, err := parseDate(sent)
	switch {
	case err == nil && at.IsZero():
		return "", nil
	case err != nil || at.Year() < 1 || at.Year() > 9999: // in UTC it may be another year, which RFC 3339 has no digits for
		return "", Refuse(Invalid, "%s: %q is not a time; send it as 2026-01-31T12:00:00Z or leave it out.", field, clip(sent))
	}
	return Timestamp(at), nil
}

// parseDate reads RFC 3339, and the same without a zone. It is as lenient as time.Parse, which takes a comma in the seconds.
func parseDate(sent string) (time.Time, error) {
	at, err := time.Parse(time.RFC3339, sent)
	if err != nil {
		at, err = time.Parse("2006-01-02T15:04:05", sent)
	}
	return at.UTC(), err
}

// lastUpdated is date for Tyk's member of that name, which exports hold in seconds since 1970. Those stay as they are: clients that
// read Tyk's policies read them so.
func lastUpdated(sent string) (string, error) {
	if strings.Trim(sent, "0123456789") == "" && len(sent) <= len("253402300799") { // which is the end of the year 9999
		return sent, nil
	}
	return date("last_updated", sent)
}

// Timestamp writes a time as the desk writes all of its own.
func Timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
