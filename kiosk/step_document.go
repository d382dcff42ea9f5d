package kiosk

import (
	"strings"

	"balcao/cardreader/mrz"
)

// documentStep waits for a document, and for what opens it.
type documentStep struct{ plainStep }

func (documentStep) proceed(s *Session) { s.tryAccess() }

// accessTries is how often a clerk may type. A chip gets slower with each wrong try; by then it is another
// document's, or the number cannot be read.
const accessTries = 3

// maxTyped bounds what a document reader may type, in bytes: a zone has 90 characters, which through another keyboard
// layout take up to three, and some separators.
const maxTyped = 512

// AccessState is what the clerk types so that a chip opens, or in place of a chip. Without Asked there is
// nothing to type.
type AccessState struct {
	Asked   bool
	NoChip  bool         // the document has no chip: what is typed is all there is
	Accepts []AccessKind // what the chip opens with, the one to offer first first
	Kind    AccessKind   // which of them is being typed
	CAN     string       // as typed
	MRZ     MRZEntry
	Opening bool // the chip is being opened with it
	Wrong   int  // how often the chip refused what was typed
}

// ReadDocument reads and verifies the card in the reader: IdentityRead, CheckDone…, PhotoRead,
// DocumentComplete; or DocumentRefused or DocumentFailed.
type ReadDocument struct {
	Case       CaseID
	Reader     int
	VerifyOnly bool // nobody does anything with it at the centre
	AnyAge     bool // nobody enrols with it
}

func (ReadDocument) command() {}

// read asks for what lies on the case's reader.
func (s *Session) read() {
	reader := s.state.Document.Reader
	s.state.Document = DocumentState{
		Reader: reader, Reading: true, CardPresent: true, Checks: pendingChecks(ExpectedChecks(CitizenCard)),
	}
	s.ask(ReadDocument{Case: s.live, Reader: reader, VerifyOnly: !s.errand.NeedsCentre(), AnyAge: !s.errand.MakesKey()})
}

func (s *Session) reading() bool { return s.state.Document.Reading && !s.over() }

// Activity says what is being read now, as a catalogue key.
type Activity struct {
	Key string
}

func (e Activity) applyToCase(s *Session) {
	if s.reading() {
		s.state.Document.Activity = e.Key
	}
}

// CardHeld says that another program on this computer holds the case's card and is waited for, or, with Held false, no
// more.
type CardHeld struct{ Held bool }

func (e CardHeld) applyToCase(s *Session) { s.state.Document.Held = e.Held && !s.over() }

// DocumentRecognised says what the document is, as far as it can be told before it is opened; "" when a
// chip says only that it is a travel document's. With Accepts it is locked and waits for what is
// printed on it.
type DocumentRecognised struct {
	Kind    DocumentKind
	Accepts []AccessKind
}

// applyToCase says what lies on the reader. A chip that is locked waits for what is printed on the
// document; when that was typed before, for the same document or ahead of it, it is tried at once.
func (e DocumentRecognised) applyToCase(s *Session) {
	doc := &s.state.Document
	if !s.reading() || doc.Identity != nil {
		return
	}
	doc.Kind = e.Kind
	if e.Kind == "" {
		e.Kind = Passport // or another of its kind, which have the same checks
	}
	doc.Checks = pendingChecks(ExpectedChecks(e.Kind))
	if len(e.Accepts) == 0 {
		return
	}
	doc.Reading, doc.Activity = false, ""
	doc.Access = AccessState{Asked: true, Accepts: append([]AccessKind(nil), e.Accepts...), Kind: e.Accepts[0]}
	if before := s.carried; before.Asked && doc.Access.accepts(before.Kind) {
		doc.Access.Kind, doc.Access.CAN, doc.Access.MRZ, doc.Access.Wrong = before.Kind, before.CAN, before.MRZ, before.Wrong
		if !s.retyping && before.Wrong == 0 {
			s.tryAccess()
		}
	}
	s.carried, s.retyping = AccessState{}, false
}

// NoChip says that the document has no chip, or one that cannot be read: its machine-readable zone is
// typed instead.
type NoChip struct{}

// apply begins a case with a document that has none, or whose chip is dead.
func (NoChip) apply(s *Session) {
	doc := &s.state.Document
	switch {
	case s.state.Step != StepDocument || doc.Reading && !s.over() || doc.Access.Opening:
	case !s.state.TypedMRZ:
		s.leave()
		s.note = ProblemNoChip
	default:
		s.startTyped(s.carriable())
	}
}

// startTyped begins a case without a reader. Like any case, it waits until the clock is right.
func (s *Session) startTyped(before AccessState) {
	if !s.begin(0) {
		return
	}
	s.state.Document = DocumentState{
		Checks: pendingChecks(ExpectedOfTyped()),
		Access: AccessState{Asked: true, NoChip: true, Accepts: []AccessKind{AccessMRZ}, Kind: AccessMRZ, MRZ: before.MRZ},
	}
}

// carriable is what was typed for the document at hand, and stays while it is laid on a reader again.
func (s *Session) carriable() AccessState {
	if s.over() || s.state.Document.Complete && !s.state.Examining() {
		return AccessState{}
	}
	if s.interrupted {
		return s.carried
	}
	return s.state.Document.Access
}

// AccessTyped is what the clerk typed so far, or what a document reader typed, of the machine-readable
// zone or the card access number.
type AccessTyped struct {
	Kind AccessKind
	Text string
}

