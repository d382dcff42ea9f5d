package evidence_test

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"balcao/cardreader/mrz"
	"balcao/kiosk"
	"balcao/kiosk/evidence"
	"balcao/kiosk/examine"
	"balcao/kiosk/examine/examinetest"
	"balcao/kiosk/transcript"
	"balcao/kiosk/trust"
	"balcao/kiosk/trust/country"
	"balcao/kiosk/trust/trusttest"
)

func TestVerifyTravel(t *testing.T) {
	cases := map[string]struct {
		want    kiosk.Level
		missing []kiosk.CheckName // whose answers are Absent with a reason
		change  func(t *testing.T, c *travelCase)
	}{
		"active authentication": {kiosk.LevelHigh, nil, func(*testing.T, *travelCase) {}},
		"chip authentication": {kiosk.LevelHigh, nil, func(t *testing.T, c *travelCase) {
			c.chip.Active = nil
			c.remake(t)
		}},
		"no DG11, BAC": {kiosk.LevelHigh, nil, func(t *testing.T, c *travelCase) {
			c.chip.Name, c.chip.Born = "", ""
			c.remake(t)
			c.files.Access.Mechanism, c.files.Access.Cipher, c.files.Access.Curve = "BAC", "3DES", ""
		}},
		"no key": {kiosk.LevelSubstantial, []kiosk.CheckName{kiosk.CheckChipAuthenticity}, func(t *testing.T, c *travelCase) {
			c.chip.Active, c.chip.Agree = nil, nil
			c.remake(t)
		}},
		"only the desk saw the chip's key": {kiosk.LevelSubstantial, []kiosk.CheckName{kiosk.CheckChipAuthenticity}, func(t *testing.T, c *travelCase) {
			c.chip.Active, c.chip.Agree = nil, nil
			c.remake(t)
			c.files.Access.Mechanism = "PACE-CAM"
		}},
		"gives its contents to anybody": {kiosk.LevelSubstantial, []kiosk.CheckName{kiosk.CheckAccess}, func(_ *testing.T, c *travelCase) {
			c.files.Access.Unenforced = true
		}},
		"SHA-1 in the signer's certificate": {kiosk.LevelSubstantial, nil, func(t *testing.T, c *travelCase) {
			template := examinetest.DocumentSigner("UT")
			template.SignatureAlgorithm = x509.ECDSAWithSHA1
			c.chip.Signer = trusttest.MustIssue(t, template, c.state.CSCA, trusttest.MustKey(t))
			c.remake(t)
		}},
		"State without a list": {kiosk.LevelSubstantial, []kiosk.CheckName{kiosk.CheckSignerStatus}, func(_ *testing.T, c *travelCase) {
			c.examiner.CountryRevocation = examinetest.SignersAnswer(country.ErrNobodyToAsk)
		}},
		"typed": {kiosk.LevelSubstantial, []kiosk.CheckName{kiosk.CheckChipAuthenticity}, func(t *testing.T, c *travelCase) { c.typed(t) }},
		"typed, for a supervisor": {kiosk.LevelSubstantial, []kiosk.CheckName{kiosk.CheckChipAuthenticity}, func(t *testing.T, c *travelCase) {
			c.typed(t)
			c.expect.Rules.TypedMRZ = kiosk.TypedSecond
		}},
		"under an accompaniment measure where that is allowed": {kiosk.LevelHigh, nil, func(_ *testing.T, c *travelCase) {
			c.expect.Rules.Accompanied, c.brought.Independence = true, kiosk.Accompanied
		}},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			c := mustTravelCase(t)
			tt.change(t, c)
			got, err := c.bind(t)
			if err != nil {
				t.Fatal(err)
			}
			var missing []kiosk.CheckName
			for _, check := range got.Checks {
				if check.Result == kiosk.Absent && check.Reason != "" {
					missing = append(missing, check.Name)
				} else if check.Result != kiosk.Passed && check.Result != kiosk.Absent {
					t.Errorf("%s: %q", check.Name, check.Result)
				}
			}
			if diff := cmp.Diff(tt.missing, missing); diff != "" || got.Level != tt.want {
				t.Errorf("level %q (-want +got):\n%s", got.Level, diff)
			}
			if got.Identity.TaxNumber != c.expect.TaxNumber || got.ValidUntil != got.Identity.ValidUntil || got.Identity.DocumentNumber != "L898902C3" {
				t.Error("another person than the one who was enrolled")
			}
			kept, err := examine.ParseFiles(got.Kept)
			if err != nil || kept[11] != nil || !bytes.Equal(kept[1], c.files.Groups[1]) || !bytes.Equal(kept[15], c.files.Groups[15]) {
				t.Errorf("keeps %d files, %v", len(kept), err)
			}
		})
	}
}

