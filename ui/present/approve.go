package present

import (
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"balcao/kiosk"
)

// CasesModel is the list of the enrolments that wait for a supervisor.
type CasesModel struct {
	Label   string
	IDs     []uuid.UUID
	Options []OptionModel
	Line    Line // instead of a list
	Problem *ProblemModel
}

// CaseModel is one of them: why it waits, and what was found out about it.
type CaseModel struct {
	Heading string
	Reasons []Field // what it is and what that means
	Fields  []Field
	Checked string
	Checks  []CheckRow
	Level   []Field
	Problem *ProblemModel
}

// DecisionModel is what is decided about it.
type DecisionModel struct {
	Fields  []Field
	Label   string
	Reasons []OptionModel // to choose from, of kiosk.RefusalReasons; empty when none is asked for
	Line    Line
	Problem *ProblemModel
}

// ofCase presents the enrolment that a supervisor looks at as if its document were at hand.
func (p Presenter) ofCase() (Presenter, kiosk.OpenCase) {
	open := kiosk.OpenCase{}
	if p.State.Approval.Case != nil {
		open = *p.State.Approval.Case
	}
	p.State.Document = kiosk.DocumentState{Kind: open.Person.Kind, Identity: &open.Person, Checks: open.Checks, Complete: true}
	p.State.Document.Assurance.Level = open.Level
	p.State.Eligible = kiosk.EligibleState{Entered: open.Eligibility}
	return p, open
}

// age writes how long ago something was at the centre: in minutes, hours or days.
func (p Presenter) age(t time.Time) string {
	d := p.centreNow().Sub(t)
	switch {
	case d >= 48*time.Hour:
		return p.Format("format.days", Values{"Days": int(d.Hours()) / 24})
	case d >= 2*time.Hour:
		return p.Format("format.hours", Values{"Hours": int(d.Hours())})
	case d < time.Minute:
		return p.Text("format.under_minute")
	}
	return p.Format("format.minutes", Values{"Minutes": int(d.Minutes())})
}

func (p Presenter) reasons(reasons []kiosk.ApprovalReason) string {
	var texts []string
	for _, reason := range reasons {
		texts = append(texts, p.Text("approve.reason."+string(reason)))
	}
	return strings.Join(texts, " · ")
}

func (p Presenter) cases(m *ClerkModel) {
	approval := p.State.Approval
	m.Subtitle = p.Text("cases.subtitle")
	m.Cases = CasesModel{Label: p.Text("cases.title"), Problem: p.staffProblem(approval.Problem)}
	for _, waiting := range approval.Cases {
		option := OptionModel{
			Text:  p.Format("cases.case", Values{"Age": p.age(waiting.OpenedAt), "Desk": waiting.Desk, "Clerk": staffText(waiting.Clerk)}),
			Means: p.reasons(waiting.Reasons),
		}
		if waiting.LeasedTo != "" {
			option.Means += " · " + p.Format("cases.leased", Values{"Number": waiting.LeasedTo})
		}
		m.Cases.IDs, m.Cases.Options = append(m.Cases.IDs, waiting.ID), append(m.Cases.Options, option)
	}
	main := Action{Text: p.Text("action.open_case"), Key: "Enter", Main: true, Event: kiosk.CaseChosen{}}
	switch {
	case approval.Phase == kiosk.ApprovalTaking:
		main = Action{Text: p.Text("action.taking_case"), Main: true}
	case len(approval.Cases) > 0:
	case approval.Listing:
		m.Cases.Line, main = Line{p.Text("cases.listing"), ToneQuiet}, Action{Text: p.Text("action.waiting_centre"), Main: true}
	case approval.Problem == "":
		m.Cases.Line, main.Event = Line{p.Text("cases.none"), TonePlain}, nil
	default:
		main.Event = nil
	}
	m.Actions = []Action{main, {Text: p.Text("action.refresh"), Key: "F5", Event: kiosk.Retry{}}}
	m.Cancel = &Action{Text: p.Text("action.close"), Key: "Esc", Event: kiosk.Cancel{}}
}

func (p Presenter) waitingCase(m *ClerkModel) {
	of, open := p.ofCase()
	m.Subtitle = p.leased(open)
	m.OpenCase = CaseModel{Heading: p.Text("case.why"), Fields: of.caseFields(open), Checked: p.Text("case.checks"), Checks: of.checks(), Problem: p.staffProblem(p.State.Approval.Problem)}
	for _, reason := range open.Reasons {
		key := string(reason)
		m.OpenCase.Reasons = append(m.OpenCase.Reasons, Field{p.Text("approve.reason." + key), p.Text("approve.means." + key)})
	}
	m.OpenCase.Level = []Field{{p.Text("review.level"), p.Text("level." + levelKey(open.Level))}}
	m.Actions = []Action{
		{Text: p.Text("action.approve"), Key: "F10", Main: true, Event: kiosk.DecisionChosen{Decision: kiosk.DecisionApproved}},
		{Text: p.Text("action.refuse"), Key: "F8", Event: kiosk.DecisionChosen{Decision: kiosk.DecisionRefused}},
	}
	m.Cancel = p.giveBack()
}

// leased says who asks for the case and until when it is this supervisor's.
func (p Presenter) leased(open kiosk.OpenCase) string {
	return p.Format("case.subtitle", Values{
		"Clerk": staffText(open.Clerk), "Desk": open.Desk, "Age": p.age(open.OpenedAt),
		"Until": p.hour(open.LeasedUntil.Add(p.State.Status.Centre.Skew)),
	})
}

