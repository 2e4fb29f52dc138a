package table

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"keydesk/shared/portal"
)

// developer is a developer as stored: without the keys, which are items of their own.
type developer struct {
	ID              string        `json:"id"`
	OrgID           string        `json:"org_id"`
	Email           string        `json:"email"`
	DateCreated     string        `json:"date_created"`
	Inactive        bool          `json:"inactive"`
	Fields          portal.Object `json:"fields"`
	PasswordMaxDays int           `json:"password_max_days"`
	PasswordUpdated string        `json:"password_updated"`
	LastLoginDate   string        `json:"last_login_date"`
	ListPK          string        `json:"ListPK"`
}

// developersKey is one key of a developer, as it stands beside them: enough to show it.
type developersKey struct {
	Digest   string   `json:"digest"`
	Shown    string   `json:"shown"`
	Policies []string `json:"policies"`
	Request  string   `json:"request"`
	Created  string   `json:"created"`
}

// Developer reads a developer and their newest keys, up to a number of them, in one Query.
func (t *Table) Developer(ctx context.Context, org, id string, keys int) (portal.Developer, error) {
	k := developerKey(org, id)
	out, err := t.db.Query(ctx, &dynamodb.QueryInput{
		TableName: &t.name, ConsistentRead: aws.Bool(true), Limit: aws.Int32(int32(keys + 2)), //nolint:gosec // a small number of ours
		KeyConditionExpression:    aws.String("PK = :pk AND SK BETWEEN :developer AND :keys"),
		ExpressionAttributeValues: item{":pk": str(k.PK), ":developer": str(k.SK), ":keys": str("KEY$")},
	})
	if err != nil {
		return portal.Developer{}, failed(err, "read developer %s", id)
	}
	if len(out.Items) == 0 || text(out.Items[0]["SK"]) != k.SK {
		return portal.Developer{}, portal.ErrNotFound
	}
	d, err := parseDeveloper(out.Items[0])
	if err != nil {
		return portal.Developer{}, err
	}
	d.KeysTruncated = len(out.LastEvaluatedKey) > 0 // by the limit, or by DynamoDB's own of 1 MB
	for _, it := range out.Items[1:] {
		if len(d.Keys) == keys {
			d.KeysTruncated = true
			break
		}
		var held developersKey
		if err := parse(it, &held); err != nil {
			return portal.Developer{}, err
		}
		show(&d, held)
	}
	return d, nil
}

func show(d *portal.Developer, held developersKey) {
	d.Keys[held.Shown] = held.Policies
	for _, policy := range held.Policies {
		if d.Subscriptions[policy] == "" { // the newest comes first, and stays
			d.Subscriptions[policy] = held.Shown
		}
	}
}

func parseDeveloper(it item) (portal.Developer, error) {
	var d developer
	if err := parse(it, &d); err != nil {
		return portal.Developer{}, err
	}
	return portal.Developer{
		ID: d.ID, OrgID: d.OrgID, Email: d.Email, DateCreated: d.DateCreated, Inactive: d.Inactive, Fields: d.Fields,
		PasswordMaxDays: d.PasswordMaxDays, PasswordUpdated: d.PasswordUpdated, LastLoginDate: d.LastLoginDate,
		Keys: map[string][]string{}, Subscriptions: map[string]string{}, PWHistory: []string{},
	}, nil
}

// CreateDeveloper writes a new developer. An e-mail is taken once in an organisation, whatever its case.
func (t *Table) CreateDeveloper(ctx context.Context, d portal.Developer) error {
	taken := func(item) error {
		return portal.Refuse(portal.Conflict, "email: %s is taken by another developer.", d.Email)
	}
	stored, err := t.create(developerKey(d.OrgID, d.ID), developer{
		ID: d.ID, OrgID: d.OrgID, Email: d.Email, DateCreated: d.DateCreated, Inactive: d.Inactive, Fields: d.Fields,
		PasswordMaxDays: d.PasswordMaxDays, PasswordUpdated: d.PasswordUpdated, LastLoginDate: d.LastLoginDate,
		ListPK: developersPK(d.OrgID),
	}, taken)
	if err != nil {
		return err
	}
	email, err := t.create(emailKey(d.OrgID, strings.ToLower(d.Email)), struct {
		Developer string `json:"developer"`
	}{d.ID}, taken)
	if err != nil {
		return err
	}
	return t.transact(ctx, stored, email)
}