func TestVerifyTravel_Extension(t *testing.T) {
	c := mustTravelCase(t)
	yesterday, inAYear := kiosk.DateOf(time.Now().AddDate(0, 0, -1)), kiosk.DateOf(time.Now().AddDate(1, 0, 0))
	law := kiosk.Extension{Name: "DL 99/2026", Kinds: []kiosk.DocumentKind{kiosk.Passport}, From: yesterday, To: yesterday, Until: inAYear}
	c.chip.Zone.Expiry = mrz.Date{Year: yesterday.Year, Month: int(yesterday.Month), Day: yesterday.Day}
	c.remake(t)
	c.expect.Rules.Extensions, c.extension = []kiosk.Extension{law}, law.Name
	got, err := c.bind(t)
	if err != nil {
		t.Fatal(err)
	}
	if got.ValidUntil != inAYear || got.Identity.ValidUntil != yesterday || got.Level != kiosk.LevelHigh {
		t.Errorf("valid until %v at level %q", got.ValidUntil, got.Level)
	}
}

// Names that the document may have cut off are those that were typed whole, if they agree with it.
func TestVerifyTravel_Spelled(t *testing.T) {
	const cut = "DE ALBUQUERQUE VASCONCELOS E SOUSA HOLS" // as many letters as the field has
	set := func(surname, given string, source kiosk.NameSource) func(*transcript.Transcript) {
		return func(t *transcript.Transcript) {
			t.Person.Surname, t.Person.GivenNames, t.Person.NameSource = surname, given, source
		}
	}
	whole := [2]string{"de Albuquerque Vasconcelos e Sousa Holstein", "Ana"}
	cases := map[string]struct {
		change  func(*transcript.Transcript)
		details string // DG11
		typed   bool   // a document without a chip
		refused string
		want    [2]string
	}{
		"spelled":             {set(whole[0], whole[1], kiosk.NameTyped), "", false, "", whole},
		"spelled, no chip":    {set(whole[0], whole[1], kiosk.NameTyped), "", true, "", whole},
		"not spelled":         {nil, "", false, "", [2]string{cut, ""}},
		"another surname":     {set("Outra", "Ana", kiosk.NameTyped), "", false, evidence.RefusedSpelling, whole},
		"another, no chip":    {set("Outra", "Ana", kiosk.NameTyped), "", true, evidence.RefusedSpelling, whole},
		"half a surname":      {set("de Albuquerque", "Ana", kiosk.NameTyped), "", false, evidence.RefusedSpelling, whole},
		"spelled by the chip": {set(whole[0], whole[1], kiosk.NameTyped), "de Albuquerque<<Berta", false, evidence.RefusedSpelling, whole},
		"said to be whole":    {set(whole[0], whole[1], kiosk.NameWhole), "", false, evidence.RefusedDocument, whole},
		"said to be cut off":  {set(whole[0], whole[1], kiosk.NameCut), "", false, evidence.RefusedDocument, whole},
		"blanks in it":        {set(whole[0]+" ", whole[1], kiosk.NameTyped), "", false, evidence.RefusedDocument, whole},
		"a source of its own": {set(cut, "", "other"), "", false, evidence.RefusedDocument, whole},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			c := mustTravelCase(t)
			c.chip.Zone.Surname, c.chip.Zone.GivenNames, c.chip.Name = cut, "", tt.details
			c.remake(t)
			if tt.typed {
				c.typed(t)
			}
			c.transcript = tt.change
			got, err := c.bind(t)
			var refusal *evidence.Refusal
			switch {
			case tt.refused != "":
				if !errors.As(err, &refusal) || refusal.Reason != tt.refused {
					t.Errorf("got %v, want to be refused for %s", err, tt.refused)
				}
			case err != nil:
				t.Fatal(err)
			case [2]string{got.Identity.Surname, got.Identity.GivenNames} != tt.want:
				t.Errorf("enrols %q, %q", got.Identity.Surname, got.Identity.GivenNames)
			}
		})
	}
}

