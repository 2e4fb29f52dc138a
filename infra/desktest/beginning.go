package desktest

import (
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"keydesk/infra/fixture"
	"keydesk/infra/tabletest"
	"keydesk/shared/apikey"
	"keydesk/shared/portal"
)

// begin is a desk as the fixture leaves it. The fixture takes some fifty calls, since it goes the desk's own way; so it is
// written once a process, and copied for each test.
type begin struct {
	items []map[string]types.AttributeValue
	boxes map[string]apikey.Key // by request
}

var beginnings = struct {
	sync.Mutex
	of map[string]begin
}{of: map[string]begin{}}

func beginning(t testing.TB, given string) begin {
	t.Helper()
	beginnings.Lock()
	defer beginnings.Unlock()
	if b, ok := beginnings.of[given]; ok {
		return b
	}
	issuer := open(t, tabletest.New(t))
	if err := fixture.Load(t.Context(), issuer, given); err != nil {
		t.Fatal(err)
	}
	b := begin{tabletest.Dump(t, issuer.Table), map[string]apikey.Key{}}
	for _, request := range fixture.Boxes() {
		key, err := issuer.Vault.Open(t.Context(), fixture.Org, request, portal.AuthToken)
		if err != nil {
			t.Fatal(err)
		}
		b.boxes[request] = key
	}
	beginnings.of[given] = b
	return b
}
