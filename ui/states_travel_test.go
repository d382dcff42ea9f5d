package ui_test

import (
	"slices"
	"strings"
	"time"

	"balcao/cardreader/mrz"
	"balcao/kiosk"
)

// The zones of ICAO 9303's specimens, and their groups as a reader of zones finds them.
const (
	specimenTD3 = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10"
	specimenTD1 = "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<"
)

func group(name string, line, from, to int) kiosk.MRZGroup {
	return kiosk.MRZGroup{Name: name, Line: line, From: from, To: to}
}

// passportMRZ is a zone of a passport typed as far as that many characters, with the groups named wrong.
func passportMRZ(text string, wrong ...string) kiosk.MRZEntry {
	entry := kiosk.MRZEntry{Text: text, Inspection: mrz.Inspection{Format: mrz.TD3, Lines: strings.Split(strings.TrimSuffix(text, "\n"), "\n")}}
	for _, g := range []kiosk.MRZGroup{
		group("code", 0, 0, 2), group("issuer", 0, 2, 5), group("names", 0, 5, 44),
		group("document_number", 1, 0, 10), group("nationality", 1, 10, 13), group("birth", 1, 13, 20), group("sex", 1, 20, 21),
		group("expiry", 1, 21, 28), group("optional", 1, 28, 43), group("composite", 1, 43, 44),
	} {
		switch {
		case g.Line >= len(entry.Lines) || g.To > len(entry.Lines[g.Line]):
			g.State = kiosk.MRZMissing
		case slices.Contains(wrong, g.Name):
			g.State = kiosk.MRZWrong
		default:
			g.State = kiosk.MRZRight
		}
		entry.Groups = append(entry.Groups, g)
	}
	entry.Complete = len(entry.Lines) == 2 && len(entry.Lines[1]) == 44
	entry.Valid = entry.Complete && len(wrong) == 0
	return entry
}

func cardMRZ(text string) kiosk.MRZEntry {
	entry := kiosk.MRZEntry{Text: text, Inspection: mrz.Inspection{Format: mrz.TD1, Lines: strings.Split(text, "\n"), Complete: true, Valid: true}}
	for _, g := range []kiosk.MRZGroup{
		group("code", 0, 0, 2), group("issuer", 0, 2, 5), group("document_number", 0, 5, 15), group("optional", 0, 15, 30),
		group("birth", 1, 0, 7), group("sex", 1, 7, 8), group("expiry", 1, 8, 15), group("nationality", 1, 15, 18),
		group("optional2", 1, 18, 29), group("composite", 1, 29, 30), group("names", 2, 0, 30),
	} {
		g.State = kiosk.MRZRight
		entry.Groups = append(entry.Groups, g)
	}
	return entry
}

// locked is a chip on the reader that waits for what opens it.
func locked(l kiosk.Language) kiosk.State {
	s := idle(l)
	s.Errand = kiosk.Errands[0]
	s.Case, s.TypedMRZ = 4, true
	s.Status.Readers[1].Slot = kiosk.SlotTravel
	s.Document = kiosk.DocumentState{
		Reader: 2, CardPresent: true, Checks: travelChecks(nothing),
		Access: kiosk.AccessState{Asked: true, Accepts: []kiosk.AccessKind{kiosk.AccessMRZ, kiosk.AccessCAN}, Kind: kiosk.AccessMRZ},
	}
	return s
}

func typedMRZ(entry kiosk.MRZEntry) func(kiosk.Language) kiosk.State {
	return func(l kiosk.Language) kiosk.State {
		s := locked(l)
		s.Document.Kind, s.Document.Access.MRZ = kiosk.Passport, entry
		return s
	}
}

func half(l kiosk.Language) kiosk.State { return typedMRZ(passportMRZ(specimenTD3[:45+23]))(l) }

func whole(l kiosk.Language) kiosk.State { return typedMRZ(passportMRZ(specimenTD3))(l) }

