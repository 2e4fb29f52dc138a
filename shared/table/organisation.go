package table

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"keydesk/shared/portal"
)

// Organisation is one that the desk serves. Everything else that is stored belongs to one.
type Organisation struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Created int64  `json:"created"` // Unix seconds
}

// CreateOrganisation writes a new organisation.
func (t *Table) CreateOrganisation(ctx context.Context, o Organisation) error {
	stored := struct {
		Organisation
		ListPK string `json:"ListPK"`
	}{o, organisationsPK}
	created, err := t.create(organisationKey(o.ID), stored, func(found item) error {
		var there Organisation
		if err := parse(found, &there); err != nil || there == o { // the same: an earlier try was done, its answer lost
			return err
		}
		return portal.Refuse(portal.Conflict, "id: there is an organisation %s already.", o.ID)
	})
	if err != nil {
		return err
	}
	return t.transact(ctx, created)
}

// Organisation reads one organisation.
func (t *Table) Organisation(ctx context.Context, id string) (Organisation, error) {
	it, err := t.get(ctx, organisationKey(id))
	if err != nil {
		return Organisation{}, err
	}
	if it == nil {
		return Organisation{}, unknownOrganisation(id)
	}
	var o Organisation
	return o, parse(it, &o)
}

// Organisations reads all of them, oldest first.
func (t *Table) Organisations(ctx context.Context) ([]Organisation, error) {
	return listed[Organisation](ctx, t, organisationsPK)
}

func unknownOrganisation(id string) error {
	return portal.Refuse(portal.NotFound, "organisation: there is no organisation %s; create it first.", id)
}

// listed reads all that stands in one partition of the list, oldest first.
func listed[T any](ctx context.Context, t *Table, partition string) ([]T, error) {
	index, condition := "list", "ListPK = :partition"
	pages := dynamodb.NewQueryPaginator(t.db, &dynamodb.QueryInput{
		TableName: &t.name, IndexName: &index, KeyConditionExpression: &condition,
		ExpressionAttributeValues: item{":partition": str(partition)},
	})
	var all []T
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, failed(err, "list %s", partition)
		}
		for _, it := range page.Items {
			var one T
			if err := parse(it, &one); err != nil {
				return nil, err
			}
			all = append(all, one)
		}
	}
	return all, nil
}
