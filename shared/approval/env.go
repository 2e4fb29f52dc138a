package approval

import (
	"crypto/rand"
	"fmt"
	"os"
	"strconv"
	"time"

	"keydesk/shared/apikey"
	"keydesk/shared/awsenv"
	"keydesk/shared/table"
	"keydesk/shared/vault"
)

// FromEnv is the issuer that the template sets up. It panics where a setting is missing or makes no sense.
func FromEnv() *Issuer {
	form, err := apikey.ParseForm(awsenv.Must("KEYDESK_KEY_FORM"))
	if err != nil {
		panic(fmt.Errorf("KEYDESK_KEY_FORM: %w", err))
	}
	return &Issuer{
		Table: table.FromEnv(), Vault: vault.FromEnv(), Form: form, Random: rand.Reader, Retention: RetentionFromEnv(),
	}
}

// RetentionFromEnv is how long a key waits for its developer, as the template says. It panics where it does not.
func RetentionFromEnv() time.Duration {
	days, err := strconv.Atoi(os.Getenv("KEYDESK_SECRET_RETENTION_DAYS"))
	if err != nil || days < 1 {
		panic("KEYDESK_SECRET_RETENTION_DAYS is not a number of days")
	}
	return time.Duration(days) * 24 * time.Hour
}