func slipped(l kiosk.Language) kiosk.State {
	entry := passportMRZ(strings.Replace(specimenTD3, "L898902C36", "L8989O2C36", 1), "document_number", "composite")
	for i, g := range entry.Groups {
		if g.Name == "document_number" {
			entry.Groups[i].Corrections = []kiosk.MRZCorrection{
				{Line: 1, At: 5, Was: 'O', Now: '0', Text: specimenTD3},
				{Line: 1, At: 0, Was: 'L', Now: '1', Text: strings.Replace(entry.Text, "\nL", "\n1", 1)},
			}
		}
	}
	return typedMRZ(entry)(l)
}

func chipRefused(l kiosk.Language) kiosk.State {
	s := whole(l)
	s.Document.Access.Wrong = 1
	return s
}

// doubtful is a zone in which everything is right, and one character may be another that looks like it.
func doubtful(l kiosk.Language, wrong int) kiosk.State {
	entry := passportMRZ(specimenTD3)
	for i, g := range entry.Groups {
		if g.Name == "document_number" {
			entry.Groups[i].Twins = []kiosk.MRZCorrection{{Line: 1, At: 6, Was: '6', Now: 'G', Text: "with a twin"}}
		}
	}
	s := typedMRZ(entry)(l)
	s.Document.Access.Wrong = wrong
	return s
}

func lifted(l kiosk.Language) kiosk.State {
	s := whole(l)
	s.Document.CardPresent = false
	s.Status.Readers[1].Slot = kiosk.SlotEmpty
	return s
}

func opening(l kiosk.Language) kiosk.State {
	s := whole(l)
	s.Document.Reading, s.Document.Access.Opening = true, true
	s.Document.Activity = "activity.unlock"
	return s
}

func permitMRZ(l kiosk.Language) kiosk.State {
	s := typedMRZ(cardMRZ(specimenTD1))(l)
	s.Document.Kind = kiosk.ResidencePermit
	return s
}

func permitCAN(l kiosk.Language) kiosk.State {
	s := permitMRZ(l)
	s.Document.Access.Kind, s.Document.Access.CAN = kiosk.AccessCAN, "3141"
	return s
}

func canRefused(l kiosk.Language) kiosk.State {
	s := permitCAN(l)
	s.Document.Access.CAN, s.Document.Access.Wrong = "314159", 1
	return s
}

func noChip(l kiosk.Language) kiosk.State {
	s := whole(l)
	s.Errand = kiosk.Errands[0]
	s.Document = kiosk.DocumentState{
		Checks: typedChecks(nothing),
		Access: kiosk.AccessState{Asked: true, NoChip: true, Accepts: []kiosk.AccessKind{kiosk.AccessMRZ}, Kind: kiosk.AccessMRZ},
	}
	s.Status.Readers[1].Slot = kiosk.SlotEmpty
	return s
}

func readingPassport(l kiosk.Language) kiosk.State {
	s := whole(l)
	s.Errand = kiosk.Errands[0]
	s.Document.Reading, s.Document.Access.Asked = true, true
	s.Document.Access.Opening = false
	s.Document.Activity = "activity.read_sod"
	s.Status.Readers[1].Slot = kiosk.SlotReading
	return s
}

func nothing(kiosk.CheckName) (kiosk.Result, kiosk.Reason) { return kiosk.Pending, "" }

func good(name kiosk.CheckName) (kiosk.Result, kiosk.Reason) {
	if name == kiosk.CheckKey {
		return kiosk.Pending, ""
	}
	return kiosk.Passed, ""
}

func listOf(names []kiosk.CheckName, result func(kiosk.CheckName) (kiosk.Result, kiosk.Reason)) []kiosk.Check {
	sources := map[kiosk.CheckName]string{
		kiosk.CheckRecognised: "chip", kiosk.CheckAccess: "chip", kiosk.CheckChipAuthenticity: "chip", kiosk.CheckSODSignature: "SOD",
		kiosk.CheckSODSigner: "Utopia CSCA 01", kiosk.CheckAge: "clock", kiosk.CheckDocumentDate: "clock",
	}
	took := map[kiosk.CheckName]time.Duration{kiosk.CheckAccess: 410 * time.Millisecond, kiosk.CheckChipAuthenticity: 190 * time.Millisecond}
	var checks []kiosk.Check
	for _, name := range names {
		c := kiosk.Check{Name: name}
		if c.Result, c.Reason = result(name); c.Result != kiosk.Pending {
			c.At = today
		}
		if c.Result == kiosk.Passed {
			c.Source, c.Took = sources[name], took[name]
		}
		checks = append(checks, c)
	}
	return checks
}

