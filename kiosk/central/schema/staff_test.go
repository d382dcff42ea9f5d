package schema_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"balcao/kiosk/central/schema"
)

// staffer is a member of staff and the card that they have.
type staffer struct {
	number, role string
	card         []byte // SHA-256 of its certificate
}

// card makes a certificate, DER.
func card(tb testing.TB) []byte {
	tb.Helper()
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))(tb)
	template := &x509.Certificate{SerialNumber: big.NewInt(lastNumber.Add(1)), Subject: pkix.Name{CommonName: "Somebody"},
		NotBefore: time.Now(), NotAfter: time.Now().Add(time.Hour)}
	return must(x509.CreateCertificate(rand.Reader, template, template, key.Public(), key))(tb)
}

// hire makes a member of staff.
func (b *bench) hire(role string) staffer {
	b.tb.Helper()
	cert := card(b.tb)
	sum := sha256.Sum256(cert)
	s := staffer{fmt.Sprintf("F%06d", lastNumber.Add(1)), role, sum[:]}
	ctx := b.tb.Context()
	if err := pgx.BeginFunc(ctx, b.admin, func(tx pgx.Tx) error {
		return schema.AddStaffIn(ctx, tx, schema.Staff{Number: s.number, Name: "Name " + s.number, Role: role}, cert)
	}); err != nil {
		b.tb.Fatal(err)
	}
	return s
}

func (d desk) begin(shift uuid.UUID) (challenge []byte) {
	d.b.tb.Helper()
	return must(ask[[]byte](d.b.tb, d.b.centre, `select challenge from desk.begin_shift($1, $2)`, d.cert, shift))(d.b.tb)
}

type signedIn struct {
	Refusal, Staff, Name, Role, AdmittedBy string
	Ends                                   *time.Time
	TriesLeft                              int // -1: not told
}

// trySignIn signs in with a card and, where a clerk is named, admits them.
func (d desk) trySignIn(shift uuid.UUID, who staffer, challenge []byte, admits string) (signedIn, error) {
	return row[signedIn](d.b.tb, d.b.centre, `select coalesce(refusal, ''), coalesce(staff, ''), coalesce(name, ''), coalesce(role, ''),
		coalesce(admitted_by, ''), ends_at, coalesce(tries_left, -1) from desk.sign_in($1, $2, $3, $4, $5, nullif($6, ''))`,
		d.cert, shift, who.card, challenge, []byte("signed with "+who.number), admits)
}

// signIn is a new shift's answer.
func (d desk) signIn(who staffer, admits string) (uuid.UUID, signedIn) {
	d.b.tb.Helper()
	shift := newID()
	return shift, must(d.trySignIn(shift, who, d.begin(shift), admits))(d.b.tb)
}

// with is the desk with another member of staff signed in.
func (d desk) with(who staffer) desk {
	d.b.tb.Helper()
	shift, s := d.signIn(who, "")
	if s.Refusal != "" {
		d.b.tb.Fatalf("sign_in = %+v", s)
	}
	d.shift = shift
	return d
}

// fail reports a wrong PIN.
func (d desk) fail(id uuid.UUID, who staffer) (refusal string, triesLeft int, err error) {
	shift := newID()
	d.begin(shift)
	err = d.b.centre.QueryRow(d.b.tb.Context(), `select coalesce(refusal, ''), coalesce(tries_left, -1)
		from desk.sign_in_failed($1, $2, $3, $4)`, d.cert, shift, id, who.card).Scan(&refusal, &triesLeft)
	return refusal, triesLeft, err
}

func (d desk) endShift() error {
	_, err := d.b.centre.Exec(d.b.tb.Context(), `select desk.end_shift($1, $2)`, d.cert, d.shift)
	return err
}