// One thing wrong at a time; each is refused for what it is.
func TestVerifyTravel_Refused(t *testing.T) {
	other := uuid.MustParse("0199a1b2-ffff-7000-8000-000000000009")
	set := func(change func(*transcript.Transcript)) func(*testing.T, *travelCase) {
		return func(_ *testing.T, c *travelCase) { c.transcript = change }
	}
	typed := func(change func(c *travelCase)) func(*testing.T, *travelCase) {
		return func(t *testing.T, c *travelCase) {
			c.typed(t)
			change(c)
		}
	}
	chipOnly := func(t *testing.T, c *travelCase) {
		c.chip.Active = nil
		c.remake(t)
	}
	cases := map[string]struct {
		want   string
		change func(t *testing.T, c *travelCase)
	}{
		// Who signed.
		"another desk's signature": {evidence.RefusedDesk, func(t *testing.T, c *travelCase) {
			c.desk = trusttest.MustIssue(t, deskTemplate("coimbra-01"), c.authority, trusttest.MustKey(t))
			c.chain = [][]byte{c.desk.Cert.Raw}
		}},
		"another authority's desk": {evidence.RefusedAuthority, func(t *testing.T, c *travelCase) {
			forged := trusttest.MustIssue(t, trusttest.CaTemplate("(Test) desks"), nil, trusttest.MustKey(t))
			c.desk = trusttest.MustIssue(t, deskTemplate(deskName), forged, trusttest.MustKey(t))
			c.chain = [][]byte{c.desk.Cert.Raw}
		}},
		"no authority configured": {evidence.RefusedAuthority, func(_ *testing.T, c *travelCase) { c.expect.DeskAuthority = nil }},
		"self-made desk": {evidence.RefusedAuthority, func(t *testing.T, c *travelCase) {
			c.desk = trusttest.MustIssue(t, deskTemplate(deskName), nil, trusttest.MustKey(t))
			c.chain = [][]byte{c.desk.Cert.Raw}
		}},
		"the authority's own signature": {evidence.RefusedAuthority, func(_ *testing.T, c *travelCase) {
			c.desk, c.chain = c.authority, [][]byte{c.authority.Cert.Raw}
		}},
		"certificate of a server": {evidence.RefusedAuthority, func(t *testing.T, c *travelCase) {
			template := deskTemplate(deskName)
			template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
			c.desk = trusttest.MustIssue(t, template, c.authority, trusttest.MustKey(t))
			c.chain = [][]byte{c.desk.Cert.Raw}
		}},
		"desk's certificate expired": {evidence.RefusedAuthority, func(t *testing.T, c *travelCase) {
			template := deskTemplate(deskName)
			template.NotBefore, template.NotAfter = time.Now().AddDate(-2, 0, 0), time.Now().AddDate(0, 0, -1)
			c.desk = trusttest.MustIssue(t, template, c.authority, trusttest.MustKey(t))
			c.chain = [][]byte{c.desk.Cert.Raw}
		}},
		"a Citizen Card's signature as well": {evidence.RefusedSignature, func(t *testing.T, c *travelCase) {
			citizens := mustEnrolment(t)
			if _, err := citizens.bind(t); err != nil {
				t.Fatal(err)
			}
			c.sent.JWS = citizens.sent.JWS
		}},
		"signed as a citizen by the desk": {evidence.RefusedDesk, func(t *testing.T, c *travelCase) {
			agreed := transcriptOf(t, c)
			jws, err := transcript.Sign(t.Context(), agreed, c.chain, examinetest.SoftCard{Key: c.desk.Key})
			if err != nil {
				t.Fatal(err)
			}
			c.sent.JWS = jws
		}},

		// What the desk signed is not what the centre knows.
		"replayed in another enrolment":  {evidence.RefusedEnrolment, set(func(t *transcript.Transcript) { t.Enrolment = other })},
		"another challenge":              {evidence.RefusedChallenge, set(func(t *transcript.Transcript) { t.Challenge = bytes.Repeat([]byte{7}, 32) })},
		"in another desk's name":         {evidence.RefusedDesk, set(func(t *transcript.Transcript) { t.Desk = "coimbra-01" })},
		"signed in the future":           {evidence.RefusedTime, set(func(t *transcript.Transcript) { t.SignedAt = time.Now().Add(6 * time.Minute) })},
		"another contact":                {evidence.RefusedContact, set(func(t *transcript.Transcript) { t.Contacts[0].Value = "outra@example.pt" })},
		"another PIN":                    {evidence.RefusedPIN, set(func(t *transcript.Transcript) { t.SealedPIN = hash([]byte("another")) })},
		"another kind":                   {evidence.RefusedDocument, set(func(t *transcript.Transcript) { t.Document.Kind = kiosk.ResidencePermit })},
		"another SOD than the signed":    {evidence.RefusedDocument, set(func(t *transcript.Transcript) { t.Document.SOD = hash([]byte("another")) })},
		"without a SOD":                  {evidence.RefusedDocument, set(func(t *transcript.Transcript) { t.Document.SOD = nil })},
		"other files than the signed":    {evidence.RefusedDocument, set(func(t *transcript.Transcript) { t.Document.Identity = hash([]byte("another")) })},
		"opened for another document":    {evidence.RefusedDocument, func(_ *testing.T, c *travelCase) { c.expect.DocumentNumber = "L898902C4" }},
		"opened for another State's":     {evidence.RefusedDocument, func(_ *testing.T, c *travelCase) { c.expect.Country = "PRT" }},
		"opened for another kind":        {evidence.RefusedDocument, func(_ *testing.T, c *travelCase) { c.expect.Kind = kiosk.ResidenceCard }},
		"opened with another NIF":        {evidence.RefusedDocument, func(_ *testing.T, c *travelCase) { c.expect.TaxNumber = "100000002" }},
		"opened as typed":                {evidence.RefusedDocument, func(_ *testing.T, c *travelCase) { c.expect.Typed, c.expect.Rules.TypedMRZ = true, kiosk.TypedAllowed }},
		"access in no known form":        {evidence.RefusedForm, set(func(t *transcript.Transcript) { t.Document.Access = "PACE-XX/AES-128/P-256" })},
		"access by contact":              {evidence.RefusedForm, set(func(t *transcript.Transcript) { t.Document.Access = transcript.AccessContact })},
		"nobody compared the photograph": {evidence.RefusedComparison, set(func(t *transcript.Transcript) { t.PhotoCompared = false })},
		"files of no travel document": {evidence.RefusedForm, func(_ *testing.T, c *travelCase) {
			c.files.Groups[15] = append(bytes.Clone(c.files.Groups[15]), 0)
		}},
		"the face came along": {evidence.RefusedForm, func(_ *testing.T, c *travelCase) {
			c.files.Groups[11] = append(bytes.Clone(c.files.Groups[2]), c.files.Groups[11]...)
		}},

		// What the person agreed to is not what the document says.
		"another number in the transcript": {evidence.RefusedDocument, set(func(t *transcript.Transcript) { t.Document.Number = "L898902C4" })},
		"a civil number":                   {evidence.RefusedDocument, set(func(t *transcript.Transcript) { t.Document.CivilNumber = "990005887" })},
		"a generation":                     {evidence.RefusedDocument, set(func(t *transcript.Transcript) { t.Document.Generation = kiosk.Generation2024 })},
		"longer validity":                  {evidence.RefusedDocument, set(func(t *transcript.Transcript) { t.Document.ValidUntil.Year++ })},
		"another surname":                  {evidence.RefusedDocument, set(func(t *transcript.Transcript) { t.Person.Surname = "Outra" })},
		"names of the zone where DG11 has others": {evidence.RefusedDocument, set(func(t *transcript.Transcript) {
			t.Person.Surname, t.Person.GivenNames = "ERIKSSON", "ANNA MARIA"
		})},
		"another birth date":       {evidence.RefusedDocument, set(func(t *transcript.Transcript) { t.Person.BirthDate = kiosk.Date{Year: 1974} })},
		"another NIF":              {evidence.RefusedDocument, set(func(t *transcript.Transcript) { t.Person.TaxNumber = "100000002" })},
		"a law that is not needed": {evidence.RefusedDocument, set(func(t *transcript.Transcript) { t.Eligibility.Extension = "DL 99/2026" })},

		// The document is not good.
		"altered zone": {string(kiosk.ReasonDataAltered), func(t *testing.T, c *travelCase) {
			zone := examinetest.Anna()
			zone.Surname = "OUTRA"
			c.files.Groups[1] = examinetest.DG1(t, zone)
		}},
		"altered spelling": {string(kiosk.ReasonDataAltered), func(_ *testing.T, c *travelCase) { c.files.Groups[11] = examinetest.DG11("Outra<<Anna", "") }},
		"SOD by a stranger": {string(kiosk.ReasonSODUntrusted), func(t *testing.T, c *travelCase) {
			c.files.SOD = examinetest.MustSOD(t, examinetest.MustCountry(t, "UT").Signer, c.files.Groups)
		}},
		"SOD broken": {string(kiosk.ReasonSODInvalid), func(_ *testing.T, c *travelCase) {
			c.files.SOD = bytes.Clone(c.files.SOD)
			c.files.SOD[len(c.files.SOD)-1] ^= 1
		}},
		"another State's signer": {string(kiosk.ReasonSODUntrusted), func(t *testing.T, c *travelCase) {
			portugal := examinetest.MustCountry(t, "PT")
			c.examiner = examinetest.Believing(t, c.state, portugal)
			c.files.SOD = examinetest.MustSOD(t, portugal.Signer, c.files.Groups)
		}},
		"no State trusted": {string(kiosk.ReasonSODUntrusted), func(_ *testing.T, c *travelCase) { c.examiner.Countries = nil }},
		"signer revoked": {string(kiosk.ReasonSignerRevoked), func(_ *testing.T, c *travelCase) {
			c.examiner.CountryRevocation = examinetest.SignersAre(trust.Revoked)
		}},
		"nobody answers": {string(kiosk.ReasonRevocationUnknown), func(_ *testing.T, c *travelCase) {
			c.examiner.CountryRevocation = examinetest.SignersAnswer(trust.ErrUnknown)
		}},
		"expired": {string(kiosk.ReasonDocumentExpired), func(t *testing.T, c *travelCase) {
			c.chip.Zone.Expiry = mrz.Date{Year: time.Now().Year() - 1, Month: 1, Day: 1}
			c.remake(t)
		}},
		"expired, by a law that does not exist": {string(kiosk.ReasonDocumentExpired), func(t *testing.T, c *travelCase) {
			c.chip.Zone.Expiry, c.extension = mrz.Date{Year: time.Now().Year() - 1, Month: 1, Day: 1}, "DL 0/0"
			c.remake(t)
		}},
		"fifteen": {string(kiosk.ReasonUnderAge), func(t *testing.T, c *travelCase) {
			born := time.Now().AddDate(-16, 0, 2)
			c.chip.Zone.Birth, c.chip.Born = mrz.Date{Year: born.Year(), Month: int(born.Month()), Day: born.Day()}, ""
			c.remake(t)
		}},
		"born nobody knows when": {string(kiosk.ReasonAgeUnknown), func(t *testing.T, c *travelCase) {
			c.chip.Zone.Birth, c.chip.Born = mrz.Date{}, ""
			c.remake(t)
		}},
		"an identity card": {string(kiosk.ReasonNotAccepted), func(t *testing.T, c *travelCase) {
			c.chip.Zone.Format, c.chip.Zone.Code = mrz.TD1, "ID"
			c.remake(t)
			c.transcript = func(t *transcript.Transcript) { t.Document.Kind = kiosk.Passport }
		}},
		"another State's residence permit": {string(kiosk.ReasonNotAccepted), func(t *testing.T, c *travelCase) {
			c.chip.Zone.Format, c.chip.Zone.Code, c.expect.Kind = mrz.TD1, "AR", kiosk.ResidencePermit
			c.remake(t)
		}},

		// The chip did not prove itself.
		"no proof":    {evidence.RefusedProof, func(_ *testing.T, c *travelCase) { c.unproven = true }},
		"empty proof": {evidence.RefusedProof, func(_ *testing.T, c *travelCase) { c.proof = func([]byte) []byte { return examine.ProofAA(nil) } }},
		"proof of another kind": {evidence.RefusedProof, func(_ *testing.T, c *travelCase) {
			c.proof = func(p []byte) []byte { return examine.ProofCA(p[1:]) }
		}},
		"unknown kind of proof": {evidence.RefusedProof, func(_ *testing.T, c *travelCase) {
			c.proof = func(p []byte) []byte { return append([]byte{9}, p[1:]...) }
		}},
		"proof by another chip": {string(kiosk.ReasonKeyMismatch), func(t *testing.T, c *travelCase) { c.chip.Active = trusttest.MustKey(t) }},
		"proof over another transcript": {string(kiosk.ReasonKeyMismatch), func(t *testing.T, c *travelCase) {
			earlier := transcriptOf(t, c)
			earlier.SignedAt = earlier.SignedAt.Add(time.Second)
			c.prove(t, earlier)
		}},
		"proof over the challenge alone": {string(kiosk.ReasonKeyMismatch), func(t *testing.T, c *travelCase) {
			c.sent.Proof = examine.ProofAA(c.chip.Sign(t, c.expect.Challenge[:8]))
		}},
		"one bit of the proof": {string(kiosk.ReasonKeyMismatch), func(_ *testing.T, c *travelCase) {
			c.proof = func(p []byte) []byte { p[len(p)-1] ^= 1; return p }
		}},
		"the chip's key left away": {evidence.RefusedDocument, func(_ *testing.T, c *travelCase) {
			delete(c.files.Groups, 15)
			c.unproven = true
		}},
		"all of the chip's keys left away": {evidence.RefusedDocument, func(_ *testing.T, c *travelCase) {
			delete(c.files.Groups, 14)
			delete(c.files.Groups, 15)
			c.unproven = true
		}},
		"spelling left away": {evidence.RefusedDocument, func(_ *testing.T, c *travelCase) { delete(c.files.Groups, 11) }},
		"proof of a chip without a key": {evidence.RefusedForm, func(t *testing.T, c *travelCase) {
			c.chip.Agree = nil
			key := c.chip.Active
			c.chip.Active = nil
			c.remake(t)
			c.chip.Active = key
			c.sent.Proof = examine.ProofAA(c.chip.Sign(t, []byte("anything")))
		}},
		"no answer to the centre": {evidence.RefusedProof, func(t *testing.T, c *travelCase) {
			chipOnly(t, c)
			c.unproven = true
		}},
		"answer that the centre did not ask for": {evidence.RefusedProof, func(t *testing.T, c *travelCase) {
			chipOnly(t, c)
			sent, _ := examinetest.MustChallenge(t, c.files.Groups[14])
			c.sent.Proof = examine.ProofCA(c.chip.Answer(t, sent))
		}},
		"answer to another challenge": {string(kiosk.ReasonKeyMismatch), func(t *testing.T, c *travelCase) {
			chipOnly(t, c)
			sent, _ := examinetest.MustChallenge(t, c.files.Groups[14])
			_, c.expect.ChipState = examinetest.MustChallenge(t, c.files.Groups[14])
			c.expect.ChipDG14 = c.files.Groups[14]
			c.sent.Proof = examine.ProofCA(c.chip.Answer(t, sent))
		}},
		"another chip's DG14": {evidence.RefusedDocument, func(t *testing.T, c *travelCase) {
			chipOnly(t, c)
			copycat := examinetest.PassportOf(t, c.state) // whose key the forger has
			copycat.Active = nil
			c.expect.ChipDG14 = copycat.DG14(t)
			sent, state := examinetest.MustChallenge(t, c.expect.ChipDG14)
			c.expect.ChipState = state
			c.sent.Proof = examine.ProofCA(copycat.Answer(t, sent))
		}},
		"answer by another chip": {string(kiosk.ReasonKeyMismatch), func(t *testing.T, c *travelCase) {
			chipOnly(t, c)
			c.chip.Agree = trusttest.MustKey(t)
		}},

		// What was brought.
		"no NIF": {evidence.RefusedEligibility, func(_ *testing.T, c *travelCase) { c.expect.TaxNumber, c.brought.TaxNumber = "", "" }},
		"NIF with a wrong check digit": {evidence.RefusedEligibility, func(_ *testing.T, c *travelCase) {
			c.expect.TaxNumber, c.brought.TaxNumber = "299999997", "299999997"
		}},
		"no proof of address or residence": {evidence.RefusedEligibility, func(_ *testing.T, c *travelCase) { c.brought.Address = kiosk.Seen{} }},
		"paper of tomorrow": {evidence.RefusedEligibility, func(_ *testing.T, c *travelCase) {
			c.brought.Address.Issued = kiosk.DateOf(time.Now().AddDate(0, 0, 2))
		}},
		"not asked about measures": {evidence.RefusedEligibility, func(_ *testing.T, c *travelCase) { c.brought.Independence = "" }},
		"under a measure":          {evidence.RefusedEligibility, func(_ *testing.T, c *travelCase) { c.brought.Independence = kiosk.Accompanied }},

		// Without a chip.
		"typed where it may not be":       {evidence.RefusedTyped, typed(func(c *travelCase) { c.expect.Rules.TypedMRZ = kiosk.TypedRefused })},
		"typed under a rule nobody knows": {evidence.RefusedTyped, typed(func(c *travelCase) { c.expect.Rules.TypedMRZ = "perhaps" })},
		"typed, opened for a chip": {evidence.RefusedDocument, typed(func(c *travelCase) {
			c.expect.Typed = false
			c.transcript = func(t *transcript.Transcript) { t.Document.Access = transcript.AccessTyped }
		})},
		"typed, with a SOD":       {evidence.RefusedDocument, typed(func(c *travelCase) { c.files.SOD = []byte{0x77, 0} })},
		"typed, with a proof":     {evidence.RefusedForm, typed(func(c *travelCase) { c.sent.Proof = examine.ProofAA([]byte("anything")) })},
		"typed, with other files": {evidence.RefusedForm, typed(func(c *travelCase) { c.files.Groups[11] = examinetest.DG11("Eriksson<<Anna", "") })},
		"typed, expired": {string(kiosk.ReasonDocumentExpired), func(t *testing.T, c *travelCase) {
			c.chip.Zone.Expiry = mrz.Date{Year: time.Now().Year() - 1, Month: 1, Day: 1}
			c.typed(t)
		}},
		"typed, another document": {evidence.RefusedDocument, typed(func(c *travelCase) { c.expect.DocumentNumber = "L898902C4" })},
		"typed, nobody compared": {evidence.RefusedComparison, func(t *testing.T, c *travelCase) {
			c.typed(t)
			c.transcript = func(t *transcript.Transcript) { t.PhotoCompared = false }
		}},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := mustTravelCase(t)
			tt.change(t, c)
			got, err := c.bind(t)
			var refusal *evidence.Refusal
			if got != nil || !errors.As(err, &refusal) {
				t.Fatalf("got %v, %v; want refusal", got, err)
			}
			if refusal.Reason != tt.want {
				t.Errorf("got %v, want %s", refusal, tt.want)
			}
			if want := tt.want == string(kiosk.ReasonRevocationUnknown); refusal.Temporary != want {
				t.Errorf("got Temporary %v, want %v", refusal.Temporary, want)
			}
			for _, private := range []string{"Eriksson", "ERIKSSON", "L898902", "example.pt", "29999999"} {
				if strings.Contains(err.Error(), private) {
					t.Errorf("the error names a person: %v", err)
				}
			}
		})
	}
}

