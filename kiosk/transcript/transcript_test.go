package transcript_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"balcao/kiosk"
	"balcao/kiosk/transcript"
)

var sample = transcript.Transcript{
	Version: 2, Enrolment: uuid.MustParse("0199a1b2-0000-7000-8000-000000000001"), Challenge: []byte{0xFB, 0xFF, 0x00},
	Desk: "laranjeiras-07", OpenedAt: time.Date(2026, 11, 23, 10, 0, 0, 123456000, time.UTC),
	SignedAt: time.Date(2026, 11, 23, 10, 5, 0, 0, time.UTC),
	Document: transcript.Document{
		Kind: kiosk.CitizenCard, Generation: kiosk.Generation2024, Country: "PRT", Number: "99000588 7 ZZ1",
		CivilNumber: "990005887", ValidUntil: kiosk.Date{Year: 2034, Month: 2, Day: 1}, Identity: []byte{1}, SOD: []byte{2},
		Access: transcript.AccessContact,
	},
	Person: transcript.Person{
		Surname: "Inventada & Conceição", GivenNames: "Maria", BirthDate: kiosk.Date{Year: 1988, Month: 3, Day: 7},
		Nationality: "PRT", TaxNumber: "400000012",
	},
	Eligibility: transcript.Eligibility{
		Address:      transcript.Seen{Kind: kiosk.SeenLease, Issuer: "Imobiliária", Issued: kiosk.Date{Year: 2026, Month: 1, Day: 2}},
		Independence: kiosk.Independent, Extension: "DL 1/2026",
	},
	Contacts: []transcript.Contact{{
		Channel: kiosk.SMS, Value: "+351910000001", Proof: uuid.MustParse("0199a1b2-0000-7000-8000-000000000002"),
		ConfirmedAt: time.Date(2026, 11, 23, 10, 2, 0, 0, time.UTC),
	}},
	SealedPIN: []byte{3}, PhotoCompared: true, Language: kiosk.Portuguese, Level: kiosk.LevelSubstantial,
	Shift: uuid.MustParse("0199a1b2-0000-7000-8000-000000000004"), Staff: "F0417", Admission: []byte{4},
}

// sampleJSON is the canonical form, written out: what courts and other programs will read.
const sampleJSON = `{"v":2,"enrolment":"0199a1b2-0000-7000-8000-000000000001","challenge":"-_8A","desk":"laranjeiras-07",` +
	`"opened_at":"2026-11-23T10:00:00.123456Z","signed_at":"2026-11-23T10:05:00Z",` +
	`"document":{"kind":"citizen-card","generation":"2024","country":"PRT","number":"99000588 7 ZZ1","civil_number":"990005887",` +
	`"valid_until":"2034-02-01","identity_sha256":"AQ","sod_sha256":"Ag","access":"contact"},` +
	`"person":{"surname":"Inventada & Conceição","given_names":"Maria","birth_date":"1988-03-07","nationality":"PRT","tax_number":"400000012"},` +
	`"eligibility":{"address":{"kind":"lease","issuer":"Imobiliária","issued":"2026-01-02"},"residence":{"kind":"","issuer":"","issued":""},` +
	`"independence":"independent","extension":"DL 1/2026"},` +
	`"contacts":[{"channel":"sms","value":"+351910000001","proof":"0199a1b2-0000-7000-8000-000000000002","confirmed_at":"2026-11-23T10:02:00Z"}],` +
	`"sealed_pin_sha256":"Aw","photo_compared":true,"language":"pt","level":"substantial",` +
	`"shift":"0199a1b2-0000-7000-8000-000000000004","staff":"F0417","admission_sha256":"BA"}`

func TestTranscript_Encode(t *testing.T) {
	got, err := sample.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sampleJSON, string(got)); diff != "" {
		t.Errorf("canonical form (-want +got):\n%s", diff)
	}
	local := sample
	local.OpenedAt = sample.OpenedAt.In(time.FixedZone("WEST", 3600)).Add(99 * time.Nanosecond)
	if again, err := local.Encode(); err != nil || !bytes.Equal(again, got) {
		t.Errorf("another zone, another form: %s, %v", again, err)
	}
}

