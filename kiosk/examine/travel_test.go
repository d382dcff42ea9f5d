package examine_test

import (
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"balcao/cardreader/mrz"
	"balcao/cardreader/travel"
	"balcao/kiosk"
	"balcao/kiosk/examine"
	"balcao/kiosk/examine/examinetest"
	"balcao/kiosk/trust"
	"balcao/kiosk/trust/country"
	"balcao/kiosk/trust/folder"
	"balcao/kiosk/trust/icao"
	"balcao/kiosk/trust/trusttest"
)

// What is read arrives in pieces; each check is answered once, as early as it can be, and before the signature only the
// chip's key is missing.
func TestTravelExamination_Progress(t *testing.T) {
	utopia := examinetest.MustCountry(t, "UT")
	files := examinetest.PassportOf(t, utopia).MustFiles(t)
	var mu sync.Mutex
	var reported []kiosk.CheckName
	ex := examinetest.Believing(t, utopia).ExamineTravel(t.Context(), func(c kiosk.Check) {
		mu.Lock()
		defer mu.Unlock()
		reported = append(reported, c.Name)
		if c.Result == kiosk.Pending || c.At.IsZero() || c.Source == "" {
			t.Errorf("reported %+v", c)
		}
	})
	part := examine.TravelFiles{Groups: map[int][]byte{}, Access: files.Access, Typed: files.Typed}
	pending := func(when string, names ...kiosk.CheckName) {
		t.Helper()
		for _, name := range names {
			if got := examinetest.Check(t, ex.Verdict(), name).Result; got != kiosk.Pending {
				t.Errorf("%s: %s is %q", when, name, got)
			}
		}
	}
	answered := func(when string, names ...kiosk.CheckName) {
		t.Helper()
		for _, name := range names {
			if got := examinetest.Check(t, ex.Verdict(), name).Result; got != kiosk.Passed {
				t.Errorf("%s: %s is %q", when, name, got)
			}
		}
	}
	ex.Update(part)
	answered("opened", kiosk.CheckRecognised, kiosk.CheckAccess)
	part.Groups[1] = files.Groups[1]
	ex.Update(part)
	if got := ex.Verdict().Identity.Surname; got != "ERIKSSON" {
		t.Errorf("identity is not there at once: %q", got)
	}
	pending("DG1 without a signature", kiosk.CheckAge, kiosk.CheckAccepted, kiosk.CheckPrinted)
	part.SOD = files.SOD
	ex.Update(part)
	answered("SOD", kiosk.CheckSODSignature, kiosk.CheckSODSigner)
	pending("DG11 is to come", kiosk.CheckIdentityData, kiosk.CheckAge)
	part.Groups[11], part.Groups[14], part.Groups[15] = files.Groups[11], files.Groups[14], files.Groups[15]
	ex.Update(part)
	answered("all but the face", kiosk.CheckIdentityData, kiosk.CheckAge, kiosk.CheckDocumentDate, kiosk.CheckAccepted, kiosk.CheckPrinted)
	pending("all but the face", kiosk.CheckPhotoData, kiosk.CheckChipAuthenticity, kiosk.CheckKey)
	ex.ChipAuthenticity(examine.ChipAuthenticity{Source: "AA", Proven: true})
	answered("proven", kiosk.CheckChipAuthenticity)
	ex.Update(files)
	ex.Update(files)
	verdict := ex.Wait()
	answered("face", kiosk.CheckPhotoData, kiosk.CheckSignerStatus)
	want := kiosk.Assurance{Level: kiosk.LevelSubstantial, Missing: []kiosk.CheckName{kiosk.CheckKey}}
	if diff := cmp.Diff(want, verdict.Assurance); diff != "" || len(verdict.Reasons) > 0 {
		t.Errorf("before the signature: %v (-want +got):\n%s", verdict.Reasons, diff)
	}
	if got := verdict.Identity; got.Surname != "Eriksson" || got.GivenNames != "Anna María" || !got.Transliterated() {
		t.Error("the names are not those of DG11")
	}
	slices.Sort(reported)
	all := slices.DeleteFunc(slices.Sorted(slices.Values(examine.TravelOrder)), func(n kiosk.CheckName) bool { return n == kiosk.CheckKey })
	if diff := cmp.Diff(all, reported); diff != "" {
		t.Errorf("reported (-want +got):\n%s", diff)
	}
}

