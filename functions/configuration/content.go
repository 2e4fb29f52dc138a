package main

import (
	"context"

	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/rest"
	"keydesk/shared/table"
)

// readContent reads the document of a portal that a call sends, under the id that it is to have.
func readContent(in rest.In, kind portal.ContentKind, id string) (portal.Content, error) {
	var sent portal.Object
	if err := rest.Decode(in.Body, &sent); err != nil {
		return portal.Content{}, err
	}
	return portal.NewContent(kind, in.Org, id, sent)
}

// contents are the operations of a kind of which an organisation has several documents.
func contents(t *table.Table, kind portal.ContentKind, path string) []rest.Endpoint {
	first := func(ctx context.Context, in rest.In) (portal.Content, error) {
		return t.Content(ctx, in.Org, kind, in.ID)
	}
	return []rest.Endpoint{
		listContent(t, kind, path), createContent(t, kind, path), getContent(path+"/{id}", first), updateContent(t, kind, path, first),
		deleteContent(t, kind, path),
	}
}

// reading reads the document that a call names.
type reading = func(context.Context, rest.In) (portal.Content, error)

func listContent(t *table.Table, kind portal.ContentKind, path string) rest.Operation[rest.Page] {
	paging := rest.Paging{Size: kind.MostContent(), MaxUnpaged: kind.MostContent()} // the first page has them all
	return rest.Operation[rest.Page]{
		Route: "GET " + path,
		Query: []string{"p"},
		First: func(_ context.Context, in rest.In) (rest.Page, error) { return paging.Page(in.Query) },
		Then: func(ctx context.Context, in rest.In, _ caller.Caller, page rest.Page) (rest.Out, error) {
			all, err := t.Contents(ctx, in.Org, kind)
			if err != nil {
				return rest.Out{}, err
			}
			shown, _, err := rest.Part(page, all, false)
			return rest.Out{Body: contentList{Data: shown, Pages: 1}}, err
		},
	}
}

// contentList is Tyk's answer, of a list.
type contentList struct {
	Data  []portal.Content `json:"Data"`
	Pages int              `json:"Pages"`
}

func createContent(t *table.Table, kind portal.ContentKind, path string) rest.Operation[struct{}] {
	return rest.Operation[struct{}]{
		Route: "POST " + path,
		Then: func(ctx context.Context, in rest.In, _ caller.Caller, _ struct{}) (rest.Out, error) {
			c, err := readContent(in, kind, portal.NewID(in.At))
			if err != nil {
				return rest.Out{}, err
			}
			return rest.OK(c.ID), t.CreateContent(ctx, in.Org, kind, c)
		},
	}
}

func getContent(path string, first reading) rest.Operation[portal.Content] {
	return rest.Operation[portal.Content]{
		Route: "GET " + path,
		First: first,
		Then: func(_ context.Context, _ rest.In, _ caller.Caller, c portal.Content) (rest.Out, error) {
			return rest.Out{Body: c}, nil
		},
	}
}

func updateContent(t *table.Table, kind portal.ContentKind, path string, first reading) rest.Operation[portal.Content] {
	return rest.Operation[portal.Content]{
		Route: "PUT " + path + "/{id}",
		First: first,
		Then: func(ctx context.Context, in rest.In, _ caller.Caller, before portal.Content) (rest.Out, error) {
			after, err := readContent(in, kind, before.ID)
			if err != nil {
				return rest.Out{}, err
			}
			if after.Equal(&before) {
				return rest.OK("Data updated"), nil
			}
			return rest.OK("Data updated"), t.ReplaceContent(ctx, in.Org, kind, after)
		},
	}
}

func deleteContent(t *table.Table, kind portal.ContentKind, path string) rest.Operation[struct{}] {
	return rest.Operation[struct{}]{
		Route: "DELETE " + path + "/{id}",
		Then: func(ctx context.Context, in rest.In, _ caller.Caller, _ struct{}) (rest.Out, error) {
			return rest.OK("Data deleted"), t.DeleteContent(ctx, in.Org, kind, in.ID)
		},
	}
}
