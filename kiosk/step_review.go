package kiosk

import "time"

// Digits of the Citizen Card's authentication PIN.
const (
	cardPINMin = 4
	cardPINMax = 8
)

// reviewStep has the person agree to what is bound, the document sign it, and the centre decide.
type reviewStep struct{ plainStep }

// ReviewPhase is where the review stands.
type ReviewPhase string

// Phases of review and signature.
const (
	ReviewReading ReviewPhase = "reading"  // the citizen reads what will be bound
	ReviewCard    ReviewPhase = "card"     // waiting for the same card in the reader
	ReviewCardPIN ReviewPhase = "card_pin" // waiting for the card's authentication PIN
	ReviewSigning ReviewPhase = "signing"
	ReviewBinding ReviewPhase = "binding" // evidence is at or on its way to the centre: no cancel any more

	// Before the evidence leaves, where the staff card has no reader of its own.
	ReviewStaffCard ReviewPhase = "staff_card" // the person's document goes out, the clerk's staff card in
	ReviewStaffPIN  ReviewPhase = "staff_pin"  // and its PIN
)

// ReviewState is the last step before the key exists.
type ReviewState struct {
	Phase     ReviewPhase
	Disputed  bool // the citizen pressed "something is wrong"
	PINWrong  bool // the last card PIN was wrong; Document.PINTries says how many are left
	Waiting   bool // the centre does not answer; the desk keeps trying
	BindSince time.Time
}

func (reviewStep) begin(s *Session) { s.state.Review = ReviewState{Phase: ReviewReading} }

// proceed asks the person again when there was no error after all, and tries a card PIN again on a reader with a
// keypad.
func (reviewStep) proceed(s *Session) {
	switch {
	case s.inReview(ReviewReading):
		s.state.Review.Disputed = false
	case s.inReview(ReviewCardPIN):
		s.agreed()
	}
}

func (reviewStep) retreat(s *Session) bool {
	if !s.inReview(ReviewReading, ReviewCard, ReviewCardPIN, ReviewStaffCard, ReviewStaffPIN) {
		return false
	}
	s.state.Review, s.signed = ReviewState{}, false
	return true
}

func (reviewStep) asksCitizen(s *Session) bool {
	return !s.binding() && !s.signed && !s.state.Review.Disputed
}

func (reviewStep) stop(s *Session) bool {
	switch {
	case s.inReview(ReviewSigning) && s.signed:
		s.wantStaffCard()
	case s.inReview(ReviewSigning):
		s.askForCard()
	case s.binding():
		s.again.bind, s.state.Review.Waiting = true, true
	default:
		return false
	}
	return true
}

func (reviewStep) retry(s *Session) {
	if s.again.bind {
		s.ask(Bind{Case: s.live, Marked: s.marked})
	}
	if s.inReview(ReviewCardPIN) {
		s.agreed()
	}
}

// inReview reports whether the review stands in one of the phases.
func (s *Session) inReview(phases ...ReviewPhase) bool {
	if !s.at(StepReview) {
		return false
	}
	for _, phase := range phases {
		if s.state.Review.Phase == phase {
			return true
		}
	}
	return false
}

// Agreed: everything shown is right, bind it.
type Agreed struct{}

func (Agreed) apply(s *Session) { s.agreed() }

// agreed: the citizen read what will be bound and wants it. With a keypad on the reader it also
// starts another try after a wrong card PIN.
func (s *Session) agreed() {
	switch {
	case s.state.Review.Disputed:
	case s.inReview(ReviewReading):
		if !s.state.Document.CardPresent && s.state.Document.Signing != SigningDesk {
			s.state.Review.Phase = ReviewCard
			return
		}
		s.haveSigned()
	case s.inReview(ReviewCardPIN) && s.state.Document.Pinpad:
		s.sign(nil)
	}
}

// haveSigned goes on with what signs: a Citizen Card wants its PIN first, and the reader's own keypad asks
// for that at once. After a wrong PIN the person says when to try again.
func (s *Session) haveSigned() {
	if s.state.Document.Signing != SigningPIN {
		s.sign(nil)
		return
	}
	s.state.Review.Phase = ReviewCardPIN
	if s.state.Document.Pinpad && !s.state.Review.PINWrong {
		s.sign(nil)
	}
}

// SomethingWrong: it is not. The clerk goes back or cancels.
type SomethingWrong struct{}

func (SomethingWrong) apply(s *Session) {
	if s.inReview(ReviewReading, ReviewCard, ReviewCardPIN) {
		s.state.Review = ReviewState{Phase: ReviewReading, Disputed: true}
	}
}

// CardPINTyped is the Citizen Card's authentication PIN.
type CardPINTyped struct{ PIN Secret }

func (e CardPINTyped) secret() Secret { return e.PIN }

// apply passes the card's PIN on. One of an impossible length would cost the person a try.
func (e CardPINTyped) apply(s *Session) {
	if !s.inReview(ReviewCardPIN) || s.state.Document.Pinpad || !digits(e.PIN, cardPINMin, cardPINMax) {
		e.PIN.Wipe()
		return
	}
	s.sign(e.PIN)
}

// TranscriptFacts is what the citizen agreed to, as the session knows it; the runner adds the
// challenge, the hashes and the desk.
type TranscriptFacts struct {
	Identity      Identity
	Contacts      []ProvenContact
	Eligibility   Eligibility
	Extension     string   // name of the law by which the document counts though it has expired; else empty
	Typed         bool     // the machine-readable zone was typed: there is no chip
	PhotoCompared bool     // the clerk compared the person with the photograph: the chip's, or the printed one
	PhotoPrinted  bool     // with the printed one, since the chip has none that can be shown
	Language      Language // in which the person read and agreed
	Assurance     Assurance
	At            time.Time

	Errand     string           // its name
	Key        int64            // register number of the key that it is about; 0 of one that is to be made
	Reason     string           // of the change, from the list of its cause; "" where there is only one
	Activation *ActivationFacts // nil where every contact was proven on the spot
	Numbers    []NumberFact     // beside what the document says
}

