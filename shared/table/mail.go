package table

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// mailsKept is how long a day's count of mails is kept after the last mail of the day.
const mailsKept = 48 * time.Hour

// CountMail counts one mail more of an organisation's on a day (of UTC, such as 2026-11-29), unless there were as many as may be sent on
// one. A try whose answer was lost may count twice: then fewer are sent, and never more.
func (t *Table) CountMail(ctx context.Context, org, day string, most int, now time.Time) (counted bool, err error) {
	_, err = t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &t.name, Key: mailsKey(org, day).item(), UpdateExpression: aws.String("SET expires_at = :until ADD mails :one"),
		ConditionExpression: aws.String("attribute_not_exists(mails) OR mails < :most"),
		ExpressionAttributeValues: item{
			":until": number(int(now.Add(mailsKept).Unix())), ":one": number(1), ":most": number(most),
		},
	})
	var full *types.ConditionalCheckFailedException
	if errors.As(err, &full) {
		return false, nil
	}
	return err == nil, failed(err, "count a mail")
}
