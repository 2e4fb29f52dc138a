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

// Past is what a look back at requests has found.
type Past struct {
	Requests   []Request                   // newest first, less those that were deleted; of each what a rule can ask of it
	Developers map[string]portal.Developer // who asked for them, by id, without their keys and passwords; those that exist
	Cut        bool                        // there are more of those that were looked for than one call reads
}

// LatestRequests are the newest of the organisation's requests, whatever became of them: up to want.
func (t *Table) LatestRequests(ctx context.Context, org string, want int) ([]Listed, error) {
	closedOnes := &dynamodb.QueryInput{
		IndexName: aws.String("view"), KeyConditionExpression: aws.String("ViewPK = :partition"),
		ExpressionAttributeValues: item{":partition": str(viewPK(org, closed))},
	}
	both, ctxBoth := errgroup.WithContext(ctx)
	var items [2][]item
	for i, q := range []*dynamodb.QueryInput{(Filter{}).query(org), closedOnes} {
		both.Go(func() (err error) {
			items[i], _, err = t.newest(ctxBoth, q, want) // bounded by mostQueries
			return err
		})
	}
	if err := both.Wait(); err != nil {
		return nil, failed(err, "look back at requests")
	}
	all := slices.Concat(items[:]...)
	slices.SortFunc(all, func(a, b item) int { return strings.Compare(text(b["id"]), text(a["id"])) })
	all = slices.CompactFunc(all, func(a, b item) bool { return text(a["id"]) == text(b["id"]) }) // the indexes are late, one after the other
	listed := make([]Listed, min(want, len(all)))
	for i := range listed {
		if err := parse(all[i], &listed[i]); err != nil {
			return nil, err
		}
	}
	return listed, nil
}

// judged are the attributes of requests and of developers that rules and a dry run's answer are about.
var judged = []string{
	"id", "org_id", "by_user", "apply_policies", "remove_policies", "for_plan", "key", "fields", "state", "hidden", "date_created", "decided_by", "rotates", // a request's
	"email", "inactive", // a developer's, beside its id and fields
}

// mostLookedAt bounds what one look back reads, in bytes: requests and developers may have 64 KB of fields each.
const mostLookedAt = 8 << 20

// Past reads requests that were listed, and who asked for them, newest first, up to mostLookedAt.
func (t *Table) Past(ctx context.Context, org string, listed []Listed) (Past, error) {
	past := Past{Developers: map[string]portal.Developer{}}
	read := 0
	for chunk := range slices.Chunk(listed, batch/2) { // a request and a developer each
		if past.Cut = read > mostLookedAt; past.Cut {
			break
		}
		keys := make([]key, 0, batch)
		for _, l := range chunk {
			keys = append(keys, requestKey(org, l.ID))
			if _, known := past.Developers[l.ByUser]; !known {
				keys = append(keys, developerKey(org, l.ByUser))
			}
		}
		found, err := t.readOnly(ctx, judged, keys...)
		if err != nil {
			return Past{}, err
		}
		for _, it := range found {
			read += bytesOf(it)
		}
		if err := past.take(org, chunk, found); err != nil {
			return Past{}, err
		}
	}
	return past, nil
}

// take takes what was read of some requests and of who asked for them. A request whose policies have just changed is left out, since the
// books are read for what the list says.
func (p *Past) take(org string, listed []Listed, found map[key]item) error {
	for _, l := range listed {
		if it := found[requestKey(org, l.ID)]; it != nil {
			r, err := parseRequest(it)
			if err != nil {
				return err
			}
			if !r.Deleted() && r.Rotates == nil && slices.Equal(r.ApplyPolicies, l.Policies) { // rules say nothing of a rotation
				p.Requests = append(p.Requests, r)
			}
		}
		if it := found[developerKey(org, l.ByUser)]; it != nil {
			var err error
			if p.Developers[l.ByUser], err = parseDeveloper(it); err != nil {
				return err
			}
		}
	}
	return nil
}
