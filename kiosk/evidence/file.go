package evidence

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"balcao/kiosk"
	"balcao/kiosk/canonical"
	"balcao/kiosk/record"
	"balcao/kiosk/transcript"
)

// FileForm is the form of the files that this package writes and reads.
const FileForm = "balcao-evidence/1"

// File is the evidence of one enrolment that became a key, as it is given to a court, an auditor or the person: one JSON
// object in UTF-8 (RFC 8259) with the members below in any order and no others. Bytes are base64url without padding
// (RFC 4648 §5), times RFC 3339, SHA-256 hashes 32 bytes. It is personal, and holds a hash of the PIN within its records.
//
// What is signed is in the file as it was signed, so that other programs can verify it:
//
//   - jws, shift.sign_in and decision.jws are JWS in the general JSON serialisation (RFC 7515 §7.2.1): "payload" and
//     "signatures", each signature with "protected" and "signature" and nothing unprotected. A protected header is
//     {"alg","typ","x5c"}; x5c has the signer's certificate first (RFC 7515 §4.1.6), with whose key the signature verifies:
//     RS256, ES256, ES384 or ES512. typ says whose it is: in jws balcao-citizen (of a Citizen Card), then balcao-desk, then
//     balcao-staff; in sign_in balcao-sign-in, or balcao-admission when a supervisor admitted the clerk; in decision
//     balcao-approval. Payloads are transcript.Transcript, transcript.SignIn and transcript.Approval in JSON.
//   - sod is EF.SOD as the document has it, a CMS message signed by the State (ICAO Doc 9303-10 §4.6.2). sod_sha256 of the
//     transcript is its hash. Empty when a machine-readable zone was typed.
//   - kept is of a travel document DG1, DG14 and DG15 as they were read, one behind the other, whose hashes sod has. Of a
//     Citizen Card nothing is kept: identity_sha256 of the transcript is, on a card of 2024, the hash in its sod.
//   - proof is what a chip answered, behind one byte: 1 active authentication over the first 8 bytes of SHA-256 of
//     "balcao-aa-v1" and the payload of jws; 2 chip authentication with the key pair in chip_private
//     (travel.ChipChallenge.Marshal).
//   - records are the key's, by version: JWS in the compact serialisation (package record), signed by a registrar.
//   - log are proofs that rows were logged: leaf is a leaf's bytes (package ledger), proof the text of C2SP tlog-proof@v1, seal
//     the 32 bytes under which the leaf seals what is personal.
//
// The other members are what the centre's tables say, which nobody signed but the records: they are what the signed parts
// are compared with.
type File struct {
	Form       string             `json:"form"`
	ExportedAt time.Time          `json:"exported_at"`
	Enrolment  uuid.UUID          `json:"enrolment"`
	Challenge  canonical.Bytes    `json:"challenge"` // the centre's, for this enrolment
	Desk       string             `json:"desk"`
	OpenedAt   time.Time          `json:"opened_at"`
	Kind       kiosk.DocumentKind `json:"document_kind"`
	Typed      bool               `json:"typed"` // the machine-readable zone was typed

	DeskCertificates []canonical.Bytes `json:"desk_certificates"` // SHA-256 of all that the desk ever had
	JWS              json.RawMessage   `json:"jws"`
	SOD              canonical.Bytes   `json:"sod"`
	Kept             canonical.Bytes   `json:"kept"`
	Proof            canonical.Bytes   `json:"proof"`
	ChipPrivate      canonical.Bytes   `json:"chip_private"`
	Contacts         []FileContact     `json:"contacts"` // of the key, as they are when the file is written
	Errand           string            `json:"errand"`   // "" in files of before there were errands: an enrolment
	Marked           bool              `json:"marked"`   // by the clerk, with the quiet key
	Shift            *FileShift        `json:"shift"`    // null: opened before staff signed in
	Decision         *FileDecision     `json:"decision"`
	Verification     json.RawMessage   `json:"verification"` // what the registrar found, and who answered
	Key              FileKey           `json:"key"`
	Records          []string          `json:"records"`
	Log              []FileLeaf        `json:"log"`
}

// FileContact is a contact of the key.
type FileContact struct {
	Channel  kiosk.Channel `json:"channel"`
	Value    string        `json:"value"`
	Proof    uuid.UUID     `json:"proof"`
	ProvenAt time.Time     `json:"proven_at"`
}

// FileShift is the shift in which the enrolment was opened. Roles are those at sign-in.
type FileShift struct {
	ID           uuid.UUID       `json:"id"`
	Staff        string          `json:"staff"`
	Role         kiosk.Role      `json:"role"`
	Challenge    canonical.Bytes `json:"challenge"`   // the centre's, for the shift
	Fingerprint  canonical.Bytes `json:"fingerprint"` // SHA-256 of the certificate that signed in, or admitted
	SignedAt     time.Time       `json:"signed_at"`
	SignIn       json.RawMessage `json:"sign_in"`
	AdmittedBy   string          `json:"admitted_by"` // empty when the clerk's own card signed in
	AdmittedRole kiosk.Role      `json:"admitted_role"`
}

// FileDecision is a supervisor's.
type FileDecision struct {
	JWS         json.RawMessage        `json:"jws"`
	Staff       string                 `json:"staff"`
	Role        kiosk.Role             `json:"role"`
	Fingerprint canonical.Bytes        `json:"fingerprint"`
	At          time.Time              `json:"at"`
	Reasons     []kiosk.ApprovalReason `json:"reasons"`
}

