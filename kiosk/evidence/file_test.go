package evidence_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"balcao/kiosk"
	"balcao/kiosk/evidence"
	"balcao/kiosk/examine"
	"balcao/kiosk/examine/examinetest"
	"balcao/kiosk/record"
	"balcao/kiosk/transcript"
	"balcao/kiosk/trust/staff"
	"balcao/kiosk/trust/trusttest"
)

// archive is the evidence of a key in a file, and whom to believe. A test changes it before verify.
type archive struct {
	*evidence.File
	anchors evidence.Anchors
	signs   ed25519.PrivateKey
	record  record.Record
}

// archived is a file of what was verified.
func archived(t testing.TB, sent transcript.Evidence, expect evidence.Expect, got *evidence.Verified, examiner *examine.Examiner) *archive {
	t.Helper()
	private, public, err := record.GenerateKey()
	signs, err2 := record.ParsePrivateKey(private)
	verifies, err3 := record.ParsePublicKey(public)
	finding, err4 := json.Marshal(map[string]any{"checks": []map[string]any{{"name": "certificate_revocation", "result": "passed", "source": "ocsp.example", "at": time.Now()}}})
	if err := errors.Join(err, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	a := &archive{signs: signs, File: &evidence.File{
		Form: evidence.FileForm, ExportedAt: time.Now(), Enrolment: expect.Enrolment, Challenge: expect.Challenge, Desk: expect.Desk,
		OpenedAt: expect.OpenedAt, Kind: expect.Kind, Typed: expect.Typed, JWS: sent.JWS, SOD: sent.SOD, Kept: got.Kept, Proof: sent.Proof,
		ChipPrivate: expect.ChipState, Marked: expect.Doubt, Verification: finding,
		Key: evidence.FileKey{Register: 4711, Version: 1, State: "active", Level: string(got.Level), ValidUntil: got.ValidUntil.String()},
	}}
	a.anchors = evidence.Anchors{Trust: examiner, Desks: expect.DeskAuthority, Staff: expect.StaffTrust, Registry: []ed25519.PublicKey{verifies}}
	for _, f := range expect.DeskCertificates {
		a.DeskCertificates = append(a.DeskCertificates, f[:])
	}
	id, jws := got.Identity, sha256.Sum256(sent.JWS)
	a.record = record.Record{
		Register: 4711, Version: 1, At: time.Now(), State: "active", Reason: "enrolled", PIN: []byte{1}, Level: a.Key.Level, ValidUntil: a.Key.ValidUntil, Enrolment: a.Enrolment, Evidence: jws[:],
		Person: record.Person{
			Country: id.Country, CivilNumber: id.CivilNumber, DocumentNumber: id.DocumentNumber, Surname: id.Surname, GivenNames: id.GivenNames, BirthDate: id.BirthDate.String(),
		},
	}
	for _, c := range expect.Contacts {
		a.Contacts = append(a.Contacts, evidence.FileContact{Channel: c.Channel, Value: c.Value, Proof: c.Proof, ProvenAt: c.At})
		a.record.Contacts = append(a.record.Contacts, record.Contact{Channel: string(c.Channel), Value: c.Value, Proof: c.Proof, ProvenAt: c.At})
	}
	return a
}

// file is the archive of the office's enrolment, once it is verified.
func (o *office) file(t testing.TB) *archive {
	t.Helper()
	got, err := o.bind(t)
	if err != nil {
		t.Fatal(err)
	}
	a := archived(t, o.sent, o.expect, got, o.examiner)
	s := o.expect.Shift
	a.Shift = &evidence.FileShift{ID: s.ID, Staff: s.Card.Number, Role: s.Card.Role, Challenge: []byte("challenge"), SignedAt: s.SignedAt}
	if o.admission == nil {
		a.Shift.Fingerprint = s.Card.Fingerprint[:]
		a.Shift.SignIn = o.signedIn(t, o.clerk, func(*transcript.SignIn) {})
	} else {
		a.Shift.Fingerprint, a.Shift.SignIn = s.AdmittedBy.Fingerprint[:], s.Admission
		a.Shift.AdmittedBy, a.Shift.AdmittedRole = s.AdmittedBy.Number, s.AdmittedBy.Role
	}
	if d := o.expect.Decision; d != nil {
		a.Decision = &evidence.FileDecision{JWS: d.JWS, Staff: d.By.Number, Role: d.By.Role, Fingerprint: d.By.Fingerprint[:], At: d.At, Reasons: got.Reasons}
	}
	return a
}

// signedIn is the statement with which a card began the shift.
func (o *office) signedIn(t testing.TB, by *trusttest.Authority, change func(*transcript.SignIn)) []byte {
	t.Helper()
	s := transcript.SignIn{Shift: shiftID, Challenge: []byte("challenge"), Desk: deskName, At: o.expect.Shift.SignedAt}
	change(&s)
	jws, err := transcript.SignSignIn(t.Context(), s, [][]byte{by.Cert.Raw}, soft(by))
	if err != nil {
		t.Fatal(err)
	}
	return jws
}

// verify writes the file, reads it and returns the lines that fail.
func (a *archive) verify(t testing.TB) (lines, failed []string) {
	t.Helper()
	if a.Records == nil {
		jws, err := record.Sign(a.record, a.signs)
		if err != nil {
			t.Fatal(err)
		}
		a.Records = []string{string(jws)}
	}
	text, err := a.Encode()
	if err != nil {
		t.Fatal(err)
	}
	read, err := evidence.ReadFile(text)
	if err != nil {
		t.Fatal(err)
	}
	got := read.Check(t.Context(), a.anchors)
	for _, l := range got {
		lines = append(lines, string(l.Result)+" "+l.Name+": "+l.Note)
		if l.Result != kiosk.Passed && l.Result != kiosk.Absent {
			failed = append(failed, l.Name)
		}
	}
	if evidence.Good(got) != (len(failed) == 0) {
		t.Errorf("Good is wrong about %v", lines)
	}
	return lines, failed
}

// A file of true evidence holds, whatever the document and whoever signed.
func TestFile(t *testing.T) {
	travel := func(change func(*testing.T, *travelCase)) func(*testing.T) *archive {
		return func(t *testing.T) *archive {
			c := mustTravelCase(t)
			change(t, c)
			got, err := c.bind(t)
			if err != nil {
				t.Fatal(err)
			}
			return archived(t, c.sent, c.expect, got, c.examiner)
		}
	}
	staffed := func(change func(*office)) func(*testing.T) *archive {
		return func(t *testing.T) *archive {
			o := mustOffice(t)
			change(o)
			return o.file(t)
		}
	}
	for name, tt := range map[string]struct {
		file func(*testing.T) *archive
		want []string // lines that pass
	}{
		"citizen card": {staffed(func(*office) {}), []string{"citizen's card", "staff card", "shift", "document", "record"}},
		"admitted, approved": {staffed(func(o *office) {
			o.expect.Doubt = true
			o.admitted()
			o.decided()
		}), []string{"shift", "decision"}},
		"passport":            {travel(func(*testing.T, *travelCase) {}), []string{"holder", "document", "chip", "record"}},
		"chip authentication": {travel(func(t *testing.T, c *travelCase) { c.chip.Active = nil; c.remake(t) }), []string{"chip"}},
		"no key":              {travel(func(t *testing.T, c *travelCase) { c.chip.Active, c.chip.Agree = nil, nil; c.remake(t) }), []string{"document"}},
		"typed":               {travel(func(t *testing.T, c *travelCase) { c.typed(t) }), []string{"holder"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := tt.file(t)
			a.anchors.Trust.Revocation = nil // nobody is asked
			lines, failed := a.verify(t)
			for _, want := range append(tt.want, "form", "desk", "signatures", "enrolment", "contacts") {
				if !slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, "passed "+want+":") }) {
					failed = append(failed, want)
				}
			}
			if len(failed) > 0 {
				t.Errorf("%v of\n%s", failed, strings.Join(lines, "\n"))
			}
			if text, err := a.Encode(); err != nil {
				t.Error(err)
			} else if pretty := new(bytes.Buffer); json.Indent(pretty, text, "", "\t") != nil {
				t.Error("no JSON")
			} else if read, err := evidence.ReadFile(pretty.Bytes()); err != nil || !evidence.Good(read.Check(t.Context(), a.anchors)) {
				t.Errorf("laid out in another way it does not hold: %v", err)
			}
		})
	}
}

