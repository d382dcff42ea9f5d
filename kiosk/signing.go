package kiosk

// Digits of the Citizen Card's authentication PIN.
const (
	cardPINMin = 4
	cardPINMax = 8
)

// reviewStep has the person agree to what is bound, the document sign it, and the centre decide.
type reviewStep struct{ plainStep }

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
	if !s.inReview(ReviewReading, ReviewCard, ReviewCardPIN) {
		return false
	}
	s.state.Review = ReviewState{}
	return true
}

func (reviewStep) asksCitizen(s *Session) bool {
	return !s.binding() && !s.state.Review.Disputed
}

// doneStep shows the receipt.
type doneStep struct{ plainStep }

func (doneStep) proceed(s *Session) { s.nextPerson() }

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

// binding reports whether the evidence is on its way: from here on only the centre decides.
func (s *Session) binding() bool { return s.state.Review.Phase == ReviewBinding }

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

func (SomethingWrong) apply(s *Session) {
	if s.inReview(ReviewReading, ReviewCard, ReviewCardPIN) {
		s.state.Review = ReviewState{Phase: ReviewReading, Disputed: true}
	}
}

// apply passes the card's PIN on. One of an impossible length would cost the person a try.
func (e CardPINTyped) apply(s *Session) {
	if !s.inReview(ReviewCardPIN) || s.state.Document.Pinpad || !digits(e.PIN, cardPINMin, cardPINMax) {
		e.PIN.Wipe()
		return
	}
	s.sign(e.PIN)
}

// sign asks the card for its signature over what the citizen agreed to.
func (s *Session) sign(pin Secret) {
	doc := &s.state.Document
	s.dismiss("")
	s.state.Review.Phase = ReviewSigning
	s.state.Review.PINWrong = false
	facts := TranscriptFacts{
		Identity:      s.person(),
		Eligibility:   s.state.Eligible.Entered,
		Extension:     s.extension(),
		Contacts:      s.proven(),
		Typed:         doc.Access.NoChip,
		PhotoCompared: doc.Photo != nil || doc.Access.NoChip || doc.PhotoUnshown(), // without a chip: with the printed one
		PhotoPrinted:  doc.PhotoUnshown(),
		Language:      s.state.CitizenLanguage,
		Assurance:     Assurance{Level: doc.Assurance.Level, Missing: append([]CheckName(nil), doc.Assurance.Missing...)},
		At:            s.state.Now,
	}
	s.ask(Sign{Case: s.live, PIN: pin, Transcript: facts})
}

func (e CardPINRefused) applyToCase(s *Session) {
	if !s.inReview(ReviewSigning) {
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

// applyToCase sends the evidence, once the signature showed that the card holds the certificate's key.
func (e Signed) applyToCase(s *Session) {
	if !s.inReview(ReviewSigning) {
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
	s.state.ConfirmCancel = false
	s.state.Review.Phase = ReviewBinding
	s.state.Review.BindSince = s.state.Now
	s.ask(Bind{Case: s.live})
}

// applyToCase is an answer to Sign or to RecogniseAgain. A pulled or changed card is asked for again; a
// card that cannot sign ends the case.
func (e SignFailed) applyToCase(s *Session) {
	if s.binding() {
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

func (BindWaiting) applyToCase(s *Session) {
	if s.inReview(ReviewBinding) {
		s.state.Review.Waiting = true
	}
}

// applyToCase ends the work. Only the receipt stays, until the next person or until it wipes itself.
func (e KeyActive) applyToCase(s *Session) {
	if !s.inReview(ReviewBinding) {
		return
	}
	doc := s.state.Document
	receipt := &Receipt{
		Person:     doc.Identity.FullName(),
		Register:   e.Register,
		Login:      s.proven()[0].Value,
		ActiveAt:   e.ActiveAt,
		ValidUntil: e.ValidUntil,
		Beyond:     e.ValidUntil.daysAfter(doc.Identity.ValidUntil),
		Assurance:  Assurance{Level: e.Level},
		DeskTime:   max(0, s.state.Now.Sub(s.state.Started)),
		WipeAt:     s.state.Now.Add(s.settings.WipeAfter),
	}
	if e.Level != LevelHigh {
		receipt.Assurance.Missing = append([]CheckName(nil), doc.Assurance.Missing...)
	}
	s.opened = false
	s.problem = nil
	s.wipePerson()
	s.state.Receipt = receipt
	s.advance()
}

// applyToCase: the centre decided against it and has forgotten the person.
func (e KeyRefused) applyToCase(s *Session) {
	if s.inReview(ReviewBinding) {
		s.opened = false
		s.end(Problem{Code: e.Code})
	}
}
