//go:build after

package canary_test

import (
	"os"
	"testing"

	"keydesk/infra/canary"
	"keydesk/infra/tabletest"
)

// TestNothingIsLeftBehind runs when all other tests are over, beside the desk that they used: no raw key and no credential
// stands in its table, its log, or any file below .local but those that the desk is told to write (env) or did not write.
func TestNothingIsLeftBehind(t *testing.T) {
	table := os.Getenv("KEYDESK_TABLE")
	if table == "" {
		t.Fatal("KEYDESK_TABLE is not set: make test runs this beside a desk")
	}
	secret, err := tabletest.Secret(t.Context(), t, table)
	if err != nil || secret != "" {
		t.Errorf("the desk's table holds %q (%v)", secret, err)
	}
	secret, err = canary.FindInFiles("../../.local", "env", "bin", "dynamodb", "venv-run", "venv-sam", "venv-check", "redocly")
	if err != nil || secret != "" {
		t.Errorf("a file holds %q (%v)", secret, err)
	}
}
