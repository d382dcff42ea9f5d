package kiosk

// Command is something the runner shall do. Each names the case it belongs to; carrying it out twice
// does no more than once.
type Command interface{ command() }

// OpenEnrolment asks the centre for a challenge: Opened or OpenRefused.
type OpenEnrolment struct {
	Case      CaseID
	Errand    string // name; opening for another one abandons the enrolment before
	Identity  Identity
	TaxNumber string // typed by the clerk; "" when the document states it
}

func (OpenEnrolment) command() {}

// Abandon ends an enrolment at the centre, which forgets the person. Nothing comes back.
type Abandon struct {
	Case   CaseID
	Reason ProblemCode // "" when the clerk cancelled
}

func (Abandon) command() {}

// Forget makes the runner wipe everything of the case and release the card.
type Forget struct{ Case CaseID }

func (Forget) command() {}
