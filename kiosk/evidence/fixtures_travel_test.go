package evidence_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"balcao/cardreader/mrz"
	"balcao/cardreader/travel"
	"balcao/kiosk"
	"balcao/kiosk/evidence"
	"balcao/kiosk/examine"
	"balcao/kiosk/examine/examinetest"
	"balcao/kiosk/kiosktest"
	"balcao/kiosk/transcript"
	"balcao/kiosk/trust"
	"balcao/kiosk/trust/country"
	"balcao/mock-pcsc/fixtures"
)

// travelDocuments are the documents of the fixtures that are read as ICAO 9303 has it.
func travelDocuments(d *fixtures.Fixtures) []fixtures.Entry {
	return slices.DeleteFunc(d.Entries(), func(e fixtures.Entry) bool { return !kiosk.DocumentKind(e.Kind).Travel() })
}

// mustCountryBench is the fixtures, and a verifier that trusts its States and asks for their revocation lists.
func mustCountryBench(t testing.TB) (*fixtures.Fixtures, *examine.Examiner) {
	t.Helper()
	d, v := mustBench(t)
	countries, err := country.Load(filepath.Join("..", "..", "assets", "testpki", "trust"))
	if err != nil {
		t.Fatal(err)
	}
	v.Countries = countries
	v.CountryRevocation = &country.Revocation{Authorities: countries, HTTP: v.Revocation.(*trust.Revocation).HTTP}
	return d, v
}

// openedChip is a chip that lies on a reader and was opened with what is printed on its document.
type openedChip struct {
	*travel.Chip
	unshown bool // nobody can read its photograph
	files   examine.TravelFiles
}

// openChip opens and reads what goes to the centre. It believes everything.
func openChip(ctx context.Context, w kiosktest.Laid, e fixtures.Entry) (*openedChip, error) {
	c, err := travel.Recognise(ctx, w, travel.Options{Extended: true})
	if err != nil {
		return nil, err
	}
	password, typed := travel.FromCAN(e.CAN), ""
	if e.CAN == "" {
		typed = strings.Join(e.MRZ, "\n")
		zone, err := mrz.Parse(typed, time.Now())
		if err != nil {
			return nil, err
		}
		password = travel.FromMRZ(zone.Key())
	}
	opened := &openedChip{Chip: c, unshown: e.Name == "passport-photo-unshown", files: examine.TravelFiles{Groups: map[int][]byte{}, Typed: typed}}
	if opened.files.Access, err = c.Unlock(ctx, password); err != nil {
		return nil, err
	}
	if opened.files.SOD, err = c.Read(ctx, travel.SOD, nil); err != nil {
		return nil, err
	}
	for _, file := range []travel.File{travel.DG1, travel.DG11, travel.DG14, travel.DG15} {
		number, _ := file.DataGroup()
		if opened.files.Groups[number], err = c.Read(ctx, file, nil); err != nil && !errors.Is(err, travel.ErrNoFile) {
			return nil, err
		}
	}
	return opened, nil
}

// prove lets the chip prove itself to the centre, in its way.
func (o *openedChip) prove(ctx context.Context, t testing.TB, agreed transcript.Transcript, c *travelCase) {
	t.Helper()
	switch examine.ProofOf(o.files.Groups) {
	case examine.ProofActive:
		payload, err := agreed.Encode()
		if err != nil {
			t.Fatal(err)
		}
		challenge := examine.AAChallenge(payload)
		signature, err := o.ActiveAuthenticate(ctx, challenge[:])
		if err != nil {
			t.Fatal(err)
		}
		c.sent.Proof = examine.ProofAA(signature)
	case examine.ProofChip:
		sent, state := examinetest.MustChallenge(t, o.files.Groups[14])
		answer, err := o.AnswerChallenge(ctx, sent)
		if err != nil {
			t.Fatal(err)
		}
		c.sent.Proof, c.expect.ChipState, c.expect.ChipDG14 = examine.ProofCA(answer), state, o.files.Groups[14]
	}
}

