package kiosktest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"balcao/kiosk/record"
	"balcao/kiosk/registrar"
	"balcao/kiosk/signin"
)

// Holder is somebody who has an active key already: a passport, a phone and an address.
type Holder struct {
	Register     int64
	Person       int64
	Phone, Email string
	Document     string // as sign-in names it
	PIN          string
}

var lastHolder atomic.Int32

// Pepper is that of the office's registrars. The caller wipes its copy.
func Pepper() []byte { return []byte(strings.Repeat("\x07", registrar.PepperLength)) }

// NewHolder makes one, whose record the office's registrars signed. They have a tax number that stood on a paper, a number of
// social security that a chip said, and one of health that nobody saw.
func (o *Office) NewHolder(ctx context.Context, t testing.TB) Holder {
	t.Helper()
	n := 10_000_000 + lastHolder.Add(1)
	number := fmt.Sprintf("FE%d", n)
	h := Holder{Phone: fmt.Sprintf("+3519%d", n), Email: fmt.Sprintf("h%d@example.pt", n), Document: "UKR:" + number, PIN: "482913"}
	hasher, err := signin.NewHasher(Pepper(), 1, 1)
	check(t, err)
	place, err := hasher.Reserve()
	check(t, err)
	defer place.Leave()
	hash, err := place.New(ctx, signin.Cost{Memory: 7168, Passes: 1, Lanes: 1}, "UKR:document:"+number, []byte(h.PIN))
	check(t, err)
	check(t, pgx.BeginFunc(ctx, o.Admin, func(tx pgx.Tx) error {
		enrolment := uuid.New()
		err := tx.QueryRow(ctx, `with p as (insert into centre.person (country, document_number, surname, given_names, birth_date, birth_stated, nationality)
				values ('UKR', $1, 'Simões', 'Inês', '1992-08-22', '1992-08-22', 'UKR') returning id)
			insert into centre.key (person, state, level, pin_hash, valid_until, enrolment, change)
				select id, 'active', 'high', $2, current_date + 1000, $3, '{"cause": "enrol"}' from p returning register, person`,
			number, hash.String(), enrolment).Scan(&h.Register, &h.Person)
		if err != nil {
			return err
		}
		now := time.Now()
		r := record.Record{Register: h.Register, Version: 1, At: now, State: "active", Reason: "enrol", Level: "high", ValidUntil: "2031-01-01",
			Enrolment: enrolment, PIN: record.PINOf(hash.String()), Evidence: make([]byte, 32),
			Person: record.Person{Country: "UKR", DocumentNumber: number, Surname: "Simões", GivenNames: "Inês", BirthDate: "1992-08-22", Nationality: "UKR", Sex: "F"}}
		for channel, value := range map[string]string{"email": h.Email, "sms": h.Phone} {
			proof := uuid.New()
			if _, err := tx.Exec(ctx, `insert into centre.key_contact (key, channel, value, proof, proven_at) values ($1, $2, $3, $4, $5)`,
				h.Register, channel, value, proof, now); err != nil {
				return err
			}
			r.Contacts = append(r.Contacts, record.Contact{Channel: channel, Value: value, Proof: proof, ProvenAt: now})
		}
		slices.SortFunc(r.Contacts, func(a, b record.Contact) int { return strings.Compare(a.Channel, b.Channel) })
		jws, err := record.Sign(r, o.Records)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `insert into centre.key_record (key, version, record) values ($1, 1, $2)`, h.Register, jws); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `insert into centre.person_number (person, kind, value, source, paper) values
			($1, 'nif', '123456789', 'paper', 'tax'), ($1, 'niss', '12345678901', 'chip', null), ($1, 'nsns', '987654321', 'said', null)`, h.Person)
		return err
	}))
	return h
}

// NextCode is the code that arrives at an address when so many messages with codes did before.
func (o *Outbox) NextCode(ctx context.Context, t testing.TB, address string, before int) string {
	t.Helper()
	for {
		o.mu.Lock()
		list, news := o.to(address, CodeMessage), renew(&o.news, false)
		o.mu.Unlock()
		if len(list) > before {
			return CodeIn(list[len(list)-1])
		}
		select {
		case <-news:
		case <-ctx.Done():
			t.Fatal("no code arrived")
		}
	}
}
