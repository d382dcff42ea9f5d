package attack_test

import (
	"crypto"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"balcao/cardreader/mrz"
	"balcao/cardreader/travel"
	"balcao/kiosk"
	"balcao/kiosk/central"
	"balcao/kiosk/central/schema"
	"balcao/kiosk/examine"
	"balcao/kiosk/kiosktest"
	"balcao/kiosk/transcript"
	"balcao/mock-pcsc/fixtures"
)

// document is a copy of all that can be read of a travel document.
type document struct {
	zone   string
	files  examine.TravelFiles
	holder kiosk.Identity
}

// document reads a travel document of the fixtures.
func (s *system) document(name string) *document {
	s.t.Helper()
	entries := s.fixtures.Entries()
	i := slices.IndexFunc(entries, func(e fixtures.Entry) bool { return e.Name == name })
	emulated, err := s.fixtures.Card(name)
	s.check(err)
	emulated.PowerOff() // a session before
	emulated.PowerOn()
	d := &document{zone: strings.Join(entries[i].MRZ, "\n")}
	chip, err := travel.Recognise(s.ctx, kiosktest.Laid{Card: emulated}, travel.Options{Extended: true, ATR: emulated.ATR()})
	s.check(err)
	zone, err := mrz.Parse(d.zone, time.Now())
	s.check(err)
	d.files.Access, err = chip.Unlock(s.ctx, travel.FromMRZ(zone.Key()))
	s.check(err)
	d.files.SOD, err = chip.Read(s.ctx, travel.SOD, nil)
	s.check(err)
	d.files.Groups = map[int][]byte{}
	for number, file := range map[int]travel.File{1: travel.DG1, 11: travel.DG11, 14: travel.DG14, 15: travel.DG15} {
		if content, err := chip.Read(s.ctx, file, nil); err == nil {
			d.files.Groups[number] = content
		}
	}
	d.holder, err = examine.TravelIdentity(d.files, time.Now())
	s.check(err)
	return d
}

// typed is what is known of a document from its printed zone.
func (d *document) typed(s *system) *document {
	s.t.Helper()
	zone, err := examine.TypedFiles(d.zone)
	s.check(err)
	typed := &document{zone: d.zone, files: examine.TravelFiles{Groups: map[int][]byte{1: zone}}}
	typed.holder, err = examine.TravelIdentity(typed.files, time.Now())
	s.check(err)
	return typed
}

// taxNumber is a NIF that nobody has.
func taxNumber() string {
	digits := fmt.Sprintf("40%06d", 600_000+lastPhone.Add(1))
	for check := range 10 {
		if n := fmt.Sprintf("%s%d", digits, check); kiosk.CheckTaxNumber(n) {
			return n
		}
	}
	panic("a NIF without check digit")
}

func (d *document) person(in uuid.UUID) central.Person {
	return central.Person{Document: d.holder.Kind, Country: d.holder.Country, DocumentNumber: d.holder.DocumentNumber,
		TaxNumber: taxNumber(), Typed: d.files.SOD == nil, Shift: in}
}

// travels enrols with a copy of a document, which proves nothing by itself.
func (s *system) travels(in shift, d *document) *enrolment {
	s.t.Helper()
	return s.travelsWith(in, d, func(*transcript.Transcript) {})
}

func (s *system) travelsWith(in shift, d *document, change func(*transcript.Transcript)) *enrolment {
	s.t.Helper()
	e, who := s.open(in, d.person(in.id)), d.holder
	identity := examine.TravelBytes(d.files)
	access := examine.AccessText(d.files.Access)
	if d.files.SOD == nil {
		identity, access = d.files.Groups[1], transcript.AccessTyped
	}
	who.TaxNumber = e.taxNumber
	t := e.statement(who, access, transcript.Evidence{Identity: identity, SOD: d.files.SOD, SealedPIN: e.sealed})
	t.Facts.Eligibility = kiosk.Eligibility{
		TaxNumber: e.taxNumber, Independence: kiosk.Independent,
		Address: kiosk.Seen{Kind: kiosk.SeenUtilityBill, Issuer: "Águas de Exemplo", Issued: kiosk.DateOf(time.Now())},
	}
	tr := t.Transcript()
	change(&tr)
	key := s.DB.Desk(in.desk.Desk())
	jws, err := transcript.SignAsDesk(tr, key.PrivateKey.(crypto.Signer), key.Certificate)
	s.check(err)
	jws, err = transcript.AddStaff(s.ctx, jws, in.who.chain, in.who)
	s.check(err)
	_, err = in.desk.Bind(s.ctx, e.id, transcript.Evidence{JWS: jws, Identity: identity, SOD: d.files.SOD, SealedPIN: e.sealed}, false)
	s.check(err)
	return e
}

func (s *system) set(name string, value int) {
	s.t.Helper()
	s.check(schema.Set(s.ctx, s.DB.Admin(), name, value))
}

// revoke revokes a staff card.
func (s *system) revoke(m *member) {
	s.t.Helper()
	s.check(schema.RevokeStaffCard(s.ctx, s.DB.Admin(), fmt.Sprintf("%x", m.fingerprint())))
}

// general is a JWS in the general JSON serialisation.
type general struct {
	Payload    string            `json:"payload"`
	Signatures []json.RawMessage `json:"signatures"`
}

func (s *system) parts(jws []byte) (g general) {
	s.t.Helper()
	s.check(json.Unmarshal(jws, &g))
	return g
}

// splice is honest evidence of this enrolment with one signature of other evidence.
func (e *enrolment) splice(other []byte, n int) []byte {
	e.t.Helper()
	g := e.parts(e.honest())
	g.Signatures[n] = e.parts(other).Signatures[n]
	return e.join(g)
}

// without is honest evidence with a signature taken away.
func (e *enrolment) without(n int) []byte {
	e.t.Helper()
	g := e.parts(e.honest())
	g.Signatures = slices.Delete(g.Signatures, n, n+1)
	return e.join(g)
}

func (e *enrolment) join(g general) []byte {
	e.t.Helper()
	jws, err := json.Marshal(g)
	e.check(err)
	return jws
}

// relabelled is a signature of one card under the certificate of another, in its first header.
func (s *system) relabelled(jws []byte, as *member) []byte {
	s.t.Helper()
	g := s.parts(jws)
	var signature struct {
		Protected transcript.Bytes `json:"protected"`
		Signature string           `json:"signature"`
	}
	s.check(json.Unmarshal(g.Signatures[0], &signature))
	var header map[string]any
	s.check(json.Unmarshal(signature.Protected, &header))
	header["alg"], header["x5c"] = "ES256", []string{base64.StdEncoding.EncodeToString(as.chain[0])}
	var err error
	signature.Protected, err = json.Marshal(header)
	s.check(err)
	g.Signatures[0], err = json.Marshal(signature)
	s.check(err)
	out, err := json.Marshal(g)
	s.check(err)
	return out
}