// FileKey is the key as the tables have it when the file is written.
type FileKey struct {
	Register   int64  `json:"register"`
	Version    int    `json:"version"`
	State      string `json:"state"`
	Level      string `json:"level"`
	ValidUntil string `json:"valid_until"` // the last day, as 2031-04-15
}

// FileLeaf is a row's leaf in the log.
type FileLeaf struct {
	Leaf  canonical.Bytes `json:"leaf"`
	Seal  canonical.Bytes `json:"seal"`
	Proof string          `json:"proof"`
}

// Encode is the file's text.
func (f *File) Encode() ([]byte, error) {
	text, err := canonical.JSON(f)
	return append(text, '\n'), err
}

// maxFile is far more than any evidence needs, in bytes.
const maxFile = 4 << 20

// ReadFile reads a file's text. Nothing in it is verified: see Check.
func ReadFile(text []byte) (*File, error) {
	if len(text) > maxFile {
		return nil, errors.New("more than any evidence needs")
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	f := new(File)
	if err := d.Decode(f); err != nil {
		return nil, fmt.Errorf("not a file of evidence: %w", err)
	}
	if f.Form != FileForm {
		return nil, fmt.Errorf("evidence of the form %q, want %q", f.Form, FileForm)
	}
	if rest := bytes.TrimSpace(text[d.InputOffset():]); len(rest) > 0 {
		return nil, errors.New("something behind the evidence")
	}
	return f, nil
}

// compact is a JWS as it was signed, however the file's JSON is laid out.
func compact(jws json.RawMessage) []byte {
	var b bytes.Buffer
	if json.Compact(&b, jws) != nil {
		return nil
	}
	return b.Bytes()
}

// expect is what the tables said of the enrolment.
func (f *File) expect(a Anchors) Expect {
	e := Expect{
		Enrolment: f.Enrolment, Challenge: f.Challenge, Desk: f.Desk, OpenedAt: f.OpenedAt, Kind: f.Kind, Typed: f.Typed,
		ChipState: f.ChipPrivate, DeskAuthority: a.Desks, StaffTrust: a.Staff, Doubt: f.Marked,
	}
	for _, c := range f.DeskCertificates {
		e.DeskCertificates = append(e.DeskCertificates, fingerprint(c))
	}
	if f.Errand != transcript.Enrol && f.Errand != "" {
		e.Errand, e.Register = f.Errand, f.Key.Register
		e.Record, _ = f.made()
	}
	if s := f.Shift; s != nil {
		card := StaffCard{Number: s.Staff, Role: s.Role}
		e.Shift = &Shift{ID: s.ID, SignedAt: s.SignedAt, Card: card}
		if s.AdmittedBy == "" {
			e.Shift.Card.Fingerprint = fingerprint(s.Fingerprint)
		} else {
			e.Shift.Admission = compact(s.SignIn)
			e.Shift.AdmittedBy = StaffCard{Number: s.AdmittedBy, Role: s.AdmittedRole, Fingerprint: fingerprint(s.Fingerprint)}
		}
	}
	if d := f.Decision; d != nil {
		by := StaffCard{Number: d.Staff, Role: d.Role, Fingerprint: fingerprint(d.Fingerprint)}
		e.Decision = &Decision{JWS: compact(d.JWS), By: by, At: d.At, Seen: d.Reasons}
	}
	return e
}

// made is the record of the key that the visit made and of a visit that made none the first, as they
// are claimed. Whether a registrar signed them is another line of the file's.
func (f *File) made() (r *record.Record, is bool) {
	for _, jws := range f.Records {
		claimed, err := record.Claimed([]byte(jws))
		if err != nil {
			continue
		}
		if r == nil || claimed.Enrolment == f.Enrolment {
			r, is = &claimed, claimed.Enrolment == f.Enrolment
		}
	}
	return r, is
}

// proven are the contacts that the visit proved, as the key has them or, where another took their place since, as the record
// has them that the visit made.
func (f *File) proven(agreed []transcript.Contact) (contacts []kiosk.ProvenContact) {
	known := map[uuid.UUID]kiosk.ProvenContact{}
	if r, is := f.made(); is {
		known = contactsOf(*r)
	}
	for _, c := range f.Contacts {
		known[c.Proof] = kiosk.ProvenContact{Channel: c.Channel, Value: c.Value, Proof: c.Proof, At: c.ProvenAt}
	}
	for _, c := range agreed {
		if k, is := known[c.Proof]; is {
			contacts = append(contacts, k)
		}
	}
	return contacts
}

func contactsOf(r record.Record) map[uuid.UUID]kiosk.ProvenContact {
	by := map[uuid.UUID]kiosk.ProvenContact{}
	for _, c := range r.Contacts {
		by[c.Proof] = kiosk.ProvenContact{Channel: kiosk.Channel(c.Channel), Value: c.Value, Proof: c.Proof, At: c.ProvenAt}
	}
	return by
}

// fingerprint is SHA-256 as a file has it; of another length it is no certificate's.
func fingerprint(b []byte) (f [32]byte) {
	if len(b) == len(f) {
		copy(f[:], b)
	}
	return f
}