// One thing of a file is wrong at a time; the line about it fails, and no other before it.
func TestFile_Refused(t *testing.T) {
	other := uuid.MustParse("0199a1b2-ffff-7000-8000-000000000009")
	for name, tt := range map[string]struct {
		want   string
		change func(t *testing.T, o *office, a *archive)
	}{
		"another desk's authority": {"desk", func(t *testing.T, o *office, a *archive) { a.anchors.Desks = o.authority.Cert }},
		"a desk nobody knows":      {"desk", func(_ *testing.T, _ *office, a *archive) { a.DeskCertificates = nil }},
		"another staff authority":  {"staff card", func(_ *testing.T, _ *office, a *archive) { a.anchors.Staff = &staff.Trust{} }},
		"another card":             {"staff card", func(_ *testing.T, o *office, a *archive) { a.Shift.Fingerprint = hash(o.boss.Cert.Raw) }},
		"a signature left out":     {"form", func(_ *testing.T, o *office, a *archive) { a.JWS = byDeskAlone(t, o) }},
		"another State's anchors":  {"citizen's card", func(t *testing.T, _ *office, a *archive) { a.anchors.Trust = examinetest.MustState(t).Examiner(t) }},
		"a signature altered":      {"signatures", func(t *testing.T, _ *office, a *archive) { a.JWS = altered(t, a.JWS) }},
		"another enrolment":        {"enrolment", func(_ *testing.T, _ *office, a *archive) { a.Enrolment = other }},
		"another challenge":        {"enrolment", func(_ *testing.T, _ *office, a *archive) { a.Challenge = []byte("another") }},
		"back-dated":               {"enrolment", func(_ *testing.T, _ *office, a *archive) { a.OpenedAt = a.OpenedAt.Add(-time.Hour) }},
		"another contact":          {"contacts", func(_ *testing.T, _ *office, a *archive) { a.Contacts[0].Value = "+351960000001" }},
		"another shift":            {"shift", func(_ *testing.T, _ *office, a *archive) { a.Shift.ID = other }},
		"no shift":                 {"form", func(_ *testing.T, _ *office, a *archive) { a.Shift = nil }},
		"another clerk":            {"shift", func(_ *testing.T, _ *office, a *archive) { a.Shift.Staff = "F0418" }},
		"a sign-in for another desk": {"shift", func(t *testing.T, o *office, a *archive) {
			a.Shift.SignIn = o.signedIn(t, o.clerk, func(s *transcript.SignIn) { s.Desk = "coimbra-01" })
		}},
		"a sign-in by another": {"shift", func(t *testing.T, o *office, a *archive) {
			a.Shift.SignIn = o.signedIn(t, o.boss, func(*transcript.SignIn) {})
		}},
		"another sign-in's challenge": {"shift", func(t *testing.T, o *office, a *archive) { a.Shift.Challenge = []byte("another") }},
		"an altered sign-in":          {"shift", func(t *testing.T, _ *office, a *archive) { a.Shift.SignIn = altered(t, a.Shift.SignIn) }},
		"an admission nobody signed": {"form", func(_ *testing.T, _ *office, a *archive) {
			a.Shift.AdmittedBy, a.Shift.AdmittedRole = "F0102", kiosk.RoleSupervisor
		}},
		"another document":           {"document", func(_ *testing.T, _ *office, a *archive) { a.SOD = append(bytes.Clone(a.SOD), 0) }},
		"the decision left out":      {"decision", func(_ *testing.T, _ *office, a *archive) { a.Decision = nil }},
		"decided by a clerk":         {"decision", func(_ *testing.T, _ *office, a *archive) { a.Decision.Role = kiosk.RoleClerk }},
		"decided by the clerk":       {"decision", func(_ *testing.T, _ *office, a *archive) { a.Decision.Staff = "F0417" }},
		"an altered decision":        {"decision", func(t *testing.T, _ *office, a *archive) { a.Decision.JWS = altered(t, a.Decision.JWS) }},
		"no word of the registrar":   {"revocation", func(_ *testing.T, _ *office, a *archive) { a.Verification = json.RawMessage(`"none"`) }},
		"no record":                  {"record", func(_ *testing.T, _ *office, a *archive) { a.Records = []string{} }},
		"a record signed by another": {"record", func(t *testing.T, _ *office, a *archive) { _, a.signs, _ = ed25519.GenerateKey(nil) }},
		"a record of another person": {"record", func(_ *testing.T, _ *office, a *archive) { a.record.Person.Surname = "Outra" }},
		"a record of other contacts": {"record", func(_ *testing.T, _ *office, a *archive) { a.record.Contacts[0].Value = "+351960000001" }},
		"a record of other evidence": {"record", func(_ *testing.T, _ *office, a *archive) { a.record.Evidence = hash([]byte("another")) }},
		"a record of another level":  {"record", func(_ *testing.T, _ *office, a *archive) { a.record.Level = "substantial" }},
		"a record of another key":    {"record", func(_ *testing.T, _ *office, a *archive) { a.record.Register++ }},
		"a key revived":              {"record", func(_ *testing.T, _ *office, a *archive) { a.record.State = "cancelled" }},
		"a version left out":         {"record", func(_ *testing.T, _ *office, a *archive) { a.record.Version, a.Key.Version = 2, 2 }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := mustOffice(t)
			o.expect.Doubt = true
			o.decided()
			a := o.file(t)
			tt.change(t, o, a)
			lines, failed := a.verify(t)
			if len(failed) == 0 || failed[0] != tt.want {
				t.Errorf("got %q, want %s of\n%s", failed, tt.want, strings.Join(lines, "\n"))
			}
		})
	}
}

