package table

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"keydesk/shared/portal"
)

// write is one item of a transaction, and what it means when its condition fails.
type write struct {
	item    types.TransactWriteItem
	refused func(found item) error // found is what stands there instead, empty for nothing; a nil error means: it was us, before
}

// errTooBusy is the answer when a call's time ran out over conflicts and throttles. Nothing was written.
var errTooBusy = portal.Refuse(portal.Busy, "Too many changes at once; nothing was changed. Try again in a moment.")

// errThrottled is the answer to a single call that the table had no room for.
var errThrottled = portal.Refuse(portal.Busy, "The table is asked for too much at once. Try again in a moment.")

// transact does all of the writes or none. Conflicts, throttles and lost answers are tried again for as long as the call has
// time, the last under the token of the try whose fate is unknown; a failed condition is an answer and never tried again.
func (t *Table) transact(ctx context.Context, writes ...write) error {
	input := &dynamodb.TransactWriteItemsInput{ClientRequestToken: aws.String(portal.NewID(time.Now()))}
	for _, w := range writes {
		input.TransactItems = append(input.TransactItems, w.item)
	}
	unknown := false // whether a try may have been done, its answer lost
	for attempt := 1; ; attempt++ {
		_, err := t.db.TransactWriteItems(ctx, input, tryOnce)
		var cancelled *types.TransactionCanceledException
		switch {
		case err == nil:
			return nil
		case errors.As(err, &cancelled):
			if passes, refusal := judge(cancelled.CancellationReasons, writes); !passes {
				return refusal
			}
			input.ClientRequestToken = aws.String(portal.NewID(time.Now()))
		case throttled(err):
		case again(err):
			unknown = true
		default:
			return fmt.Errorf("transaction: %w", err)
		}
		switch more := pause(ctx, attempt); {
		case !more && unknown:
			return fmt.Errorf("transaction: %w, its fate unknown: %w", ctx.Err(), err)
		case !more:
			return errTooBusy
		}
	}
}

// tryOnce leaves the retries to transact, which has to know what became of each try.
func tryOnce(o *dynamodb.Options) { o.Retryer = aws.NopRetryer{} }

// judge reads why a transaction was cancelled: the first write that did not pass decides. (A failed condition behind a
// conflict is not believed: once the conflict is over, the write before it may have a better answer.)
func judge(reasons []types.CancellationReason, writes []write) (passes bool, refusal error) {
	for i, reason := range reasons {
		switch code := aws.ToString(reason.Code); code {
		case "", "None":
		case "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded":
			return true, nil
		case "ConditionalCheckFailed":
			return false, writes[i].refused(reason.Item)
		default:
			return false, fmt.Errorf("transaction cancelled: %s: %s", code, aws.ToString(reason.Message))
		}
	}
	return false, errors.New("transaction cancelled without a reason")
}

// again tells whether an error may be gone at the next try.
func again(err error) bool {
	return retry.IsErrorRetryables(retry.DefaultRetryables).IsErrorRetryable(err) == aws.TrueTernary
}

// throttled tells whether AWS refused a call, undone, because there were too many.
func throttled(err error) bool {
	var inProgress *types.TransactionInProgressException // the SDK counts it here, but an earlier try is being done
	return !errors.As(err, &inProgress) && retry.IsErrorThrottles(retry.DefaultThrottles).IsErrorThrottle(err) == aws.TrueTernary
}

// failed tells what could not be done, if anything. That there was too much to do is the caller's to know, and to try again.
func failed(err error, what string, arguments ...any) error {
	if err == nil {
		return nil
	}
	if throttled(err) {
		return errThrottled
	}
	return fmt.Errorf("%s: %w", fmt.Sprintf(what, arguments...), err)
}

// The pause before another try grows from shortPause to longPause, with full jitter, so that those who collided once do not
// meet again.
const (
	shortPause = 10 * time.Millisecond
	longPause  = 400 * time.Millisecond
)

// pause waits before the next attempt; false when the call has no time left for one.
func pause(ctx context.Context, attempt int) bool {
	if ctx.Err() != nil {
		return false
	}
	longest := min(longPause, shortPause<<min(attempt, 6))
	timer := time.NewTimer(rand.N(longest)) //nolint:gosec // jitter, not a secret
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// create puts an item where none stands.
func (t *Table) create(k key, v any, refused func(item) error) (write, error) {
	return t.replace(k, v, "attribute_not_exists(PK)", nil, refused)
}

// replace puts an item on a condition.
func (t *Table) replace(k key, v any, condition string, values item, refused func(item) error) (write, error) {
	it, err := k.with(v)
	if err != nil {
		return write{}, err
	}
	return write{refused: refused, item: types.TransactWriteItem{Put: &types.Put{
		TableName: &t.name, Item: it, ConditionExpression: &condition, ExpressionAttributeValues: values,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}}}, nil
}

// overwrite puts an item, whatever stands there.
func (t *Table) overwrite(k key, v any) (write, error) {
	it, err := k.with(v)
	if err != nil {
		return write{}, err
	}
	return write{item: types.TransactWriteItem{Put: &types.Put{TableName: &t.name, Item: it}}}, nil
}

// remove deletes an item on a condition; on none where it is empty.
func (t *Table) remove(k key, condition string, values item, refused func(item) error) write {
	w := &types.Delete{
		TableName: &t.name, Key: k.item(), ExpressionAttributeValues: values,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}
	if condition != "" {
		w.ConditionExpression = &condition
	}
	return write{refused: refused, item: types.TransactWriteItem{Delete: w}}
}

// update changes some of an item's attributes on a condition; on none where it is empty.
func (t *Table) update(k key, change, condition string, names map[string]string, values item, refused func(item) error) write {
	w := &types.Update{
		TableName: &t.name, Key: k.item(), UpdateExpression: &change,
		ExpressionAttributeNames: names, ExpressionAttributeValues: values,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}
	if condition != "" {
		w.ConditionExpression = &condition
	}
	return write{refused: refused, item: types.TransactWriteItem{Update: w}}
}

// check lets the transaction through only while the condition holds.
func (t *Table) check(k key, condition string, values item, refused func(item) error) write {
	return write{refused: refused, item: types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{
		TableName: &t.name, Key: k.item(), ConditionExpression: &condition, ExpressionAttributeValues: values,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}}}
}
