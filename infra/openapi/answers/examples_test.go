package answers

import (
	"bytes"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"keydesk/infra/openapi"
)

// judge says what is wrong with a contract, its examples included.
func judge(t *testing.T, text []byte) error {
	t.Helper()
	contract, err := parse(text)
	if err != nil {
		return err
	}
	return contract.Validate(t.Context(), openapi3.EnableExamplesValidation())
}

func TestExamplesAreAsTheirSchemas(t *testing.T) {
	if err := judge(t, openapi.Text); err != nil {
		t.Errorf("%.2000v", err)
	}
}

// Each of these makes an example of the contract wrong.
func TestWrongExamplesAreFound(t *testing.T) {
	for name, change := range map[string][2]string{
		"an answer lacks a member":      {`value: {"Data": [], "Pages": 1}`, `value: {"Data": []}`},
		"an answer has another type":    {`value: {"Data": [], "Pages": 1}`, `value: {"Data": [], "Pages": "1"}`},
		"an answer has another member":  {`value: {"RawKey": "", "Password": ""}`, `value: {"RawKey": "", "Password": "", "Hash": ""}`},
		"a call has another type":       {`value: {"inactive": true}`, `value: {"inactive": "yes"}`},
		"a shared answer says OK":       {`value: {"Status": "Error", "Message": "Not authorised", "Meta": null}`, `value: {"Status": "OK", "Message": "Not authorised", "Meta": null}`},
		"a shared example lacks a view": {`"catalogue_entry": {`, `"catalogue_entries": {`},
	} {
		text := bytes.ReplaceAll(openapi.Text, []byte(change[0]), []byte(change[1]))
		if bytes.Equal(text, openapi.Text) {
			t.Errorf("%s: the contract has no %s", name, change[0])
		}
		if err := judge(t, text); err == nil || !strings.Contains(err.Error(), "example") {
			t.Errorf("%s: found %v", name, err)
		}
	}
}
