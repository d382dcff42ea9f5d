// Package database judges, before a program starts, whether its line to PostgreSQL is one that nobody can read or stand
// in. It is apart from guarded, because a desk has no such line and links no PostgreSQL.
package database

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"balcao/cmd/internal/guarded"
)

// TLS refuses a PostgreSQL connection string when, at any of its hosts, the connection could be read on the
// way or end at another server: TCP demands sslmode=verify-full, a Unix socket does not. The private key that it
// names has to be a [guarded.Secret], the authority a [guarded.File]. Errors quote nothing of the string but host names and files.
func TLS(dsn string) error {
	config, err := pgconn.ParseConfig(dsn)
	if err != nil {
		return errors.New("not a connection string, or a file that it names cannot be used") // the parser's error may quote a password
	}
	var problems []error
	named := map[string]bool{}
	certificate := false
	for _, host := range append(config.Fallbacks, &pgconn.FallbackConfig{Host: config.Host, TLSConfig: config.TLSConfig}) {
		tls := host.TLSConfig
		certificate = certificate || tls != nil && len(tls.Certificates) > 0
		// verify-full alone leaves the verification to crypto/tls, with the host's name.
		verified := tls != nil && !tls.InsecureSkipVerify && tls.ServerName != ""
		if !verified && !filepath.IsAbs(host.Host) && !named[host.Host] {
			named[host.Host] = true
			problems = append(problems, fmt.Errorf("the connection to %s is not verified: sslmode=verify-full (with sslrootcert)", host.Host))
		}
	}
	if key := cmp.Or(setting(dsn, "sslkey"), os.Getenv("PGSSLKEY")); key != "" {
		problems = append(problems, guarded.Secret(key))
	} else if certificate {
		problems = append(problems, errors.New("the connection string does not name its private key: add sslkey"))
	}
	if authority := cmp.Or(setting(dsn, "sslrootcert"), os.Getenv("PGSSLROOTCERT")); authority != "" && authority != "system" {
		problems = append(problems, guarded.File(authority))
	}
	return errors.Join(problems...)
}

// Password reports whether a connection string holds a password, which makes the file that it stands in a secret.
func Password(dsn string) bool {
	address, err := url.Parse(dsn)
	if err == nil && address.User != nil {
		_, has := address.User.Password()
		return has || setting(dsn, "password") != ""
	}
	return setting(dsn, "password") != ""
}

// setting is a value of a connection string in either of its forms, "" when it has none (PostgreSQL documentation,
// 32.1.1).
func setting(dsn, name string) (value string) {
	if strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://") {
		_, query, _ := strings.Cut(dsn, "?")
		for pair := range strings.SplitSeq(query, "&") {
			key, escaped, _ := strings.Cut(pair, "=")
			if plain, err := url.PathUnescape(escaped); err == nil && key == name {
				value = plain
			}
		}
		return value
	}
	for _, m := range keyword.FindAllStringSubmatch(dsn, -1) {
		if m[1] == name {
			value = escaped.ReplaceAllString(m[2]+m[3], "$1")
		}
	}
	return value
}

// A keyword and its value, in quotes or without; \ makes the next character an ordinary one.
var (
	keyword = regexp.MustCompile(`(\w+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|((?:[^\s'\\]|\\.)*))`)
	escaped = regexp.MustCompile(`\\(.)`)
)