// atTheDeskOnly are reasons of which the centre cannot know: how the chip opened and answered, and what its photograph
// is.
var atTheDeskOnly = []kiosk.Reason{
	kiosk.ReasonAccessDenied, kiosk.ReasonAccessDowngraded, kiosk.ReasonAccessFailed, kiosk.ReasonPrintedMismatch,
	kiosk.ReasonSilent, kiosk.ReasonRemoved, kiosk.ReasonMalformed, kiosk.ReasonRefused,
}

// Every travel document reaches its level at the centre, the chip's own proof verified there; and a desk that believes
// everything gets no document past the centre that the centre can see through.
func TestFixtures_TravelAtTheCentre(t *testing.T) {
	d, v := mustCountryBench(t)
	seen := make(map[kiosk.Reason]bool)
	for _, e := range travelDocuments(d) {
		want := kiosk.Reason(e.RefusedFor)
		if slices.Contains(atTheDeskOnly, want) || e.Name == "passport-altered-photo" {
			continue
		}
		t.Run(e.Name, func(t *testing.T) {
			card, err := d.Card(e.Name)
			if err != nil {
				t.Fatal(err)
			}
			card.PowerOn()
			defer card.PowerOff()
			chip, err := openChip(t.Context(), kiosktest.Laid{Card: card}, e)
			if errors.Is(err, travel.ErrClone) && want == kiosk.ReasonKeyMismatch {
				return // it shows before there is anything to send
			}
			if err != nil {
				t.Fatal(err)
			}
			defer chip.Close()
			verified, err := enrolAnyhow(t, v, chip)
			if want == "" {
				if err != nil {
					t.Fatal(err)
				}
				if got := verified.Identity.FullName(); string(verified.Level) != e.Level || !strings.EqualFold(got, e.Holder) { // zones have capitals only
					t.Errorf("got level %q for %q, want %q for %q", verified.Level, got, e.Level, e.Holder)
				}
				return
			}
			seen[want] = true
			var refusal *evidence.Refusal
			if !errors.As(err, &refusal) || refusal.Reason != e.RefusedFor {
				t.Errorf("got %v, want %s", err, e.RefusedFor)
			}
		})
	}
	for _, reason := range []kiosk.Reason{
		kiosk.ReasonDataAltered, kiosk.ReasonSODInvalid, kiosk.ReasonSODUnreadable, kiosk.ReasonSODUntrusted, kiosk.ReasonSignerRevoked, kiosk.ReasonRevocationUnknown,
		kiosk.ReasonDocumentExpired, kiosk.ReasonUnderAge, kiosk.ReasonKeyMismatch, kiosk.ReasonNotAccepted,
	} {
		if !seen[reason] {
			t.Errorf("no document of the fixtures is refused at the centre for %s", reason)
		}
	}
}