// A travel document's file whose parts were changed.
func TestFile_TravelRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		want   string
		change func(t *testing.T, c *travelCase, a *archive)
	}{
		"another zone": {"holder", func(t *testing.T, c *travelCase, a *archive) {
			zone := c.chip.Zone
			zone.Number = "L898902C4"
			a.Kept = examine.KeptBytes(map[int][]byte{1: examinetest.DG1(t, zone), 15: c.files.Groups[15]})
		}},
		"another key of the chip": {"document", func(t *testing.T, c *travelCase, a *archive) {
			copycat := examinetest.PassportOf(t, c.state)
			a.Kept = examine.KeptBytes(map[int][]byte{1: c.files.Groups[1], 14: c.files.Groups[14], 15: copycat.MustFiles(t).Groups[15]})
		}},
		"another State's document": {"document", func(t *testing.T, _ *travelCase, a *archive) {
			a.anchors.Trust = examinetest.Believing(t, examinetest.MustCountry(t, "UT"))
		}},
		"no proof":      {"chip", func(_ *testing.T, _ *travelCase, a *archive) { a.Proof = nil }},
		"another proof": {"chip", func(_ *testing.T, _ *travelCase, a *archive) { a.Proof[len(a.Proof)-1] ^= 1 }},
	} {
		t.Run(name, func(t *testing.T) {
			c := mustTravelCase(t)
			got, err := c.bind(t)
			if err != nil {
				t.Fatal(err)
			}
			a := archived(t, c.sent, c.expect, got, c.examiner)
			tt.change(t, c, a)
			lines, failed := a.verify(t)
			if len(failed) == 0 || failed[0] != tt.want {
				t.Errorf("got %q, want %s of\n%s", failed, tt.want, strings.Join(lines, "\n"))
			}
		})
	}
}

