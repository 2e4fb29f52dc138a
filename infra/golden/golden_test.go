package golden

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"
)

func TestDiff(t *testing.T) {
	const id = "5b5fd341e6355b5eb194765e"
	base64Key := strings.Repeat("eyJvcmciOiI1", 9) + "Q=="
	for name, test := range map[string]struct {
		want, got, diff string
	}{
		"the same, in another order":  {`{"a":1,"b":[true,null]}`, `{"b":[true,null],"a":1}`, ""},
		"shapes":                      {`{"id":"<id>","at":"<time>"}`, `{"id":"` + id + `","at":"2026-11-22T05:20:26.123Z"}`, ""},
		"a shape inside a string":     {`"</requests/<id>>; rel=\"next\""`, `</requests/` + id + `>; rel="next"`, ""},
		"any value":                   {`{"a":"<any>"}`, `{"a":{"b":[]}}`, ""},
		"a key of today's form":       {`{"RawKey":"<key>"}`, `{"RawKey":"` + base64Key + `"}`, ""},
		"a key of the older form":     {`{"RawKey":"<key>"}`, `{"RawKey":"` + id + strings.Repeat("a1", 16) + `"}`, ""},
		"an empty body":               {`""`, ``, ""},
		"a text":                      {`"not JSON"`, `not JSON`, ""},
		"another value":               {`{"a":[1,2]}`, `{"a":[1,3]}`, `body.a[1]: want 2, got 3`},
		"another way to write it":     {`1`, `1.0`, `body: want 1, got 1.0`},
		"another type":                {`{"a":null}`, `{"a":{}}`, `body.a: want null, got {}`},
		"an id that is none":          {`"<id>"`, `5b5f`, `body: want "<id>", got "5b5f"`},
		"something more behind an id": {`"<id>"`, id + "\n", `body: want "<id>", got "` + id + `\n"`},
		"a member too few":            {`{"a":1}`, `{}`, `body.a: missing, want 1`},
		"<any> asks for something":    {`{"a":"<any>"}`, `{}`, `body.a: missing, want "<any>"`},
		"a member too many":           {`{}`, `{"a":1}`, `body.a: not wanted`},
		"fewer elements":              {`[1,2]`, `[1]`, `body: want [1,2], got [1]`},
		"not JSON":                    {`{}`, `oops`, "body: the answer is not JSON: invalid character 'o' looking for beginning of value"},
		"JSON and more":               {`{}`, `{}{}`, "body: the answer is not JSON: more than one value"},
		"a bad key is not quoted":     {`"<key>"`, base64Key + "!", `body: want "<key>", got "112 characters that are none"`},
	} {
		t.Run(name, func(t *testing.T) {
			diff := Diff(Answer{StatusCode: 200, Body: []byte(test.want)}, events.APIGatewayV2HTTPResponse{StatusCode: 200, Body: test.got})
			if diff != test.diff {
				t.Errorf("Diff says\n%s\nwant\n%s", diff, test.diff)
			}
		})
	}
}

func TestDiffOfStatusHeadersAndEncoding(t *testing.T) {
	want := Answer{
		StatusCode: 200, Headers: map[string]string{"Cache-Control": "no-store", "Link": "<any>"}, Body: []byte(`{}`),
	}
	got := events.APIGatewayV2HTTPResponse{
		StatusCode: 404, Headers: map[string]string{"cache-control": "public"}, Body: "e30=", IsBase64Encoded: true,
	}
	const diff = `statusCode: want 200, got 404
headers.Cache-Control: want "no-store", got "public"
headers.Link: missing, want "<any>"`
	if said := Diff(want, got); said != diff {
		t.Errorf("Diff says\n%s\nwant\n%s", said, diff)
	}
}

func TestDiffReturned(t *testing.T) {
	want := Answer{Returns: []byte(`{"isAuthorized":true,"context":{"key":"<id>"}}`)}
	if said := DiffReturned(want, []byte(`{"context":{"key":"5b5fd341e6355b5eb194765e"},"isAuthorized":true}`)); said != "" {
		t.Errorf("DiffReturned says %s", said)
	}
	want.Returns = []byte(`{"isAuthorized":false}`)
	const diff = "returned.isAuthorized: want false, got true\nreturned.context: not wanted"
	if said := DiffReturned(want, []byte(`{"isAuthorized":true,"context":{}}`)); said != diff {
		t.Errorf("DiffReturned says\n%s\nwant\n%s", said, diff)
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	const (
		get     = `{"version":"2.0","golden":{"given":"desk","statusCode":200,"headers":{"a":"b"},"body":{"c":1}}}`
		unknown = `{"golden":{"given":"desk","statusCode":404,"body":""}}`
		check   = `{"key":"k","golden":{"given":"desk","returns":{"allowed":false}}}`
	)
	write(t, dir, "authorize/plain.json", check)
	write(t, dir, "requests/get/one.json", get)
	write(t, dir, "unknown/two.json", unknown)
	write(t, dir, "developers/create/three.json", unknown)
	cases, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := []Case{
		{
			Name: "authorize/plain", Path: filepath.Join(dir, "authorize/plain.json"), Function: "Authorize",
			Event: []byte(check), Given: "desk", Want: Answer{Returns: []byte(`{"allowed":false}`)},
		},
		{
			Name: "developers/create/three", Path: filepath.Join(dir, "developers/create/three.json"), Function: "Developers",
			Event: []byte(unknown), Given: "desk", Want: Answer{StatusCode: 404, Body: []byte(`""`)},
		},
		{
			Name: "requests/get/one", Path: filepath.Join(dir, "requests/get/one.json"), Function: "GetRequest",
			Event: []byte(get), Given: "desk",
			Want: Answer{StatusCode: 200, Headers: map[string]string{"a": "b"}, Body: []byte(`{"c":1}`)},
		},
		{
			Name: "unknown/two", Path: filepath.Join(dir, "unknown/two.json"), Function: "Unknown",
			Event: []byte(unknown), Given: "desk", Want: Answer{StatusCode: 404, Body: []byte(`""`)},
		},
	}
	if diff := cmp.Diff(want, cases); diff != "" {
		t.Error(diff)
	}
}

func TestLoadRefuses(t *testing.T) {
	for name, test := range map[string]struct{ path, text, says string }{
		"no file":             {"readme.md", "", "holds no event file"},
		"an unknown folder":   {"requests/grant/a.json", "{}", `no function is known for the folder "requests/grant"`},
		"a folder too deep":   {"developers/a/b/c.json", "{}", `no function is known for the folder "developers/a/b"`},
		"no folder":           {"a.json", "{}", `no function is known for the folder ""`},
		"not JSON":            {"unknown/a.json", "{", "unexpected end of JSON input"},
		"no promise":          {"unknown/a.json", "{}", `the member "golden"`},
		"a misspelt promise":  {"unknown/a.json", `{"golden":{"given":"desk","status":200,"body":""}}`, `unknown field "status"`},
		"a promise of no one": {"unknown/a.json", `{"golden":{"given":"desk","body":""}}`, `"statusCode" is 0`},
		"no data":             {"unknown/a.json", `{"golden":{"statusCode":200,"body":""}}`, `lacks "given"`},
		"no body":             {"unknown/a.json", `{"golden":{"given":"desk","statusCode":200}}`, `lacks "body"`},
		"two answers":         {"unknown/a.json", `{"golden":{"given":"desk","returns":{},"body":""}}`, `"returns" beside`},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, test.path, test.text)
			if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("Load says %v, want %q", err, test.says)
			}
		})
	}
}

func write(t *testing.T, dir, path, text string) {
	t.Helper()
	path = filepath.Join(dir, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
