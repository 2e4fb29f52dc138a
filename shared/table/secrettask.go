package table

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"keydesk/shared/portal"
)

// SecretTask has the schedule delete a delivery secret. It is written before the secret is made, so that no secret outlives a call that
// died, whatever became of the grant.
type SecretTask struct {
	Org   string `json:"org_id"`
	ID    string `json:"id"`            // in the secret's name: of the request, or of the key that is rotated
	Kind  string `json:"kind"`          // of the key in it
	Older string `json:"key,omitempty"` // digest of the key that is rotated; empty: ID is the request's
	DueAt string `json:"due_at"`
	Until string `json:"until"` // a call in flight may make the secret once more before; the task stays until then
}

// SecretLives is how long a delivery secret lives after the call that made it has begun: longer than any function runs, and than a
// delivered key may be asked for again.
const SecretLives = 15 * time.Minute

// Begun is the task as a call writes it that begins now, and makes the secret.
func (s SecretTask) Begun(now time.Time) SecretTask {
	s.Until = portal.Timestamp(now.Add(SecretLives))
	s.DueAt = s.Until
	return s
}

// AtOnce is the task of a secret that is needed no more. A call in flight may make it once more, so the task stays as long as for a new one.
func (s SecretTask) AtOnce(now time.Time) SecretTask {
	s = s.Begun(now)
	s.DueAt = portal.Timestamp(now)
	return s
}

func (s *SecretTask) key() key {
	if s.Older != "" {
		return secretTaskKey(issuedKey(s.Older))
	}
	return secretTaskKey(requestKey(s.Org, s.ID))
}

// storedTask is a task with its place in the index of what is due.
type storedTask struct {
	SecretTask
	due
}

func (s *SecretTask) stored() storedTask { return storedTask{*s, dueAt(s.DueAt, s.Org, s.ID)} }

// PlanSecret writes the task. One that stands there is replaced: the later call's secret lives longer.
func (t *Table) PlanSecret(ctx context.Context, s SecretTask) error {
	return t.put(ctx, s.key(), s.stored())
}

// SecretTask reads the task that stands in the index of what is due; nil when it is done.
func (t *Table) SecretTask(ctx context.Context, d DueItem) (*SecretTask, error) {
	it, err := t.get(ctx, d.key)
	if err != nil || it == nil {
		return nil, err
	}
	var s SecretTask
	return &s, parse(it, &s)
}

// SecretDeleted notes that the secret is deleted. The task ends with that, unless a call in flight may yet make the secret once more. One
// that another call has written meanwhile stays.
func (t *Table) SecretDeleted(ctx context.Context, s SecretTask, now time.Time) error {
	condition, values := "due_at = :due", item{":due": str(s.DueAt)}
	if s.Until <= portal.Timestamp(now) {
		_, err := t.db.DeleteItem(ctx, &dynamodb.DeleteItemInput{
			TableName: &t.name, Key: s.key().item(), ConditionExpression: &condition, ExpressionAttributeValues: values,
		})
		return unlessOvertaken(err, "note that a secret is deleted")
	}
	place := dueAt(s.Until, s.Org, s.ID)
	values[":sk"], values[":until"] = str(place.DueSK), str(s.Until)
	_, err := t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &t.name, Key: s.key().item(), UpdateExpression: aws.String("SET DueSK = :sk, due_at = :until REMOVE put_off"),
		ConditionExpression: &condition, ExpressionAttributeValues: values,
	})
	return unlessOvertaken(err, "note that a secret is deleted")
}
