package kiosk_test

import (
	"strings"

	"balcao/kiosk"
)

// observer knows only events and commands, and complains about a command that should not have been
// asked for. It keeps its own books of what was proven, apart from the session's.
type observer struct {
	reading kiosk.CaseID // the case last begun
	gone    kiosk.CaseID // the case last forgotten

	kind        kiosk.DocumentKind // as it was identified
	typed       bool               // its zone was typed
	brought     kiosk.Eligibility  // as last entered
	checks      map[kiosk.CheckName]kiosk.Result
	complete    bool
	confirmed   bool
	opened      bool
	proven      map[kiosk.Channel]string
	sentTo      map[kiosk.Channel]string
	checking    map[kiosk.Channel]bool
	sealing     bool
	sealed      bool
	agreed      bool
	signing     bool
	signed      bool
	staffSigned bool
	decided     bool

	errand    string // for which the centre opened an enrolment
	laterTo   kiosk.Channel
	laterSet  bool // an activation code goes out
	activated bool // its code was right
	signedIn  bool // with the key
}

// event files what the event proves. Only events that the state before called for count.
func (o *observer) event(before kiosk.State, e kiosk.Event) {
	if isLate(e, o.reading) || before.Case != o.reading {
		return
	}
	switch e := content(e).(type) {
	case kiosk.CheckDone:
		if before.Document.Reading && o.checks[e.Check.Name] != kiosk.Failed && e.Check.Result != kiosk.Pending {
			o.checks[e.Check.Name] = e.Check.Result
		}
	case kiosk.IdentityRead:
		travels := before.Document.Kind.Travel() || before.Document.Kind == "" && before.Document.Access.Asked
		if before.Document.Reading && before.Document.Identity == nil && e.Identity.Kind.Travel() == travels {
			o.kind = e.Identity.Kind
		}
	case kiosk.EligibilityEntered:
		if before.Step == kiosk.StepEligibility {
			o.brought = e.Eligibility
		}
	case kiosk.DocumentComplete:
		o.complete = o.complete || before.Document.Reading
	case kiosk.PersonConfirmed:
		o.confirmed = o.confirmed || before.Step == kiosk.StepIdentity
	case kiosk.OpenRefused:
		o.opened = o.opened && !before.Contact.Opening
	case kiosk.CodeAnswered:
		if o.checking[e.Channel] && e.Problem == kiosk.ContactOK {
			o.proven[e.Channel] = o.sentTo[e.Channel]
		}
		delete(o.checking, e.Channel)
	case kiosk.ActivationSet:
		o.laterSet = before.Contact.Later.Sending && o.laterTo != "" || o.laterSet && !before.Contact.Later.Sending
	case kiosk.ActivationAnswered:
		if before.Activation.Checking && e.Problem == kiosk.ContactOK {
			o.activated = true
			if e.Contact != "" {
				o.proven[e.Channel] = e.Contact
			}
		}
	case kiosk.TryCodeAnswered:
		o.signedIn = o.signedIn || before.Try.Phase == kiosk.TryComparing && e.Problem == kiosk.TryOK
	case kiosk.PINWasSealed:
		o.sealed = o.sealed || o.sealing
	case kiosk.Agreed:
		o.agreed = o.agreed || before.Step == kiosk.StepReview
	case kiosk.SomethingWrong, kiosk.Back:
		_, wrong := e.(kiosk.SomethingWrong)
		if phase := before.Review.Phase; phase != kiosk.ReviewSigning && phase != kiosk.ReviewBinding &&
			!(wrong && (phase == kiosk.ReviewStaffCard || phase == kiosk.ReviewStaffPIN)) {
			o.agreed = false
		}
	case kiosk.Signed:
		if before.Review.Phase == kiosk.ReviewSigning && !o.signed {
			o.signed = o.signing && (e.Check.Result == kiosk.Passed || before.Document.Signing == kiosk.SigningDesk)
		}
	case kiosk.StaffSigned:
		o.staffSigned = o.staffSigned || o.signed && before.Review.Phase == kiosk.ReviewSigning
	case kiosk.KeyActive, kiosk.KeyPending, kiosk.KeyRefused, kiosk.CommandFailed, kiosk.CentreChanged, // which may say that the desk is suspended
		kiosk.SignedIn, kiosk.ShiftEnded: // which leave what is at the centre to the centre
		o.decided = o.decided || before.Review.Phase == kiosk.ReviewBinding
	}
}

