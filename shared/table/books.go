package table

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"

	"keydesk/shared/portal"
)

// Books are the pages of the desk's books that bear on one request, read together.
type Books struct {
	Developer     *portal.Developer // without keys; nil when there is none
	Configuration portal.Configuration
	Policies      map[string]portal.Policy // by id; those that exist
	Entries       map[string]portal.Entry  // by policy; those that exist
	Open          *Usage                   // how many open requests there are; nil where the limit was never reached, or a call makes none
}

// Entry is the policy's catalogue entry; a policy without one waits for a person. AuthToken is the kind of an entry that names none.
// There the policy's own word counts: exports of Tyk's name the kind in the policy alone.
func (b *Books) Entry(policy string) portal.Entry {
	e, known := b.Entries[policy]
	if !known {
		e = portal.Entry{PolicyID: policy, AuthType: portal.AuthToken}
	}
	if e.AuthType == portal.AuthToken {
		e.AuthType = cmp.Or(b.Policies[policy].AuthType, portal.AuthToken)
	}
	return e
}

// Settings are those that count for the policy.
func (b *Books) Settings(policy string) portal.Config {
	e, ok := b.Entries[policy]
	if !ok {
		all := b.Configuration.Config
		return portal.Config{
			RequireKeyApproval: true, EnableMultiSelection: all.EnableMultiSelection, RemindAfter: all.RemindAfter, ExpireAfter: all.ExpireAfter,
		}
	}
	return e.Effective(&b.Configuration)
}

// Books reads the developer, the organisation's configuration and what the policies are.
func (t *Table) Books(ctx context.Context, org, developer string, policies []string) (Books, error) {
	found, err := t.read(ctx, bookKeys(org, developer, policies)...)
	if err != nil {
		return Books{}, err
	}
	return parseBooks(found, org, developer, policies)
}

// Entries reads the catalogue entries of the policies, by policy; those that exist.
func (t *Table) Entries(ctx context.Context, org string, policies []string) (map[string]portal.Entry, error) {
	var keys []key
	for _, policy := range policies {
		keys = append(keys, entryKey(org, policy))
	}
	found, err := t.read(ctx, keys...)
	if err != nil {
		return nil, err
	}
	return parseDocuments[portal.Entry](found, org, policies, entryKey)
}

// BooksAndReplay reads the books and, in the same call, how many open requests the organisation has, and the answer that an idempotent
// create was given before.
func (t *Table) BooksAndReplay(ctx context.Context, org, developer string, policies []string, r *Replay) (Books, *Replay, error) {
	usage := usageKey(org, OpenRequests)
	keys := append(bookKeys(org, developer, policies), usage)
	if r != nil {
		keys = append(keys, r.key(org))
	}
	found, err := t.read(ctx, keys...)
	if err != nil {
		return Books{}, nil, err
	}
	books, err := parseBooks(found, org, developer, policies)
	if err == nil {
		books.Open, err = parseUsage(found[usage])
	}
	if err != nil || r == nil {
		return books, nil, err
	}
	before, err := r.parse(found[r.key(org)])
	return books, before, err
}

// BooksAndRequest reads the books and, beside them, the request that is to be changed.
func (t *Table) BooksAndRequest(ctx context.Context, org string, policies []string, id string) (Books, Request, error) {
	k := requestKey(org, id)
	found, err := t.read(ctx, append(bookKeys(org, "", policies), k)...)
	if err != nil {
		return Books{}, Request{}, err
	}
	books, err := parseBooks(found, org, "", policies)
	if err != nil {
		return Books{}, Request{}, err
	}
	request, err := parseRequest(found[k])
	return books, request, err
}

// Origin is what a key came of, and what bears on it now.
type Origin struct {
	Books
	Asked     Request // by which the key was asked for
	Delivered Request // by which the key was delivered: Asked, or that of a rotation by claim
}

// Origin reads where a key came from. A request that is not there any more is the zero one.
func (t *Table) Origin(ctx context.Context, k *IssuedKey) (o Origin, err error) {
	asked, delivered := requestKey(k.OrgID, k.Request), requestKey(k.OrgID, cmp.Or(k.DeliveredBy, k.Request))
	keys := append(bookKeys(k.OrgID, k.Developer, k.Policies), asked)
	if delivered != asked {
		keys = append(keys, delivered)
	}
	found, err := t.read(ctx, keys...)
	if err != nil {
		return o, err
	}
	if o.Books, err = parseBooks(found, k.OrgID, k.Developer, k.Policies); err != nil {
		return o, err
	}
	if err := parse(found[asked], &o.Asked); err != nil {
		return o, err
	}
	return o, parse(found[delivered], &o.Delivered)
}

func bookKeys(org, developer string, policies []string) []key {
	keys := []key{configurationKey(org)}
	if developer != "" {
		keys = append(keys, developerKey(org, developer))
	}
	for _, policy := range policies {
		keys = append(keys, policyKey(org, policy), entryKey(org, policy))
	}
	return keys
}

func parseBooks(found map[key]item, org, developer string, policies []string) (Books, error) {
	var b Books
	if _, err := parseDocument(found[configurationKey(org)], &b.Configuration); err != nil {
		return Books{}, err
	}
	if it := found[developerKey(org, developer)]; it != nil {
		d, err := parseDeveloper(it)
		if err != nil {
			return Books{}, err
		}
		b.Developer = &d
	}
	var err error
	if b.Policies, err = parseDocuments[portal.Policy](found, org, policies, policyKey); err != nil {
		return Books{}, err
	}
	b.Entries, err = parseDocuments[portal.Entry](found, org, policies, entryKey)
	return b, err
}

// parseDocuments reads what was found of each policy under one kind of key, by policy; those that exist.
func parseDocuments[T any](found map[key]item, org string, policies []string, keyOf func(org, policy string) key) (map[string]T, error) {
	documents := map[string]T{}
	for _, policy := range policies {
		var document T
		there, err := parseDocument(found[keyOf(org, policy)], &document)
		if err != nil {
			return nil, err
		}
		if there {
			documents[policy] = document
		}
	}
	return documents, nil
}

func parseDocument(it item, into any) (there bool, err error) {
	if it == nil {
		return false, nil
	}
	if err := json.Unmarshal([]byte(text(it["document"])), into); err != nil {
		return false, fmt.Errorf("stored %s: %v", text(it["SK"]), err) //nolint:errorlint // no client may read it, though it be worded as a refusal
	}
	return true, nil
}
