// Package golden reads the event files of events/. Each is an event as API Gateway sends it (payload 2.0), so that `sam local
// invoke` takes it as it is, and holds in one more member, golden, what the function answers to it. The handlers' tests and
// SAM's both read them here, so that there is one set of promises and one way to compare.
package golden

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// functions maps a folder of events to the logical id of the function that it is for; a folder in it, one of the operations of a
// function that has several, is for the same.
var functions = map[string]string{
	"requests/list":     "ListRequests",
	"requests/get":      "GetRequest",
	"requests/create":   "CreateRequest",
	"requests/update":   "UpdateRequest",
	"requests/delete":   "DeleteRequest",
	"requests/approve":  "ApproveRequest",
	"requests/decline":  "DeclineRequest",
	"requests/callback": "RequestCallback",
	"requests/claim":    "RequestClaim",
	"developers":        "Developers",
	"keys":              "Keys",
	"catalogue":         "Catalogue",
	"policies":          "Policies",
	"configuration":     "Configuration",
	"contract":          "Contract",
	"console":           "Console",
	"authorize":         "Authorize",
	"hello":             "Hello",
	"autoapprove":       "AutoApprove",
	"deliver":           "Deliver",
	"unknown":           "Unknown",
}

// Case is one event file.
type Case struct {
	Name     string          // "requests/list/first-page"
	Path     string          // where the file is
	Function string          // the logical id of the function it is for
	Event    json.RawMessage // the whole file: Lambda passes over the member that is not its own
	Given    string          // the data that the table holds before
	Want     Answer
}

// Answer is what the function says. Headers may be fewer than are sent; the body is compared whole.
type Answer struct {
	StatusCode int               `json:"statusCode"`
	Headers    map[string]string `json:"headers"`
	Body       json.RawMessage   `json:"body"`    // JSON as it is sent, or a string for any other text
	Returns    json.RawMessage   `json:"returns"` // in place of these three, of a function that answers no HTTP call: all of it
}

// Load reads every event file below dir, in the order of their names.
func Load(dir string) ([]Case, error) {
	var cases []Case
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".json" {
			return err
		}
		c, err := read(dir, path)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		cases = append(cases, c)
		return nil
	})
	if err == nil && len(cases) == 0 {
		err = fmt.Errorf("%s holds no event file", dir)
	}
	return cases, err
}

func read(dir, file string) (Case, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return Case{}, err
	}
	name, err := filepath.Rel(dir, file)
	if err != nil {
		return Case{}, err
	}
	name = strings.TrimSuffix(filepath.ToSlash(name), ".json")
	folder := strings.TrimPrefix(path.Dir(name), ".")
	function, known := functions[folder]
	if !known {
		function, known = functions[path.Dir(folder)]
	}
	if !known {
		return Case{}, fmt.Errorf("no function is known for the folder %q: infra/golden maps folders to functions", folder)
	}
	given, want, err := promise(text)
	return Case{Name: name, Path: file, Function: function, Event: text, Given: given, Want: want}, err
}

// promise reads the member golden, strictly: a misspelt word would promise nothing.
func promise(text []byte) (given string, want Answer, err error) {
	var event struct {
		Golden json.RawMessage `json:"golden"`
	}
	if err := json.Unmarshal(text, &event); err != nil {
		return "", Answer{}, err
	}
	var promised struct {
		Given string `json:"given"`
		Answer
	}
	decoder := json.NewDecoder(bytes.NewReader(event.Golden))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&promised); err != nil {
		return "", Answer{}, fmt.Errorf(`the member "golden": %w`, err)
	}
	switch {
	case promised.Given == "":
		return "", Answer{}, errors.New(`golden lacks "given", the name of the data that the table holds before`)
	case promised.Returns != nil && (promised.StatusCode != 0 || promised.Headers != nil || promised.Body != nil):
		return "", Answer{}, errors.New(`golden has "returns" beside "statusCode", "headers" or "body": a function answers HTTP, or it does not`)
	case promised.Returns != nil:
		return promised.Given, promised.Answer, nil
	case promised.StatusCode < 100 || promised.StatusCode > 599:
		return "", Answer{}, fmt.Errorf(`golden's "statusCode" is %d`, promised.StatusCode)
	case promised.Body == nil:
		return "", Answer{}, errors.New(`golden lacks "body" ("" promises an empty one)`)
	}
	return promised.Given, promised.Answer, nil
}