// One fault, one reason, whatever it makes unknowable.
func TestTravelExamination_OneReason(t *testing.T) {
	utopia, portugal := examinetest.MustCountry(t, "UT"), examinetest.MustCountry(t, "PT")
	forged := examinetest.MustCountry(t, "UT")
	resign := func(t *testing.T, f *examine.TravelFiles, signer *trusttest.Authority) {
		f.SOD = examinetest.MustSOD(t, signer, f.Groups)
	}
	cases := map[string]struct {
		want   kiosk.Reason
		change func(t *testing.T, v *examine.Examiner, f *examine.TravelFiles)
	}{
		"downgraded": {kiosk.ReasonAccessDowngraded, func(_ *testing.T, _ *examine.Examiner, f *examine.TravelFiles) {
			f.Access = travel.Protection{Mechanism: "BAC", Cipher: "3DES", Downgraded: true}
		}},
		"zone altered": {kiosk.ReasonDataAltered, func(t *testing.T, _ *examine.Examiner, f *examine.TravelFiles) {
			zone := examinetest.Anna()
			zone.Surname, zone.Birth.Year = "OUTRA", 2020
			f.Groups[1] = examinetest.DG1(t, zone)
		}},
		"issuer altered": {kiosk.ReasonDataAltered, func(t *testing.T, _ *examine.Examiner, f *examine.TravelFiles) {
			zone := examinetest.Anna()
			zone.Issuer = "PRT"
			f.Groups[1] = examinetest.DG1(t, zone)
		}},
		"zone made unreadable": {kiosk.ReasonDataAltered, func(_ *testing.T, _ *examine.Examiner, f *examine.TravelFiles) {
			f.Groups[1] = []byte{0x61, 0x01, 0x00}
		}},
		"names of DG11 altered": {kiosk.ReasonDataAltered, func(_ *testing.T, _ *examine.Examiner, f *examine.TravelFiles) {
			f.Groups[11] = examinetest.DG11("Outra<<Pessoa", "19740812")
		}},
		"DG11 removed": {kiosk.ReasonDataAltered, func(_ *testing.T, _ *examine.Examiner, f *examine.TravelFiles) { f.Groups[11] = nil }},
		"DG12 that nobody signed": {kiosk.ReasonDataAltered, func(_ *testing.T, _ *examine.Examiner, f *examine.TravelFiles) {
			f.Groups[12] = []byte{0x6C, 0x00}
		}},
		"chip's key exchanged": {kiosk.ReasonDataAltered, func(t *testing.T, _ *examine.Examiner, f *examine.TravelFiles) {
			f.Groups[15] = trusttest.Wrap(0x6F, examinetest.MustSPKI(t, &trusttest.MustKey(t).PublicKey))
		}},
		"chip's key taken away": {kiosk.ReasonDataAltered, func(_ *testing.T, _ *examine.Examiner, f *examine.TravelFiles) { f.Groups[15] = nil }},
		"face altered": {kiosk.ReasonDataAltered, func(_ *testing.T, _ *examine.Examiner, f *examine.TravelFiles) {
			f.Groups[2] = trusttest.Wrap(0x75, []byte("another face"))
		}},
		"face removed": {kiosk.ReasonDataAltered, func(_ *testing.T, _ *examine.Examiner, f *examine.TravelFiles) { f.Groups[2] = nil }},
		"signed but unreadable": {kiosk.ReasonMalformed, func(t *testing.T, _ *examine.Examiner, f *examine.TravelFiles) {
			f.Groups[1] = []byte{0x61, 0x01, 0x00}
			resign(t, f, utopia.Signer)
		}},
		"no DG1":            {kiosk.ReasonMalformed, func(_ *testing.T, _ *examine.Examiner, f *examine.TravelFiles) { f.Groups[1] = nil }},
		"SOD is no TLV":     {kiosk.ReasonMalformed, func(_ *testing.T, _ *examine.Examiner, f *examine.TravelFiles) { f.SOD = f.SOD[:90] }},
		"SOD is no CMS":     {kiosk.ReasonSODUnreadable, func(_ *testing.T, _ *examine.Examiner, f *examine.TravelFiles) { f.SOD = []byte{0x77, 0} }},
		"SOD of a stranger": {kiosk.ReasonSODUntrusted, func(t *testing.T, _ *examine.Examiner, f *examine.TravelFiles) { resign(t, f, forged.Signer) }},
		"SOD of another document": {kiosk.ReasonDataAltered, func(t *testing.T, _ *examine.Examiner, f *examine.TravelFiles) {
			f.SOD = examinetest.PassportOf(t, utopia).MustFiles(t).SOD
		}},
		"signed by another State": {kiosk.ReasonSODUntrusted, func(t *testing.T, _ *examine.Examiner, f *examine.TravelFiles) {
			resign(t, f, portugal.Signer)
		}},
		"signer of other documents": {kiosk.ReasonSODUntrusted, func(t *testing.T, _ *examine.Examiner, f *examine.TravelFiles) {
			template := examinetest.DocumentSigner("UT")
			template.ExtraExtensions = append(template.ExtraExtensions, documentTypes("AR"))
			resign(t, f, trusttest.MustIssue(t, template, utopia.CSCA, trusttest.MustKey(t)))
		}},
		"nobody is trusted": {kiosk.ReasonSODUntrusted, func(_ *testing.T, v *examine.Examiner, _ *examine.TravelFiles) { v.Countries = nil }},
		"signer revoked": {kiosk.ReasonSignerRevoked, func(_ *testing.T, v *examine.Examiner, _ *examine.TravelFiles) {
			v.CountryRevocation = examinetest.SignersAre(trust.Revoked)
		}},
		"signer on hold": {kiosk.ReasonSignerRevoked, func(_ *testing.T, v *examine.Examiner, _ *examine.TravelFiles) {
			v.CountryRevocation = examinetest.SignersAre(trust.Suspended)
		}},
		"nobody answers": {kiosk.ReasonRevocationUnknown, func(_ *testing.T, v *examine.Examiner, _ *examine.TravelFiles) {
			v.CountryRevocation = examinetest.SignersAnswer(trust.ErrUnknown)
		}},
		"a list that cannot be read": {kiosk.ReasonRevocationList, func(_ *testing.T, v *examine.Examiner, _ *examine.TravelFiles) {
			v.CountryRevocation = examinetest.SignersAnswer(fmt.Errorf("%w: %w", trust.ErrUnknown, &folder.BadFile{File: "csca-crl/x.crl", Err: errors.New("garbage")}))
		}},
		"unheard-of answer": {kiosk.ReasonRevocationUnknown, func(_ *testing.T, v *examine.Examiner, _ *examine.TravelFiles) {
			v.CountryRevocation = examinetest.SignersAre("")
		}},
		"name typed otherwise": {kiosk.ReasonPrintedMismatch, func(t *testing.T, _ *examine.Examiner, f *examine.TravelFiles) {
			zone := examinetest.Anna()
			zone.GivenNames = "ANNE MARIA"
			f.Typed = strings.Join(examinetest.MustLines(t, zone), "\n")
		}},
		"typed is no zone": {kiosk.ReasonPrintedMismatch, func(_ *testing.T, _ *examine.Examiner, f *examine.TravelFiles) { f.Typed = "L898902C3" }},
		"expired": {kiosk.ReasonDocumentExpired, func(t *testing.T, v *examine.Examiner, _ *examine.TravelFiles) {
			v.Now = func() time.Time { return time.Date(2034, 4, 16, 0, 0, 1, 0, time.UTC) }
		}},
		"too young": {kiosk.ReasonUnderAge, func(_ *testing.T, v *examine.Examiner, _ *examine.TravelFiles) {
			v.Rules = kiosk.UsualRules()
			v.Rules.MinAge = 120
		}},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			v := examinetest.Believing(t, utopia, portugal)
			files := examinetest.PassportOf(t, utopia).MustFiles(t)
			tt.change(t, v, &files)
			verdict := examinetest.ExamineTravel(t, v, files)
			if diff := cmp.Diff([]kiosk.Reason{tt.want}, verdict.Reasons); diff != "" {
				t.Errorf("(-want +got):\n%s\n%s", diff, examinetest.Table(verdict.Checks))
			}
			if got := verdict.Assurance.Level; got == kiosk.LevelHigh || got != kiosk.LevelNone && tt.want != kiosk.ReasonRevocationUnknown && tt.want != kiosk.ReasonRevocationList {
				t.Errorf("reaches level %q", got)
			}
		})
	}
}

