package e2e

import (
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// mailFolder is where each message stands that SES has received from a desk on this machine; empty: the desk's mail goes to people.
var mailFolder = os.Getenv("KEYDESK_MAIL")

// message is a mail as SES received it.
type message struct {
	header mail.Header
	text   string
}

// byMail leaves a test out where nobody can read what is mailed.
func byMail(t *testing.T) {
	t.Helper()
	if mailFolder == "" {
		t.Skip("KEYDESK_MAIL is not set: the mail that the desk sends cannot be read")
	}
}

// mailTo are all messages to an address, oldest first.
func mailTo(t *testing.T, address string) []message {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(mailFolder, "*-"+address+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	var all []message
	for _, file := range files {
		all = append(all, readMail(t, file))
	}
	return all
}

func readMail(t *testing.T, file string) message {
	t.Helper()
	content, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close() //nolint:errcheck // it has been read
	m, err := mail.ReadMessage(content)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	text, err := io.ReadAll(m.Body)
	if err != nil {
		t.Fatal(err)
	}
	if from, err := mail.ParseAddress(m.Header.Get("From")); err != nil || from.Address == "" || m.Header.Get("Subject") == "" || len(text) == 0 {
		t.Errorf("%s is from %v, about %q", file, from, m.Header.Get("Subject"))
	}
	return message{m.Header, string(text)}
}

// isMailed waits until the holder has received so many messages, and gives the last.
func (h holder) isMailed(t *testing.T, messages int) message {
	t.Helper()
	address := portal.call(t, http.MethodGet, developerOf(h.id), "").string("email")
	for begin := time.Now(); ; time.Sleep(every / 10) {
		all := mailTo(t, address)
		if len(all) == messages {
			return all[messages-1]
		}
		if len(all) > messages || time.Since(begin) > patience {
			t.Fatalf("%d messages came to %s, want %d", len(all), address, messages)
		}
	}
}

// link leads a developer to a key.
type link struct{ page, request, token string }

var isLink = regexp.MustCompile(`(?m)^(https?://\S+)(/console/claim)#([0-9a-f]{24})\.(\S+)$`)

// link is the one in the message.
func (m message) link(t *testing.T) link {
	t.Helper()
	found := isLink.FindAllStringSubmatch(m.text, -1)
	if len(found) != 1 {
		t.Fatalf("the message has %d links to a key:\n%s", len(found), m.text)
	}
	return link{found[0][2], found[0][3], found[0][4]}
}

// proof is what a page makes up, by which the desk knows it again.
func proof() string { return rand.Text() + rand.Text() }

// claims presses the button on the page that the link leads to.
func (l link) claims(t *testing.T, proof string) answer {
	t.Helper()
	return client{}.call(t, http.MethodPost, item(l.request)+"/claim", fmt.Sprintf(`{"token": %q, "proof": %q}`, l.token, proof))
}

// takes is what a developer does with the link of a message: opens the page, and presses the button.
func (h holder) takes(t *testing.T, m message) grant {
	t.Helper()
	l := m.link(t)
	page := client{}.send(t, http.MethodGet, l.page, "")
	if page.status != http.StatusOK || !strings.HasPrefix(page.header.Get("Content-Type"), "text/html") || page.header.Get("Referrer-Policy") == "" {
		t.Errorf("%s: %d %v", page.call, page.status, page.header)
	}
	if strings.Contains(page.text, l.token) {
		t.Errorf("%s: the token came to the desk", page.call)
	}
	g := h.taking(t, l.claims(t, proof()))
	g.request = l.request
	if strings.Contains(m.text, g.key) || g.name != "" && strings.Contains(m.text, g.name) {
		t.Error("the mail holds the key")
	}
	return g
}
