package kiosk

// notMeStep takes the code of a notice: "this was not me" freezes the key at once, without a document.
type notMeStep struct{ plainStep }

// NotMeState is the code of a notice.
type NotMeState struct {
	Checking bool
	Wrong    bool // no notice has such a code now
	Problem  ProblemCode
}

// NotMeTyped is the code, as typed.
type NotMeTyped struct{ Code Secret }

func (e NotMeTyped) secret() Secret { return e.Code }

func (e NotMeTyped) apply(s *Session) { e.Code.Wipe() }

// NotMe freezes the key of a notice: NotMeAnswered. The runner wipes Code, ten characters of ActivationAlphabet.
type NotMe struct {
	Case CaseID
	Code Secret
}

func (NotMe) command() {}

// NotMeAnswered: the centre compared the code.
type NotMeAnswered struct {
	Wrong    bool
	Code     ProblemCode // ProblemTooMany: too many wrong ones at this desk
	Register int64
	State    KeyStatus
}

func (e NotMeAnswered) applyToCase(s *Session) {}