// documentTypes is the DocumentType extension (Doc 9303-12 §7.1.1.6).
func documentTypes(codes ...string) pkix.Extension {
	var list []byte
	for _, code := range codes {
		list = append(list, trusttest.Wrap(0x13, []byte(code))...)
	}
	return pkix.Extension{Id: asn1.ObjectIdentifier{2, 23, 136, 1, 1, 6, 2}, Value: trusttest.Wrap(0x30, []byte{2, 1, 0}, trusttest.Wrap(0x31, list))}
}

// What a document does not offer lowers the level and refuses nobody.
func TestTravelExamination_Level(t *testing.T) {
	utopia := examinetest.MustCountry(t, "UT")
	cases := map[string]struct {
		missing []kiosk.CheckName
		reason  kiosk.Reason // of the first that is missing
		change  func(v *examine.Examiner, c *examinetest.Chip)
	}{
		"everything":               {[]kiosk.CheckName{kiosk.CheckKey}, "", func(*examine.Examiner, *examinetest.Chip) {}},
		"chip authentication only": {[]kiosk.CheckName{kiosk.CheckKey}, "", func(_ *examine.Examiner, c *examinetest.Chip) { c.Active = nil }},
		"no key": {[]kiosk.CheckName{kiosk.CheckChipAuthenticity}, kiosk.ReasonNoChipAuthenticity, func(_ *examine.Examiner, c *examinetest.Chip) {
			c.Active, c.Agree = nil, nil
		}},
		"gives its contents to anybody": {[]kiosk.CheckName{kiosk.CheckAccess, kiosk.CheckKey}, kiosk.ReasonUnenforced, func(_ *examine.Examiner, c *examinetest.Chip) {
			c.Access.Unenforced = true
		}},
		"State without a list": {[]kiosk.CheckName{kiosk.CheckSignerStatus, kiosk.CheckKey}, kiosk.ReasonNobodyToAsk, func(v *examine.Examiner, _ *examinetest.Chip) {
			v.CountryRevocation = examinetest.SignersAnswer(country.ErrNobodyToAsk)
		}},
		"no network, no lists": {[]kiosk.CheckName{kiosk.CheckSignerStatus, kiosk.CheckKey}, kiosk.ReasonNobodyToAsk, func(v *examine.Examiner, _ *examinetest.Chip) {
			v.CountryRevocation = nil
		}},
		"no face": {[]kiosk.CheckName{kiosk.CheckPhotoData, kiosk.CheckKey}, kiosk.ReasonPhotoUnshown, func(_ *examine.Examiner, c *examinetest.Chip) { c.Face = nil }},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			v, c := examinetest.Believing(t, utopia), examinetest.PassportOf(t, utopia)
			tt.change(v, c)
			files := c.MustFiles(t)
			if c.Face == nil {
				files.Groups[2] = nil
			}
			verdict := examinetest.ExamineTravel(t, v, files)
			if len(verdict.Reasons) > 0 {
				t.Fatalf("refused: %v\n%s", verdict.Reasons, examinetest.Table(verdict.Checks))
			}
			want := kiosk.Assurance{Level: kiosk.LevelSubstantial, Missing: tt.missing}
			if diff := cmp.Diff(want, verdict.Assurance); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if got := examinetest.Check(t, verdict, tt.missing[0]).Reason; got != tt.reason {
				t.Errorf("got reason %q, want %q", got, tt.reason)
			}
		})
	}
}