// apply takes what was typed so far. On an empty desk it is a document that was swiped.
func (e AccessTyped) apply(s *Session) {
	if len(e.Text) > maxTyped {
		return
	}
	if s.state.Case == 0 && s.state.Step == StepDocument && e.Kind == AccessMRZ {
		s.swiped(e.Text)
		return
	}
	access := &s.state.Document.Access
	if !s.typing() || !access.accepts(e.Kind) {
		return
	}
	access.Kind = e.Kind
	switch e.Kind {
	case AccessCAN:
		if len(e.Text) <= canDigits && digits([]byte(e.Text), 0, canDigits) {
			access.CAN = e.Text
		}
	case AccessMRZ:
		access.MRZ = s.inspect(e.Text)
	}
}

// swipedCharacters is the least that begins a case when it is no whole zone: a line (ICAO 9303-5 §4.2.2). Less is
// from a reader of something else.
const swipedCharacters = 30

// swiped begins a case with a zone, which opens the chip once the document lies on a reader. Whether there is a chip
// is not known yet.
func (s *Session) swiped(text string) {
	entry := s.inspect(text)
	if !entry.Complete && len(strings.Join(entry.Lines, "")) < swipedCharacters || !s.begin(0) {
		return
	}
	s.state.Document = DocumentState{
		Checks: pendingChecks(ExpectedChecks(Passport)),
		Access: AccessState{Asked: true, Accepts: []AccessKind{AccessMRZ}, Kind: AccessMRZ, MRZ: entry},
	}
}

// inspect understands a zone as far as it was typed. The day decides between centuries.
func (s *Session) inspect(text string) MRZEntry {
	if text == "" {
		return MRZEntry{}
	}
	return MRZEntry{Text: text, Inspection: mrz.Inspect(text, s.state.Now)}
}

// typing reports whether the clerk is asked to type.
func (s *Session) typing() bool {
	doc := &s.state.Document
	return s.live != 0 && !s.over() && !s.interrupted && s.state.Step == StepDocument &&
		doc.Access.Asked && !doc.Access.Opening && !doc.Reading
}

func (a AccessState) accepts(kind AccessKind) bool {
	for _, k := range a.Accepts {
		if k == kind {
			return true
		}
	}
	return false
}

// Ready reports whether there is enough of what is typed to be tried.
func (a AccessState) Ready() bool {
	_, ok := a.meant().ready()
	return ok
}

// meant takes six digits where a zone is asked for as the card access number: no line of a zone is so short.
func (a AccessState) meant() AccessState {
	number := strings.TrimSpace(a.MRZ.Text)
	if a.Kind == AccessMRZ && a.accepts(AccessCAN) && digits([]byte(number), canDigits, canDigits) {
		a.Kind, a.CAN, a.MRZ = AccessCAN, number, MRZEntry{}
	}
	return a
}

// ready returns what is to be tried, when there is enough of it.
func (a AccessState) ready() (text string, ok bool) {
	if a.Kind == AccessCAN {
		return a.CAN, len(a.CAN) == canDigits
	}
	return strings.Join(a.MRZ.Lines, "\n"), a.MRZ.Valid
}

// Unlock opens the chip with what is printed on the document and goes on reading: what ReadDocument
// brings, or AccessRefused.
type Unlock struct {
	Case CaseID
	Kind AccessKind
	Text string // the machine-readable zone as MRZEntry has it, lines joined, or the card access number
}

func (Unlock) command() {}

// ReadTyped takes a machine-readable zone that was typed as the document: IdentityRead, CheckDone…,
// DocumentComplete or DocumentRefused.
type ReadTyped struct {
	Case       CaseID
	MRZ        string // lines joined by a line feed
	VerifyOnly bool   // nobody does anything with it at the centre
	AnyAge     bool   // nobody enrols with it
}

func (ReadTyped) command() {}

// tryAccess opens the chip with what was typed, or takes it in place of a chip. A document that was lifted to
// read what is printed on it has to lie on the reader again first; then this happens by itself.
func (s *Session) tryAccess() {
	doc := &s.state.Document
	meant := doc.Access.meant()
	text, ok := meant.ready()
	if !s.typing() || !ok || !doc.Access.NoChip && !doc.CardPresent {
		return
	}
	doc.Access = meant
	doc.Access.Opening, doc.Reading = true, true
	if doc.Access.NoChip {
		s.ask(ReadTyped{Case: s.live, MRZ: text, VerifyOnly: !s.errand.NeedsCentre(), AnyAge: !s.errand.MakesKey()})
		return
	}
	s.ask(Unlock{Case: s.live, Kind: doc.Access.Kind, Text: text})
}

// AccessRefused says that the chip did not open with what was typed.
type AccessRefused struct{}

// applyToCase: the chip is another document's, or a character was misread. After the last try the
// document is refused: chips get slower with each.
func (AccessRefused) applyToCase(s *Session) {
	doc := &s.state.Document
	if !s.reading() || !doc.Access.Opening {
		return
	}
	doc.Access.Opening, doc.Reading, doc.Activity = false, false, ""
	doc.Access.Wrong++
	if doc.Access.Wrong >= accessTries {
		s.refuse(ReasonAccessDenied)
		s.forget()
	}
}

// AccessAgain goes back to typing, with what was typed before, while a chip is being opened or read.
type AccessAgain struct{}

// apply goes back to what was typed, from a chip that is being read or was read.
func (AccessAgain) apply(s *Session) {
	doc := &s.state.Document
	if s.live == 0 || s.over() || s.interrupted || !s.state.Examining() || !doc.Access.Asked || s.typing() {
		return
	}
	before := doc.Access
	before.Wrong = 0
	if before.NoChip {
		s.startTyped(before)
		return
	}
	present := doc.CardPresent
	marked := s.marked
	if !s.begin(doc.Reader) {
		return
	}
	s.carried, s.retyping, s.marked = before, true, marked
	before.Opening = false
	s.state.Document = DocumentState{Reader: s.state.Document.Reader, Access: before, Checks: pendingChecks(ExpectedChecks(Passport))}
	if present {
		s.read()
	}
}
