package record_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"balcao/kiosk/record"
)

var sample = record.Record{
	V: 2, Register: 4711, Version: 1, At: time.Date(2026, 11, 23, 10, 5, 0, 123456000, time.UTC), State: "active", Reason: "enrolled",
	Person: record.Person{
		Country: "PRT", CivilNumber: "990005887", DocumentNumber: "99000588 7 ZZ1", Surname: "Inventada & Conceição", GivenNames: "Maria",
		BirthDate: "1988-03-07", Nationality: "PRT", Sex: "F",
	},
	Contacts: []record.Contact{{
		Channel: "sms", Value: "+351910000001", Proof: uuid.MustParse("0199a1b2-0000-7000-8000-000000000002"),
		ProvenAt: time.Date(2026, 11, 23, 10, 2, 0, 0, time.UTC),
	}},
	PIN: []byte{2}, Level: "high", ValidUntil: "2034-03-03", TaxNumber: "400000012",
	Enrolment: uuid.MustParse("0199a1b2-0000-7000-8000-000000000001"), Evidence: []byte{1},
}

// sampleJSON is what is signed, written out: what the services of sign-in will read.
const sampleJSON = `{"v":2,"register":4711,"version":1,"at":"2026-11-23T10:05:00.123456Z","state":"active","reason":"enrolled",` +
	`"person":{"country":"PRT","civil_number":"990005887","document_number":"99000588 7 ZZ1","surname":"Inventada & Conceição",` +
	`"given_names":"Maria","birth_date":"1988-03-07","nationality":"PRT","sex":"F"},` +
	`"contacts":[{"channel":"sms","value":"+351910000001","proof":"0199a1b2-0000-7000-8000-000000000002","proven_at":"2026-11-23T10:02:00Z"}],` +
	`"pin_sha256":"Ag","level":"high","valid_until":"2034-03-03","tax_number":"400000012",` +
	`"enrolment":"0199a1b2-0000-7000-8000-000000000001","evidence_sha256":"AQ"}`

func newKey(t *testing.T) (ed25519.PrivateKey, ed25519.PublicKey) {
	t.Helper()
	private, public, err := record.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	signs, err := record.ParsePrivateKey(private)
	verifies, err2 := record.ParsePublicKey(public)
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	return signs, verifies
}

