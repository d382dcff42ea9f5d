package travel_test

import (
	"bytes"
	"crypto"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"balcao/assets/testpki"
	"balcao/mock-pcsc/emrtd"
	"balcao/mock-pcsc/emrtdtest"
	"balcao/mock-pcsc/pki"
	"balcao/mock-pcsc/travel"
)

func day(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

// eriksson holds the specimens of ICAO 9303-4, -5 and -6.
func eriksson(format travel.Format) travel.Plan {
	p := travel.Plan{
		Format: format, Code: "I", Issuer: "UTO", Number: "D23145890", Until: day(2012, 4, 15),
		Person: travel.Person{Surname: "Eriksson", GivenNames: "Anna Maria", Sex: "F", Birth: day(1974, 8, 12), Nationality: "UTO"},
	}
	if format == travel.TD3 {
		p.Code, p.Number, p.Personal = "P", "L898902C3", "ZE184226B"
	}
	return p
}

// TestPrinted compares with the zones that ICAO 9303 prints.
func TestPrinted(t *testing.T) {
	long := eriksson(travel.TD1)
	long.Number, long.Until = "D23145890734", day(1995, 7, 12)
	long.Person = travel.Person{Surname: "Stevenson", GivenNames: "Peter John", Sex: "M", Birth: day(1934, 7, 12), Nationality: "UTO"}
	unknown := eriksson(travel.TD3)
	unknown.Person.BirthZone, unknown.Person.Sex = "74<<<<", "<"
	for name, c := range map[string]struct {
		plan travel.Plan
		want []string
	}{
		"TD1": {eriksson(travel.TD1), []string{"I<UTOD231458907<<<<<<<<<<<<<<<", "7408122F1204159UTO<<<<<<<<<<<6", "ERIKSSON<<ANNA<MARIA<<<<<<<<<<"}},
		"TD2": {eriksson(travel.TD2), []string{"I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<", "D231458907UTO7408122F1204159<<<<<<<6"}},
		"TD3": {eriksson(travel.TD3), []string{
			"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
		}},
		"LongNumber": {long, []string{"I<UTOD23145890<7349<<<<<<<<<<<", "3407127M9507122UTO<<<<<<<<<<<2", "STEVENSON<<PETER<JOHN<<<<<<<<<"}},
		"Unknown": {unknown, []string{
			"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO74<<<<1<1204159ZE184226B<<<<<18",
		}},
	} {
		if got := c.plan.Printed(); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestNames(t *testing.T) {
	for want, name := range map[string][2]string{
		"AENGSTROEM<OBRIEN<<LUKASZ<MUELLER":       {"Ængström-O'Brien", "Łukasz Müller"},
		"VAN<DER<MUELLEN<<":                       {"Van der Muellen", ""},
		"NILAVADHANANANDA<<CHAYAPA<DEJTHAMRONG<K": {"Nilavadhanananda", "Chayapa Dejthamrong Krasuang"},
	} {
		p := eriksson(travel.TD3)
		p.Person.Surname, p.Person.GivenNames = name[0], name[1]
		if got := p.Printed()[0][5:]; !strings.HasPrefix(got, strings.TrimRight(want, "<")) {
			t.Errorf("%v: got %s, want %s", name, got, want)
		}
	}
}

// TestZones_Any: whatever the names are, the lines are as long as they must be and hold nothing that an
// MRZ may not.
func TestZones_Any(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		format := rapid.SampledFrom([]travel.Format{travel.TD1, travel.TD2, travel.TD3}).Draw(t, "format")
		p := eriksson(format)
		p.Person.Surname = rapid.StringMatching(`[A-ZÁÇÖÑa-zéßø' -]{1,50}`).Draw(t, "surname")
		p.Person.GivenNames = rapid.StringMatching(`[A-Za-z]{1,20}( [A-Za-z]{1,20}){0,2}`).Draw(t, "given")
		width := map[travel.Format]int{travel.TD1: 30, travel.TD2: 36, travel.TD3: 44}[format]
		for _, line := range p.Printed() {
			if len(line) != width || strings.Trim(line, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789<") != "" {
				t.Fatalf("line %q", line)
			}
		}
	})
}

// complete is a document with everything.
func complete() travel.Plan {
	p := eriksson(travel.TD3)
	p.Name, p.From, p.Until, p.CAN = "complete", day(2024, 1, 2), day(2034, 1, 1), "123456"
	p.Person.Portrait = "b.jp2"
	p.BAC, p.PACE = true, []emrtd.PACE{{Mapping: emrtd.ChipAuthentication, Cipher: emrtd.AES128, Domain: 13}}
	p.ChipKey, p.ChipCipher = "travel-bp256", []emrtd.Cipher{emrtd.AES128}
	p.ActiveKey, p.ActiveHash = "travel-p256", crypto.SHA256
	p.Signer, p.FullName, p.Details, p.Fingerprints, p.Extended = "ds-ut-03", true, true, true, true
	return p
}

func TestMake(t *testing.T) {
	chip, err := travel.Make(pki.New(), complete())
	if err != nil {
		t.Fatal(err)
	}
	terminal := emrtdtest.New(chip)
	if got, err := terminal.File(0x2f01, 100); err != nil || !bytes.Contains(got, []byte{0x7f, 0x66, 0x08, 0x02, 0x02, 0x7f, 0xff, 0x02, 0x02, 0x7f, 0xff}) {
		t.Errorf("EF.ATR/INFO: % x, %v", got, err)
	}
	if got, err := terminal.File(0x2f00, 100); err != nil || !bytes.Equal(got, []byte{0x61, 9, 0x4f, 7, 0xa0, 0, 0, 2, 0x47, 0x10, 1}) {
		t.Errorf("EF.DIR: % x, %v", got, err)
	}
	if err := terminal.BAC([]byte("L898902C3674081223401011")); err != nil {
		t.Fatal(err)
	}
	file := func(id uint16) []byte {
		t.Helper()
		data, err := terminal.File(id, 200)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	if got, want := file(0x011e), []byte("\x60\x19\x5f\x01\x040107\x5f\x36\x06040000\x5c\x07\x61\x75\x63\x6b\x6c\x6e\x6f"); !bytes.Equal(got, want) {
		t.Errorf("EF.COM: got % x", got)
	}
	if got, want := file(0x0101), append([]byte{0x61, 0x5b, 0x5f, 0x1f, 0x58}, strings.Join(complete().Printed(), "")...); !bytes.Equal(got, want) {
		t.Errorf("data group 1: got %q", got)
	}
	portrait, err := testpki.FS.ReadFile("portraits/b.jp2")
	if err != nil {
		t.Fatal(err)
	}
	// The image's size comes before its colours, at the end of the head: 404 by 538 in JPEG 2000.
	if got := file(0x0102); !bytes.HasSuffix(got, append([]byte{0x01, 0x01, 0x01, 0x94, 0x02, 0x1a, 0x01, 0x02, 0, 0, 0, 0}, portrait...)) {
		t.Errorf("data group 2 of %d bytes does not end in the portrait and its size", len(got))
	}
	if got := file(0x010b); !bytes.Contains(got, []byte("\x5f\x0e\x14Eriksson<<Anna<Maria")) || !bytes.Contains(got, []byte("\x5f\x2b\x0819740812")) {
		t.Errorf("data group 11: got %q", got)
	}
	if got := file(0x010c); !bytes.Contains(got, []byte("\x5f\x26\x0820240102")) {
		t.Errorf("data group 12: got %q", got)
	}
	if _, err := terminal.File(0x0103, 100); !errors.Is(err, emrtdtest.StatusError(0x6982)) {
		t.Errorf("fingerprints: %v", err)
	}
}

func TestMake_Refuses(t *testing.T) {
	for name, change := range map[string]func(*travel.Plan){
		"UnknownSigner":   func(p *travel.Plan) { p.Signer = "nobody" },
		"UnknownPortrait": func(p *travel.Plan) { p.Person.Portrait = "z.jpg" },
		"UnknownKey":      func(p *travel.Plan) { p.ChipKey = "none" },
		"KeyOnNoCurve":    func(p *travel.Plan) { p.ChipKey = "travel-rsa1024" },
		"UnknownClone":    func(p *travel.Plan) { p.ActiveHolds = "none" },
	} {
		p := complete()
		change(&p)
		if c, err := travel.Make(pki.New(), p); err == nil || c != nil {
			t.Errorf("%s: got %v, %v", name, c, err)
		}
	}
}