func travelChecks(result func(kiosk.CheckName) (kiosk.Result, kiosk.Reason)) []kiosk.Check {
	return listOf(kiosk.ExpectedChecks(kiosk.Passport), result)
}

func typedChecks(result func(kiosk.CheckName) (kiosk.Result, kiosk.Reason)) []kiosk.Check {
	return listOf(kiosk.ExpectedOfTyped(), result)
}

func passport(l kiosk.Language) kiosk.State {
	s := whole(l)
	s.Errand = kiosk.Errands[0]
	s.Step = kiosk.StepIdentity
	s.Document.Kind, s.Document.Complete, s.Document.Signing = kiosk.Passport, true, kiosk.SigningChip
	s.Document.Photo, s.Document.PhotoPercent = photo(), 100
	s.Document.Identity = &kiosk.Identity{
		Kind: kiosk.Passport, Country: "UTO", DocumentNumber: "L898902C3", Surname: "ERIKSSON", GivenNames: "ANNA MARIA", Sex: "F",
		Nationality: "UTO", BirthDate: kiosk.Date{Year: 1974, Month: 8, Day: 12}, ValidUntil: kiosk.Date{Year: 2032, Month: 4, Day: 15},
		MRZSurname: "ERIKSSON", MRZGivenNames: "ANNA MARIA",
	}
	s.Document.Checks = travelChecks(good)
	s.Document.Assurance = kiosk.Assurance{Level: kiosk.LevelSubstantial, Missing: []kiosk.CheckName{kiosk.CheckKey}}
	return s
}

func checkPassport(l kiosk.Language) kiosk.State {
	s := passport(l)
	s.Errand = kiosk.Errands[1]
	return s
}

func passportLoading(l kiosk.Language) kiosk.State {
	s := passport(l)
	s.Document.Photo, s.Document.PhotoPercent, s.Document.Complete, s.Document.Reading = nil, 35, false, true
	s.Document.Activity, s.Document.Assurance = "activity.read_photo", kiosk.Assurance{}
	s.Document.Checks = travelChecks(func(name kiosk.CheckName) (kiosk.Result, kiosk.Reason) {
		switch name {
		case kiosk.CheckRecognised, kiosk.CheckAccess, kiosk.CheckIdentityData:
			return kiosk.Passed, ""
		}
		return kiosk.Pending, ""
	})
	return s
}

// passportWeak has a spelling of its own, a birth date known in part, and a chip that proves less than others.
func passportWeak(l kiosk.Language) kiosk.State {
	s := passport(l)
	person := *s.Document.Identity
	person.Surname, person.GivenNames = "Müller-Ångström Óskarsdóttir", "Þórunn Élise"
	person.MRZSurname, person.MRZGivenNames = "MUELLER ANGSTROEM OSKARSDOTTIR", "THORUNN ELISE"
	person.BirthDate, person.Nationality, person.Country = kiosk.Date{Year: 1985}, "XXA", "D"
	s.Document.Identity = &person
	s.Document.Signing = kiosk.SigningDesk
	s.Document.Checks = travelChecks(func(name kiosk.CheckName) (kiosk.Result, kiosk.Reason) {
		switch name {
		case kiosk.CheckChipAuthenticity:
			return kiosk.Absent, kiosk.ReasonNoChipAuthenticity
		case kiosk.CheckSignerStatus:
			return kiosk.Absent, kiosk.ReasonNobodyToAsk
		case kiosk.CheckAccess:
			return kiosk.Absent, kiosk.ReasonUnenforced
		case kiosk.CheckPrinted, kiosk.CheckKey:
			return kiosk.Absent, ""
		}
		return kiosk.Passed, ""
	})
	s.Document.Assurance.Missing = []kiosk.CheckName{kiosk.CheckAccess, kiosk.CheckSignerStatus, kiosk.CheckChipAuthenticity, kiosk.CheckKey}
	return s
}