// What an operator does with the staff, and what that means at the next sign-in.
func TestStaffAreRows(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	admin, ctx := b.db.Admin(), t.Context()
	first, second, others := card(t), card(t), card(t)
	rita := schema.Staff{Number: "F0417", Name: "Rita Neves", Role: "clerk"}
	want := func(what string, got, want error) {
		t.Helper()
		if !errors.Is(got, want) {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	for range 2 { // it may be repeated
		want("added", schema.AddStaff(ctx, admin, rita, first), nil)
	}
	for what, change := range map[string]func(*schema.Staff){
		"no number": func(s *schema.Staff) { s.Number = "" }, "a number with a space": func(s *schema.Staff) { s.Number = "F 1" },
		"a long number": func(s *schema.Staff) { s.Number = strings.Repeat("1", 21) }, "no name": func(s *schema.Staff) { s.Name = "" },
		"a name of two lines": func(s *schema.Staff) { s.Name = "Rita\nNeves" }, "no role": func(s *schema.Staff) { s.Role = "" },
	} {
		s := rita
		s.Number = "F0500"
		change(&s)
		want(what, schema.AddStaff(ctx, admin, s, others), schema.ErrStaff)
	}
	other := rita
	other.Role = "supervisor"
	want("another role", schema.AddStaff(ctx, admin, other, first), schema.ErrStaffExists)
	want("another card", schema.AddStaff(ctx, admin, rita, second), schema.ErrStaffExists)
	want("somebody else's card", schema.AddStaff(ctx, admin, schema.Staff{Number: "F0418", Name: "Ana", Role: "clerk"}, first), schema.ErrStaffCard)
	if err := schema.AddStaff(ctx, admin, schema.Staff{Number: "F0419", Name: "Ana", Role: "clerk"}, []byte("card")); err == nil {
		t.Error("no certificate: no error")
	}

	sign := func(cert []byte) string {
		t.Helper()
		sum := sha256.Sum256(cert)
		_, s := b.desk.signIn(staffer{"F0417", "clerk", sum[:]}, "")
		return s.Refusal
	}
	wantSign := func(what string, cert []byte, want string) {
		t.Helper()
		if got := sign(cert); got != want {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	wantSign("added", first, "")
	want("renewed", schema.RenewStaff(ctx, admin, "F0417", second, time.Hour), nil)
	wantSign("the card before, in the overlap", first, "")
	wantSign("the next card", second, "")
	b.exec(`update centre.staff_certificate set ends_at = clock_timestamp() where ends_at is not null`)
	wantSign("the card before", first, "staff_revoked")
	want("renewed back", schema.RenewStaff(ctx, admin, "F0417", first, 0), schema.ErrStaffCard)
	wantSign("as if nothing had been", second, "")
	want("suspended", schema.SuspendStaff(ctx, admin, "F0417"), nil)
	wantSign("suspended", second, "staff_suspended")
	want("resumed", schema.ResumeStaff(ctx, admin, "F0417"), nil)
	wantSign("resumed", second, "")
	sum := sha256.Sum256(second)
	want("revoked", schema.RevokeStaffCard(ctx, admin, hex.EncodeToString(sum[:])), nil)
	wantSign("revoked", second, "staff_revoked")
	wantSign("nobody's", others, "staff_unknown")
	for what, err := range map[string]error{"suspended": schema.SuspendStaff(ctx, admin, "F0"), "resumed": schema.ResumeStaff(ctx, admin, "F0"),
		"renewed": schema.RenewStaff(ctx, admin, "F0", others, 0)} {
		want("nobody "+what, err, schema.ErrNoStaff)
	}
	want("no card", schema.RevokeStaffCard(ctx, admin, "00"), schema.ErrNoStaffCard)

	all := must(schema.StaffList(ctx, admin))(t)
	one := sha256.Sum256(first)
	rita.State = "active"
	rita.Certificates = []schema.Certificate{{Fingerprint: hex.EncodeToString(one[:])}, {Fingerprint: hex.EncodeToString(sum[:]), Revoked: true}}
	var got schema.Staff
	for _, s := range all {
		if s.Number == "F0417" {
			got = s
		}
	}
	if diff := cmp.Diff(rita, got, cmpopts.IgnoreFields(schema.Staff{}, "AddedAt"), cmpopts.IgnoreFields(schema.Certificate{}, "AddedAt", "EndsAt")); diff != "" {
		t.Errorf("listed:\n%s", diff)
	}
	if got.Certificates[0].EndsAt.IsZero() || !got.Certificates[1].EndsAt.IsZero() {
		t.Errorf("ends: %+v", got.Certificates)
	}
}