// What an errand adds, behind all that there was: what was signed before has kept its form.
func TestTranscript_Errand(t *testing.T) {
	said := sample
	said.Errand, said.Register, said.Reason = "phone", 4711, "request"
	said.Activation = &transcript.Activation{Channel: kiosk.Letter, Address: []byte{5}}
	said.Numbers = []transcript.Number{{Kind: "niss", Value: "11234567892", Source: "paper", Paper: "service_card"}}
	want := strings.TrimSuffix(sampleJSON, "}") + `,"errand":"phone","key":4711,"reason":"request",` +
		`"activation":{"channel":"letter","value":"","address_sha256":"BQ"},` +
		`"numbers":[{"kind":"niss","value":"11234567892","source":"paper","paper":"service_card"}]}`
	got, err := said.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("canonical form (-want +got):\n%s", diff)
	}
	read, err := transcript.Decode([]byte(want))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(said, read); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for name, bad := range map[string]string{
		"no errand said":  strings.Replace(want, `"errand":"phone"`, `"errand":""`, 1),
		"no key said":     strings.Replace(want, `"key":4711`, `"key":0`, 1),
		"no code":         strings.Replace(want, `{"channel":"letter","value":"","address_sha256":"BQ"}`, `null`, 1),
		"no numbers":      strings.Replace(want, `[{"kind":"niss","value":"11234567892","source":"paper","paper":"service_card"}]`, `[]`, 1),
		"a number's text": strings.Replace(want, `"key":4711`, `"key":"4711"`, 1),
	} {
		if _, err := transcript.Decode([]byte(bad)); !errors.Is(err, transcript.ErrForm) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	// An address is hashed whole.
	at := kiosk.PostalAddress{Name: "Maria", Lines: []string{"Rua 1", "2.º"}, Postcode: "1100-001", Town: "Lisboa", Country: "PRT"}
	seen := map[string]bool{string(transcript.HashAddress(at)): true}
	for _, other := range []kiosk.PostalAddress{
		{Name: "Rita", Lines: at.Lines, Postcode: at.Postcode, Town: at.Town, Country: at.Country},
		{Name: at.Name, Lines: []string{"Rua 1 2.º"}, Postcode: at.Postcode, Town: at.Town, Country: at.Country},
		{Name: at.Name, Lines: at.Lines, Postcode: "1100-002", Town: at.Town, Country: at.Country},
		{Name: at.Name, Lines: at.Lines, Postcode: at.Postcode, Town: "Porto", Country: at.Country},
		{Name: at.Name, Lines: at.Lines, Postcode: at.Postcode, Town: at.Town, Country: "ESP"},
	} {
		h := string(transcript.HashAddress(other))
		if seen[h] || len(h) != 32 {
			t.Errorf("%+v has the hash of another", other)
		}
		seen[h] = true
	}
}

