package kiosk

import (
	"regexp"
	"strings"
	"time"
)

// Identifier is by what a holder names their key when they sign in.
type Identifier string

// What a key is found by.
const (
	ByPhone    Identifier = "phone"
	ByEmail    Identifier = "email"
	ByPassport Identifier = "passport" // a travel document's country and number
)

// TryPhase is how far a try is.
type TryPhase string

// Phases of a try, in their order.
const (
	TryNaming    TryPhase = "naming"    // the clerk chooses by what the key is named: TryNamed
	TryPIN       TryPhase = "pin"       // the person types the PIN: TryPINTyped
	TryChecking  TryPhase = "checking"  // the centre compares it
	TrySending   TryPhase = "sending"   // the PIN was right; a code is asked for
	TryCode      TryPhase = "code"      // the person types the code: TryCodeTyped
	TryComparing TryPhase = "comparing" // the centre compares that
	TrySignedIn  TryPhase = "signed_in" // it works
	TryOver      TryPhase = "over"      // nothing more can be tried in this case: Problem says why
)

// TryProblem is why a try stands where it stands.
type TryProblem string

// Problems of a try.
const (
	TryOK          TryProblem = ""
	TryUnspelled   TryProblem = "unspelled"    // what was entered to name the key cannot be one
	TryNo          TryProblem = "no"           // a wrong PIN, or a locked or suspended key, or none: the centre does not say which
	TryLost        TryProblem = "lost"         // nobody could compare: the person types again
	TryCodeWrong   TryProblem = "code_wrong"   // TriesLeft says how often more
	TryCodeExpired TryProblem = "code_expired" // another is sent by TryResend
	TryNotSent     TryProblem = "not_sent"     // the code cannot be sent on this channel: the other, or later
	TryTooSoon     TryProblem = "too_soon"     // before ResendAt
	TryBlocked     TryProblem = "blocked"      // too many wrong codes: the key is blocked until it is unblocked at a desk
	TryEnded       TryProblem = "ended"        // it took too long, or the key was changed meanwhile
)

// TryState is what the screens may know of a try: no digit, and of who signs in only what the clerk entered.
type TryState struct {
	Phase   TryPhase
	By      Identifier
	Text    string  // what names the key, as the clerk entered it; "" for what the centre knows of the key at hand
	Channel Channel // where the code goes
	Problem TryProblem

	ExpiresAt, ResendAt  time.Time // of the code, by the centre's clock
	SendsLeft, TriesLeft int
	Delivery             Delivery // of the newest code
	Register             int64    // of the key that was signed in with
}

// tryStep lets the person sign in with their key, as they will at a portal, and see that it works.
type tryStep struct{ plainStep }

// begin asks by what the key is named, unless the person has signed in before.
func (tryStep) begin(s *Session) {
	if s.state.Try.Phase != TrySignedIn {
		s.state.Try = TryState{Phase: TryNaming}
	}
}

func (tryStep) passed(s *Session) bool { return s.state.Try.Phase == TrySignedIn }

func (tryStep) proceed(s *Session) {
	if s.at(StepTry) && s.state.Try.Phase == TrySignedIn {
		s.advance()
	}
}

// retreat forgets a try that is under way; the centre counted it.
func (tryStep) retreat(s *Session) bool {
	switch s.state.Try.Phase {
	case TryChecking, TrySending, TryComparing:
		return false
	case TrySignedIn:
	default:
		s.state.Try = TryState{}
	}
	return true
}

func (tryStep) asksCitizen(s *Session) bool {
	switch s.state.Try.Phase {
	case TryPIN, TryChecking, TrySending, TryCode, TryComparing:
		return true
	}
	return false
}

func (tryStep) asksSecret(s *Session) bool {
	return s.state.Try.Phase == TryPIN || s.state.Try.Phase == TryCode
}