// command returns a complaint, "" when the command is in its place.
func (o *observer) command(c kiosk.Command, after kiosk.State) string {
	begun, typed := kiosk.CaseID(0), false
	if complaint, known := o.lifeCommand(c, after); known {
		return complaint
	}
	switch c := c.(type) {
	case kiosk.ReadStaffCard, kiosk.SignIn, kiosk.UnlockShift, kiosk.EndShift, kiosk.ListCases, kiosk.TakeCase, kiosk.ReleaseCase, kiosk.ReadReport, kiosk.LookAtDesk:
		return ""
	case kiosk.Decide:
		if after.Approval.Case == nil || after.Approval.Case.ID != c.ID {
			return "decides about a case that is not there"
		}
		return ""
	case kiosk.ReadDocument:
		begun = c.Case
	case kiosk.ReadTyped:
		begun, typed = c.Case, true
	case kiosk.Forget:
		if c.Case > o.reading { // nothing was asked for this one yet: somebody was only typing
			o.reading, o.gone = c.Case, c.Case
			return ""
		}
	}
	if begun != 0 && !(typed && begun == o.reading && o.typed) {
		if begun <= o.reading {
			return "a case number was used twice"
		}
		if o.gone != o.reading {
			return "the case before was not forgotten"
		}
		*o = observer{
			reading: begun, gone: o.gone, typed: typed,
			checks: map[kiosk.CheckName]kiosk.Result{}, proven: map[kiosk.Channel]string{},
			sentTo: map[kiosk.Channel]string{}, checking: map[kiosk.Channel]bool{},
		}
		return ""
	}
	if o.gone == o.reading {
		return "asked for a case that was forgotten"
	}
	switch c := c.(type) {
	case kiosk.Forget:
		o.gone = c.Case
		if o.opened && !o.decided {
			return "an open enrolment was not abandoned"
		}
		return wrongCase(c.Case, o.reading)
	case kiosk.Abandon:
		if !o.opened {
			return "nothing is open"
		}
		if o.signed && after.Review.Phase == kiosk.ReviewBinding {
			return "abandoned while the centre decides"
		}
		o.opened = false
		return wrongCase(c.Case, o.reading)
	case kiosk.RecogniseAgain:
		return wrongCase(c.Case, o.reading)
	case kiosk.ReadTyped:
		return "" // typed again: the first was refused
	case kiosk.Unlock:
		if o.typed || c.Text == "" {
			return "opens a chip that is not there, or with nothing"
		}
		return wrongCase(c.Case, o.reading)
	case kiosk.OpenEnrolment:
		if o.errand != c.Errand { // what was proven was for another one
			o.proven, o.sentTo, o.checking = map[kiosk.Channel]string{}, map[kiosk.Channel]string{}, map[kiosk.Channel]bool{}
			o.sealing, o.sealed, o.agreed, o.signing, o.signed, o.staffSigned = false, false, false, false, false, false
			o.laterSet, o.activated, o.signedIn = false, false, false
		}
		o.opened, o.errand = true, c.Errand
		if errand, known := errandNamed(c.Errand); !known || c.Errand != after.Errand.Name || !errand.NeedsCentre() {
			return "the centre is told of somebody whose document was only checked"
		}
		if !o.complete || !o.confirmed || !o.allPassed() {
			return "opened for a person nobody verified"
		}
		if rule, _ := kiosk.RuleFor(o.kind); c.Errand == "enrol" && o.kind.Travel() && !o.meets(rule) {
			return "opened for a person who did not bring what is needed"
		}
		return wrongCase(c.Case, o.reading)
	case kiosk.SendCode:
		if !o.opened {
			return "a code without an enrolment"
		}
		if o.sentTo[c.Channel] != c.Value {
			delete(o.proven, c.Channel)
		}
		o.sentTo[c.Channel] = c.Value
		return wrongCase(c.Case, o.reading)
	case kiosk.ConfirmCode:
		o.checking[c.Channel] = true
		return wrongCase(c.Case, o.reading)
	case kiosk.SealPIN:
		o.sealing, o.sealed, o.agreed = true, false, false
		if string(c.PIN) != secretPIN && string(c.PIN) != secretOther {
			return "a PIN against the rules"
		}
		return wrongCase(c.Case, o.reading)
	case kiosk.Sign:
		o.signing, o.signed, o.staffSigned = true, false, false
		facts := c.Transcript
		if complaint := o.due(len(facts.Contacts), facts.Activation != nil); complaint != "" {
			return "a signature " + complaint
		}
		if facts.Errand != o.errand || (facts.Errand == "enrol") != (facts.Key == 0) || len(kiosk.Reasons[facts.Errand]) > 0 != (facts.Reason != "") {
			return "a signature that does not say what it is for"
		}
		for _, contact := range c.Transcript.Contacts {
			if o.proven[contact.Channel] != contact.Value {
				return "a contact in the transcript that was not proven"
			}
		}
		return wrongCase(c.Case, o.reading)
	case kiosk.StaffSign:
		if !o.agreed || !o.signed {
			return "the staff card signs what the person did not"
		}
		return wrongCase(c.Case, o.reading)
	case kiosk.Bind:
		if after.Shift.Phase != "" && after.Shift.AdmittedBy == "" && !o.staffSigned {
			return "bound without the staff card's signature"
		}
		if complaint := o.due(len(o.proven), o.laterSet); complaint != "" {
			return "bound " + complaint
		}
		if !o.signed || !o.complete || !o.confirmed || !o.allPassed() {
			return "bound without everything in its place"
		}
		return wrongCase(c.Case, o.reading)
	}
	return "unknown command"
}

func (o *observer) allPassed() bool {
	expected := kiosk.ExpectedChecks(o.kind)
	if o.typed {
		expected = kiosk.ExpectedOfTyped()
	}
	for _, name := range expected {
		if name != kiosk.CheckKey && o.checks[name] != kiosk.Passed && !(name == kiosk.CheckChipAuthenticity && o.checks[name] == kiosk.Absent) {
			return false
		}
	}
	return true
}

// meets judges apart from the session; whoever may enrol in spite of a measure has at least said so.
func (o *observer) meets(rule kiosk.Rule) bool {
	brought := o.brought
	brought.TaxNumber = strings.ReplaceAll(brought.TaxNumber, " ", "")
	if brought.Independence == kiosk.Accompanied {
		brought.Independence = kiosk.Independent
	}
	return len(rule.Faults(brought, kiosk.DateOf(noon))) == 0
}

func wrongCase(got, want kiosk.CaseID) string {
	if got != want {
		return "the command names another case"
	}
	return ""
}
