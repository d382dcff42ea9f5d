package kiosk

import (
	"time"

	"github.com/google/uuid"
)

// activationStep takes the code with which a pending key is activated.
type activationStep struct{ plainStep }

// ActivationState is the code of a pending key.
type ActivationState struct {
	Checking  bool // a code is being compared at the centre
	Proven    bool // it was right
	TriesLeft int  // -1 before one was wrong
	Problem   ContactProblem
	Channel   Channel    // that the code came by; "" when none is out
	Later     LaterState // another code, where the one that was sent is lost
}

func (activationStep) begin(s *Session) {
	if !s.state.Activation.Proven {
		s.state.Activation = ActivationState{TriesLeft: -1}
		if key := s.state.Key.Key; key != nil && key.Pending != nil {
			s.state.Activation.Channel = key.Pending.Channel
		}
	}
}

func (activationStep) passed(s *Session) bool { return s.state.Activation.Proven }

func (activationStep) proceed(s *Session) {
	if s.at(StepActivation) && s.state.Activation.Proven {
		s.advance()
	}
}

func (activationStep) retreat(s *Session) bool {
	return !s.state.Activation.Checking && !s.state.Activation.Later.Sending
}

func (activationStep) asksCitizen(s *Session) bool { return !s.state.Activation.Proven }

func (activationStep) asksSecret(s *Session) bool { return !s.state.Activation.Proven }

// stop: what was typed is gone, and is typed again.
func (activationStep) stop(s *Session) bool {
	activation := &s.state.Activation
	checking := activation.Checking
	if checking {
		activation.Checking, activation.Problem = false, CodeLost
	}
	return s.stopLater(&activation.Later) || checking
}

func (activationStep) retry(s *Session) {
	if s.at(StepActivation) && s.again.ask {
		s.setLater()
	}
}

// ActivationTyped is the activation code, as typed.
type ActivationTyped struct{ Code Secret }

func (e ActivationTyped) secret() Secret { return e.Code }

func (e ActivationTyped) apply(s *Session) {
	defer e.Code.Wipe()
	activation := &s.state.Activation
	code, ok := ParseActivationCode(e.Code)
	if !s.at(StepActivation) || s.state.Away || activation.Checking || activation.Proven || activation.Later.Sending || !ok {
		clear(code)
		return
	}
	s.dismiss("")
	activation.Checking, activation.Problem = true, ContactOK
	s.ask(ConfirmActivation{Case: s.live, Code: code})
}

// ConfirmActivation asks the centre to compare: ActivationAnswered. The runner wipes Code, as ParseActivationCode returns it.
type ConfirmActivation struct {
	Case CaseID
	Code Secret
}

func (ConfirmActivation) command() {}

// ActivationAnswered: the centre compared the code. One that came by SMS or e-mail proves that contact as well.
type ActivationAnswered struct {
	Problem   ContactProblem // CodeWrong, CodeExpired, CodeLocked; ContactOK when it was right
	TriesLeft int
	Channel   Channel // SMS or Email where a contact was proven, with Contact, Proof and At as of CodeAnswered
	Contact   string
	Proof     uuid.UUID
	At        time.Time
}

func (e ActivationAnswered) applyToCase(s *Session) {
	activation := &s.state.Activation
	if !s.at(StepActivation) || !activation.Checking {
		return
	}
	activation.Checking, activation.Problem, activation.TriesLeft = false, e.Problem, e.TriesLeft
	if e.Problem != ContactOK {
		return
	}
	activation.Proven = true
	if ch := s.channel(e.Channel); ch != nil && e.Contact != "" {
		*ch = ChannelState{Text: e.Contact, Value: e.Contact, Proof: e.Proof, ConfirmedAt: e.At}
	}
	s.advance()
}
