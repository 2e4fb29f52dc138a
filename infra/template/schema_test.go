package template_test

import (
	"reflect"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"keydesk/infra/template"
)

func TestTable(t *testing.T) {
	filtered := []string{"by_user", "apply_policies", "state", "hidden"}
	want := template.Table{
		LogicalID: "Table", HashKey: "PK", RangeKey: "SK", StreamView: "NEW_AND_OLD_IMAGES", TTL: "expires_at",
		Attributes: map[string]string{
			"PK": "S", "SK": "S", "id": "S", "ListPK": "S", "ViewPK": "S", "DeveloperPK": "S", "DuePK": "S", "DueSK": "S",
		},
		Indexes: []template.Index{
			{Name: "list", HashKey: "ListPK", RangeKey: "id", Projection: "INCLUDE", Included: []string{"by_user", "apply_policies"}},
			{Name: "view", HashKey: "ViewPK", RangeKey: "id", Projection: "INCLUDE", Included: filtered},
			{Name: "developer", HashKey: "DeveloperPK", RangeKey: "id", Projection: "INCLUDE", Included: filtered},
			{Name: "due", HashKey: "DuePK", RangeKey: "DueSK", Projection: "KEYS_ONLY"},
		},
	}
	if diff := cmp.Diff(want, deployed(t, nil).Table); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestCreateTableInput(t *testing.T) {
	table := template.Table{
		LogicalID: "T", HashKey: "h", RangeKey: "r", StreamView: "KEYS_ONLY", TTL: "end",
		Attributes: map[string]string{"r": "N", "h": "S", "i": "B"},
		Indexes:    []template.Index{{Name: "byI", HashKey: "i", RangeKey: "r", Projection: "INCLUDE", Included: []string{"a"}}},
	}
	schema := func(hash, rang string) []types.KeySchemaElement {
		return []types.KeySchemaElement{
			{AttributeName: aws.String(hash), KeyType: types.KeyTypeHash},
			{AttributeName: aws.String(rang), KeyType: types.KeyTypeRange},
		}
	}
	want := &dynamodb.CreateTableInput{
		TableName:   aws.String("mine"),
		BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("h"), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: aws.String("i"), AttributeType: types.ScalarAttributeTypeB},
			{AttributeName: aws.String("r"), AttributeType: types.ScalarAttributeTypeN},
		},
		KeySchema: schema("h", "r"),
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{{
			IndexName:  aws.String("byI"),
			KeySchema:  schema("i", "r"),
			Projection: &types.Projection{ProjectionType: types.ProjectionTypeInclude, NonKeyAttributes: []string{"a"}},
		}},
		StreamSpecification: &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeKeysOnly},
	}
	if got := table.CreateTableInput("mine"); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