// stop: what was typed is gone, and is typed again. Asking for a code again keeps the number of the send.
func (tryStep) stop(s *Session) bool {
	t := &s.state.Try
	if !s.at(StepTry) {
		return false
	}
	switch t.Phase {
	case TryChecking:
		t.Phase, t.Problem = TryPIN, TryLost
	case TryComparing:
		t.Phase, t.Problem = TryCode, TryLost
	case TrySending:
		t.Phase, t.Problem = TryCode, TryNotSent
	default:
		return false
	}
	return true
}

// retry asks again for a code that no technical failure let through.
func (tryStep) retry(s *Session) {
	if t := &s.state.Try; s.at(StepTry) && t.Phase == TryCode && t.Problem == TryNotSent {
		s.sendTryCode(t.Channel)
	}
}

// TryNamed says by what the key is named. Text is empty where a document at hand named the key: then it is the key's own
// telephone, address or document. Channel is where the code is to go.
type TryNamed struct {
	By      Identifier
	Text    string
	Channel Channel
}

func (e TryNamed) apply(s *Session) {
	t := &s.state.Try
	if !s.at(StepTry) || t.Phase != TryNaming && t.Phase != TryPIN || e.Channel != SMS && e.Channel != Email {
		return
	}
	*t = TryState{Phase: TryNaming, By: e.By, Text: e.Text, Channel: e.Channel}
	if _, ok := s.tryName(); !ok {
		t.Problem = TryUnspelled
		return
	}
	t.Phase = TryPIN
}

// tryName is what the centre finds the key by, in the one spelling it knows. It is empty for the key at hand.
func (s *Session) tryName() (name string, ok bool) {
	t := &s.state.Try
	problem := ContactOK
	switch {
	case t.By != ByPhone && t.By != ByEmail && t.By != ByPassport:
		return "", false
	case t.Text == "":
		return "", s.state.Key.Key != nil
	case t.By == ByPhone:
		name, problem = ParsePhone(t.Text, s.settings.DefaultRegion)
	case t.By == ByEmail:
		name, problem = ParseEmail(t.Text)
	default:
		name = strings.ToUpper(strings.ReplaceAll(visible(t.Text), " ", ""))
		ok = tryDocument.MatchString(name)
		return name, ok
	}
	return name, problem == ContactOK && name != ""
}

// tryDocument is a travel document as a sign-in names it: who issued it, as its machine-readable zone says, and its number
// without fillers (ICAO 9303-3 §5, 9303-4 §4.2.2).
var tryDocument = regexp.MustCompile(`^[A-Z]{1,3}:[A-Z0-9]{1,22}$`)

// TryPINTyped is the PIN of the key.
type TryPINTyped struct{ PIN Secret }

func (e TryPINTyped) secret() Secret { return e.PIN }

// apply lets the PIN go to the centre. Each is a try of its own.
func (e TryPINTyped) apply(s *Session) {
	t := &s.state.Try
	name, ok := s.tryName()
	if !s.at(StepTry) || s.state.Away || t.Phase != TryPIN || !ok || !digits(e.PIN, leastPIN, mostPIN) {
		e.PIN.Wipe()
		return
	}
	s.dismiss("")
	t.Phase, t.Problem = TryChecking, TryOK
	s.sends++
	s.ask(CheckPIN{Case: s.live, Number: s.sends, By: t.By, Text: name, PIN: e.PIN})
}

// mostPIN is the most digits that a rule may ask for. The PIN was chosen under the rules of another day.
const mostPIN = 8

// CheckPIN has the centre compare a PIN: TryAnswered. The runner wipes PIN. Each Number is one try, whatever is repeated.
type CheckPIN struct {
	Case   CaseID
	Number int
	By     Identifier
	Text   string // E.164, addr-spec, or country and number with a colon between; "" for the key at hand
	PIN    Secret
}

func (CheckPIN) command() {}

// TryAnswered: the centre compared the PIN. Problem is TryOK, TryNo, or TryLost when nobody could.
type TryAnswered struct{ Problem TryProblem }