// ProvenContact is a contact whose possession the centre confirmed.
type ProvenContact struct {
	Channel Channel
	Value   string
	Proof   [16]byte // the centre's UUID of the confirmation
	At      time.Time
}

// Sign lets the card sign the transcript, or its chip answer for it, or signs it for the desk:
// Signed, CardPINRefused, RulesChanged or SignFailed. The runner wipes PIN; it is nil when it is typed on the reader, or
// when there is none.
type Sign struct {
	Case       CaseID
	PIN        Secret
	Transcript TranscriptFacts
}

func (Sign) command() {}

// sign asks the card for its signature over what the citizen agreed to.
func (s *Session) sign(pin Secret) {
	doc := &s.state.Document
	s.dismiss("")
	s.state.Review.Phase = ReviewSigning
	s.state.Review.PINWrong, s.signed = false, false
	facts := TranscriptFacts{
		Identity:      s.state.Person(),
		Eligibility:   s.state.Eligible.Entered,
		Extension:     s.extension(),
		Contacts:      s.proven(),
		Typed:         doc.Access.NoChip,
		PhotoCompared: doc.Photo != nil || doc.Access.NoChip || doc.PhotoUnshown(), // without a chip: with the printed one
		PhotoPrinted:  doc.PhotoUnshown(),
		Language:      s.state.CitizenLanguage,
		Assurance:     Assurance{Level: doc.Assurance.Level, Missing: append([]CheckName(nil), doc.Assurance.Missing...)},
		At:            s.state.Now,
		Errand:        s.errand.Name,
		Reason:        string(s.state.Key.Reason),
		Numbers:       s.state.Eligible.Entered.numbers(doc.Identity.TaxNumber == ""),
	}
	if key := s.state.Key.Key; key != nil {
		facts.Key = key.Register
	} else if s.errand.Has(StepTry) {
		facts.Key = s.state.Try.Register
	}
	if later := s.state.Contact.Later; later.Set && len(facts.Contacts) == 0 {
		facts.Activation = &ActivationFacts{Channel: later.Channel, Value: later.Value}
		if later.Address != nil {
			facts.Activation.Address = *later.Address
		}
	}
	s.facts = facts
	s.ask(Sign{Case: s.live, PIN: pin, Transcript: facts})
}

// CardPINRefused: the card did not accept the PIN.
type CardPINRefused struct {
	TriesLeft int
}

func (e CardPINRefused) applyToCase(s *Session) {
	if !s.inReview(ReviewSigning) || s.signed {
		return
	}
	s.state.Document.PINTries = e.TriesLeft
	if e.TriesLeft <= 0 {
		s.end(Problem{Code: ProblemCode(ReasonPINBlocked), Reader: s.state.Document.Reader})
		return
	}
	s.state.Review.PINWrong = true
	s.askForCard()
}

// askForCard returns from a signature that did not come about to where it can be tried again.
func (s *Session) askForCard() {
	signing := s.state.Document.Signing
	switch {
	case !s.state.Document.CardPresent && signing != SigningDesk:
		s.state.Review.Phase = ReviewCard
	case signing == SigningPIN:
		s.state.Review.Phase = ReviewCardPIN
	default:
		s.state.Review.Phase = ReviewReading // the person says when to try again
	}
}

// Signed: the card signed the transcript; the evidence waits in the runner.
type Signed struct {
	Check Check // CheckKey
}

// applyToCase goes on once the signature showed that the card holds the certificate's key: the staff card signs last.
func (e Signed) applyToCase(s *Session) {
	if !s.inReview(ReviewSigning) || s.signed {
		return
	}
	check := e.Check
	check.Name = CheckKey
	desk := s.state.Document.Signing == SigningDesk // which proves nothing of a chip
	if !desk {
		s.file(check)
	}
	if check.Result != Passed && !desk {
		s.end(Problem{Code: ProblemCode(check.reason()), Reader: s.state.Document.Reader})
		return
	}
	s.signed = true
	s.staffSigns()
}

// SignFailed: the card did not sign. ReasonRemoved and ReasonCardChanged ask for the same card again;
// other reasons end the case.
type SignFailed struct {
	Reason Reason
}

// applyToCase is an answer to Sign or to RecogniseAgain. A pulled or changed card is asked for again; a
// card that cannot sign ends the case.
func (e SignFailed) applyToCase(s *Session) {
	if s.binding() || s.signed {
		s.recognising = 0 // signed already: which card came back no longer matters
		return
	}
	signing := s.inReview(ReviewSigning)
	if s.over() || !s.state.Document.Complete || !signing && s.recognising == 0 && e.Reason != ReasonCardChanged {
		return
	}
	fatal := e.Reason == ReasonKeyMismatch || e.Reason == ReasonPINBlocked
	switch {
	case e.Reason == ReasonRemoved:
		s.recognising = 0
	case e.Reason == ReasonCardChanged, s.recognising != 0 && !fatal:
		s.cardChanged()
	default:
		if e.Reason == ReasonKeyMismatch {
			s.file(Check{Name: CheckKey, Result: Failed, Reason: e.Reason, Source: "chip", At: s.state.Now})
		}
		s.end(Problem{Code: ProblemCode(e.Reason), Reader: s.state.Document.Reader})
		return
	}
	if signing || s.inReview(ReviewCardPIN) {
		s.askForCard()
	}
}