// A signature with SHA-1 somewhere below the State's key is verified and not worth the highest level.
func TestTravelExamination_Weak(t *testing.T) {
	utopia := examinetest.MustCountry(t, "UT")
	template := examinetest.DocumentSigner("UT")
	template.SignatureAlgorithm = x509.ECDSAWithSHA1
	c := examinetest.PassportOf(t, utopia)
	c.Signer = trusttest.MustIssue(t, template, utopia.CSCA, trusttest.MustKey(t))
	verdict := examinetest.ExamineTravel(t, examinetest.Believing(t, utopia), c.MustFiles(t))
	want := kiosk.Assurance{Level: kiosk.LevelSubstantial, Missing: []kiosk.CheckName{kiosk.CheckSODSignature, kiosk.CheckKey}}
	if diff := cmp.Diff(want, verdict.Assurance); diff != "" || len(verdict.Reasons) > 0 {
		t.Errorf("%v (-want +got):\n%s", verdict.Reasons, diff)
	}
}

// A signer that is certified for kinds of documents signs those, and no others (see OneReason).
func TestTravelExamination_DocumentTypes(t *testing.T) {
	utopia := examinetest.MustCountry(t, "UT")
	template := examinetest.DocumentSigner("UT")
	template.ExtraExtensions = append(template.ExtraExtensions, documentTypes("AR", "P"))
	c := examinetest.PassportOf(t, utopia)
	c.Signer = trusttest.MustIssue(t, template, utopia.CSCA, trusttest.MustKey(t))
	if verdict := examinetest.ExamineTravel(t, examinetest.Believing(t, utopia), c.MustFiles(t)); len(verdict.Reasons) > 0 {
		t.Errorf("got %v", verdict.Reasons)
	}
}