// passportOdd is a passport of somebody whose name may be cut off and whose date of birth no calendar has, with a
// photograph that cannot be shown.
func passportOdd(l kiosk.Language) kiosk.State {
	s := passport(l)
	id := s.Document.Identity
	id.Surname, id.GivenNames, id.NameSource = "DE ALBUQUERQUE VASCONCELOS E SOUSA HOLS", "", kiosk.NameCut
	id.MRZSurname, id.MRZGivenNames = id.Surname, ""
	id.BirthDate, id.BirthPrinted = kiosk.Date{Year: 1988}, "880231"
	s.Document.Photo, s.Document.PhotoAbsent = nil, true
	s.Document.Checks = travelChecks(func(name kiosk.CheckName) (kiosk.Result, kiosk.Reason) {
		switch name {
		case kiosk.CheckPhotoData:
			return kiosk.Absent, kiosk.ReasonPhotoUnshown
		case kiosk.CheckAge:
			return kiosk.Absent, kiosk.ReasonNoCalendar
		case kiosk.CheckKey:
			return kiosk.Pending, ""
		}
		return kiosk.Passed, ""
	})
	s.Document.Assurance = kiosk.Assurance{Level: kiosk.LevelSubstantial, Missing: []kiosk.CheckName{kiosk.CheckPhotoData, kiosk.CheckAge, kiosk.CheckKey}}
	return s
}

// typedIdentity is a passport whose zone was typed.
func typedIdentity(l kiosk.Language) kiosk.State {
	s := passport(l)
	s.Document.Photo, s.Document.PhotoAbsent, s.Document.PhotoPercent = nil, true, 0
	s.Document.Reader, s.Document.CardPresent = 0, false
	s.Document.Access = kiosk.AccessState{Asked: true, NoChip: true, Accepts: []kiosk.AccessKind{kiosk.AccessMRZ}, Kind: kiosk.AccessMRZ, MRZ: passportMRZ(specimenTD3)}
	s.Document.Signing = kiosk.SigningDesk
	s.Document.Identity.MRZSurname, s.Document.Identity.MRZGivenNames = "", ""
	s.Document.Checks = typedChecks(func(name kiosk.CheckName) (kiosk.Result, kiosk.Reason) {
		if name == kiosk.CheckChipAuthenticity {
			return kiosk.Absent, kiosk.ReasonNoChip
		}
		return kiosk.Passed, ""
	})
	s.Document.Assurance = kiosk.Assurance{Level: kiosk.LevelSubstantial, Missing: []kiosk.CheckName{kiosk.CheckChipAuthenticity}}
	s.Status.Readers[1].Slot = kiosk.SlotEmpty
	return s
}

func bring(l kiosk.Language) kiosk.State {
	s := passport(l)
	s.Step = kiosk.StepEligibility
	return s
}

var lease = kiosk.Seen{Kind: kiosk.SeenLease, Issuer: "Imobiliária do Rossio, Lda.", Issued: kiosk.Date{Year: 2026, Month: 3, Day: 1}}

func bringRefused(l kiosk.Language) kiosk.State {
	s := bring(l)
	s.Eligible.Refused = true
	s.Eligible.Entered = kiosk.Eligibility{TaxNumber: "12345678", Residence: kiosk.Seen{Kind: kiosk.SeenVisa}}
	s.Eligible.Faults = []kiosk.Fault{
		{Requirement: kiosk.RequireTaxNumber}, {Requirement: kiosk.RequireIndependence, Missing: true}, {Requirement: kiosk.RequireResidence, Paper: kiosk.PaperIssuer},
	}
	return s
}

func permit(s kiosk.State) kiosk.State {
	person := *s.Document.Identity
	person.Kind, person.Country, person.DocumentNumber, person.Nationality = kiosk.ResidencePermit, "PRT", "D23145890", "BRA"
	s.Document.Kind, s.Document.Identity = kiosk.ResidencePermit, &person
	return s
}

func bringPermit(l kiosk.Language) kiosk.State {
	s := permit(bring(l))
	s.Eligible.Entered = kiosk.Eligibility{TaxNumber: "123456789", Address: lease, Independence: kiosk.Independent}
	return s
}

