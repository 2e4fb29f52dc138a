package canary

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// members hold a secret in Tyk. Clients expect some of them, so they stay in answers, empty.
var members = []string{"password", "secret", "client_secret", "jwt_secret", "nonce", "pwhistory", "rawkey", "raw_key", "proof"}

// texts are what no answer holds wherever it stands: a key in either form, a credential, a bcrypt hash, an OAuth client's secret, a
// signed token.
var texts = regexp.MustCompile(`eyJvcmciOiI[0-9A-Za-z+/=]{40}|\b[0-9a-f]{56}\b|\bkd_[0-9a-f]{24}_|\$2[abxy]?\$[0-9]|` + clientSecret.String() + `|` + jwt.String())

// InAnswer names the places where an answer of the API tells a secret, and does not repeat it. The members that are handed are
// what this very answer is there to tell.
func InAnswer(header http.Header, text string, handed ...string) []string {
	var document any
	_ = json.Unmarshal([]byte(text), &document) // what is no JSON has no members
	if object, ok := document.(map[string]any); ok {
		for _, name := range handed {
			if told, ok := object[name].(string); ok && told != "" {
				text = strings.ReplaceAll(text, told, "")
			}
			delete(object, name)
		}
	}
	found := inMembers("", document)
	headers, _ := json.Marshal(header)
	for _, where := range []struct{ name, text string }{{"the body", text}, {"the headers", string(headers)}} {
		if texts.MatchString(where.text) {
			found = append(found, where.name)
		}
	}
	return found
}

func inMembers(path string, value any) []string {
	var found []string
	switch v := value.(type) {
	case map[string]any:
		for name, member := range v {
			if slices.Contains(members, strings.ToLower(name)) && !empty(member) {
				found = append(found, path+"."+name)
			}
			found = append(found, inMembers(path+"."+name, member)...)
		}
	case []any:
		for _, member := range v {
			found = append(found, inMembers(path+"[]", member)...)
		}
	}
	return found
}

func empty(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case string:
		return v == "" || publicKey.MatchString(v)
	case []any:
		return len(v) == 0
	}
	return false
}

// publicKey is what jwt_secret holds in the desk, in spite of its name.
var publicKey = regexp.MustCompile(`\A-----BEGIN PUBLIC KEY-----[A-Za-z0-9+/=\s]+-----END PUBLIC KEY-----\s*\z`)
