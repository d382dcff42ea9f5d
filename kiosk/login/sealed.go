package login

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// ErrGone says that there is no such row, or its time is over.
var ErrGone = errors.New("no such row, or not any more")

// KindSession is of the rows of who is signed in: a Session under the token of the browser's cookie.
const KindSession = "session"

// Store keeps what must outlast a request, in rows of the database that only their token finds and opens: a row's
// identifier is a hash of the token, and its content sealed under a key made from it. The token is with a browser or a
// service and nowhere else, so whoever reads the database learns neither whose a row is nor what for.
type Store struct{ db *pgxpool.Pool }

// NewStore returns a Store on connections that may call the functions of schema login.
func NewStore(db *pgxpool.Pool) *Store { return &Store{db} }

// NewToken makes a token of 256 bits, in base64url.
func NewToken() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

// rowID is the identifier of the row of a token. The kind is within: a token of one kind finds no row of another.
func rowID(kind, token string) []byte {
	sum := sha256.Sum256([]byte("balcao login id v1\x00" + kind + "\x00" + token))
	return sum[:]
}

// block is what sealed contents are a multiple of, in bytes: their length says less.
const block = 1024

func seal(kind, token string) (cipher.AEAD, []byte, error) {
	key, err := hkdf.Key(sha256.New, []byte(token), nil, "balcao login seal v1", 32)
	if err != nil {
		return nil, nil, fmt.Errorf("deriving the key of a row: %w", err)
	}
	defer clear(key)
	c, err := aes.NewCipher(key)
	if err != nil {
		return nil, nil, fmt.Errorf("sealing a row: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(c)
	return aead, []byte(kind), err
}

// Put keeps a value under a token, in place of what is there, for so long (up to the next minute, at most a day).
func (s *Store) Put(ctx context.Context, kind, token string, value any, life time.Duration) error {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("keeping a %s: %w", kind, err)
	}
	aead, about, err := seal(kind, token)
	if err != nil {
		return err
	}
	text = append(text, bytes.Repeat([]byte{' '}, (block-len(text)%block)%block)...)
	_, err = s.db.Exec(ctx, `select login.put($1, $2, $3)`, rowID(kind, token), aead.Seal(nil, nil, text, about), seconds(life))
	return plain("keeping a row", err)
}

// New keeps a value under a new token.
func (s *Store) New(ctx context.Context, kind string, value any, life time.Duration) (token string, err error) {
	token = NewToken()
	return token, s.Put(ctx, kind, token, value, life)
}

// Get reads the value of a token, or returns ErrGone.
func (s *Store) Get(ctx context.Context, kind, token string, value any) error {
	var sealed []byte
	if err := s.db.QueryRow(ctx, `select login.get($1)`, rowID(kind, token)).Scan(&sealed); err != nil {
		return plain("reading a row", err)
	}
	return open(kind, token, sealed, value)
}

// Take is Get, and says whether nobody took the row before.
func (s *Store) Take(ctx context.Context, kind, token string, value any) (first bool, err error) {
	var sealed []byte
	if err := s.db.QueryRow(ctx, `select sealed, first from login.take($1)`, rowID(kind, token)).Scan(&sealed, &first); err != nil {
		return false, plain("taking a row", err)
	}
	return first, open(kind, token, sealed, value)
}

func open(kind, token string, sealed []byte, value any) error {
	if sealed == nil {
		return ErrGone
	}
	aead, about, err := seal(kind, token)
	if err != nil {
		return err
	}
	text, err := aead.Open(nil, nil, sealed, about)
	if err != nil {
		return ErrGone // somebody wrote into the database
	}
	if err := json.Unmarshal(text, value); err != nil {
		return fmt.Errorf("reading a %s: not as it was kept", kind)
	}
	return nil
}

// Drop deletes the row of a token.
func (s *Store) Drop(ctx context.Context, kind, token string) error {
	_, err := s.db.Exec(ctx, `select login.drop($1)`, rowID(kind, token))
	return plain("deleting a row", err)
}

// Once reports whether something is done for the first time within so long.
func (s *Store) Once(ctx context.Context, kind, what string, life time.Duration) (first bool, err error) {
	err = s.db.QueryRow(ctx, `select login.once($1, $2)`, rowID(kind, what), seconds(life)).Scan(&first)
	return first, plain("remembering", err)
}

func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }
