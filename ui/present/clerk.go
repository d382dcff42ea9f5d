package present

import (
	"cmp"
	"strings"

	"balcao/kiosk"
)

// Page names what the clerk's window shows.
type Page string

const (
	PageDocument    Page = "document"
	PageErrands     Page = "errands"
	PageSignIn      Page = "sign_in"
	PageLock        Page = "lock"
	PageCases       Page = "cases"
	PageCase        Page = "case"
	PageDecision    Page = "decision"
	PageReading     Page = "reading"
	PageAccess      Page = "access"
	PageIdentity    Page = "identity"
	PageEligibility Page = "eligibility"
	PageContact     Page = "contact"
	PagePIN         Page = "pin"
	PageReview      Page = "review"
	PageDone        Page = "done"
	PageError       Page = "error"
	PageKey         Page = "key"
	PageActivation  Page = "activation"
	PageTry         Page = "try"
	PageStored      Page = "stored"
	PageSearch      Page = "search"
	PageWord        Page = "word"
	PageNotMe       Page = "not_me"
	PageReport      Page = "report"
	PagePreflight   Page = "preflight"
	PageAlerts      Page = "alerts"
	PageAlert       Page = "alert"
	PagePaper       Page = "paper"
)

// ClerkModel is everything the clerk's window shows. Of the pages' models only the current page's is
// filled; the others are zero, and drawing a zero model wipes the page.
type ClerkModel struct {
	Language        kiosk.Language
	App, Desk, Chip string // the chip names both screens' languages
	Person          kiosk.Language
	Who             string  // whose shift it is
	Lock            *Action // locks the screen
	Asks            string  // changes whenever something else is asked for: what was typed is wiped, and the cursor goes there
	SignIn          SignInModel
	StaffPIN        StaffPINModel
	Cases           CasesModel
	OpenCase        CaseModel
	Decision        DecisionModel
	Errand          string       // its name
	Tick            kiosk.Result // before the title; Pending for none
	Rail            []RailItem
	Page            Page
	Case            kiosk.CaseID
	Title, Subtitle string
	Care            bool // the subtitle asks for care
	Needs           []CheckRow
	Errands         ErrandsModel
	Key             KeyModel
	Activation      ActivationModel
	Try             TryModel
	Form            FormPage
	Sections        SectionsModel
	Table           TableModel
	Alert           AlertModel
	Paper           PaperPage
	Document        documentModel
	Reading         readingModel
	Access          AccessModel
	Identity        IdentityModel
	Eligibility     EligibilityModel
	Contact         ContactModel
	PIN             pinModel
	Review          reviewModel
	Receipt         receiptModel
	Problem         ProblemModel
	Actions         []Action
	Cancel          *Action
	Escape          kiosk.Event // what Esc does on a page that shows no button for it
	Note            string
	Overlay         *OverlayModel
	Lights          []Light
	Clock           string
}

type documentModel struct {
	Documents [3]Field // what may be laid on a reader, and how
	Need      string
	Needs     []string
	Notice    *ProblemModel // the centre cannot be reached, said before a person waits for it
}

type readingModel struct {
	Now    string
	Travel bool // the picture is a passport
}

type receiptModel struct {
	Shown   bool
	Tag     TagModel
	State   string
	Fields  []Field
	Notices []Line // what became of the messages about it
	Printed Line
	Tell    string
	Tips    []string
}

// typing reports whether the clerk types what is printed, or the chip is being opened with it. What was typed stays
// while the chip is read.
func typing(s kiosk.State) bool {
	access := s.Document.Access
	return s.Step == kiosk.StepDocument && access.Asked && (!s.Document.Reading || access.Opening)
}

// clerkPage chooses the page. A problem comes before the step it happened in; trouble with the
// readers is an error only while a document is awaited, later the session says when it matters.
func clerkPage(s kiosk.State) Page {
	step := cmp.Or(s.Step, kiosk.StepDocument)
	document := step == kiosk.StepDocument
	switch {
	case Closed(s):
		return signInPage(s)
	case s.Preflight.Shown && s.Case == 0 && !s.Choosing:
		return PagePreflight
	case s.Problem != nil, document && s.Status.Service != "":
		return PageError
	case s.Print.Phase == kiosk.PrintOnPage:
		return PagePaper
	case typing(s):
		return PageAccess
	case document && s.Document.Reading:
		return PageReading
	case document && s.Choosing:
		return PageErrands
	default:
		return Page(step) // of the step's name
	}
}

// Clerk computes the clerk's window. Drafts are what stands in the entries of the contact page.
func Clerk(p Presenter, d Drafts) ClerkModel {
	p.Words = Words{p.State.ClerkLanguage}
	m := ClerkModel{
		Language: p.State.ClerkLanguage,
		App:      p.Text("app.name"),
		Desk:     p.State.DeskName,
		Chip:     strings.ToUpper(string(p.State.ClerkLanguage)) + " · " + p.State.CitizenLanguage.Name(),
		Person:   p.State.CitizenLanguage,
		Page:     clerkPage(p.State),
		Case:     p.State.Case,
		Errand:   p.State.Errand.Name,
		Lights:   p.lights(),
		Clock:    p.State.Now.Format("02-01-2006 15:04"),
		Who:      p.who(),
	}
	if !Closed(p.State) {
		m.Rail = p.rail(m.Page == PageError)
		if p.State.Shift.Phase != "" {
			m.Lock = &Action{Text: p.Text("action.lock"), Key: "Ctrl+L", Event: kiosk.LockScreen{}}
		}
	}
	switch m.Page {
	case PageError:
	case PageAccess:
		m.Title = p.Text("access.title_" + string(p.State.Document.Access.Kind))
	default:
		m.Title = p.said(string(m.Page)+".title", nil)
	}
	switch m.Page {
	case PageError:
		p.problem(&m)
	case PageReading:
		p.reading(&m)
	case PageAccess:
		p.access(&m)
	case PageIdentity:
		p.identityPage(&m)
	case PageEligibility:
		p.eligibility(&m)
	case PageContact:
		p.contact(&m, d)
	case PagePIN:
		p.pin(&m)
	case PageReview:
		p.review(&m)
	case PageDone:
		p.done(&m)
	case PageErrands:
		p.errands(&m)
	case PageKey:
		p.keyPage(&m, d)
	case PageActivation:
		p.activation(&m, d)
	case PageTry:
		p.try(&m, d)
	case PageStored:
		p.stored(&m)
	case PageSearch:
		p.search(&m, d)
	case PageWord:
		p.word(&m, d)
	case PageNotMe:
		p.notMe(&m)
	case PageReport:
		p.report(&m)
	case PageAlerts:
		p.alerts(&m)
	case PageAlert:
		p.alert(&m)
	case PagePaper:
		p.paperPage(&m)
	case PagePreflight:
		p.preflight(&m)
	case PageSignIn:
		p.signIn(&m)
	case PageLock:
		p.lock(&m)
	case PageCases:
		p.cases(&m)
	case PageCase:
		p.waitingCase(&m)
	case PageDecision:
		p.decision(&m)
	default:
		p.document(&m)
	}
	m.Asks = p.asks(m)
	if Closed(p.State) {
		return m
	}
	if m.Cancel == nil && p.mayCancel() && !approving(p.State) {
		m.Cancel = &Action{Text: p.Text("action.cancel"), Key: "Esc", Event: kiosk.Cancel{}}
	}
	m.Overlay = p.overlay()
	return m
}

// mayCancel reports whether there is a case to end.
func (p Presenter) mayCancel() bool {
	if p.State.Problem != nil && p.State.Problem.Fatal {
		return false // the case is over already
	}
	return p.State.Case != 0 && p.State.MayCancel()
}

