package tabletest_test

import (
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/middleware"

	"keydesk/infra/tabletest"
	"keydesk/shared/table"
)

const org = "0123456789abcdef01234567"

func TestNewGivesATableOfItsOwn(t *testing.T) {
	mine, other := tabletest.New(t), tabletest.New(t)
	if err := mine.PutConfiguration(t.Context(), org, []byte(`{"auto_approve": true}`)); err != nil {
		t.Fatal(err)
	}
	if got := autoApprove(t, mine); !got {
		t.Error("what was written is not in the table that it was written to")
	}
	if got := autoApprove(t, other); got {
		t.Error("what was written to one table is in another")
	}
}

func TestTheTableEndsWithItsTest(t *testing.T) {
	var gone *table.Table
	t.Run("test", func(t *testing.T) { gone = tabletest.New(t) })
	_, err := gone.Books(t.Context(), org, "", nil)
	if missing := new(types.ResourceNotFoundException); !errors.As(err, &missing) {
		t.Errorf("reading the table of a test that is over gave %v; want that it is not found", err)
	}
}

func TestOptionsChangeWhatTheTableIsUsedWith(t *testing.T) {
	calls := 0
	counted := func(cfg *aws.Config) {
		cfg.APIOptions = append(cfg.APIOptions, func(*middleware.Stack) error { calls++; return nil })
	}
	autoApprove(t, tabletest.New(t, counted))
	if calls != 1 {
		t.Errorf("the option saw %d calls, want the one read", calls)
	}
}

func autoApprove(t *testing.T, from *table.Table) bool {
	t.Helper()
	books, err := from.Books(t.Context(), org, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	return books.Configuration.AutoApprove
}