func bringTyped(l kiosk.Language) kiosk.State {
	s := typedIdentity(l)
	s.Step = kiosk.StepEligibility
	s.Eligible = kiosk.EligibleState{Refused: true}
	s.Eligible.Entered = kiosk.Eligibility{TaxNumber: "123456780", Address: lease, Independence: kiosk.Accompanied}
	s.Eligible.Faults = []kiosk.Fault{
		{Requirement: kiosk.RequireTaxNumber}, {Requirement: kiosk.RequireIndependence},
	}
	return s
}

func bringAnother(l kiosk.Language) kiosk.State {
	s := bringPermit(l)
	s.Eligible.Opened = "999999990"
	return s
}

// bringSpelling is what else is needed of somebody whose name the document may have cut off.
func bringSpelling(l kiosk.Language) kiosk.State {
	s := passportOdd(l)
	s.Step = kiosk.StepEligibility
	s.Eligible.Entered = kiosk.Eligibility{TaxNumber: "123456789", Independence: kiosk.Independent, Address: lease}
	return s
}

func bringSpelled(l kiosk.Language) kiosk.State {
	s := bringSpelling(l)
	s.Eligible.Entered.Spelling = kiosk.Spelling{Surname: "de Albuquerque Vasconcelos e Sousa Holstein", GivenNames: "Ana Isabel"}
	return s
}

func bringMisspelled(l kiosk.Language) kiosk.State {
	s := bringSpelling(l)
	s.Eligible.Entered.Spelling = kiosk.Spelling{Surname: "Albuquerque", GivenNames: "Ana Isabel"}
	s.Eligible.Refused = true
	s.Eligible.Faults = []kiosk.Fault{{Requirement: kiosk.RequireSpelling, Spelling: kiosk.SpellingSurname}}
	return s
}

func spelledReview(l kiosk.Language) kiosk.State {
	s := travelReview(passportOdd, kiosk.ReviewReading)(l)
	s.Eligible.Entered.Spelling = bringSpelled(l).Eligible.Entered.Spelling
	return s
}

func travelReview(from func(kiosk.Language) kiosk.State, phase kiosk.ReviewPhase) func(kiosk.Language) kiosk.State {
	return func(l kiosk.Language) kiosk.State {
		s := proven(from(l))
		s.Eligible = kiosk.EligibleState{Entered: kiosk.Eligibility{TaxNumber: "123456789", Address: lease, Independence: kiosk.Independent}, Opened: "123456789"}
		s.Step, s.PIN.Phase, s.Review.Phase = kiosk.StepReview, kiosk.PINSealed, phase
		return s
	}
}

func travelDisputed(l kiosk.Language) kiosk.State {
	s := travelReview(bringPermit, kiosk.ReviewReading)(l)
	s.Review.Disputed = true
	return s
}

// travelPIN is a PIN being chosen by the holder of a passport.
func travelPIN(l kiosk.Language) kiosk.State {
	s := passport(l)
	chosen := pin(kiosk.PINFirst)(l)
	s.Step, s.Contact, s.PIN = chosen.Step, chosen.Contact, chosen.PIN
	return s
}

func travelDone(l kiosk.Language) kiosk.State {
	s := done(l)
	s.Errand = kiosk.Errands[0]
	s.Receipt.Assurance = kiosk.Assurance{
		Level:   kiosk.LevelSubstantial,
		Missing: []kiosk.CheckName{kiosk.CheckAccess, kiosk.CheckSignerStatus, kiosk.CheckChipAuthenticity, kiosk.CheckKey},
	}
	return s
}

// travelProblem is a refusal of a travel document: of the document only the checks are left.
func travelProblem(code kiosk.ProblemCode, fatal bool) func(kiosk.Language) kiosk.State {
	return func(l kiosk.Language) kiosk.State {
		s := problem(code, fatal)(l)
		s.Document = kiosk.DocumentState{Reader: 2, CardPresent: true, Checks: travelChecks(nothing)}
		s.Problem.Reader, s.Problem.Activity = 2, "activity.read_photo"
		return s
	}
}