// enrolAnyhow is a desk that sends whatever it has read.
func enrolAnyhow(t *testing.T, v *examine.Examiner, chip *openedChip) (*evidence.Verified, error) {
	t.Helper()
	c := mustTravelCase(t)
	c.examiner, c.files, c.unproven = v, chip.files, true
	id, err := examine.TravelIdentity(chip.files, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	c.expect.Kind, c.expect.Country, c.expect.DocumentNumber = id.Kind, id.Country, id.DocumentNumber
	agreed := transcriptOf(t, c)
	agreed.PhotoPrinted = chip.unshown
	if c.sent.JWS, err = transcript.SignAsDesk(agreed, c.desk.Key, c.chain); err != nil {
		t.Fatal(err)
	}
	chip.prove(t.Context(), t, agreed, c)
	return c.bind(t)
}

// The chip of a PACE with chip authentication mapping holds the key that EF.CardSecurity has, and a State signed it: by
// whose signature, that is decided here.
func TestFixtures_ChipMapping(t *testing.T) {
	d, v := mustCountryBench(t)
	i := slices.IndexFunc(d.Entries(), func(e fixtures.Entry) bool { return e.Name == "passport-pace-cam" })
	card, err := d.Card("passport-pace-cam")
	if err != nil {
		t.Fatal(err)
	}
	card.PowerOn()
	defer card.PowerOff()
	chip, err := openChip(t.Context(), kiosktest.Laid{Card: card}, d.Entries()[i])
	if err != nil {
		t.Fatal(err)
	}
	defer chip.Close()
	stranger, portugal := examinetest.MustCountry(t, "UT"), examinetest.MustCountry(t, "PT")
	key := slices.Clone(chip.files.Access.ChipKey)
	key[len(key)-1] ^= 1
	cases := map[string]struct {
		want   kiosk.Check
		change func(v *examine.Examiner, f *examine.TravelFiles)
	}{
		"genuine":      {kiosk.Check{Result: kiosk.Passed}, func(*examine.Examiner, *examine.TravelFiles) {}},
		"another key":  {kiosk.Check{Result: kiosk.Failed, Reason: kiosk.ReasonKeyMismatch}, func(_ *examine.Examiner, f *examine.TravelFiles) { f.Access.ChipKey = key }},
		"not the file": {kiosk.Check{Result: kiosk.Failed, Reason: kiosk.ReasonMalformed}, func(_ *examine.Examiner, f *examine.TravelFiles) { f.Access.CardSecurity = nil }},
		"a SOD in its place": {kiosk.Check{Result: kiosk.Failed, Reason: kiosk.ReasonKeyMismatch}, func(_ *examine.Examiner, f *examine.TravelFiles) {
			f.Access.CardSecurity = f.SOD[4:]
		}},
		"signed by nobody who is trusted": {kiosk.Check{Result: kiosk.Failed, Reason: kiosk.ReasonKeyMismatch}, func(v *examine.Examiner, f *examine.TravelFiles) {
			v.Countries = examinetest.MustCountries(t, stranger)
			f.SOD = examinetest.MustSOD(t, stranger.Signer, f.Groups)
		}},
		"signed by another State than the document": {kiosk.Check{Result: kiosk.Failed, Reason: kiosk.ReasonKeyMismatch}, func(v *examine.Examiner, f *examine.TravelFiles) {
			v.Countries = mustCountriesAnd(t, portugal)
			f.Groups[1] = examinetest.DG1(t, examinetest.Permit())
			f.SOD = examinetest.MustSOD(t, portugal.Signer, f.Groups)
		}},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			v, files := *v, chip.files
			// As on a chip that has the mapping only: else it would prove itself by what is signed in DG14.
			files.Groups = map[int][]byte{1: files.Groups[1]}
			files.SOD = examinetest.MustSOD(t, stranger.Signer, files.Groups)
			v.Countries = mustCountriesAnd(t, stranger)
			v.CountryRevocation = examinetest.SignersAre(trust.Good)
			tt.change(&v, &files)
			ex := v.ExamineTravel(t.Context(), nil)
			ex.ChipAuthenticity(examine.ChipAuthenticity{Source: "PACE-CAM", Proven: true})
			ex.Update(files)
			verdict := ex.Wait()
			got := examinetest.Check(t, verdict, kiosk.CheckChipAuthenticity)
			if got.Result != tt.want.Result || got.Reason != tt.want.Reason {
				t.Errorf("got %q for %q\n%s", got.Result, got.Reason, examinetest.Table(verdict.Checks))
			}
			if got := examinetest.Check(t, verdict, kiosk.CheckKey); tt.want.Result == kiosk.Passed && (got.Result != kiosk.Absent || got.Reason != kiosk.ReasonNoChipAuthenticity) {
				t.Errorf("the centre has nothing to verify, and the level does not say so: %+v", got)
			}
		})
	}
}

// mustCountriesAnd trusts the States of the fixtures and one more.
func mustCountriesAnd(t testing.TB, c examinetest.Country) *country.Authorities {
	t.Helper()
	countries, err := country.Load(filepath.Join("..", "..", "assets", "testpki", "trust"))
	if err != nil {
		t.Fatal(err)
	}
	countries, err = country.New(append(countries.Certificates(), examinetest.MustParse(t, c.CSCA.Cert.Raw)))
	if err != nil {
		t.Fatal(err)
	}
	return countries
}
