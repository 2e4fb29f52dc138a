// Package canary finds secrets where none may be: raw keys and credentials in a table, a log, or a file that a run left behind.
// It knows them by their looks, so that no test has to tell it which keys it made.
package canary

import (
	"bufio"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
)

var looks = []struct {
	what  string
	looks *regexp.Regexp
}{
	{"a raw key in base64", regexp.MustCompile(`eyJvcmciOi[A-Za-z0-9+/]{60,}={0,2}`)},
	{"a raw key of 24 and 32 digits", regexp.MustCompile(`\b[0-9a-f]{56}\b`)},
	{"a secret of an OAuth client", clientSecret},
	{"a token that somebody signed", jwt},
	{"a private key", regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY-----`)},
	{"a signing secret", regexp.MustCompile(`\bwhsec_[A-Za-z0-9+/]{42,}={0,2}`)},
	{"a credential", regexp.MustCompile(`\bkd_[0-9a-f]{24}_[a-z2-7]{52}\b`)},
}

// clientSecret is base64 of a UUID with its dashes: of each four characters the first can be one of six.
var clientSecret = regexp.MustCompile(`\b([LMNOYZ][A-Za-z0-9+/]{3}){12}\b`)

// jwt is what a developer's own key pair signs: header, claims, signature.
var jwt = regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{40,}`)

// Find says what secret stands in the text; empty for none. It shows a secret's first characters only.
func Find(text []byte) string {
	for _, l := range looks {
		if found := l.looks.Find(text); found != nil {
			return fmt.Sprintf("%s, %.8s...", l.what, found)
		}
	}
	return ""
}

// longestLine is how much of a file is looked at in one piece.
const longestLine = 8 << 20

// FindInFiles says what secret stands in which file below a folder; empty for none. Links are not followed.
func FindInFiles(folder string, except ...string) (string, error) {
	var found string
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case excluded(folder, path, except) && entry.IsDir():
			return filepath.SkipDir
		case excluded(folder, path, except) || !entry.Type().IsRegular():
			return nil
		}
		secret, err := findInFile(path)
		if err == nil && secret != "" {
			found = path + ": " + secret
			return filepath.SkipAll
		}
		return err
	})
	return found, err
}

func findInFile(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, longestLine)
	for lines.Scan() {
		if secret := Find(lines.Bytes()); secret != "" {
			return secret, nil
		}
	}
	return "", lines.Err()
}

func excluded(folder, path string, except []string) bool {
	for _, name := range except {
		if path == filepath.Join(folder, name) {
			return true
		}
	}
	return false
}