// byDeskAlone is the same transcript without the clerk's signature.
func byDeskAlone(t testing.TB, o *office) []byte {
	return mustSign(t, o.transcript, o.chain, soft(o.card))
}

// altered changes the last signature in a JWS.
func altered(t *testing.T, jws []byte) []byte {
	t.Helper()
	var g general
	if err := json.Unmarshal(jws, &g); err != nil {
		t.Fatal(err)
	}
	last := &g.Signatures[len(g.Signatures)-1]
	last.Signature = b64(bytes.Repeat([]byte{1}, 64))
	return mustJSON(t, g)
}

// What is no file of evidence is not read.
func TestReadFile(t *testing.T) {
	o := mustOffice(t)
	text, err := o.file(t).Encode()
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string][]byte{
		"nothing": nil, "cut": text[:len(text)/2], "twice": append(bytes.Clone(text), text...), "another form": bytes.Replace(text, []byte("evidence/1"), []byte("evidence/2"), 1),
		"an unknown member": bytes.Replace(text, []byte(`{"form"`), []byte(`{"seal":1,"form"`), 1), "endless": append(bytes.Clone(text), bytes.Repeat([]byte(" "), 5<<20)...),
	} {
		if _, err := evidence.ReadFile(bad); err == nil {
			t.Errorf("%s: read", name)
		}
	}
}