func TestTravelExamination_Lists(t *testing.T) {
	utopia := examinetest.MustCountry(t, "UT")
	files := examinetest.PassportOf(t, utopia).MustFiles(t)
	ex := examinetest.Believing(t, utopia).ExamineTravel(t.Context(), nil)
	if ex.Lists(1) {
		t.Error("lists a group before there is a SOD")
	}
	ex.Update(files)
	for group := range 17 {
		if _, want := files.Groups[group]; ex.Lists(group) != want {
			t.Errorf("DG%d: got %v, want %v", group, !want, want)
		}
	}
}

// A chip that opened by its access number has nothing typed to be compared with.
func TestTravelExamination_AccessNumber(t *testing.T) {
	portugal := examinetest.MustCountry(t, "PT")
	c := examinetest.PassportOf(t, portugal)
	c.Zone = examinetest.Permit()
	files := c.MustFiles(t)
	files.Typed = ""
	verdict := examinetest.ExamineTravel(t, examinetest.Believing(t, portugal), files)
	if got := examinetest.Check(t, verdict, kiosk.CheckPrinted); got.Result != kiosk.Absent || got.Reason != "" {
		t.Errorf("got %+v", got)
	}
	if got := verdict.Identity; got.Kind != kiosk.ResidencePermit || got.Country != "PRT" || len(verdict.Reasons) > 0 {
		t.Errorf("got %q of %q, %v", got.Kind, got.Country, verdict.Reasons)
	}
}