func (p Presenter) document(m *ClerkModel) {
	m.Subtitle = p.Text("document.subtitle")
	m.Actions = p.emptyDeskActions(Action{Text: p.Text("action.look"), Key: "F4", Event: kiosk.PreflightAsked{}})
	if reader := p.State.LeftBehind; reader != 0 {
		m.Title = p.Format("document.left_behind", Values{"Reader": reader})
		m.Subtitle = p.Text("document.left_behind_then")
	}
	m.Document = documentModel{
		Documents: [3]Field{
			{p.Text("document.card"), p.ofErrand("card")},
			{p.Text("document.passport"), p.Text("document.passport_guide")},
			{p.Text("document.residence"), p.Text("document.residence_guide")},
		},
		Need:  p.Text("document.need"),
		Needs: []string{p.Text("document.need_1"), p.Text("document.need_2"), p.Text("document.need_4")},
	}
	if p.State.MinAge > 0 {
		m.Document.Needs = append(m.Document.Needs, p.Format("document.need_3", Values{"Count": p.State.MinAge}))
	}
	if p.State.Errand.Name != kiosk.Errands[0].Name {
		m.Title, m.Subtitle = p.ofErrand("title"), m.Title+". "+p.ofErrand("means")
		m.Document.Need, m.Document.Needs = "", nil
		m.Cancel = &Action{Text: p.Text("action.enrol_again"), Key: "Esc", Event: kiosk.Cancel{}}
	}
	p.shiftNotes(m)
	if p.State.Errand.NeedsCentre() && p.State.Status.Centre.Health == kiosk.HealthDown {
		notice := p.parts(kiosk.Problem{Code: kiosk.ProblemCentreDown})
		m.Document.Notice, m.Subtitle = &notice, ""
	}
}

// emptyDeskActions are what may be begun, or ended, while nobody is served.
func (p Presenter) emptyDeskActions(look Action) []Action {
	actions := []Action{{Text: p.Text("action.errands"), Key: "F1", Event: kiosk.ErrandsAsked{}}}
	if p.State.TypedMRZ {
		actions = append(actions, Action{Text: p.Text("action.no_chip"), Key: "F6", Event: kiosk.NoChip{}})
	}
	if look.Live() {
		actions = append(actions, look)
	}
	if p.State.Shift.Phase != "" {
		actions = append(actions, Action{Text: p.Text("action.end_shift"), Key: "F11", Event: kiosk.SignOut{}})
	}
	return actions
}

func (p Presenter) reading(m *ClerkModel) {
	m.Subtitle = p.said("reading.subtitle", Values{"Reader": p.State.Document.Reader})
	m.Reading.Travel = p.travel()
	m.Actions = p.typeAgain()
	if p.State.Document.Activity != "" {
		m.Reading.Now = p.Format("reading.now", Values{"Activity": p.Text(p.State.Document.Activity)})
	}
	if p.State.Document.Held {
		m.Reading.Now = p.said("reading.held", nil)
	}
}

// addContact goes back for the contact that the person has not proven. A PIN that is being sealed comes first.
func (p Presenter) addContact() []Action {
	phone, email := p.State.Contact.Phone.Confirmed(), p.State.Contact.Email.Confirmed()
	switch {
	case p.State.PIN.Phase == kiosk.PINSealing || phone == email:
		return nil
	case phone:
		return []Action{{Text: p.Text("action.add_email"), Key: "F7", Event: kiosk.Back{}}}
	default:
		return []Action{{Text: p.Text("action.add_sms"), Key: "F7", Event: kiosk.Back{}}}
	}
}

func (p Presenter) back() Action {
	return Action{Text: p.Text("action.back"), Key: "F3", Event: kiosk.Back{}}
}

// handOver is the main action where there is one screen and it is the citizen's turn.
func (p Presenter) handOver() []Action {
	if !p.OneScreen || !CitizensTurn(p.State) {
		return nil
	}
	return []Action{{Text: p.Text("action.hand_over"), Key: "F2", Main: true, Event: kiosk.HandOver{ToCitizen: true}}}
}
