package table

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"keydesk/shared/portal"
)

// Account is a developer without keys, and what nobody is shown of them.
type Account struct {
	portal.Developer
	Password string   // bcrypt; empty: there is none, and no login
	History  []string // bcrypt of the passwords before, newest first
	Revision int      // grows with every change
	Attempt  string   // the invocation that wrote this revision: how a writer knows its own work again
}

// storedDeveloper is an account as stored: its keys are items of their own.
type storedDeveloper struct {
	ID              string        `json:"id"`
	OrgID           string        `json:"org_id"`
	Email           string        `json:"email"`
	DateCreated     string        `json:"date_created"`
	Inactive        bool          `json:"inactive"`
	Fields          portal.Object `json:"fields"`
	SSOKey          string        `json:"sso_key,omitempty"`
	Password        string        `json:"password"`
	PasswordHistory []string      `json:"password_history"`
	PasswordMaxDays int           `json:"password_max_days"`
	PasswordUpdated string        `json:"password_updated"`
	LastLoginDate   string        `json:"last_login_date"`
	Revision        int           `json:"revision"`
	Attempt         string        `json:"attempt"`
	Deleting        bool          `json:"deleting,omitempty"` // there or not: the condition of a grant asks for no more
	KeysRevoked     int           `json:"keys_revoked,omitempty"`
}

// storedEmail keeps an e-mail unique, and the developer in the organisation's list.
type storedEmail struct {
	ID     string `json:"id"` // the developer's
	ListPK string `json:"ListPK"`
}

func storeDeveloper(a Account) storedDeveloper {
	return storedDeveloper{
		ID: a.ID, OrgID: a.OrgID, Email: a.Email, DateCreated: a.DateCreated, Inactive: a.Inactive, Fields: a.Fields, SSOKey: a.SSOKey,
		Password: a.Password, PasswordHistory: a.History, PasswordMaxDays: a.PasswordMaxDays, PasswordUpdated: a.PasswordUpdated,
		LastLoginDate: a.LastLoginDate, Revision: a.Revision, Attempt: a.Attempt,
	}
}

func parseAccount(it item) (Account, error) {
	if len(it) == 0 {
		return Account{}, portal.ErrNotFound
	}
	var s storedDeveloper
	if err := parse(it, &s); err != nil {
		return Account{}, err
	}
	d := portal.NoDeveloper()
	d.ID, d.OrgID, d.Email, d.DateCreated, d.Inactive, d.Fields = s.ID, s.OrgID, s.Email, s.DateCreated, s.Inactive, s.Fields
	d.SSOKey = s.SSOKey
	d.PasswordMaxDays, d.PasswordUpdated = s.PasswordMaxDays, cmp.Or(s.PasswordUpdated, d.PasswordUpdated)
	d.LastLoginDate, d.Deleting = cmp.Or(s.LastLoginDate, d.LastLoginDate), s.Deleting
	return Account{Developer: d, Password: s.Password, History: s.PasswordHistory, Revision: s.Revision, Attempt: s.Attempt}, nil
}

func parseDeveloper(it item) (portal.Developer, error) {
	a, err := parseAccount(it)
	return a.Developer, err
}

// Developer reads a developer and up to a number of their keys, newest first, from the one after a key's id on ("": from the
// newest). Next is the id to go on from; empty when there are no more.
func (t *Table) Developer(ctx context.Context, org, id string, keys int, after string) (d portal.Developer, next string, err error) {
	k := developerKey(org, id)
	first, limit := k.SK, keys+2 // the developer, and one key more than is shown
	if after != "" {
		account, err := t.Account(ctx, org, id)
		if err != nil {
			return d, "", err
		}
		d, first, limit = account.Developer, firstKey(after), keys+1
	}
	// bounded by its limit: the developer and some keys
	out, err := t.db.Query(ctx, &dynamodb.QueryInput{
		TableName: &t.name, ConsistentRead: aws.Bool(true), Limit: aws.Int32(int32(limit)), //nolint:gosec // a small number of ours
		KeyConditionExpression:    aws.String("PK = :pk AND SK BETWEEN :first AND :last"),
		ExpressionAttributeValues: item{":pk": str(k.PK), ":first": str(first), ":last": str(lastKey)},
	})
	if err != nil {
		return d, "", failed(err, "read developer %s", id)
	}
	found := out.Items
	if after == "" {
		if len(found) == 0 || text(found[0]["SK"]) != k.SK {
			return d, "", portal.ErrNotFound
		}
		if d, err = parseDeveloper(found[0]); err != nil {
			return d, "", err
		}
		found = found[1:]
	}
	d.KeysTruncated = len(found) > keys || len(out.LastEvaluatedKey) > 0 // by the limit, or by DynamoDB's own of 1 MB
	found = found[:min(keys, len(found))]
	now := time.Now().Unix()
	for _, it := range found {
		var held developersKey
		if err := parse(it, &held); err != nil {
			return d, "", err
		}
		show(&d, held, now)
	}
	if d.KeysTruncated && len(found) > 0 {
		next = keyID(text(found[len(found)-1]["SK"]))
	}
	return d, next, nil
}