// The chip's own proof: a copy is refused, whatever it says of itself.
func TestTravelExamination_ChipAuthenticity(t *testing.T) {
	utopia := examinetest.MustCountry(t, "UT")
	cases := map[string]struct {
		said   examine.ChipAuthenticity
		change func(c *examinetest.Chip)
		want   kiosk.Check
	}{
		"copy":                       {examine.ChipAuthenticity{Source: "AA"}, func(*examinetest.Chip) {}, kiosk.Check{Result: kiosk.Failed, Reason: kiosk.ReasonKeyMismatch}},
		"copy that says it has none": {examine.ChipAuthenticity{}, func(*examinetest.Chip) {}, kiosk.Check{Result: kiosk.Failed, Reason: kiosk.ReasonKeyMismatch}},
		"none":                       {examine.ChipAuthenticity{}, func(c *examinetest.Chip) { c.Active, c.Agree = nil, nil }, kiosk.Check{Result: kiosk.Absent, Reason: kiosk.ReasonNoChipAuthenticity}},
		"said to have proven what it cannot": {examine.ChipAuthenticity{Source: "AA", Proven: true}, func(c *examinetest.Chip) { c.Active, c.Agree = nil, nil },
			kiosk.Check{Result: kiosk.Absent, Reason: kiosk.ReasonNoChipAuthenticity}},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			c := examinetest.PassportOf(t, utopia)
			tt.change(c)
			ex := examinetest.Believing(t, utopia).ExamineTravel(t.Context(), nil)
			ex.ChipAuthenticity(tt.said)
			ex.Update(c.MustFiles(t))
			got := examinetest.Check(t, ex.Wait(), kiosk.CheckChipAuthenticity)
			if got.Result != tt.want.Result || got.Reason != tt.want.Reason {
				t.Errorf("got %q for %q", got.Result, got.Reason)
			}
		})
	}
}

