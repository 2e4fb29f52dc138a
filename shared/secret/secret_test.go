package secret_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"keydesk/shared/secret"
)

const raw = "correct-horse-battery-staple"

// The shapes in which code holds a secret.
type (
	exported   struct{ Key secret.Value }
	unexported struct{ key secret.Value }
	pointer    struct{ key *secret.Value }
	tagged     struct {
		Name string       `json:"name" dynamodbav:"name"`
		Key  secret.Value `json:"key" dynamodbav:"key"`
	}
)

// shapes are a secret held in every way that a printer may meet it.
func shapes() map[string]any {
	v := secret.New(raw)
	return map[string]any{
		"itself":             v,
		"its address":        &v,
		"exported field":     exported{v},
		"unexported field":   unexported{v},
		"address of struct":  &unexported{v},
		"pointer in a field": pointer{&v},
		"slice":              []secret.Value{v},
		"slice of structs":   []unexported{{v}},
		"map":                map[string]any{"key": v, "struct": unexported{v}},
	}
}

// leaks tells whether text shows the secret as it is, quoted or in hexadecimal.
func leaks(text string) bool {
	text = strings.ToLower(text)
	return strings.Contains(text, raw) || strings.Contains(text, fmt.Sprintf("%x", raw))
}

func TestReveal(t *testing.T) {
	if got := secret.New(raw).Reveal(); got != raw {
		t.Errorf("Reveal() = %q, want %q", got, raw)
	}
	if secret.New(raw).IsZero() {
		t.Error("a secret says that it is none")
	}
	for name, none := range map[string]secret.Value{"zero": {}, "empty": secret.New("")} {
		if !none.IsZero() || none.Reveal() != "" {
			t.Errorf("%s: IsZero() = %v, Reveal() = %q", name, none.IsZero(), none.Reveal())
		}
	}
}

// == would compare addresses and call two equal secrets different, so the compiler refuses it.
func TestNotComparable(t *testing.T) {
	if reflect.TypeFor[secret.Value]().Comparable() {
		t.Error("secrets can be compared by ==")
	}
}

func TestPrinted(t *testing.T) {
	for name, shape := range shapes() {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%#x", "%p", "%d", "%t", "%T", "%60v", "%!"} {
			if text := fmt.Sprintf(verb, shape); leaks(text) {
				t.Errorf("%s printed with %s shows the secret: %s", name, verb, text)
			}
		}
		if text := fmt.Sprint(shape); leaks(text) {
			t.Errorf("%s printed shows the secret: %s", name, text)
		}
	}
	if got := fmt.Sprintf("%s %#v %x", secret.New(raw), secret.New(raw), secret.New(raw)); got != "[secret] [secret] [secret]" {
		t.Errorf("printed as %q", got)
	}
	if v := secret.New(raw); leaks(v.String()) || leaks(v.GoString()) {
		t.Errorf("String() = %q, GoString() = %q", v.String(), v.GoString())
	}
}

func TestLogged(t *testing.T) {
	var written bytes.Buffer
	handlers := map[string]slog.Handler{"text": slog.NewTextHandler(&written, nil), "JSON": slog.NewJSONHandler(&written, nil)}
	for kind, handler := range handlers {
		for name, shape := range shapes() {
			written.Reset()
			slog.New(handler).Info("granted", "key", shape, slog.Group("in", "group", shape))
			if written.Len() == 0 || leaks(written.String()) {
				t.Errorf("%s in a %s log: %s", name, kind, written.String())
			}
		}
		written.Reset()
		slog.New(handler).Info("granted", "key", secret.New(raw))
		if !strings.Contains(written.String(), "[secret]") {
			t.Errorf("%s log does not say that it redacted: %s", kind, written.String())
		}
	}
}

// refused tells whether an encoder was told that it may not.
func refused(err error) bool {
	return err != nil && strings.Contains(err.Error(), "a secret cannot be marshalled")
}

func TestMarshalRefused(t *testing.T) {
	v := secret.New(raw)
	for name, shape := range map[string]any{"itself": v, "address": &v, "field": tagged{"Ann", v}, "slice": []secret.Value{v}, "zero": secret.Value{}} {
		if text, err := json.Marshal(shape); !refused(err) || text != nil {
			t.Errorf("JSON of %s: %s, %v", name, text, err)
		} else if leaks(err.Error()) {
			t.Errorf("the refusal shows the secret: %v", err)
		}
	}
	if text, err := xml.Marshal(tagged{"Ann", v}); !refused(err) || leaks(string(text)) {
		t.Errorf("XML: %s, %v", text, err)
	}
	if text, err := v.MarshalText(); !refused(err) || text != nil {
		t.Errorf("text: %s, %v", text, err)
	}
	var written bytes.Buffer
	if err := gob.NewEncoder(&written).Encode(tagged{"Ann", v}); err == nil || leaks(written.String()) {
		t.Errorf("gob: %q, %v", written.String(), err)
	}
	if text, err := json.Marshal([]any{unexported{v}}); err != nil || string(text) != "[{}]" {
		t.Errorf("JSON of an unexported field: %s, %v", text, err)
	}
}

// The DynamoDB encoder asks no marshaller unless told to, and passes over unexported fields: an empty map is stored.
func TestStoredAsNothing(t *testing.T) {
	item, err := attributevalue.MarshalMap(tagged{"Ann", secret.New(raw)})
	if err != nil {
		t.Fatal(err)
	}
	if stored, isMap := item["key"].(*types.AttributeValueMemberM); !isMap || len(stored.Value) != 0 {
		t.Errorf("stored as %#v, want an empty map", item["key"])
	}
	encoder := attributevalue.NewEncoder(func(o *attributevalue.EncoderOptions) { o.UseEncodingMarshalers = true })
	if stored, err := encoder.Encode(secret.New(raw)); !refused(err) {
		t.Errorf("asked for its marshaller: %#v, %v", stored, err)
	}
}

func TestInErrors(t *testing.T) {
	v := secret.New(raw)
	err := errors.Join(fmt.Errorf("check %v", v), fmt.Errorf("in %s: %w", v, fmt.Errorf("%+v %#v", unexported{v}, &exported{v})))
	if leaks(err.Error()) || leaks(fmt.Sprintf("%+v", err)) {
		t.Errorf("the error shows the secret: %v", err)
	}
}

// TestPanics dies in a process of its own, because what the runtime prints then goes through none of fmt.
func TestPanics(t *testing.T) {
	if shape := os.Getenv("SECRET_TEST_PANIC"); shape != "" {
		panic(shapes()[shape])
	}
	for name := range shapes() {
		dying := exec.Command(os.Args[0], "-test.run=^TestPanics$")
		dying.Env = append(os.Environ(), "SECRET_TEST_PANIC="+name)
		text, err := dying.CombinedOutput()
		if err == nil || !strings.Contains(string(text), "panic: ") || leaks(string(text)) {
			t.Errorf("panic with %s: %v\n%s", name, err, text)
		}
	}
}