func clone(l kiosk.Language) kiosk.State {
	return travelRefused(kiosk.CheckChipAuthenticity, kiosk.Check{Result: kiosk.Failed, Reason: kiosk.ReasonKeyMismatch})(l)
}

// travelRefused is a document that is refused for the answer to one check.
func travelRefused(name kiosk.CheckName, answer kiosk.Check) func(kiosk.Language) kiosk.State {
	return func(l kiosk.Language) kiosk.State {
		s := travelProblem(kiosk.ProblemCode(answer.Reason), true)(l)
		s.Document.Checks = travelChecks(good)
		for i := range s.Document.Checks {
			if c := &s.Document.Checks[i]; c.Name == name {
				c.Result, c.Reason, c.Source, c.Took = answer.Result, answer.Reason, answer.Source, 0
			}
		}
		return s
	}
}

func typedDesk(l kiosk.Language) kiosk.State {
	s := idle(l)
	s.TypedMRZ = true
	return s
}

// travelScreens are the states of people without a Citizen Card. Each is a case of its own: what is typed
// belongs to the page, which takes it from the state when a case opens it.
var travelScreens = ofOwnCases([]screen{
	{"1-document-typed", typedDesk}, {"1-access", locked}, {"1-access-half", half}, {"1-access-whole", whole}, {"1-access-slip", slipped},
	{"1-access-refused", chipRefused}, {"1-access-lifted", lifted}, {"1-access-opening", opening},
	{"1-access-permit", permitMRZ}, {"1-access-can", permitCAN}, {"1-access-can-refused", canRefused}, {"1-no-chip", noChip}, {"1-reading-passport", readingPassport},
	{"2-passport", passport}, {"2-passport-check", checkPassport}, {"2-passport-loading", passportLoading}, {"2-passport-weak", passportWeak}, {"2-passport-odd", passportOdd}, {"2-typed", typedIdentity},
	{"2-bring", bring}, {"2-bring-refused", bringRefused}, {"2-bring-permit", bringPermit}, {"2-bring-typed", bringTyped}, {"2-bring-another", bringAnother},
	{"2-bring-spelling", bringSpelling}, {"2-bring-spelled", bringSpelled}, {"2-bring-misspelled", bringMisspelled},
	{"4-travel-away", cardAway(travelPIN)}, {"5-travel-review", travelReview(passport, kiosk.ReviewReading)}, {"5-travel-card", travelReview(passport, kiosk.ReviewCard)},
	{"5-travel-signing", travelReview(passport, kiosk.ReviewSigning)}, {"5-weak-review", travelReview(passportWeak, kiosk.ReviewReading)},
	{"5-typed-review", travelReview(typedIdentity, kiosk.ReviewReading)}, {"5-spelled-review", spelledReview}, {"5-typed-signing", travelReview(typedIdentity, kiosk.ReviewSigning)},
	{"6-travel-done", travelDone},
	{"9-access-denied", travelProblem(kiosk.ProblemCode(kiosk.ReasonAccessDenied), true)}, {"9-mrz-mismatch", travelProblem(kiosk.ProblemCode(kiosk.ReasonPrintedMismatch), true)},
	{"9-document-removed", travelProblem(kiosk.ProblemCode(kiosk.ReasonRemoved), false)}, {"9-clone", clone},
	{"9-sod-unreadable", travelRefused(kiosk.CheckSODSignature, kiosk.Check{Result: kiosk.Failed, Reason: kiosk.ReasonSODUnreadable, Source: "SOD"})},
	{"9-revocation-list", travelRefused(kiosk.CheckSignerStatus, kiosk.Check{Result: kiosk.Unknown, Reason: kiosk.ReasonRevocationList, Source: "x.crl"})},
	{"9-accompanied", travelProblem(kiosk.ProblemAccompanied, true)}, {"9-no-chip", travelProblem(kiosk.ProblemNoChip, true)},
})

func ofOwnCases(of []screen) []screen {
	own := make([]screen, len(of))
	for i, one := range of {
		own[i] = screen{one.name, func(l kiosk.Language) kiosk.State {
			s := one.state(l)
			if s.Case != 0 {
				s.Case = kiosk.CaseID(100 + i)
			}
			return s
		}}
	}
	return own
}