func (p Presenter) giveBack() *Action {
	return &Action{Text: p.Text("action.give_case_back"), Key: "Esc", Event: kiosk.Cancel{}}
}

// caseFields are the person, the document and what was proven, as the evidence says.
func (p Presenter) caseFields(open kiosk.OpenCase) []Field {
	person := open.Person
	born := p.ShortDate(person.BirthDate)
	if person.BirthPrinted != "" {
		born = person.BirthPrinted
	} else if !person.BirthDate.IsZero() {
		born += " · " + p.Format("format.age", Values{"Count": person.BirthDate.AgeOn(kiosk.DateOf(p.State.Now))})
	}
	fields := []Field{
		{p.Text("review.person"), p.fullName(person)}, {p.Text("identity.birth"), born},
		{p.Text("review.document"), p.documentIssued(person)}, {p.Text("identity.valid_until"), p.ShortDate(person.ValidUntil)},
	}
	if open.Extension != "" {
		fields = append(fields, Field{p.Text("case.extension"), open.Extension})
	}
	fields = append(fields, p.brought("review.", p.ShortDate)...)
	for _, contact := range open.Contacts {
		value := p.Format("case.contact_value", Values{"Contact": contactText(contact.Value), "Time": p.hour(contact.At.Add(p.State.Status.Centre.Skew))})
		fields = append(fields, Field{p.Text("case.contact_" + string(contact.Channel)), value})
	}
	return fields
}

func (p Presenter) decision(m *ClerkModel) {
	of, open := p.ofCase()
	approval := p.State.Approval
	m.Subtitle = p.leased(open)
	m.Decision = DecisionModel{Problem: p.staffProblem(approval.Problem)}
	if approval.Case != nil { // once it is decided the person is forgotten
		m.Decision.Fields = []Field{{p.Text("review.person"), of.fullName(open.Person)}}
	}
	if approval.Phase != kiosk.ApprovalWhy {
		m.Decision.Fields = append(m.Decision.Fields, Field{p.Text("decision.decision"), p.Text("decision." + string(approval.Decision))})
	}
	if approval.Reason != "" {
		m.Decision.Fields = append(m.Decision.Fields, Field{p.Text("decision.reason"), p.Text("decision.refuse_" + string(approval.Reason))})
	}
	m.Cancel = p.giveBack()
	switch approval.Phase {
	case kiosk.ApprovalWhy:
		m.Title, m.Decision.Label = p.Text("decision.title_why"), p.Text("decision.title_why")
		for _, reason := range kiosk.RefusalReasons {
			key := "decision.refuse_" + string(reason)
			m.Decision.Reasons = append(m.Decision.Reasons, OptionModel{p.Text(key), p.Text(key + "_means")})
		}
		refuse := Action{Text: p.Text("action.refuse_sign"), Key: "Enter", Grave: true, Event: kiosk.DecisionChosen{Decision: kiosk.DecisionRefused}}
		m.Actions = []Action{refuse, p.back()}
	case kiosk.ApprovalStaffCard:
		m.Decision.Line = Line{p.Text("decision.card"), TonePlain}
		m.Actions = []Action{{Text: p.Text("action.waiting_staff_card"), Main: true}, p.back()}
	case kiosk.ApprovalStaffPIN:
		m.StaffPIN = p.staffPIN("sign_in.pin")
		m.Actions = []Action{{Text: p.Text("action.sign"), Key: "Enter", Main: true, Event: kiosk.StaffPINTyped{}}, p.back()}
	case kiosk.ApprovalDecided:
		p.decided(m)
	default:
		m.Decision.Line = Line{p.Text("decision.signing"), TonePlain}
		if approval.Phase == kiosk.ApprovalDeciding {
			m.Decision.Line.Text = p.Text("decision.deciding")
		}
		if approval.Waiting {
			m.Decision.Line = Line{p.Text("review.waiting"), ToneCare}
		}
		m.Actions, m.Cancel = []Action{{Text: p.Text("action.waiting_centre"), Main: true}}, nil
	}
}

// decided says what became of the case.
func (p Presenter) decided(m *ClerkModel) {
	outcome := p.State.Approval.Outcome
	m.Subtitle = ""
	m.Actions = []Action{{Text: p.Text("action.next_case"), Key: "Enter", Main: true, Event: kiosk.Continue{}}}
	m.Cancel = &Action{Text: p.Text("action.close"), Key: "Esc", Event: kiosk.Cancel{}}
	switch {
	case outcome.Active:
		m.Title, m.Tick = p.Text("decision.active"), kiosk.Passed
		m.Subtitle = p.Format("decision.active_then", Values{"Register": registerText(outcome.Register)})
	case outcome.Refusal == "" || p.State.Approval.Decision == kiosk.DecisionRefused:
		m.Title, m.Subtitle, m.Tick = p.Text("decision.refused_title"), p.Text("decision.refused_then"), kiosk.Passed
	default:
		m.Title, m.Tick, m.Decision.Problem = p.Text("decision.not_active"), kiosk.Failed, p.staffProblem(outcome.Refusal)
	}
}

// approving reports whether a page is one of the errands of supervisors.
func approving(s kiosk.State) bool {
	return slices.Contains(kiosk.Approve.Steps, s.Step) || slices.Contains(kiosk.Alerts.Steps, s.Step)
}
