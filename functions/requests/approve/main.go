// PUT /api/portal/requests/approve/{id}: a request is granted, and its key given to whoever asks first, once.
package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"strconv"
	"time"

	"keydesk/shared/apikey"
	"keydesk/shared/approval"
	"keydesk/shared/awsenv"
	"keydesk/shared/caller"
	"keydesk/shared/rest"
	"keydesk/shared/table"
	"keydesk/shared/vault"
)

func main() {
	issuer := fromEnv()
	rest.Serve(issuer.Table, operation(issuer))
}

// answer is Tyk's. RawKey is empty where the developer is to claim the key.
type answer struct {
	RawKey   string `json:"RawKey"`
	Password string `json:"Password"`
}

func operation(issuer *approval.Issuer) rest.Operation[table.Request] {
	return rest.Operation[table.Request]{
		Route: "PUT /api/portal/requests/approve/{id}",
		First: func(ctx context.Context, in rest.In) (table.Request, error) {
			return issuer.Table.Request(ctx, in.Org, in.ID)
		},
		Then: func(ctx context.Context, in rest.In, who caller.Caller, r table.Request) (rest.Out, error) {
			act := approval.Act{Name: "approved", By: who, At: in.At, IfMatch: in.IfMatch, RequestID: in.RequestID}
			key, err := issuer.Issue(ctx, r, act, approval.Proof(who.Holder(), in.IdempotencyKey, in.Body))
			if err != nil {
				return rest.Out{}, err
			}
			return rest.Out{Body: answer{RawKey: key.Raw().Reveal()}}, nil
		},
	}
}

// fromEnv is the issuer that the template sets up. It panics where a setting is missing or makes no sense.
func fromEnv() *approval.Issuer {
	form, err := apikey.ParseForm(awsenv.Must("KEYDESK_KEY_FORM"))
	if err != nil {
		panic(fmt.Errorf("KEYDESK_KEY_FORM: %w", err))
	}
	days, err := strconv.Atoi(os.Getenv("KEYDESK_SECRET_RETENTION_DAYS"))
	if err != nil || days < 1 {
		panic("KEYDESK_SECRET_RETENTION_DAYS is not a number of days")
	}
	return &approval.Issuer{
		Table: table.FromEnv(), Vault: vault.FromEnv(), Form: form, Random: rand.Reader,
		Retention: time.Duration(days) * 24 * time.Hour,
	}
}
