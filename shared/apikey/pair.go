package apikey

import (
	"encoding/base64"
	"fmt"
	"io"
)

// A pair is a name and a secret, as Basic authentication brings them: a user's, or an OAuth client's.
const (
	userNameLength     = 10 // as in the one sample that Tyk shows
	passwordLength     = 24 // 142 bits of chance, so that SHA-256 of the pair suffices where people's passwords need bcrypt
	dashedUUIDLength   = 36
	clientSecretLength = dashedUUIDLength / 3 * 4
)

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// letters are n letters and digits of chance. A byte that would favour some of them is thrown away.
func letters(random io.Reader, n int) (string, error) {
	var text []byte
	for one := make([]byte, 1); len(text) < n; {
		if _, err := io.ReadFull(random, one); err != nil {
			return "", fmt.Errorf("read random bytes: %w", err)
		}
		if int(one[0]) < 256/len(alphabet)*len(alphabet) {
			text = append(text, alphabet[int(one[0])%len(alphabet)])
		}
	}
	return string(text), nil
}

// clientSecret is one of Tyk's: base64 of a UUID with its dashes.
func clientSecret(random io.Reader) (string, error) {
	id, err := uuid(random)
	if err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString([]byte(id[:8] + "-" + id[8:12] + "-" + id[12:16] + "-" + id[16:20] + "-" + id[20:])), nil
}

func isUserName[T bytestring](s T) bool { return len(s) == userNameLength && isLetters(s) }
func isPassword[T bytestring](s T) bool { return len(s) == passwordLength && isLetters(s) }

func isLetters[T bytestring](s T) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}

func isClientSecret[T bytestring](s T) bool {
	var space [longestToken]byte
	id, ok := decode(&space, s)
	if !ok || len(id) != dashedUUIDLength {
		return false
	}
	for i, c := range id {
		switch i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false
			}
		default:
			if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
				return false
			}
		}
	}
	return true
}
