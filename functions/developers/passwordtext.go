package main

import (
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/crypto/bcrypt"
	"golang.org/x/text/secure/precis"

	"keydesk/shared/secret"
)

// prepared is the text of a password as it is hashed: by RFC 8265 (OpaqueString), so that one password is the same from every
// keyboard, whether "ü" is one character there or two.
func prepared(password secret.Value) (secret.Value, error) {
	text, err := precis.OpaqueString.String(password.Reveal())
	switch {
	case err != nil:
		return secret.Value{}, unfit("password has a control character, or another that a password cannot have (RFC 8265); send it without.")
	case len(text) > longestText:
		return secret.Value{}, unfit("password has %d bytes; send 1 to %d.", len(text), longestText)
	}
	return secret.New(text), nil
}

// forms are the texts that a password may have been hashed as: prepared, and as it was typed, which the desk hashed before it
// prepared passwords. How many there are depends on the password alone.
func forms(password secret.Value) [][]byte {
	typed := password.Reveal()
	text, err := precis.OpaqueString.String(typed)
	if err != nil || text == typed {
		return [][]byte{[]byte(typed)}
	}
	return [][]byte{[]byte(text), []byte(typed)}
}

// bcryptHash is what bcrypt writes: version, cost, and 53 characters of salt and hash.
var bcryptHash = regexp.MustCompile(`^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$`)

// otherHashes are what other systems keep of a password. Were one taken for a password, a thief of those systems' tables could
// log in with it. Each is long and without spaces, so that sentences are not taken for one.
var otherHashes = []*regexp.Regexp{
	regexp.MustCompile(`^U?\$[A-Za-z0-9][A-Za-z0-9._-]{0,31}\$\S{16,}$`),                  // crypt(3), phpass, WordPress, Drupal, Argon2, scrypt, PBKDF2
	regexp.MustCompile(`^\{[A-Za-z0-9@._-]{2,24}\}\S{16,}$`),                              // LDAP, Dovecot, Spring: {SSHA}, {bcrypt}
	regexp.MustCompile(`(?i)^(argon2|b?crypt|scrypt|pbkdf2|sha\d|md5)[\w:.-]*\$\S{16,}$`), // Django, Werkzeug: pbkdf2_sha256$
	// Digests in hexadecimal of MD5, SHA-1 and SHA-2, with a salt behind a colon or none, and MySQL's.
	regexp.MustCompile(`(?i)^\*?([0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{56}|[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128})(:\S*)?$`),
}

// takenHash tells whether a password was sent as its bcrypt hash, to be kept as it is. A hash that cannot be verified here is
// refused.
func takenHash(password secret.Value) (bool, error) {
	text := strings.TrimSpace(password.Reveal())
	if parts := bcryptHash.FindStringSubmatch(password.Reveal()); parts != nil {
		if c, _ := strconv.Atoi(parts[1]); c < bcrypt.MinCost || c > dearest {
			return false, unfit("password is a bcrypt hash of cost %d; costs from %d to %d are taken.", c, bcrypt.MinCost, dearest)
		}
		return true, nil
	}
	for _, prefix := range []string{"$2a$", "$2b$", "$2y$"} {
		if strings.HasPrefix(text, prefix) {
			return false, unfit("password begins as a bcrypt hash does and is none; send it whole, of 60 characters.")
		}
	}
	for _, hash := range otherHashes {
		if hash.MatchString(text) {
			return false, unfit("password looks like the hash that another system keeps of a password, which cannot be verified here; " +
				"send the password itself or its bcrypt hash, or leave it out and have the developer set a new one.")
		}
	}
	return false, nil
}
