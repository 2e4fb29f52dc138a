package claim_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"keydesk/shared/claim"
	"keydesk/shared/secret"
)

const (
	org, otherOrg = "5e9d9544a1dcd60001d0ed20", "53ac07777cbb8c2d53000002"
	id, otherID   = "5efde61749960c000137f590", "5efde61749960c000137f591"
)

var key = claim.NewKey(secret.New("a key of the stack"))

func TestToken(t *testing.T) {
	token := key.Token(org, id, 7)
	if got, number, ok := key.Read(id, token); !ok || got != org || number != 7 {
		t.Errorf("its own token: %s, link %d, %t", got, number, ok)
	}
	if token != claim.NewKey(secret.New("a key of the stack")).Token(org, id, 7) {
		t.Error("a notice that is repeated carries another link")
	}
	if want := "Xp2VRKHc1gAB0O0g"; !strings.HasPrefix(token, want) || len(token) != 64 {
		t.Errorf("%d characters that begin with %.16s, want 64 and %s: links that were sent would be good no more", len(token), token, want)
	}
	if strings.Trim(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
		t.Errorf("%s has characters that a link's fragment may lose", token)
	}
	seen := map[string]bool{}
	for _, k := range []claim.Key{key, claim.NewKey(secret.New("another key"))} {
		for _, o := range []string{org, otherOrg} {
			for _, r := range []string{id, otherID} {
				for number := range 3 {
					seen[k.Token(o, r, number)] = true
				}
			}
		}
	}
	if len(seen) != 24 {
		t.Errorf("of 24 tokens %d differ", len(seen))
	}
}

// TestEveryByteCounts changes each character of a token to each other that there is: none but the token itself is taken.
func TestEveryByteCounts(t *testing.T) {
	token := key.Token(org, id, 1)
	for i := range token {
		for c := range 256 {
			if byte(c) == token[i] {
				continue
			}
			forged := token[:i] + string([]byte{byte(c)}) + token[i+1:]
			if _, _, ok := key.Read(id, forged); ok {
				t.Errorf("%q is taken, with %q in place %d", forged, byte(c), i)
			}
		}
		if _, _, ok := key.Read(id, token[:i]); ok {
			t.Errorf("the first %d characters are taken", i)
		}
	}
}

func TestForgedTokens(t *testing.T) {
	token := key.Token(org, id, 1)
	whole, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := base64.RawURLEncoding.DecodeString(key.Token(otherOrg, id, 1))
	if err != nil {
		t.Fatal(err)
	}
	mixed := func(parts ...[]byte) string {
		var all []byte
		for _, part := range parts {
			all = append(all, part...)
		}
		return base64.RawURLEncoding.EncodeToString(all)
	}
	for what, forged := range map[string]string{
		"of another request":         key.Token(org, otherID, 1),
		"by another key":             claim.NewKey(secret.New("another key")).Token(org, id, 1),
		"by no key":                  claim.NewKey(secret.Value{}).Token(org, id, 1),
		"another organisation's sum": mixed(whole[:12], theirs[12:]),
		"under another organisation": mixed(theirs[:12], whole[12:]),
		"the sum alone":              mixed(whole[12:]),
		"the organisation alone":     mixed(whole[:12]),
		"half of the sum":            mixed(whole[:32]),
		"of the link after it":       mixed(whole[:15], []byte{2}, whole[16:]),
		"without the link's number":  mixed(whole[:12], whole[16:]),
		"with a byte more":           mixed(whole, []byte{0}),
		"twice":                      token + token,
		"padded":                     token + "=",
		"with a new line":            token + "\n",
		"with a new line in it":      token[:20] + "\r\n" + token[20:],
		"of the standard's alphabet": base64.RawStdEncoding.EncodeToString(append([]byte{0xff, 0xef}, whole[2:]...)),
		"in hexadecimal":             fmt.Sprintf("%x", whole),
		"nothing":                    "",
	} {
		if got, _, ok := key.Read(id, forged); ok {
			t.Errorf("%s is taken, for %s", what, got)
		}
	}
	for _, request := range []string{"", "x", strings.ToUpper(id), id + "\x00", id[:23]} {
		if _, _, ok := key.Read(request, key.Token(org, request, 1)); ok {
			t.Errorf("%q is taken for a request", request)
		}
	}
}

func TestLink(t *testing.T) {
	if got, want := claim.Link("https://keys.example", id, "token"), "https://keys.example/console/claim#"+id+".token"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestKeyIsNotPrinted(t *testing.T) {
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
		if text := fmt.Sprintf(verb, key) + fmt.Sprintf(verb, &key); strings.Contains(text, "a key of the stack") || strings.Contains(text, fmt.Sprintf("%x", "a key of the stack")) {
			t.Errorf("%s tells it", verb)
		}
	}
}