func TestDecode(t *testing.T) {
	got, err := transcript.Decode([]byte(sampleJSON))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sample, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	replace := func(old, new string) string {
		if !strings.Contains(sampleJSON, old) {
			t.Fatalf("%s is not in the sample", old)
		}
		return strings.Replace(sampleJSON, old, new, 1)
	}
	for name, bad := range map[string]string{
		"empty":            "",
		"null":             "null",
		"array":            "[]",
		"trailing space":   sampleJSON + " ",
		"two":              sampleJSON + sampleJSON,
		"leading space":    " " + sampleJSON,
		"unknown field":    replace(`{"v":2,`, `{"v":2,"admin":true,`),
		"field twice":      replace(`"desk":"laranjeiras-07",`, `"desk":"x","desk":"laranjeiras-07",`),
		"case":             replace(`"desk"`, `"Desk"`),
		"missing":          replace(`"desk":"laranjeiras-07",`, ``),
		"order":            replace(`"v":2,"enrolment":"0199a1b2-0000-7000-8000-000000000001"`, `"enrolment":"0199a1b2-0000-7000-8000-000000000001","v":2`),
		"version 1":        replace(`"v":2`, `"v":1`),
		"version 3":        replace(`"v":2`, `"v":3`),
		"version as text":  replace(`"v":2`, `"v":"2"`),
		"version as float": replace(`"v":2`, `"v":2.0`),
		"without access":   replace(`,"access":"contact"`, ``),
		"no month":         replace(`1988-03-07`, `1988-00`),
		"UUID form":        replace(`0199a1b2-0000-7000-8000-000000000001`, `{0199a1b2-0000-7000-8000-000000000001}`),
		"UUID case":        replace(`0199a1b2-0000-7000-8000-000000000001`, `0199A1B2-0000-7000-8000-000000000001`),
		"padding":          replace(`"AQ"`, `"AQ=="`),
		"base64":           replace(`"-_8A"`, `"+/8A"`),
		"loose bits":       replace(`"AQ"`, `"AR"`),
		"escaped":          replace(`&`, `\u0026`),
		"not UTF-8":        replace(`Maria`, "Mari\xff"),
		"zone":             replace(`10:05:00Z`, `10:05:00+00:00`),
		"nanoseconds":      replace(`10:05:00Z`, `10:05:00.000000001Z`),
		"date":             replace(`1988-03-07`, `1988-3-7`),
		"no day":           replace(`1988-03-07`, `1988-02-30`),
		"contacts null":    replace(`"contacts":[{"channel":"sms","value":"+351910000001","proof":"0199a1b2-0000-7000-8000-000000000002","confirmed_at":"2026-11-23T10:02:00Z"}]`, `"contacts":null`),
		"too long":         replace(`Maria`, strings.Repeat("a", 64<<10)),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := transcript.Decode([]byte(bad)); !errors.Is(err, transcript.ErrForm) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// What was signed before staff had cards keeps its form: with the number of a second clerk, empty or not, and without a
// shift.
func TestDecode_BeforeStaffCards(t *testing.T) {
	old, _, _ := strings.Cut(sampleJSON, `,"shift"`)
	for _, clerk := range []string{"", "B. Segunda"} {
		text := strings.Replace(old, `"extension"`, `"second_clerk":"`+clerk+`","extension"`, 1) + "}"
		got, err := transcript.Decode([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if again, err := got.Encode(); err != nil || string(again) != text || got.Eligibility.SecondClerk == nil || *got.Eligibility.SecondClerk != clerk {
			t.Errorf("%q: got %s, %v", clerk, again, err)
		}
		for name, bad := range map[string]string{
			"null":     strings.Replace(text, `"second_clerk":"`+clerk+`"`, `"second_clerk":null`, 1),
			"no shift": strings.TrimSuffix(text, "}") + `,"shift":"00000000-0000-0000-0000-000000000000"}`,
			"no staff": strings.TrimSuffix(text, "}") + `,"staff":""}`,
		} {
			if _, err := transcript.Decode([]byte(bad)); !errors.Is(err, transcript.ErrForm) {
				t.Errorf("%s: got %v", name, err)
			}
		}
	}
}

func TestTranscript_RoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := sample
		want.Desk = rapid.String().Draw(t, "desk")
		want.Person.Surname = rapid.String().Draw(t, "surname")
		want.Challenge = rapid.SliceOfN(rapid.Byte(), 0, 64).Draw(t, "challenge")
		want.SignedAt = time.UnixMicro(rapid.Int64Range(0, 4e15).Draw(t, "signed")).UTC()
		want.Contacts = make([]transcript.Contact, rapid.IntRange(0, 3).Draw(t, "contacts"))
		for i := range want.Contacts {
			want.Contacts[i] = sample.Contacts[0]
			want.Contacts[i].Value = rapid.String().Draw(t, "value")
		}
		data, err := want.Encode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := transcript.Decode(data)
		if err != nil {
			t.Fatalf("%v: %s", err, data)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(sampleJSON))
	f.Add([]byte(`{"v":2}`))
	f.Add([]byte(strings.Replace(sampleJSON, "1988-03-07", "1988-03", 1)))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := transcript.Decode(data)
		if err != nil {
			return
		}
		again, err := got.Encode()
		if err != nil || !bytes.Equal(again, data) {
			t.Fatalf("accepted another form than the canonical one: %v", err)
		}
	})
}