func (e TryAnswered) applyToCase(s *Session) {
	t := &s.state.Try
	if !s.at(StepTry) || t.Phase != TryChecking {
		return
	}
	if e.Problem != TryOK {
		t.Phase, t.Problem = TryPIN, e.Problem
		return
	}
	s.sends++
	s.sendTryCode(t.Channel)
}

// sendTryCode asks for the code under the newest number.
func (s *Session) sendTryCode(channel Channel) {
	t := &s.state.Try
	t.Phase, t.Problem, t.Channel = TrySending, TryOK, channel
	s.ask(SendTryCode{Case: s.live, Number: s.sends, Channel: channel, Language: s.state.CitizenLanguage})
}

// SendTryCode sends a code in the try whose PIN was right: TryCodeSent.
type SendTryCode struct {
	Case     CaseID
	Number   int // of the send
	Channel  Channel
	Language Language
}

func (SendTryCode) command() {}

// TryResend asks for another code, perhaps on the other channel.
type TryResend struct{ Channel Channel }

func (e TryResend) apply(s *Session) {
	t := &s.state.Try
	if !s.at(StepTry) || t.Phase != TryCode || e.Channel != SMS && e.Channel != Email {
		return
	}
	s.dismiss("")
	s.sends++
	s.sendTryCode(e.Channel)
}

// TryCodeSent: a code is on its way, or why not: TryNotSent, TryTooSoon, TryBlocked or TryEnded.
type TryCodeSent struct {
	Problem             TryProblem
	ExpiresAt, ResendAt time.Time
	SendsLeft           int
	TriesLeft           int
}

func (e TryCodeSent) applyToCase(s *Session) {
	t := &s.state.Try
	if !s.at(StepTry) || t.Phase != TrySending {
		return
	}
	t.Phase, t.Problem = TryCode, e.Problem
	switch e.Problem {
	case TryOK:
		t.ExpiresAt, t.ResendAt, t.SendsLeft, t.TriesLeft = e.ExpiresAt, e.ResendAt, e.SendsLeft, e.TriesLeft
	case TryBlocked, TryEnded:
		t.Phase = TryOver
	default: // the one before may still be valid
		t.ResendAt, t.SendsLeft = e.ResendAt, e.SendsLeft
	}
}

// TryDelivery: the newest code's message left, arrived or failed.
type TryDelivery struct{ Delivery Delivery }

func (e TryDelivery) applyToCase(s *Session) {
	if s.at(StepTry) {
		s.state.Try.Delivery = e.Delivery
	}
}

// TryCodeTyped is the one-time code.
type TryCodeTyped struct{ Code Secret }

func (e TryCodeTyped) secret() Secret { return e.Code }

func (e TryCodeTyped) apply(s *Session) {
	t := &s.state.Try
	if !s.at(StepTry) || s.state.Away || t.Phase != TryCode || t.ExpiresAt.IsZero() || !digits(e.Code, codeDigits, codeDigits) {
		e.Code.Wipe()
		return
	}
	s.dismiss("")
	t.Phase, t.Problem = TryComparing, TryOK
	s.ask(CheckTryCode{Case: s.live, Code: e.Code})
}

// CheckTryCode has the centre compare a code: TryCodeAnswered. The runner wipes Code.
type CheckTryCode struct {
	Case CaseID
	Code Secret
}

func (CheckTryCode) command() {}

// TryCodeAnswered: the centre compared the code. Problem is TryOK, TryCodeWrong, TryCodeExpired, TryBlocked or TryEnded.
type TryCodeAnswered struct {
	Problem   TryProblem
	TriesLeft int
	Register  int64 // of the key that was signed in with
}

func (e TryCodeAnswered) applyToCase(s *Session) {
	t := &s.state.Try
	if !s.at(StepTry) || t.Phase != TryComparing {
		return
	}
	t.Problem, t.TriesLeft = e.Problem, e.TriesLeft
	switch e.Problem {
	case TryOK:
		t.Phase, t.Register = TrySignedIn, e.Register
	case TryBlocked, TryEnded:
		t.Phase = TryOver
	default:
		t.Phase = TryCode
	}
}
