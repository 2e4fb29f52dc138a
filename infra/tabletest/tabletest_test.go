package tabletest_test

import (
	"errors"
	"reflect"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/middleware"

	"keydesk/infra/tabletest"
	"keydesk/shared/awsenv"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

const org = "0123456789abcdef01234567"

func TestNewGivesATableOfItsOwn(t *testing.T) {
	mine, other := tabletest.New(t), tabletest.New(t)
	configuration, err := portal.NewConfiguration(org, "id", `{"auto_approve": true}`)
	if err != nil {
		t.Fatal(err)
	}
	if err := mine.PutConfiguration(t.Context(), org, configuration); err != nil {
		t.Fatal(err)
	}
	if got := autoApprove(t, mine); !got {
		t.Error("what was written is not in the table that it was written to")
	}
	if got := autoApprove(t, other); got {
		t.Error("what was written to one table is in another")
	}
}

func TestStreams(t *testing.T) {
	db := dynamodb.NewFromConfig(tabletest.Config(t), func(o *dynamodb.Options) {
		o.BaseEndpoint = awsenv.Endpoint("AWS_ENDPOINT_URL_DYNAMODB")
	})
	for mine, want := range map[*table.Table]types.StreamViewType{
		tabletest.New(t): "", tabletest.NewWithStream(t): types.StreamViewTypeNewAndOldImages,
	} {
		out, err := db.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: new(mine.Name())})
		if err != nil {
			t.Fatal(err)
		}
		var got types.StreamViewType
		if stream := out.Table.StreamSpecification; stream != nil {
			got = stream.StreamViewType
		}
		if got != want {
			t.Errorf("the stream's view is %q, want %q", got, want)
		}
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

func TestResetMakesATableWhatItWas(t *testing.T) {
	mine := tabletest.New(t)
	for _, id := range []string{"kept", "changed"} {
		put(t, mine, id, "before")
	}
	before := tabletest.Items(t, mine)
	begin := tabletest.Dump(t, mine)
	tabletest.Restore(t, mine, begin) // the same again changes nothing
	put(t, mine, "changed", "after")
	put(t, mine, "new", "after")
	if changed := tabletest.Reset(t, mine, begin); !slices.Equal(changed, []string{"changed / SK", "new / SK"}) {
		t.Errorf("changed: %v", changed)
	}
	if after := tabletest.Items(t, mine); !reflect.DeepEqual(after, before) {
		t.Errorf("it holds %v, held %v", after, before)
	}
	begin = append(begin, map[string]types.AttributeValue{"PK": text("was there"), "SK": text("SK")})
	if changed := tabletest.Reset(t, mine, begin); !slices.Equal(changed, []string{"was there / SK"}) {
		t.Errorf("changed: %v", changed)
	}
}

func put(t *testing.T, into *table.Table, id, value string) {
	t.Helper()
	tabletest.Restore(t, into, []map[string]types.AttributeValue{{"PK": text(id), "SK": text("SK"), "value": text(value)}})
}

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func autoApprove(t *testing.T, from *table.Table) bool {
	t.Helper()
	books, err := from.Books(t.Context(), org, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	return books.Configuration.AutoApprove
}
