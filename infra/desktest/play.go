package desktest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"keydesk/infra/golden"
	"keydesk/infra/tabletest"
	"keydesk/shared/rest"
)

// Event is what API Gateway hands over.
type Event = events.APIGatewayV2HTTPRequest

// Function makes a function's handler at a desk.
type Function func(*Desk) rest.Handler

// Play gives each event of the function, which is named as in the template, to its handler, and compares the answer with the
// one that the event promises. What is refused, and what only reads, must leave everything as it was; so it leaves its desk
// to the next such event. The others have one of their own.
func Play(t *testing.T, folder, name string, function Function) {
	t.Helper()
	cases, err := golden.Load(folder)
	if err != nil {
		t.Fatal(err)
	}
	cases = slices.DeleteFunc(cases, func(c golden.Case) bool { return c.Function != name })
	if len(cases) == 0 {
		t.Fatalf("%s has no event for %s", folder, name)
	}
	untouched := map[string]*Desk{}
	for _, c := range cases {
		event := parse(t, c.Event)
		if c.Want.StatusCode < 400 && event.RequestContext.HTTP.Method != http.MethodGet {
			t.Run(c.Name, func(t *testing.T) {
				t.Parallel()
				New(t, c.Given).play(function, c, event)
			})
			continue
		}
		if untouched[c.Given] == nil {
			untouched[c.Given] = New(t, c.Given)
		}
		t.Run(c.Name, func(t *testing.T) {
			desk := *untouched[c.Given]
			desk.t = t
			desk.Unchanged(c.Path, func() { desk.play(function, c, event) })
		})
	}
}

// Unchanged holds that what is done leaves every item and every box as it was.
func (d *Desk) Unchanged(what string, do func()) {
	d.t.Helper()
	before := d.everything()
	do()
	after := d.everything()
	for thing := range before {
		if !after[thing] {
			d.t.Errorf("%s: gone or changed: %s", what, thing)
		}
	}
	for thing := range after {
		if !before[thing] {
			d.t.Errorf("%s: new or changed: %s", what, thing)
		}
	}
}

func (d *Desk) play(function Function, c golden.Case, event Event) {
	d.t.Helper()
	if diff := golden.Diff(c.Want, d.Answer(function, event)); diff != "" {
		d.t.Errorf("%s\n%s", c.Path, diff)
	}
}

// everything is each item of the table and each box, in words, but for the counts of logins: those that are refused count, too.
func (d *Desk) everything() map[string]bool {
	d.t.Helper()
	all := map[string]bool{}
	for _, item := range tabletest.Items(d.t, d.Table) {
		if item["SK"] != "LOGIN" {
			all[fmt.Sprint(item)] = true
		}
	}
	for _, box := range d.Boxes() {
		all["box "+box] = true
	}
	return all
}

// Answer is what the function says to the event.
func (d *Desk) Answer(function Function, event Event) events.APIGatewayV2HTTPResponse {
	d.t.Helper()
	answer, err := function(d)(d.t.Context(), event)
	if err != nil {
		d.t.Fatal(err)
	}
	return answer
}

// Read reads an event's file.
func Read(t testing.TB, path string) Event {
	t.Helper()
	return parse(t, load(t, path))
}

// given is what the table holds before an event of a file.
func given(t testing.TB, path string) string {
	t.Helper()
	var file struct {
		Golden struct {
			Given string `json:"given"`
		} `json:"golden"`
	}
	if err := json.Unmarshal(load(t, path), &file); err != nil {
		t.Fatal(err)
	}
	return file.Golden.Given
}

func load(t testing.TB, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func parse(t testing.TB, text []byte) Event {
	t.Helper()
	var event Event
	if err := json.Unmarshal(text, &event); err != nil {
		t.Fatal(err)
	}
	return event
}

// Calls compares the Rounds of AWS calls that the function makes for an event of the folder, at the desk that it is given.
func Calls(t *testing.T, folder string, function Function, want map[string][][]string) {
	t.Helper()
	for name, rounds := range want {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(folder, name+".json")
			if got := roundsAt(t, given(t, file), function, Read(t, file)); !reflect.DeepEqual(got, rounds) {
				t.Errorf("calls in rounds: %v, want %v", got, rounds)
			}
		})
	}
}
