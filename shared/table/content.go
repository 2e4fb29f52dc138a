package table

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"keydesk/shared/portal"
)

// storedContent is a document of a portal. Summary is what a list shows of a documentation, whose text is too long for a list.
type storedContent struct {
	Document string `json:"document"`
	Summary  string `json:"summary,omitempty"`
	Attempt  string `json:"attempt"` // the invocation that wrote it
}

func newContent(kind portal.ContentKind, c portal.Content) (storedContent, error) {
	text, err := c.MarshalJSON()
	if err != nil {
		return storedContent{}, err
	}
	stored := storedContent{Document: string(text), Attempt: portal.NewID(time.Now())}
	if kind == portal.Documentation {
		text, err = c.Summary().MarshalJSON()
		stored.Summary = string(text)
	}
	return stored, err
}

// Content reads one document of a portal. The id is empty for the kinds of which an organisation has one.
func (t *Table) Content(ctx context.Context, org string, kind portal.ContentKind, id string) (portal.Content, error) {
	it, err := t.get(ctx, contentKey(org, kind, id))
	if err != nil {
		return portal.Content{}, err
	}
	var c portal.Content
	there, err := parseDocument(it, &c)
	if err == nil && !there {
		err = portal.ErrNotFound
	}
	return c, err
}

// mostContentQueries bounds what a list reads: a Query finds a megabyte, and an organisation may have more documentation than that.
const mostContentQueries = 10

var errMuchContent = portal.Refuse(portal.TooLarge, "This takes more than the 10 MB that one list reads; read each by its id.")

// Contents reads all documents of a kind, the newest first: pages whole, and the summaries of documentation.
func (t *Table) Contents(ctx context.Context, org string, kind portal.ContentKind) ([]portal.Content, error) {
	first := contentKey(org, kind, "")
	q := &dynamodb.QueryInput{
		TableName: &t.name, KeyConditionExpression: aws.String("PK = :pk AND begins_with(SK, :kind)"),
		ExpressionAttributeValues: item{":pk": str(first.PK), ":kind": str(first.SK + "#")},
		ScanIndexForward:          aws.Bool(false), ConsistentRead: aws.Bool(true),
	}
	shown := "document"
	if kind == portal.Documentation {
		shown = "summary"
	}
	q.ProjectionExpression, q.ExpressionAttributeNames = aws.String("SK, #shown"), map[string]string{"#shown": shown}
	found := []portal.Content{}
	for range mostContentQueries {
		out, err := t.db.Query(ctx, q)
		if err != nil {
			return nil, failed(err, "list %s", first.SK)
		}
		for _, it := range out.Items {
			var c portal.Content
			if _, err := parseDocument(item{"SK": it["SK"], "document": it[shown]}, &c); err != nil {
				return nil, err
			}
			found = append(found, c)
		}
		if len(out.LastEvaluatedKey) == 0 {
			return found, nil
		}
		q.ExclusiveStartKey = out.LastEvaluatedKey
	}
	return nil, errMuchContent
}

// ContentExists says that an organisation has the one document of a kind already, and its id.
type ContentExists struct{ ID string }

func (e *ContentExists) Error() string { return "there is one already, " + e.ID }

// CreateOneContent writes the document of a kind of which an organisation has one, and has none yet.
func (t *Table) CreateOneContent(ctx context.Context, org string, kind portal.ContentKind, c portal.Content) error {
	stored, err := newContent(kind, c)
	if err != nil {
		return err
	}
	created, err := t.create(contentKey(org, kind, ""), stored, func(found item) error {
		if text(found["attempt"]) == stored.Attempt {
			return nil
		}
		var now portal.Content
		if _, err := parseDocument(found, &now); err != nil {
			return err
		}
		return &ContentExists{ID: now.ID}
	})
	if err != nil {
		return err
	}
	return t.transact(ctx, created)
}

// PutOneContent writes that document, whatever it was before. None is ever deleted, so that its id stays.
func (t *Table) PutOneContent(ctx context.Context, org string, kind portal.ContentKind, c portal.Content) error {
	stored, err := newContent(kind, c)
	if err != nil {
		return err
	}
	return t.put(ctx, contentKey(org, kind, ""), stored)
}

// CreateContent writes a new document of a kind of which an organisation has several. The same write counts it, so that there are never
// more than the kind's MostContent, however many are created at once.
func (t *Table) CreateContent(ctx context.Context, org string, kind portal.ContentKind, c portal.Content) error {
	stored, err := newContent(kind, c)
	if err != nil {
		return err
	}
	created, err := t.create(contentKey(org, kind, c.ID), stored, func(found item) error {
		if text(found["attempt"]) == stored.Attempt {
			return nil
		}
		return errors.New("another document has the new id")
	})
	if err != nil {
		return err
	}
	most := kind.MostContent()
	counted := t.update(contentKey(org, kind, ""), "ADD held :one", "attribute_not_exists(held) OR held < :most", nil,
		item{":one": number(1), ":most": number(most)}, func(item) error {
			refusal := portal.Refuse(portal.Conflict, "The organisation has %d documents of this kind, as many as are kept; delete one first.", most)
			refusal.Meta = map[string]int{"limit": most}
			return refusal
		})
	return t.transact(ctx, created, counted)
}

// ReplaceContent writes another document in the place of one.
func (t *Table) ReplaceContent(ctx context.Context, org string, kind portal.ContentKind, c portal.Content) error {
	stored, err := newContent(kind, c)
	if err != nil {
		return err
	}
	replaced, err := t.replace(contentKey(org, kind, c.ID), stored, "attribute_exists(PK)", nil, func(item) error { return portal.ErrNotFound })
	if err != nil {
		return err
	}
	return t.transact(ctx, replaced)
}

// DeleteContent deletes a document, and counts it no more.
func (t *Table) DeleteContent(ctx context.Context, org string, kind portal.ContentKind, id string) error {
	deleted := t.remove(contentKey(org, kind, id), "attribute_exists(PK)", nil, func(item) error { return portal.ForDeletion(portal.ErrNotFound) })
	counted := t.update(contentKey(org, kind, ""), "ADD held :less", "", nil, item{":less": number(-1)}, nil)
	return t.transact(ctx, deleted, counted)
}