// Account reads one account.
func (t *Table) Account(ctx context.Context, org, id string) (Account, error) {
	it, err := t.get(ctx, developerKey(org, id))
	if err != nil {
		return Account{}, err
	}
	return parseAccount(it)
}

// DeveloperByEmail is the id of the developer who has an e-mail, whatever its case.
func (t *Table) DeveloperByEmail(ctx context.Context, org, email string) (id string, err error) {
	return t.owner(ctx, emailKey(org, email))
}

// DeveloperBySSOKey is the id of the developer who has an sso_key.
func (t *Table) DeveloperBySSOKey(ctx context.Context, org, text string) (id string, err error) {
	return t.owner(ctx, ssoKey(org, text))
}

// owner is the id of the developer who has taken a name.
func (t *Table) owner(ctx context.Context, name key) (id string, err error) {
	it, err := t.get(ctx, name)
	if err != nil {
		return "", err
	}
	if it == nil {
		return "", portal.ErrNotFound
	}
	return text(it["id"]), nil
}

// DevelopersQuestion is what the cursors of an organisation's list of developers are bound to.
const DevelopersQuestion = "developers"

// Developers are the ids of up to want of the organisation's developers, newest first, from the one after an id on. Where one call may not
// read so far, on is the id to go on from.
func (t *Table) Developers(ctx context.Context, org, after string, want int) (ids []string, on string, err error) {
	q := developersQuery(org)
	q.KeyConditionExpression = aws.String("ListPK = :partition AND id < :after")
	q.ExpressionAttributeValues[":after"] = str(cmp.Or(after, "~")) // which comes after every id
	items, on, err := t.newest(ctx, q, want)                        // bounded by mostQueries
	if err != nil {
		return nil, "", failed(err, "list developers")
	}
	ids = make([]string, len(items))
	for i, it := range items {
		ids[i] = text(it["id"])
	}
	return ids, on, nil
}

// CountDevelopers is how many developers the organisation has; it stops counting at most, and at what mostCounts Queries find.
func (t *Table) CountDevelopers(ctx context.Context, org string, most int) (int, error) {
	total, err := t.countWithin(ctx, developersQuery(org), most, mostCounts)
	return total, failed(err, "count developers")
}

func developersQuery(org string) *dynamodb.QueryInput {
	return &dynamodb.QueryInput{
		IndexName: aws.String("list"), KeyConditionExpression: aws.String("ListPK = :partition"),
		ExpressionAttributeValues: item{":partition": str(developersPK(org))},
	}
}

// ChangedDeveloper says that a developer is no longer what the caller of UpdateDeveloper had read: somebody else was faster.
type ChangedDeveloper struct{ Now Account }

func (c *ChangedDeveloper) Error() string {
	return fmt.Sprintf("developer %s is at revision %d", c.Now.ID, c.Now.Revision)
}

// ErrDeleting refuses to change a developer who is going.
var ErrDeleting = portal.Refuse(portal.Conflict, "The developer is being deleted, which stopped half-way; send DELETE again to finish it.")

// CreateDeveloper writes a new account. An e-mail is taken once in an organisation, whatever its case, and an sso_key is.
func (t *Table) CreateDeveloper(ctx context.Context, a Account) error {
	a.Revision = 1
	created, err := t.create(developerKey(a.OrgID, a.ID), storeDeveloper(a), unexpected("developer"))
	if err != nil {
		return err
	}
	email, err := t.takeEmail(a)
	if err != nil {
		return err
	}
	name, err := t.moveSSOKey("", a)
	if err != nil {
		return err
	}
	return t.transact(ctx, append(append([]write{email}, name...), created)...)
}

// UpdateDeveloper writes an account, if it is still as before says. An e-mail and an sso_key that change are freed and taken in the same act; with a
// new password the failed logins are forgotten.
func (t *Table) UpdateDeveloper(ctx context.Context, before, after Account) error {
	after.Revision, after.Attempt = before.Revision+1, portal.NewID(time.Now())
	updated, err := t.replace(developerKey(after.OrgID, after.ID), storeDeveloper(after), "revision = :revision AND attribute_not_exists(deleting)",
		item{":revision": number(before.Revision)}, func(found item) error { return changedDeveloper(found, after.Attempt) })
	if err != nil {
		return err
	}
	writes := []write{updated}
	if free := emailKey(before.OrgID, before.Email); free != emailKey(after.OrgID, after.Email) {
		taken, err := t.takeEmail(after)
		if err != nil {
			return err
		}
		writes = append(writes, taken, t.remove(free, "id = :id", item{":id": str(after.ID)}, unexpected("e-mail")))
	}
	name, err := t.moveSSOKey(before.SSOKey, after)
	if err != nil {
		return err
	}
	writes = append(writes, name...)
	if after.Password != before.Password {
		writes = append(writes, t.forgetLogins(after.OrgID, after.Email))
	}
	return t.transact(ctx, writes...)
}

func changedDeveloper(found item, attempt string) error {
	now, err := parseAccount(found)
	switch {
	case err != nil:
		return err
	case now.Attempt == attempt: // an earlier try of this very write, its answer lost
		return nil
	case now.Deleting:
		return ErrDeleting
	}
	return &ChangedDeveloper{Now: now}
}
