package kiosk

import (
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// What happens when no contact can be proven on the spot: an activation code goes out, by message or by letter.

// LaterState is a contact that cannot be proven now: an activation code goes to it, or to an address.
type LaterState struct {
	Channel   Channel        // SMS, Email or Letter; "" while nobody said "not now"
	Text      string         // as typed
	Value     string         // E.164 or addr-spec
	Address   *PostalAddress // of a letter; nil before it was typed
	Fault     AddressFault   // the first thing that is wrong with it
	Problem   ContactProblem
	Sending   bool      // the centre is told; without a Channel, that a contact can be proven after all
	Set       bool      // the centre has it
	ExpiresAt time.Time // of the code, by the centre's clock, once set
}

// AddressFault is a part of an address that is missing or too long.
type AddressFault string

// Parts of an address, in their order.
const (
	AddressName     AddressFault = "name"
	AddressLines    AddressFault = "lines"
	AddressPostcode AddressFault = "postcode"
	AddressTown     AddressFault = "town"
	AddressCountry  AddressFault = "country"
)

// Limits of an address: what fits a window envelope.
const (
	maxAddressLine  = 60 // characters
	maxAddressLines = 3
)

// portuguesePostcode is the district's four figures and the street's three: without these a letter does not arrive.
var portuguesePostcode = regexp.MustCompile(`^[1-9][0-9]{3}-[0-9]{3}$`)

// fault returns the first part that cannot be.
func (a PostalAddress) fault() AddressFault {
	bad := func(text string) bool {
		n := utf8.RuneCountInString(strings.TrimSpace(text))
		return n == 0 || n > maxAddressLine || strings.ContainsAny(text, "\r\n\t")
	}
	switch {
	case bad(a.Name):
		return AddressName
	case len(a.Lines) == 0 || len(a.Lines) > maxAddressLines || slices.ContainsFunc(a.Lines, bad):
		return AddressLines
	case bad(a.Postcode), a.Country == "PRT" && !portuguesePostcode.MatchString(strings.TrimSpace(a.Postcode)):
		return AddressPostcode
	case bad(a.Town):
		return AddressTown
	case len(a.Country) != 3 || strings.ToUpper(a.Country) != a.Country:
		return AddressCountry
	}
	return ""
}

// laterHere is where the step at hand says how an activation code goes; nil in other steps, and where a contact is wanted.
func (s *Session) laterHere() *LaterState {
	switch {
	case s.at(StepContact) && s.errand.MakesKey():
		return &s.state.Contact.Later
	case s.at(StepActivation):
		return &s.state.Activation.Later
	}
	return nil
}

// LaterChosen says that no contact can be proven now, and how the activation code goes; with "" one can after all.
type LaterChosen struct{ Channel Channel }

func (e LaterChosen) apply(s *Session) {
	later := s.laterHere()
	if later == nil || later.Sending || later.Channel == e.Channel || len(s.proven()) > 0 ||
		e.Channel != "" && e.Channel != SMS && e.Channel != Email && e.Channel != Letter {
		return
	}
	told := later.Set && s.state.Step == StepContact
	*later = LaterState{Channel: e.Channel, Set: told && e.Channel != ""}
	if told && e.Channel == "" {
		s.setLater()
	}
}

// LaterEntered is where the activation code goes.
type LaterEntered struct {
	Text    string        // the phone number or the e-mail address
	Address PostalAddress // of a letter
}

func (e LaterEntered) apply(s *Session) {
	later := s.laterHere()
	if later == nil || later.Sending || later.Channel == "" {
		return
	}
	*later = LaterState{Channel: later.Channel, Text: e.Text, Set: later.Set}
	if later.Channel == Letter {
		address := e.Address
		address.Lines = slices.DeleteFunc(slices.Clone(address.Lines), func(line string) bool { return strings.TrimSpace(line) == "" })
		later.Text, later.Address, later.Fault = "", &address, address.fault()
	} else {
		later.Value, later.Problem = s.parseContact(later.Channel, e.Text)
	}
	if later.Fault == "" && (later.Address != nil || later.Value != "") {
		s.setLater()
	}
}

// setLater tells the centre, once the enrolment is open.
func (s *Session) setLater() {
	later := s.laterHere()
	s.dismiss("")
	again := s.again.ask
	later.Sending, s.again.ask = true, false
	if s.state.Contact.Opening || s.again.open {
		return
	}
	if !again {
		s.sends++
		s.laterNumber = s.sends
	}
	told := SetActivation{Case: s.live, Number: s.laterNumber, Resend: s.state.Step == StepActivation, Language: s.state.CitizenLanguage}
	told.Activation = ActivationFacts{Channel: later.Channel, Value: later.Value}
	if later.Address != nil {
		told.Activation.Address = *later.Address
	}
	s.ask(told)
}

// stopLater notes that the centre could not be told.
func (s *Session) stopLater(later *LaterState) bool {
	if !later.Sending || s.state.Contact.Opening {
		return false
	}
	later.Sending, s.again.ask = false, true
	return true
}

// SetActivation tells the centre how the activation code of the enrolment goes; a new one kills the old. Without a
// channel none goes. ActivationSet, or ActivationRefused.
type SetActivation struct {
	Case       CaseID
	Number     int // as of SendCode
	Activation ActivationFacts
	Language   Language
	Resend     bool // in the errand "activate": another code for the key that there is
}

func (SetActivation) command() {}

// ActivationSet: the centre has it.
type ActivationSet struct{ ExpiresAt time.Time }

func (e ActivationSet) applyToCase(s *Session) {
	later := s.laterHere()
	if later == nil || !later.Sending {
		return
	}
	later.Sending = false
	if later.Channel == "" {
		s.contactProven()
		return
	}
	later.Set, later.ExpiresAt, later.Problem = true, e.ExpiresAt, ContactOK
	if s.state.Step == StepActivation {
		activation := &s.state.Activation
		activation.Problem, activation.TriesLeft, activation.Channel = ContactOK, -1, later.Channel
		return
	}
	contactStep{}.proceed(s)
}

// ActivationRefused: the centre does not send one there.
type ActivationRefused struct{ Problem ContactProblem }

func (e ActivationRefused) applyToCase(s *Session) {
	if later := s.laterHere(); later != nil && later.Sending {
		later.Sending, later.Set, later.Problem = false, false, e.Problem
	}
}