// A state that the centre itself kept badly is its own trouble: no evidence is refused for it.
func TestVerifyTravel_BrokenState(t *testing.T) {
	c := mustTravelCase(t)
	c.chip.Active = nil
	c.remake(t)
	c.expect.ChipState, c.expect.ChipDG14, c.sent.Proof = []byte("broken"), c.files.Groups[14], examine.ProofCA([]byte("anything"))
	got, err := c.bind(t)
	var refusal *evidence.Refusal
	if got != nil || err == nil || errors.As(err, &refusal) {
		t.Errorf("got %v, %v", got, err)
	}
}

// The 2024 card behind PACE signs as it does with its contacts; how it was opened has to be said in a known form.
func TestVerify_CitizenAccess(t *testing.T) {
	for access, want := range map[string]string{
		transcript.AccessContact: "", "PACE-GM/AES-128/brainpoolP256r1": "",
		"": evidence.RefusedForm, "PACE-GM": evidence.RefusedForm, "PACE-GM/AES-128": evidence.RefusedForm,
		"PACE-GM/AES-128/P-256/unenforced": evidence.RefusedForm, transcript.AccessTyped: evidence.RefusedDocument,
		"PACE-GM/AES-128/" + strings.Repeat("x", 99): evidence.RefusedForm, "PACE-GM/AES-128/P 256": evidence.RefusedForm,
	} {
		e := mustEnrolment(t)
		e.transcript.Document.Access = access
		_, err := e.bind(t)
		var refusal *evidence.Refusal
		if want == "" && err != nil || want != "" && (!errors.As(err, &refusal) || refusal.Reason != want) {
			t.Errorf("%q: got %v, want %q", access, err, want)
		}
	}
}

func TestAAChallenge(t *testing.T) {
	h := sha256.Sum256(slices.Concat([]byte("balcao-aa-v1"), []byte("transcript")))
	if got := examine.AAChallenge([]byte("transcript")); !bytes.Equal(got[:], h[:8]) {
		t.Errorf("got %x", got)
	}
}
