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
	return listedWhole[Organisation](ctx, t, organisationsPK)
}

func unknownOrganisation(id string) error {
	return portal.Refuse(portal.NotFound, "organisation: there is no organisation %s; create it first.", id)
}

// mostListed bounds what the operator's lists read: a person made each organisation and each credential by a call of their own.
const mostListed = MostCounted

// errManyListed is the answer where there are more.
var errManyListed = portal.Refuse(portal.TooLarge, "There are more than %d in this list; that is more than one call reads.", mostListed)

// listed reads up to mostListed of what stands in one partition of the list, oldest first; more says that there are more. The index names
// them, the table has them.
func listed[T any](ctx context.Context, t *Table, partition string) (all []T, more bool, err error) {
	index, condition := "list", "ListPK = :partition"
	// bounded by mostListed
	pages := dynamodb.NewQueryPaginator(t.db, &dynamodb.QueryInput{
		TableName: &t.name, IndexName: &index, KeyConditionExpression: &condition,
		ExpressionAttributeValues: item{":partition": str(partition)},
	})
	for pages.HasMorePages() && len(all) < mostListed {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, false, failed(err, "list %s", partition)
		}
		names := make([]key, len(page.Items))
		for i, it := range page.Items {
			names[i] = key{text(it["PK"]), text(it["SK"])}
		}
		found, err := t.read(ctx, names...)
		if err != nil {
			return nil, false, err
		}
		for _, name := range names {
			it := found[name]
			if text(it["ListPK"]) != partition { // it is gone, or listed elsewhere by now
				continue
			}
			var one T
			if err := parse(it, &one); err != nil {
				return nil, false, err
			}
			all = append(all, one)
		}
	}
	return all, pages.HasMorePages(), nil
}

// listedWhole is listed, of what has to be read whole.
func listedWhole[T any](ctx context.Context, t *Table, partition string) ([]T, error) {
	all, more, err := listed[T](ctx, t, partition)
	if err == nil && more {
		err = errManyListed
	}
	return all, err
}