func TestRecord(t *testing.T) {
	signs, verifies := newKey(t)
	_, older := newKey(t)
	jws, err := record.Sign(sample, signs)
	if err != nil {
		t.Fatal(err)
	}
	got, err := record.Verify(jws, older, verifies)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sample, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	// A library of others reads the same.
	parsed, err := jose.ParseSignedCompact(string(jws), []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil {
		t.Fatal(err)
	}
	if payload, err := parsed.Verify(verifies); err != nil || string(payload) != sampleJSON {
		t.Errorf("got %s, %v", payload, err)
	}
}

// Nothing but a record that one of the keys signed, in its one form, is believed.
func TestVerify_Refused(t *testing.T) {
	signs, verifies := newKey(t)
	stranger, other := newKey(t)
	encode := base64.RawURLEncoding.EncodeToString
	signed := func(key ed25519.PrivateKey, header, payload string) []byte {
		text := encode([]byte(header)) + "." + encode([]byte(payload))
		return []byte(text + "." + encode(ed25519.Sign(key, []byte(text))))
	}
	const header = `{"alg":"EdDSA","typ":"balcao-record"}`
	good := signed(signs, header, sampleJSON)
	if _, err := record.Verify(good, verifies); err != nil {
		t.Fatalf("the honest one: %v", err)
	}
	parts := strings.Split(string(good), ".")
	replace := func(old, new string) []byte {
		if !strings.Contains(sampleJSON, old) {
			t.Fatalf("%s is not in it", old)
		}
		return signed(signs, header, strings.Replace(sampleJSON, old, new, 1))
	}
	for name, jws := range map[string][]byte{
		"empty":              nil,
		"another's":          signed(stranger, header, sampleJSON),
		"altered":            []byte(parts[0] + "." + encode([]byte(strings.Replace(sampleJSON, "substantial", "high", 1)+" ")) + "." + parts[2]),
		"no signature":       []byte(parts[0] + "." + parts[1] + "."),
		"two parts":          []byte(parts[0] + "." + parts[1]),
		"four parts":         []byte(string(good) + ".x"),
		"a space":            append(bytes.Clone(good), ' '),
		"loose bits":         append(bytes.Clone(good[:len(good)-1]), good[len(good)-1]^1),
		"no algorithm":       signed(signs, `{"alg":"none","typ":"balcao-record"}`, sampleJSON),
		"another type":       signed(signs, `{"alg":"EdDSA","typ":"balcao-sign-in"}`, sampleJSON),
		"another header":     signed(signs, `{"alg":"EdDSA","typ":"balcao-record","kid":"1"}`, sampleJSON),
		"a version to come":  replace(`"v":2`, `"v":3`),
		"no version":         replace(`"v":2`, `"v":0`),
		"an older version":   replace(`"v":2`, `"v":1`), // has the hash itself
		"both PINs":          replace(`"pin_sha256"`, `"pin_hash":"$argon2id$…","pin_sha256"`),
		"no PIN":             replace(`"pin_sha256":"Ag",`, ``),
		"an unknown field":   replace(`{"v":2,`, `{"v":2,"admin":true,`),
		"another order":      replace(`"level":"high","valid_until":"2034-03-03"`, `"valid_until":"2034-03-03","level":"high"`),
		"no contacts listed": replace(`"sms"`, `"sms" `),
		"trailing":           signed(signs, header, sampleJSON+"{}"),
		"endless":            replace(`Maria`, strings.Repeat("a", 70<<10)),
	} {
		if got, err := record.Verify(jws, verifies); !errors.Is(err, record.ErrInvalid) || got.Register != 0 {
			t.Errorf("%s: got %v", name, err)
		}
	}
	for name, keys := range map[string][]ed25519.PublicKey{"no key": nil, "another key": {other}, "a short key": {verifies[:31]}} {
		if _, err := record.Verify(good, keys...); !errors.Is(err, record.ErrInvalid) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestParseKey_Refused(t *testing.T) {
	private, public, err := record.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{
		"nothing": nil, "the other half": public, "two": append(bytes.Clone(private), private...),
		"of another kind": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), "no key": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte{1}}),
	} {
		if got, err := record.ParsePrivateKey(text); err == nil || got != nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if got, err := record.ParsePublicKey(private); err == nil || got != nil {
		t.Error("a private key was read as a public one")
	}
}

// first is a record as version 1 of the form was signed, and the hash of the PIN as the database keeps it since.
const (
	firstHash   = "$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
	firstStored = "$argon2id-sha256$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$Yw3NKWbEM2aRElRIu7JbT/QSpJxzLbLIq8G4WBvXEN0"
)

// What was signed in version 1 still counts, with the PIN as it was kept then and as it is kept now, and changes into
// version 2 without the PIN.
func TestVersion1(t *testing.T) {
	signs, verifies := newKey(t)
	text := strings.NewReplacer(`"v":2`, `"v":1`, `"pin_sha256":"Ag"`, `"pin_hash":"`+firstHash+`"`).Replace(sampleJSON)
	encode := base64.RawURLEncoding.EncodeToString
	body := encode([]byte(`{"alg":"EdDSA","typ":"balcao-record"}`)) + "." + encode([]byte(text))
	old, err := record.Verify([]byte(body+"."+encode(ed25519.Sign(signs, []byte(body)))), verifies)
	if err != nil {
		t.Fatal(err)
	}
	again := old
	again.Version = 2
	jws, err := record.Sign(again, signs)
	if err != nil {
		t.Fatal(err)
	}
	next, err := record.Verify(jws, verifies)
	if err != nil || next.V != 2 || next.PINHash != "" || next.Contacts[0] != old.Contacts[0] {
		t.Fatalf("got %+v, %v", next, err)
	}
	for stored, want := range map[string][2]bool{
		firstHash: {true, false}, firstStored: {true, true}, "": {}, "$argon2id$": {}, firstStored + "x": {},
		strings.Replace(firstStored, "t=2", "t=1", 1): {}, strings.Replace(firstStored, "$Yw", "$Zw", 1): {},
	} {
		if got := [2]bool{old.HasPIN(stored), next.HasPIN(stored)}; got != want {
			t.Errorf("%q: got %v, want %v", stored, got, want)
		}
	}
	old.PINHash = "no hash"
	if old.HasPIN("") {
		t.Error("a hash that is none is nobody's")
	}
}
