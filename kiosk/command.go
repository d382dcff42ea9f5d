package kiosk

import "time"

// Command is something the runner shall do. Each names the case it belongs to; carrying it out twice
// does no more than once.
type Command interface{ command() }

// What a session asks its runner to do.
type (
	// ReadDocument reads and verifies the card in the reader: IdentityRead, CheckDone…, PhotoRead,
	// DocumentComplete; or DocumentRefused or DocumentFailed.
	ReadDocument struct {
		Case   CaseID
		Reader int
	}
	// Unlock opens the chip with what is printed on the document and goes on reading: what ReadDocument
	// brings, or AccessRefused.
	Unlock struct {
		Case CaseID
		Kind AccessKind
		Text string // the machine-readable zone as MRZEntry has it, lines joined, or the card access number
	}
	// ReadTyped takes a machine-readable zone that was typed as the document: IdentityRead, CheckDone…,
	// DocumentComplete or DocumentRefused.
	ReadTyped struct {
		Case CaseID
		MRZ  string // lines joined by a line feed
	}
	// RecogniseAgain finds out whether the card now in the reader is the case's card: CardReturned or
	// SignFailed{ReasonCardChanged}.
	RecogniseAgain struct {
		Case   CaseID
		Reader int
	}
	// OpenEnrolment asks the centre for a challenge: Opened or OpenRefused.
	OpenEnrolment struct {
		Case      CaseID
		Identity  Identity
		TaxNumber string // typed by the clerk; "" when the document states it
	}
	// SendCode asks the centre to send a one-time code: CodeQueued or CodeRefused. Number counts the
	// messages of a case; one that is asked for again keeps its number, and is sent once.
	SendCode struct {
		Case     CaseID
		Number   int
		Channel  Channel
		Value    string // E.164 or addr-spec
		Language Language
	}
	// ConfirmCode asks the centre to compare: CodeAnswered. The runner wipes Code.
	ConfirmCode struct {
		Case    CaseID
		Channel Channel
		Code    Secret
	}
	// SealPIN encrypts the PIN to the centre's key: PINWasSealed. The runner wipes PIN.
	SealPIN struct {
		Case CaseID
		PIN  Secret
	}
	// Sign lets the card sign the transcript, or its chip answer for it, or signs it for the desk:
	// Signed, CardPINRefused, RulesChanged or SignFailed. The runner wipes PIN; it is nil when it is typed on the reader, or
	// when there is none.
	Sign struct {
		Case       CaseID
		PIN        Secret
		Transcript TranscriptFacts
	}
	// Bind sends the evidence to the centre and waits: KeyActive, KeyRefused, or BindWaiting meanwhile.
	Bind struct{ Case CaseID }
	// Abandon ends an enrolment at the centre, which forgets the person. Nothing comes back.
	Abandon struct {
		Case   CaseID
		Reason ProblemCode // "" when the clerk cancelled
	}
	// Forget makes the runner wipe everything of the case and release the card.
	Forget struct{ Case CaseID }
)

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
}

// ProvenContact is a contact whose possession the centre confirmed.
type ProvenContact struct {
	Channel Channel
	Value   string
	Proof   [16]byte // the centre's UUID of the confirmation
	At      time.Time
}

func (ReadDocument) command()   {}
func (Unlock) command()         {}
func (ReadTyped) command()      {}
func (RecogniseAgain) command() {}
func (OpenEnrolment) command()  {}
func (SendCode) command()       {}
func (ConfirmCode) command()    {}
func (SealPIN) command()        {}
func (Sign) command()           {}
func (Bind) command()           {}
func (Abandon) command()        {}
func (Forget) command()         {}