// Documents outlive their signers' certificates; what was signed while they were valid stays signed.
func TestTravelExamination_SignerSinceExpired(t *testing.T) {
	utopia := examinetest.MustCountry(t, "UT")
	template := examinetest.DocumentSigner("UT")
	template.NotBefore, template.NotAfter = time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	signer := trusttest.MustIssue(t, template, utopia.CSCA, trusttest.MustKey(t))
	for name, tt := range map[string]struct {
		signing time.Time
		want    []kiosk.Reason
	}{
		"signed while valid": {time.Date(2024, 6, 1, 0, 0, 0, 0, time.UTC), nil},
		"does not say when":  {time.Time{}, nil},
		"signed after":       {time.Date(2025, 6, 1, 0, 0, 0, 0, time.UTC), []kiosk.Reason{kiosk.ReasonSODUntrusted}},
		"signed before":      {time.Date(2022, 6, 1, 0, 0, 0, 0, time.UTC), []kiosk.Reason{kiosk.ReasonSODUntrusted}},
	} {
		t.Run(name, func(t *testing.T) {
			c := examinetest.PassportOf(t, utopia)
			c.Signer, c.Signing = signer, tt.signing
			if diff := cmp.Diff(tt.want, examinetest.ExamineTravel(t, examinetest.Believing(t, utopia), c.MustFiles(t)).Reasons); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	t.Run("not yet valid", func(t *testing.T) {
		template.NotBefore, template.NotAfter = time.Now().AddDate(0, 0, 2), time.Now().AddDate(1, 0, 0)
		c := examinetest.PassportOf(t, utopia)
		c.Signer, c.Signing = trusttest.MustIssue(t, template, utopia.CSCA, trusttest.MustKey(t)), time.Now().AddDate(0, 0, 3)
		want := []kiosk.Reason{kiosk.ReasonSODUntrusted}
		if diff := cmp.Diff(want, examinetest.ExamineTravel(t, examinetest.Believing(t, utopia), c.MustFiles(t)).Reasons); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestTravelExamination_Dates(t *testing.T) {
	utopia := examinetest.MustCountry(t, "UT")
	today := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	law := kiosk.Extension{
		Name: "DL 99/2026", Kinds: []kiosk.DocumentKind{kiosk.Passport}, From: kiosk.Date{Year: 2026, Month: 1, Day: 1},
		To: kiosk.Date{Year: 2026, Month: 6, Day: 30}, Until: kiosk.Date{Year: 2026, Month: 12, Day: 31},
	}
	later := law
	later.Name, later.Until.Year = "DL 100/2026", 2027
	permits := later
	permits.Kinds = []kiosk.DocumentKind{kiosk.ResidencePermit}
	cases := map[string]struct {
		birth, expiry mrz.Date
		laws          []kiosk.Extension
		want          kiosk.Reason
		extension     string
	}{
		"last day":                 {examinetest.Anna().Birth, mrz.Date{Year: 2026, Month: 11, Day: 23}, nil, "", ""},
		"day after":                {examinetest.Anna().Birth, mrz.Date{Year: 2026, Month: 11, Day: 22}, nil, kiosk.ReasonDocumentExpired, ""},
		"states no last day":       {examinetest.Anna().Birth, mrz.Date{}, []kiosk.Extension{law}, kiosk.ReasonDocumentExpired, ""},
		"month of expiry":          {examinetest.Anna().Birth, mrz.Date{Year: 2026, Month: 11}, nil, "", ""},
		"covered":                  {examinetest.Anna().Birth, mrz.Date{Year: 2026, Month: 6, Day: 30}, []kiosk.Extension{law}, "", law.Name},
		"covered the longest":      {examinetest.Anna().Birth, mrz.Date{Year: 2026, Month: 6, Day: 30}, []kiosk.Extension{law, later, law}, "", later.Name},
		"not needed":               {examinetest.Anna().Birth, examinetest.Anna().Expiry, []kiosk.Extension{law}, "", ""},
		"expired too late":         {examinetest.Anna().Birth, mrz.Date{Year: 2026, Month: 7, Day: 1}, []kiosk.Extension{law}, kiosk.ReasonDocumentExpired, ""},
		"another kind's law":       {examinetest.Anna().Birth, mrz.Date{Year: 2026, Month: 6, Day: 30}, []kiosk.Extension{permits}, kiosk.ReasonDocumentExpired, ""},
		"sixteen today":            {mrz.Date{Year: 2010, Month: 11, Day: 23}, examinetest.Anna().Expiry, nil, "", ""},
		"one day short":            {mrz.Date{Year: 2010, Month: 11, Day: 24}, examinetest.Anna().Expiry, nil, kiosk.ReasonUnderAge, ""},
		"born in the month before": {mrz.Date{Year: 2010, Month: 10}, examinetest.Anna().Expiry, nil, "", ""},
		"sixteen perhaps":          {mrz.Date{Year: 2010, Month: 11}, examinetest.Anna().Expiry, nil, kiosk.ReasonAgeUnknown, ""},
		"sixteen this year":        {mrz.Date{Year: 2010}, examinetest.Anna().Expiry, nil, kiosk.ReasonAgeUnknown, ""},
		"not sixteen anyhow":       {mrz.Date{Year: 2011}, examinetest.Anna().Expiry, nil, kiosk.ReasonUnderAge, ""},
		"born nobody knows when":   {mrz.Date{}, examinetest.Anna().Expiry, nil, kiosk.ReasonAgeUnknown, ""},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			v, c := examinetest.Believing(t, utopia), examinetest.PassportOf(t, utopia)
			v.Now = func() time.Time { return today }
			v.Rules = kiosk.UsualRules()
			v.Rules.Extensions = tt.laws
			c.Zone.Birth, c.Zone.Expiry, c.Born = tt.birth, tt.expiry, ""
			verdict := examinetest.ExamineTravel(t, v, c.MustFiles(t))
			var want []kiosk.Reason
			if tt.want != "" {
				want = []kiosk.Reason{tt.want}
			}
			if diff := cmp.Diff(want, verdict.Reasons); diff != "" || verdict.Extension != tt.extension {
				t.Errorf("by %q (-want +got):\n%s", verdict.Extension, diff)
			}
		})
	}
}

// A date of birth that no calendar has proves no age: it is shown as printed, and where its year would do the document
// is good for less. What DG11 states in full does prove it.
func TestTravelExamination_NoCalendar(t *testing.T) {
	utopia := examinetest.MustCountry(t, "UT")
	cases := map[string]struct {
		printed, full string
		want          kiosk.Check
	}{
		"31 February":            {"740231", "", kiosk.Check{Result: kiosk.Absent, Reason: kiosk.ReasonNoCalendar}},
		"a day of no month":      {"740012", "", kiosk.Check{Result: kiosk.Absent, Reason: kiosk.ReasonNoCalendar}},
		"a day of month unknown": {"74<<12", "", kiosk.Check{Result: kiosk.Absent, Reason: kiosk.ReasonNoCalendar}},
		"of this year":           {"260231", "", kiosk.Check{Result: kiosk.Failed, Reason: kiosk.ReasonUnderAge}},
		"sixteen perhaps":        {"100231", "", kiosk.Check{Result: kiosk.Failed, Reason: kiosk.ReasonAgeUnknown}},
		"of an unknown year":     {"<<0812", "", kiosk.Check{Result: kiosk.Failed, Reason: kiosk.ReasonAgeUnknown}},
		"spelled out":            {"740231", "19740303", kiosk.Check{Result: kiosk.Passed}},
		"impossible twice":       {"740231", "19740231", kiosk.Check{Result: kiosk.Absent, Reason: kiosk.ReasonNoCalendar}},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			v, c := examinetest.Believing(t, utopia), examinetest.PassportOf(t, utopia)
			v.Now = func() time.Time { return readOn }
			c.Zone.Birth, c.Zone.BirthField, c.Born = mrz.Date{Year: 1974}, tt.printed, tt.full
			switch tt.printed[:2] {
			case "<<":
				c.Zone.Birth = mrz.Date{}
			case "10", "26":
				c.Zone.Birth.Year = 2000 + int(tt.printed[0]-'0')*10 + int(tt.printed[1]-'0')
			}
			verdict := examinetest.ExamineTravel(t, v, c.MustFiles(t))
			if got := examinetest.Check(t, verdict, kiosk.CheckAge); got.Result != tt.want.Result || got.Reason != tt.want.Reason {
				t.Errorf("got %q for %q, want %q for %q", got.Result, got.Reason, tt.want.Result, tt.want.Reason)
			}
			shown := tt.printed
			if tt.want.Result == kiosk.Passed {
				shown = ""
			}
			if verdict.Identity.BirthPrinted != shown {
				t.Errorf("shown as %q, want %q", verdict.Identity.BirthPrinted, shown)
			}
			if tt.want.Result == kiosk.Absent && verdict.Assurance.Level != kiosk.LevelSubstantial {
				t.Errorf("got level %q", verdict.Assurance.Level)
			}
		})
	}
}

// The question of revocation ends with the case, and is asked about the right certificates.
func TestTravelExamination_RevocationInTheBackground(t *testing.T) {
	utopia := examinetest.MustCountry(t, "UT")
	v := examinetest.Believing(t, utopia)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	asked := make(chan struct{})
	v.CountryRevocation = countryBlocking{asked: asked, want: []*x509.Certificate{utopia.Signer.Cert, utopia.CSCA.Cert}, t: t}
	ex := v.ExamineTravel(ctx, nil)
	ex.Update(examinetest.PassportOf(t, utopia).MustFiles(t))
	<-asked
	if got := examinetest.Check(t, ex.Verdict(), kiosk.CheckAge).Result; got != kiosk.Passed {
		t.Errorf("age waits for revocation: %q", got)
	}
	cancel()
	if got, want := examinetest.Check(t, ex.Wait(), kiosk.CheckSignerStatus).Reason, kiosk.ReasonRevocationUnknown; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

type countryBlocking struct {
	t     *testing.T
	asked chan struct{}
	want  []*x509.Certificate
}

func (b countryBlocking) Check(ctx context.Context, cert, issuer *icao.Certificate) (trust.Answer, error) {
	if !slices.Equal(cert.Raw, b.want[0].Raw) || !slices.Equal(issuer.Raw, b.want[1].Raw) {
		b.t.Error("asked about other certificates than the signer's and its issuer's")
	}
	close(b.asked)
	<-ctx.Done()
	return trust.Answer{}, trust.ErrUnknown
}
