package faults

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// call is what is asked of AWS.
type call struct {
	service   string // "DynamoDB"
	operation string // "GetItem"
	input     any    // *dynamodb.GetItemInput
}

// befalls tells whether AWS can fail the call in this way.
func (f Fault) befalls(c call) bool {
	switch f {
	case Conflict:
		switch c.input.(type) {
		case *dynamodb.PutItemInput, *dynamodb.UpdateItemInput, *dynamodb.DeleteItemInput:
			return true
		}
		return isTransaction(c)
	case ThrottleItem:
		return isTransaction(c)
	case Late:
		return nothingYet(c) != nil
	case Deleting:
		return stillDeleting(c) != nil
	}
	return true
}

// isTransaction tells whether the call is a transaction with something to write.
func isTransaction(c call) bool {
	transaction, is := c.input.(*dynamodb.TransactWriteItemsInput)
	return is && len(transaction.TransactItems) > 0
}

// answer is what AWS says in place of doing the call; nil for faults that say nothing.
func (f Fault) answer(c call) *smithyhttp.Response {
	switch f {
	case Throttle:
		return failure(c, "ThrottlingException", "Rate exceeded", nil)
	case Conflict:
		const message = "Transaction is ongoing for the item"
		if transaction, is := c.input.(*dynamodb.TransactWriteItemsInput); is {
			return cancellation(c, len(transaction.TransactItems), "TransactionConflict", message)
		}
		return failure(c, "TransactionConflictException", message, nil)
	case ThrottleItem:
		transaction := c.input.(*dynamodb.TransactWriteItemsInput)
		return cancellation(c, len(transaction.TransactItems), "ThrottlingError", "Throughput exceeds the current capacity of your table or index")
	case Late:
		return nothingYet(c)
	case Deleting:
		return stillDeleting(c)
	}
	return nil
}

// stillDeleting is what Secrets Manager says of a secret that is being deleted; nil of a call that is about none. A forced delete takes a
// moment, too.
func stillDeleting(c call) *smithyhttp.Response {
	switch c.operation {
	case "CreateSecret":
		return failure(c, "InvalidRequestException", "You can't create this secret because a secret with this name is already scheduled for deletion.", nil)
	case "GetSecretValue", "PutSecretValue":
		return failure(c, "InvalidRequestException", "You can't perform this operation on the secret because it was marked for deletion.", nil)
	case "DeleteSecret":
		return failure(c, "InvalidRequestException", "You can't perform this operation on the secret because it was already scheduled for deletion.", nil)
	}
	return nil
}

type reason struct{ Code, Message string }

// cancellation cancels a transaction because of its last item, so that whoever looks at the first reason only is caught.
func cancellation(c call, count int, code, message string) *smithyhttp.Response {
	reasons, codes := make([]reason, count), make([]string, count)
	for i := range reasons {
		reasons[i], codes[i] = reason{Code: "None"}, "None"
	}
	reasons[count-1], codes[count-1] = reason{code, message}, code
	text := "Transaction cancelled, please refer cancellation reasons for specific reasons [" + strings.Join(codes, ", ") + "]"
	return failure(c, "TransactionCanceledException", text, reasons)
}

// nothingYet is the answer of a replica that the write has not reached; nil where AWS promises better.
func nothingYet(c call) *smithyhttp.Response {
	switch input := c.input.(type) {
	case *dynamodb.GetItemInput:
		if !aws.ToBool(input.ConsistentRead) {
			return response(http.StatusOK, struct{}{})
		}
	case *dynamodb.QueryInput:
		if !aws.ToBool(input.ConsistentRead) {
			return response(http.StatusOK, map[string]any{"Items": []any{}, "Count": 0, "ScannedCount": 0})
		}
	case *dynamodb.BatchGetItemInput:
		found := map[string][]any{}
		for table, asked := range input.RequestItems {
			if aws.ToBool(asked.ConsistentRead) {
				return nil
			}
			found[table] = []any{}
		}
		return response(http.StatusOK, map[string]any{"Responses": found, "UnprocessedKeys": struct{}{}})
	}
	if c.operation == "GetSecretValue" {
		return failure(c, "ResourceNotFoundException", "Secrets Manager can't find the specified secret.", nil)
	}
	return nil
}

// failure is a refusal in AWS's JSON protocols.
func failure(c call, code, message string, reasons []reason) *smithyhttp.Response {
	body := map[string]any{"__type": code, "message": message, "Message": message} // the services disagree on the letter
	if c.service == dynamodb.ServiceID {
		body["__type"] = "com.amazonaws.dynamodb.v20120810#" + code
	}
	if reasons != nil {
		body["CancellationReasons"] = reasons
	}
	return response(http.StatusBadRequest, body)
}

func response(status int, body any) *smithyhttp.Response {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err) // only this file's own bodies come here
	}
	return &smithyhttp.Response{Response: &http.Response{
		StatusCode:    status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        http.Header{"Content-Type": {"application/x-amz-json-1.0"}, "X-Amzn-Requestid": {"faults"}},
		Body:          io.NopCloser(bytes.NewReader(text)),
		ContentLength: int64(len(text)),
	}}
}

// refused and reset are what the SDK makes of a connection that never came about and of one that broke.
func refused() error {
	return &smithyhttp.RequestSendError{Err: fmt.Errorf("faults: never sent: %w",
		&net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED})}
}

func reset() error {
	return &smithyhttp.RequestSendError{Err: fmt.Errorf("faults: answer lost: %w",
		&net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET})}
}

// discard drops an answer that nobody will see.
func discard(out middleware.DeserializeOutput) {
	if response, is := out.RawResponse.(*smithyhttp.Response); is && response.Body != nil {
		_, _ = io.Copy(io.Discard, response.Body) // so that the connection can be used again
		_ = response.Body.Close()
	}
}
