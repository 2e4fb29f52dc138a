package template

import (
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

type keySchema []struct {
	AttributeName string `yaml:"AttributeName"`
	KeyType       string `yaml:"KeyType"`
}

func (k keySchema) attribute(keyType string) string {
	for _, element := range k {
		if element.KeyType == keyType {
			return element.AttributeName
		}
	}
	return ""
}

type tableProperties struct {
	AttributeDefinitions []struct {
		AttributeName string `yaml:"AttributeName"`
		AttributeType string `yaml:"AttributeType"`
	} `yaml:"AttributeDefinitions"`
	KeySchema              keySchema `yaml:"KeySchema"`
	GlobalSecondaryIndexes []struct {
		IndexName  string    `yaml:"IndexName"`
		KeySchema  keySchema `yaml:"KeySchema"`
		Projection struct {
			ProjectionType   string   `yaml:"ProjectionType"`
			NonKeyAttributes []string `yaml:"NonKeyAttributes"`
		} `yaml:"Projection"`
	} `yaml:"GlobalSecondaryIndexes"`
	StreamSpecification struct {
		StreamViewType string `yaml:"StreamViewType"`
	} `yaml:"StreamSpecification"`
	TimeToLiveSpecification struct {
		AttributeName string `yaml:"AttributeName"`
	} `yaml:"TimeToLiveSpecification"`
}

func (s *scope) table(r resource) (Table, error) {
	var p tableProperties
	if err := s.decode(&r.Properties, &p); err != nil {
		return Table{}, err
	}
	t := Table{
		LogicalID:  r.LogicalID,
		HashKey:    p.KeySchema.attribute("HASH"),
		RangeKey:   p.KeySchema.attribute("RANGE"),
		Attributes: map[string]string{},
		StreamView: p.StreamSpecification.StreamViewType,
		TTL:        p.TimeToLiveSpecification.AttributeName,
	}
	for _, a := range p.AttributeDefinitions {
		t.Attributes[a.AttributeName] = a.AttributeType
	}
	for _, i := range p.GlobalSecondaryIndexes {
		t.Indexes = append(t.Indexes, Index{
			Name:       i.IndexName,
			HashKey:    i.KeySchema.attribute("HASH"),
			RangeKey:   i.KeySchema.attribute("RANGE"),
			Projection: i.Projection.ProjectionType,
			Included:   i.Projection.NonKeyAttributes,
		})
	}
	if t.HashKey == "" || t.RangeKey == "" {
		return Table{}, fmt.Errorf("%s:%d: table %s needs a HASH and a RANGE key", s.path, r.Properties.Line, r.LogicalID)
	}
	return t, nil
}

// CreateTableInput makes the same table elsewhere, under another name. DynamoDB takes the TTL attribute in a call of its own
// (UpdateTimeToLive); what guards the table on AWS (encryption, backups, deletion protection) is left out.
func (t Table) CreateTableInput(name string) *dynamodb.CreateTableInput {
	input := &dynamodb.CreateTableInput{
		TableName:   aws.String(name),
		BillingMode: types.BillingModePayPerRequest,
		KeySchema:   keys(t.HashKey, t.RangeKey),
	}
	if t.StreamView != "" {
		input.StreamSpecification = &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewType(t.StreamView)}
	}
	for _, attribute := range slices.Sorted(maps.Keys(t.Attributes)) {
		input.AttributeDefinitions = append(input.AttributeDefinitions, types.AttributeDefinition{
			AttributeName: aws.String(attribute),
			AttributeType: types.ScalarAttributeType(t.Attributes[attribute]),
		})
	}
	for _, index := range t.Indexes {
		input.GlobalSecondaryIndexes = append(input.GlobalSecondaryIndexes, types.GlobalSecondaryIndex{
			IndexName: aws.String(index.Name),
			KeySchema: keys(index.HashKey, index.RangeKey),
			Projection: &types.Projection{
				ProjectionType: types.ProjectionType(index.Projection), NonKeyAttributes: index.Included,
			},
		})
	}
	return input
}

func keys(hashKey, rangeKey string) []types.KeySchemaElement {
	return []types.KeySchemaElement{
		{AttributeName: aws.String(hashKey), KeyType: types.KeyTypeHash},
		{AttributeName: aws.String(rangeKey), KeyType: types.KeyTypeRange},
	}
}
