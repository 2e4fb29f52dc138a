package table

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"golang.org/x/sync/errgroup"

	"keydesk/shared/portal"
)

// Past reads the newest of the organisation's requests, whatever became of them: up to want, less those that were deleted.
func (t *Table) Past(ctx context.Context, org string, want int) ([]Request, error) {
	closedOnes := &dynamodb.QueryInput{
		IndexName: aws.String("view"), KeyConditionExpression: aws.String("ViewPK = :partition"),
		ExpressionAttributeValues: item{":partition": str(viewPK(org, closed))},
	}
	both, ctxBoth := errgroup.WithContext(ctx)
	var items [2][]item
	for i, q := range []*dynamodb.QueryInput{(Filter{}).query(org), closedOnes} {
		both.Go(func() (err error) {
			items[i], err = t.newest(ctxBoth, q, want)
			return err
		})
	}
	if err := both.Wait(); err != nil {
		return nil, failed(err, "look back at requests")
	}
	all := slices.Concat(items[:]...)
	slices.SortFunc(all, func(a, b item) int { return strings.Compare(text(b["id"]), text(a["id"])) })
	var past []Request
	for _, it := range all[:min(want, len(all))] {
		r, err := parseRequest(it)
		if err != nil {
			return nil, err
		}
		if !r.Deleted() {
			past = append(past, r)
		}
	}
	return past, nil
}

// Askers reads developers by their ids, without their keys and passwords; those that exist.
func (t *Table) Askers(ctx context.Context, org string, ids []string) (map[string]portal.Developer, error) {
	keys := make([]key, len(ids))
	for i, id := range ids {
		keys[i] = developerKey(org, id)
	}
	found, err := t.readOnly(ctx, []string{"id", "org_id", "email", "inactive", "fields"}, keys...)
	if err != nil {
		return nil, err
	}
	developers := make(map[string]portal.Developer, len(found))
	for i, id := range ids {
		if it := found[keys[i]]; it != nil {
			if developers[id], err = parseDeveloper(it); err != nil {
				return nil, err
			}
		}
	}
	return developers, nil
}
