package kiosk

// notMeStep takes the code of a notice: "this was not me" freezes the key at once, without a document.
type notMeStep struct{ plainStep }

// NotMeState is the code of a notice.
type NotMeState struct {
	Checking bool
	Wrong    bool // no notice has such a code now
	Lost     bool // nobody compared it: it is typed again
	Problem  ProblemCode
}

func (notMeStep) asksCitizen(*Session) bool { return true }

func (notMeStep) asksSecret(*Session) bool { return true }

// stop: what was typed is gone, and is typed again.
func (notMeStep) stop(s *Session) bool {
	checking := s.state.NotMe.Checking
	if checking {
		s.state.NotMe = NotMeState{Lost: true}
	}
	return checking
}

// NotMeTyped is the code, as typed.
type NotMeTyped struct{ Code Secret }

func (e NotMeTyped) secret() Secret { return e.Code }

func (e NotMeTyped) apply(s *Session) {
	defer e.Code.Wipe()
	code, ok := ParseActivationCode(e.Code)
	if !s.at(StepNotMe) || s.state.NotMe.Checking || !ok {
		clear(code)
		return
	}
	s.dismiss("")
	s.state.NotMe = NotMeState{Checking: true}
	s.ask(NotMe{Case: s.live, Code: code})
}

// NotMe freezes the key of a notice: NotMeAnswered. The runner wipes Code, as ParseActivationCode returns it.
type NotMe struct {
	Case CaseID
	Code Secret
}

func (NotMe) command() {}

// NotMeAnswered: the centre compared the code, and suspended the key where it was right.
type NotMeAnswered struct {
	Wrong    bool
	Code     ProblemCode // why it was not compared: too many wrong ones at this desk
	Register int64
	State    KeyStatus
}

func (e NotMeAnswered) applyToCase(s *Session) {
	switch notMe := &s.state.NotMe; {
	case !s.at(StepNotMe) || !notMe.Checking:
	case e.Wrong || e.Code != "":
		*notMe = NotMeState{Wrong: e.Wrong, Problem: e.Code}
	default:
		s.finish(Receipt{Register: e.Register, Key: &Key{Register: e.Register, State: e.State}})
	}
}
