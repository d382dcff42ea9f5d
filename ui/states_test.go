package ui_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"slices"
	"sync"
	"time"

	"balcao/kiosk"
)

var (
	today   = time.Date(2026, 11, 23, 10, 42, 30, 0, time.UTC)
	proofed = today.Add(-12 * time.Second)
)

// longName is a name of the length that people in Portugal have.
const (
	longGiven   = "Maria da Conceição Albuquerque de"
	longSurname = "Vasconcelos e Meneses Figueiredo"
)

// photo is a copy of a face-like picture: who is shown it wipes it.
func photo() *kiosk.Photo { return &kiosk.Photo{Kind: kiosk.PNG, Data: bytes.Clone(face())} }

// face is 240 × 320, as PNG.
var face = sync.OnceValue(func() []byte {
	img := image.NewNRGBA(image.Rect(0, 0, 240, 320))
	for y := range 320 {
		for x := range 240 {
			c := color.NRGBA{0xB9, 0xC6, 0xD2, 0xFF}
			dx, dy := float64(x-120), float64(y-130)
			bx, by := float64(x-120)/100, float64(y-330)/120
			if dx*dx/(60*60)+dy*dy/(78*78) < 1 || bx*bx+by*by < 1 {
				c = color.NRGBA{0x6E, 0x80, 0x92, 0xFF}
			}
			img.SetNRGBA(x, y, c)
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		panic(err)
	}
	return out.Bytes()
})

// citizenErrand is what the holder of a Citizen Card goes through to enrol: nothing else is asked of them.
var citizenErrand = kiosk.Errand{Name: kiosk.Errands[0].Name, Steps: slices.DeleteFunc(slices.Clone(kiosk.Errands[0].Steps),
	func(step kiosk.Step) bool { return step == kiosk.StepEligibility })}

func idle(l kiosk.Language) kiosk.State {
	return kiosk.State{
		Now: today, MinAge: 16, DeskName: "Loja de Cidadão das Laranjeiras · Balcão 07", Step: kiosk.StepDocument,
		Errand:        citizenErrand,
		ClerkLanguage: l, CitizenLanguage: l,
		Status: kiosk.Status{
			Readers:  []kiosk.ReaderStatus{{Number: 1, Name: "A", Slot: kiosk.SlotEmpty}, {Number: 2, Name: "B", Slot: kiosk.SlotEmpty}},
			Centre:   kiosk.CentreStatus{Health: kiosk.HealthGood, RoundTrip: 6 * time.Millisecond},
			Delivery: kiosk.HealthGood,
		},
	}
}

func leftBehind(l kiosk.Language) kiosk.State {
	s := idle(l)
	s.LeftBehind, s.Status.Readers[0].Slot = 1, kiosk.SlotCard
	return s
}

func checkList(result func(kiosk.CheckName) kiosk.Result) []kiosk.Check {
	sources := map[kiosk.CheckName]string{
		kiosk.CheckRecognised: "chip", kiosk.CheckSODSignature: "SOD", kiosk.CheckRevocation: "ocsp.auc.cartaodecidadao.pt", kiosk.CheckAge: "clock",
		kiosk.CheckCertificate: "EC de Autenticação do Cartão de Cidadão 0017", kiosk.CheckSODSigner: "(Teste) ECRaizEstado 002",
	}
	took := map[kiosk.CheckName]time.Duration{
		kiosk.CheckRevocation: 420 * time.Millisecond, kiosk.CheckSODSignature: 54 * time.Millisecond, kiosk.CheckAge: time.Millisecond,
	}
	names := []kiosk.CheckName{
		kiosk.CheckRecognised, kiosk.CheckSODSignature, kiosk.CheckSODSigner, kiosk.CheckIdentityData, kiosk.CheckPhotoData,
		kiosk.CheckCertificate, kiosk.CheckCertDates, kiosk.CheckCertPurpose, kiosk.CheckRevocation, kiosk.CheckSamePerson,
		kiosk.CheckDocumentDate, kiosk.CheckAge, kiosk.CheckPINState, kiosk.CheckKey,
	}
	var checks []kiosk.Check
	for _, name := range names {
		c := kiosk.Check{Name: name, Result: result(name), Source: sources[name], Took: took[name], At: today}
		if c.Result == kiosk.Failed {
			c.Reason = kiosk.ReasonCertificateRevoked
		}
		if c.Result == kiosk.Unknown {
			c.Reason = kiosk.ReasonRevocationUnknown
		}
		checks = append(checks, c)
	}
	return checks
}

func allPassed(name kiosk.CheckName) kiosk.Result {
	if name == kiosk.CheckKey {
		return kiosk.Pending
	}
	return kiosk.Passed
}

func errands(l kiosk.Language) kiosk.State {
	s := idle(l)
	s.Choosing = true
	return s
}

// checkDesk waits for a document that is only to be checked.
func checkDesk(l kiosk.Language) kiosk.State {
	s := idle(l)
	s.Errand = kiosk.Errands[1]
	return s
}

func checkAway(l kiosk.Language) kiosk.State {
	s := centreDown(l)
	s.Errand = kiosk.Errands[1]
	return s
}

func checkIdentity(l kiosk.Language) kiosk.State {
	s := identity(l)
	s.Errand = kiosk.Errands[1]
	return s
}

func reading(l kiosk.Language) kiosk.State {
	s := idle(l)
	s.Case = 3
	s.Status.Readers[0].Slot = kiosk.SlotReading
	s.Document = kiosk.DocumentState{Reader: 1, Reading: true, Activity: "activity.read_certificate"}
	return s
}

// held is reading while another program holds the card.
func held(l kiosk.Language) kiosk.State {
	s := reading(l)
	s.Document.Held = true
	return s
}

func identity(l kiosk.Language) kiosk.State {
	s := reading(l)
	s.Step = kiosk.StepIdentity
	s.Status.Readers[0].Slot = kiosk.SlotCitizen
	s.Document = kiosk.DocumentState{
		Reader: 1, Complete: true, CardPresent: true, PINTries: 3, Photo: photo(), PhotoPercent: 100,
		Identity: &kiosk.Identity{
			Kind: kiosk.CitizenCard, Generation: kiosk.Generation2024, Country: "PRT", DocumentNumber: "99000588 7 ZZ1",
			CivilNumber: "990005887", Surname: "Exemplo Inventado", GivenNames: "Anabela", Sex: "F", Nationality: "PRT",
			BirthDate: kiosk.Date{Year: 1974, Month: 8, Day: 12}, ValidUntil: kiosk.Date{Year: 2034, Month: 4, Day: 15}, TaxNumber: "403456783",
		},
		Checks:    checkList(allPassed),
		Assurance: kiosk.Assurance{Level: kiosk.LevelSubstantial, Missing: []kiosk.CheckName{kiosk.CheckKey}},
	}
	return s
}

func identityLong(l kiosk.Language) kiosk.State {
	s := identity(l)
	person := *s.Document.Identity
	person.GivenNames, person.Surname = longGiven, longSurname
	s.Document.Identity = &person
	return s
}

func identityLoading(l kiosk.Language) kiosk.State {
	s := identityLong(l)
	s.Document.Photo, s.Document.PhotoPercent, s.Document.Complete, s.Document.Reading = nil, 45, false, true
	s.Document.Assurance = kiosk.Assurance{}
	s.Document.Activity = "activity.read_photo"
	s.Document.Checks = checkList(func(name kiosk.CheckName) kiosk.Result {
		switch name {
		case kiosk.CheckPhotoData, kiosk.CheckRevocation, kiosk.CheckKey:
			return kiosk.Pending
		}
		return kiosk.Passed
	})
	return s
}

func identityUnsure(l kiosk.Language) kiosk.State {
	s := identity(l)
	s.Document.Photo, s.Document.PhotoAbsent = nil, true
	s.Document.Assurance = kiosk.Assurance{Level: kiosk.LevelSubstantial, Missing: []kiosk.CheckName{kiosk.CheckRevocation, kiosk.CheckKey}}
	s.Document.Checks = checkList(func(name kiosk.CheckName) kiosk.Result {
		switch name {
		case kiosk.CheckPhotoData:
			return kiosk.Absent
		case kiosk.CheckRevocation:
			return kiosk.Unknown
		case kiosk.CheckKey:
			return kiosk.Pending
		}
		return kiosk.Passed
	})
	return s
}

func contact(l kiosk.Language) kiosk.State {
	s := identity(l)
	s.Step = kiosk.StepContact
	return s
}

func sentPhone(s kiosk.State) kiosk.State {
	s.Contact.Phone = kiosk.ChannelState{
		Text: "912 345 678", Value: "+351912345678", Delivery: kiosk.DeliveryDelivered, SentAt: today.Add(-40 * time.Second),
		ExpiresAt: today.Add(4*time.Minute + 20*time.Second), ResendAt: today.Add(20 * time.Second), SendsLeft: 2, Tries: 3, TriesLeft: 3,
	}
	s.Contact.Awaited = kiosk.SMS
	return s
}

func contactSent(l kiosk.Language) kiosk.State { return sentPhone(contact(l)) }

func contactWrong(l kiosk.Language) kiosk.State {
	s := contactSent(l)
	s.Contact.Phone.Problem, s.Contact.Phone.TriesLeft = kiosk.CodeWrong, 1
	return s
}

// contactMistyped is a number and an address as they are when a key was missed.
func contactMistyped(l kiosk.Language) kiosk.State {
	s := contact(l)
	s.Contact.Phone = kiosk.ChannelState{Text: "91234567", Problem: kiosk.PhoneDigitMissing}
	s.Contact.Email = kiosk.ChannelState{Text: "anabela@exemplo", Problem: kiosk.EmailEndingMissing}
	return s
}

// contactCorrecting is what was proven, opened to be changed.
func contactCorrecting(l kiosk.Language) kiosk.State {
	s := proven(contact(l))
	s.Contact.Correcting = true
	return s
}

// contactFailed is a code that stopped: of the phone, whichever way.
func contactFailed(how func(*kiosk.ChannelState)) func(kiosk.Language) kiosk.State {
	return func(l kiosk.Language) kiosk.State {
		s := contactSent(l)
		how(&s.Contact.Phone)
		s.Contact.Awaited, s.Contact.Failed = "", kiosk.SMS
		return s
	}
}

func undelivered(c *kiosk.ChannelState) {
	c.Delivery, c.Reason = kiosk.DeliveryFailed, kiosk.FailSwitchedOff
}
func taken(c *kiosk.ChannelState)         { c.Problem = kiosk.ContactTaken }
func lockedChannel(c *kiosk.ChannelState) { c.Problem, c.TriesLeft = kiosk.ChannelLocked, 0 }
func expired(c *kiosk.ChannelState) {
	c.Problem, c.ExpiresAt, c.ResendAt = kiosk.CodeExpired, today, today.Add(-4*time.Minute)
}

// contactOther asks for the e-mail's code after the phone's did not arrive.
func contactOther(l kiosk.Language) kiosk.State {
	s := contactBoth(l)
	s.Contact.Phone.ConfirmedAt, s.Contact.Settled = time.Time{}, false
	undelivered(&s.Contact.Phone)
	return s
}

func contactBoth(l kiosk.Language) kiosk.State {
	s := contactSent(l)
	s.Contact.Phone.ConfirmedAt = proofed
	s.Contact.Settled = true
	s.Contact.Email = s.Contact.Phone
	s.Contact.Email.Text, s.Contact.Email.Value, s.Contact.Email.ConfirmedAt = "anabela@exemplo.pt", "anabela@exemplo.pt", time.Time{}
	s.Contact.Awaited = kiosk.Email
	return s
}

func proven(s kiosk.State) kiosk.State {
	s = sentPhone(s)
	s.Contact.Phone.ConfirmedAt, s.Contact.Settled, s.Contact.Awaited = proofed, true, ""
	s.Contact.Email = kiosk.ChannelState{Text: "anabela@exemplo.pt", Value: "anabela@exemplo.pt", SentAt: proofed, ConfirmedAt: proofed}
	return s
}

func pin(phase kiosk.PINPhase) func(kiosk.Language) kiosk.State {
	return func(l kiosk.Language) kiosk.State {
		s := proven(identity(l))
		s.Step = kiosk.StepPIN
		s.PIN = kiosk.PINState{Phase: phase, Policy: kiosk.PINPolicy{MinDigits: 6, MaxDigits: 8, Personal: []string{"12081974", "912345678"}}}
		return s
	}
}

// phoneProven is a PIN being chosen by somebody with a telephone only.
func phoneProven(l kiosk.Language) kiosk.State {
	s := pin(kiosk.PINFirst)(l)
	s.Contact.Email = kiosk.ChannelState{}
	return s
}

func sealing(s kiosk.State) kiosk.State {
	s.PIN.Phase = kiosk.PINSealing
	return s
}

func pinMismatch(l kiosk.Language) kiosk.State {
	s := pin(kiosk.PINFirst)(l)
	s.PIN.Mismatch = true
	return s
}

func review(phase kiosk.ReviewPhase) func(kiosk.Language) kiosk.State {
	return func(l kiosk.Language) kiosk.State {
		s := pin(kiosk.PINSealed)(l)
		s.Step = kiosk.StepReview
		s.Review.Phase = phase
		return s
	}
}

func reviewLong(l kiosk.Language) kiosk.State {
	s := review(kiosk.ReviewReading)(l)
	s.Document.Identity = identityLong(l).Document.Identity
	return s
}

func reviewDisputed(l kiosk.Language) kiosk.State {
	s := review(kiosk.ReviewReading)(l)
	s.Review.Disputed = true
	return s
}

func reviewPINWrong(l kiosk.Language) kiosk.State {
	s := review(kiosk.ReviewCardPIN)(l)
	s.Review.PINWrong, s.Document.PINTries = true, 1
	return s
}

func reviewWaiting(l kiosk.Language) kiosk.State {
	s := review(kiosk.ReviewBinding)(l)
	s.Review.Waiting = true
	s.Status.Centre.Health = kiosk.HealthDown
	return s
}

func done(l kiosk.Language) kiosk.State {
	s := idle(l)
	s.Step, s.Case = kiosk.StepDone, 3
	s.Receipt = &kiosk.Receipt{
		Person: longGiven + " " + longSurname, Register: 1204118, Login: "+351912345678", ActiveAt: today.Add(-3 * time.Second),
		ValidUntil: kiosk.Date{Year: 2034, Month: 5, Day: 15}, Beyond: 30, Assurance: kiosk.Assurance{Level: kiosk.LevelHigh},
		DeskTime: 3*time.Minute + 12*time.Second, WipeAt: today.Add(45 * time.Second),
	}
	return s
}

func problem(code kiosk.ProblemCode, fatal bool) func(kiosk.Language) kiosk.State {
	return func(l kiosk.Language) kiosk.State {
		s := reading(l)
		s.Step = kiosk.StepIdentity
		s.Document = kiosk.DocumentState{Reader: 1}
		s.Status.Readers[0].Slot = kiosk.SlotRemoved
		s.Problem = &kiosk.Problem{Code: code, Reader: 1, Activity: "activity.read_certificate", TriesLeft: 2, Fatal: fatal}
		return s
	}
}

func revoked(l kiosk.Language) kiosk.State {
	s := problem(kiosk.ProblemCode(kiosk.ReasonCertificateRevoked), true)(l)
	s.Document.Checks = checkList(func(name kiosk.CheckName) kiosk.Result {
		if name == kiosk.CheckRevocation {
			return kiosk.Failed
		}
		return kiosk.Passed
	})
	return s
}

func stopped(l kiosk.Language) kiosk.State {
	s := idle(l)
	s.Status.Service, s.Status.Readers = kiosk.ProblemServiceStopped, nil
	s.Problem = &kiosk.Problem{Code: kiosk.ProblemServiceStopped}
	return s
}

// deskSuspended is an empty desk that the centre has suspended.
func deskSuspended(l kiosk.Language) kiosk.State {
	s := idle(l)
	s.Status.Centre = kiosk.CentreStatus{Health: kiosk.HealthDown, Suspended: true}
	s.Problem = &kiosk.Problem{Code: kiosk.ProblemDeskSuspended}
	return s
}

// caseSuspended is a case that ended with that.
func caseSuspended(l kiosk.Language) kiosk.State {
	s := problem(kiosk.ProblemDeskSuspended, true)(l)
	s.Status.Centre = deskSuspended(l).Status.Centre
	return s
}

// contactRefused is a phone number that the centre sends no code to.
func contactRefused(why kiosk.ContactProblem) func(kiosk.Language) kiosk.State {
	return func(l kiosk.Language) kiosk.State {
		s := contact(l)
		s.Contact.Phone = kiosk.ChannelState{Text: "912 345 678", Value: "+351912345678", Problem: why}
		return s
	}
}

func centreDown(l kiosk.Language) kiosk.State {
	s := idle(l)
	s.Status.Centre.Health, s.Status.Delivery = kiosk.HealthDown, kiosk.HealthUnknown
	return s
}

func unsure(l kiosk.Language) kiosk.State {
	s := problem(kiosk.ProblemCode(kiosk.ReasonRevocationUnknown), true)(l)
	s.Document.Checks = checkList(func(name kiosk.CheckName) kiosk.Result {
		if name == kiosk.CheckRevocation {
			return kiosk.Unknown
		}
		return kiosk.Passed
	})
	return s
}

func reviewPinpad(l kiosk.Language) kiosk.State {
	s := review(kiosk.ReviewCardPIN)(l)
	s.Document.Pinpad = true
	return s
}

func reviewPinpadSigning(l kiosk.Language) kiosk.State {
	s := review(kiosk.ReviewSigning)(l)
	s.Document.Pinpad = true
	return s
}

// ended is an empty desk with the remark why the last case is no more.
func ended(code kiosk.ProblemCode) func(kiosk.Language) kiosk.State {
	return func(l kiosk.Language) kiosk.State {
		s := idle(l)
		s.Problem = &kiosk.Problem{Code: code}
		return s
	}
}

func forgotten(l kiosk.Language) kiosk.State {
	s := contactSent(l)
	s.IdleSoon, s.IdleAt = true, today.Add(42*time.Second)
	return s
}

// cardAway is a state that asks for something while the document has been out of its reader for a minute.
func cardAway(asking func(kiosk.Language) kiosk.State) func(kiosk.Language) kiosk.State {
	return func(l kiosk.Language) kiosk.State {
		s := asking(l)
		s.Away, s.Document.CardPresent = true, false
		s.Status.Readers[s.Document.Reader-1].Slot = kiosk.SlotRemoved
		s.Problem = &kiosk.Problem{Code: kiosk.ProblemCardAway}
		return s
	}
}

func cancelling(l kiosk.Language) kiosk.State {
	s := contactBoth(l)
	s.ConfirmCancel = true
	return s
}

// screen is a state of which each window is drawn.
type screen struct {
	name  string
	state func(kiosk.Language) kiosk.State
}

// screens are all of them, those of travel documents among them.
var screens = slices.Concat(cardScreens, travelScreens, shiftScreens, lifeScreens)

var cardScreens = []screen{
	{"1-document", idle}, {"1-errands", errands}, {"1-check", checkDesk}, {"1-check-away", checkAway}, {"1-left-behind", leftBehind}, {"1-centre-down", centreDown}, {"1-desk-suspended", deskSuspended}, {"1-service-stopped", stopped}, {"1-reading", reading}, {"1-held", held},
	{"2-identity", identity}, {"2-identity-check", checkIdentity}, {"2-identity-long", identityLong}, {"2-identity-loading", identityLoading}, {"2-identity-unsure", identityUnsure},
	{"3-contact", contact}, {"3-contact-mistyped", contactMistyped}, {"3-contact-sent", contactSent}, {"3-contact-wrong", contactWrong}, {"3-contact-no-destination", contactRefused(kiosk.DestinationOff)}, {"3-contact-busy", contactRefused(kiosk.CentreBusy)}, {"3-contact-both", contactBoth},
	{"3-contact-undelivered", contactFailed(undelivered)}, {"3-contact-taken", contactFailed(taken)}, {"3-contact-locked", contactFailed(lockedChannel)},
	{"3-contact-expired", contactFailed(expired)}, {"3-contact-other", contactOther}, {"3-contact-correcting", contactCorrecting}, {"3-contact-cancel", cancelling}, {"3-contact-forgotten", forgotten}, {"3-contact-away", cardAway(contactSent)},
	{"4-pin-first", pin(kiosk.PINFirst)}, {"4-pin-phone", phoneProven}, {"4-pin-mismatch", pinMismatch}, {"4-pin-repeat", pin(kiosk.PINRepeat)},
	{"4-pin-sealing", pin(kiosk.PINSealing)}, {"4-pin-sealed", pin(kiosk.PINSealed)},
	{"5-review", review(kiosk.ReviewReading)}, {"5-review-long", reviewLong}, {"5-review-disputed", reviewDisputed},
	{"5-review-card", review(kiosk.ReviewCard)}, {"5-review-card-pin", review(kiosk.ReviewCardPIN)}, {"5-review-pin-wrong", reviewPINWrong}, {"5-review-pinpad", reviewPinpad}, {"5-review-pinpad-signing", reviewPinpadSigning},
	{"5-review-signing", review(kiosk.ReviewSigning)}, {"5-review-waiting", reviewWaiting},
	{"6-done", done},
	{"9-card-removed", problem(kiosk.ProblemCode(kiosk.ReasonRemoved), false)}, {"9-revoked", revoked}, {"9-unsure", unsure}, {"9-copy", problem(kiosk.ProblemCode(kiosk.ReasonKeyMismatch), true)},
	{"9-centre-down", problem(kiosk.ProblemCentreDown, false)}, {"9-idle", ended(kiosk.ProblemIdle)}, {"9-internal", problem(kiosk.ProblemInternal, true)}, {"9-desk-suspended", caseSuspended},
}
