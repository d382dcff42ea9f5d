package ui

import (
	"strings"

	"balcao/kiosk"
)

// page names what the clerk's window shows.
type page string

const (
	pageDocument page = "document"
	pageReading  page = "reading"
	pageAccess   page = "access"
	pageIdentity page = "identity"
	pageBring    page = "bring"
	pageContact  page = "contact"
	pagePIN      page = "pin"
	pageReview   page = "review"
	pageDone     page = "done"
	pageError    page = "error"
)

// clerkModel is everything the clerk's window shows. Of the pages' models only the current page's is
// filled; the others are zero, and drawing a zero model wipes the page.
type clerkModel struct {
	Language        kiosk.Language
	App, Desk, Chip string
	Rail            []railItem
	Page            page
	Case            kiosk.CaseID
	Title, Subtitle string
	Care            bool // the subtitle asks for care
	Document        documentModel
	Reading         readingModel
	Access          accessModel
	Identity        identityModel
	Bring           bringModel
	Contact         contactModel
	PIN             pinModel
	Review          reviewModel
	Receipt         receiptModel
	Problem         problemModel
	Actions         []action
	Cancel          *action
	Escape          kiosk.Event // what Esc does on a page that shows no button for it
	Note            string
	Overlay         *overlayModel
	Lights          []light
	Clock           string
}

type documentModel struct {
	Documents [3]field // what may be laid on a reader, and how
	Need      string
	Needs     []string
	Notice    *problemModel // the centre cannot be reached, said before a person waits for it
}

type readingModel struct {
	Now    string
	Travel bool // the picture is a passport
}

// overlayModel asks something over the page: whether to end the case, whether anybody is there.
type overlayModel struct {
	Title, Text string
	Actions     []action
	Escape      kiosk.Event // what Esc does without a button for it
}

type pinModel struct {
	Phases  []checkRow
	Notice  line
	Explain string
}

type receiptModel struct {
	Shown  bool
	Fields []field
	Tell   string
	Tips   []string
}

// clerkPage chooses the page. A problem comes before the step it happened in; trouble with the
// readers is an error only while a document is awaited, later the session says when it matters.
func clerkPage(s kiosk.State) page {
	switch {
	case s.Problem != nil, s.Step == kiosk.StepDocument && s.Status.Service != "":
		return pageError
	case s.Step == kiosk.StepDocument && s.Document.Access.Asked && (!s.Document.Reading || s.Document.Access.Opening):
		return pageAccess
	case s.Step == kiosk.StepDocument && s.Document.Reading:
		return pageReading
	case s.Step == kiosk.StepEligibility:
		return pageBring
	case s.Step == kiosk.StepIdentity:
		return pageIdentity
	case s.Step == kiosk.StepContact:
		return pageContact
	case s.Step == kiosk.StepPIN:
		return pagePIN
	case s.Step == kiosk.StepReview:
		return pageReview
	case s.Step == kiosk.StepDone:
		return pageDone
	default:
		return pageDocument
	}
}

// presentClerk computes the clerk's window. Drafts are what stands in the entries of the contact page.
func presentClerk(p present, d drafts) clerkModel {
	p.words = words{p.state.ClerkLanguage}
	m := clerkModel{
		Language: p.state.ClerkLanguage,
		App:      p.text("app.name"),
		Desk:     p.state.DeskName,
		Chip:     strings.ToUpper(string(p.state.ClerkLanguage)),
		Page:     clerkPage(p.state),
		Case:     p.state.Case,
		Lights:   p.lights(),
		Clock:    p.state.Now.Format("02-01-2006 15:04"),
	}
	m.Rail = p.rail(m.Page == pageError)
	switch m.Page {
	case pageError:
	case pageAccess:
		m.Title = p.text("access.title_" + string(p.state.Document.Access.Kind))
	default:
		m.Title = p.said(string(m.Page)+".title", nil)
	}
	switch m.Page {
	case pageError:
		p.problem(&m)
	case pageReading:
		p.reading(&m)
	case pageAccess:
		p.access(&m)
	case pageIdentity:
		p.identityPage(&m)
	case pageBring:
		p.bring(&m)
	case pageContact:
		p.contact(&m, d)
	case pagePIN:
		p.pin(&m)
	case pageReview:
		p.review(&m)
	case pageDone:
		p.done(&m)
	default:
		p.document(&m)
	}
	if m.Cancel == nil && p.mayCancel() {
		m.Cancel = &action{Text: p.text("action.cancel"), Key: "Esc", Event: kiosk.Cancel{}}
	}
	m.Overlay = p.overlay()
	return m
}

// mayCancel reports whether there is a case to end.
func (p present) mayCancel() bool {
	if p.state.Problem != nil && p.state.Problem.Fatal {
		return false // the case is over already
	}
	return p.state.Case != 0 && p.state.MayCancel()
}

func (p present) overlay() *overlayModel {
	switch {
	case p.state.IdleSoon && p.state.HandedOver:
		return nil // it stands over the citizen's page
	case p.state.IdleSoon:
		return p.idleWarning()
	case p.state.ConfirmCancel:
		return p.confirmCancel()
	default:
		return nil
	}
}

// idleWarning is said before an untouched case ends: to the clerk, and to the citizen where they are asked.
func (p present) idleWarning() *overlayModel {
	return &overlayModel{
		Title:   p.text("idle.title"),
		Text:    p.format("idle.text", values{"Time": countdown(p.state.IdleAt.Sub(p.state.Now))}),
		Actions: []action{{Text: p.text("action.continue"), Key: "Enter", Main: true, Event: kiosk.StillHere{}}},
	}
}

// confirmCancel asks before the case ends. Enter, which the next page would want, goes on, and so does a second
// Esc; ending takes the key of a refusal.
func (p present) confirmCancel() *overlayModel {
	text := p.text("cancel.text")
	if p.state.Past(kiosk.StepContact) || p.state.Contact.Settled {
		text += " " + p.text("cancel.text_contact")
	}
	return &overlayModel{
		Title: p.text("cancel.title"),
		Text:  text,
		Actions: []action{
			{Text: p.text("action.keep_going"), Key: "Enter", Main: true, Event: kiosk.CancelDismissed{}},
			{Text: p.text("action.end_case"), Key: "F8", Grave: true, Event: kiosk.CancelConfirmed{}},
		},
		Escape: kiosk.CancelDismissed{},
	}
}

func (p present) document(m *clerkModel) {
	m.Subtitle = p.text("document.subtitle")
	if reader := p.state.LeftBehind; reader != 0 {
		m.Title = p.format("document.left_behind", values{"Reader": reader})
		m.Subtitle = p.text("document.left_behind_then")
	}
	m.Document = documentModel{
		Documents: [3]field{
			{p.text("document.card"), p.text("document.card_guide")},
			{p.text("document.passport"), p.text("document.passport_guide")},
			{p.text("document.residence"), p.text("document.residence_guide")},
		},
		Need:  p.text("document.need"),
		Needs: []string{p.text("document.need_1"), p.text("document.need_2"), p.text("document.need_4")},
	}
	if p.state.TypedMRZ {
		m.Actions = []action{{Text: p.text("action.no_chip"), Key: "F6", Event: kiosk.NoChip{}}}
	}
	if p.state.MinAge > 0 {
		m.Document.Needs = append(m.Document.Needs, p.format("document.need_3", values{"Count": p.state.MinAge}))
	}
	if p.state.Status.Centre.Health == kiosk.HealthDown {
		notice := p.parts(kiosk.Problem{Code: kiosk.ProblemCentreDown})
		m.Document.Notice = &notice
	}
}

func (p present) reading(m *clerkModel) {
	m.Subtitle = p.said("reading.subtitle", values{"Reader": p.state.Document.Reader})
	m.Reading.Travel = p.travel()
	m.Actions = p.typeAgain()
	if p.state.Document.Activity != "" {
		m.Reading.Now = p.format("reading.now", values{"Activity": p.text(p.state.Document.Activity)})
	}
	if p.state.Document.Held {
		m.Reading.Now = p.said("reading.held", nil)
	}
}

func (p present) pin(m *clerkModel) {
	m.Subtitle = p.text("pin.subtitle")
	if p.oneScreen {
		m.Subtitle = p.text("pin.subtitle_one_screen")
	}
	if p.state.PIN.Phase == kiosk.PINSealed {
		m.Title, m.Subtitle = p.text("pin.title_sealed"), p.text("pin.subtitle_sealed")
	}
	phases := []kiosk.PINPhase{kiosk.PINFirst, kiosk.PINRepeat, kiosk.PINSealing, kiosk.PINSealed}
	reached := 0
	for i, phase := range phases {
		if phase == p.state.PIN.Phase {
			reached = i
		}
	}
	for _, channel := range []kiosk.ChannelState{p.state.Contact.Phone, p.state.Contact.Email} {
		if channel.Confirmed() { // the page went on by itself: what it went on with is said here
			text := p.format("pin.contact", values{"Contact": contactText(channel.Value)})
			m.PIN.Phases = append(m.PIN.Phases, checkRow{Text: text, Result: kiosk.Passed})
		}
	}
	for i, phase := range phases {
		row := checkRow{Text: p.text("pin.phase." + string(phase))}
		if i < reached || p.state.PIN.Phase == kiosk.PINSealed {
			row.Result = kiosk.Passed
		}
		row.Current = i == reached && row.Result == kiosk.Pending
		m.PIN.Phases = append(m.PIN.Phases, row)
	}
	switch {
	case p.state.PIN.Changed:
		m.PIN.Notice = line{p.text("pin.changed"), toneCare}
	case p.state.PIN.Mismatch:
		m.PIN.Notice = line{p.text("pin.mismatch"), toneCare}
	case p.state.PIN.Refused:
		m.PIN.Notice = line{p.text("pin.refused"), toneCare}
	case p.state.PIN.Outdated:
		m.PIN.Notice = line{p.text("pin.outdated"), toneCare}
	}
	m.PIN.Explain = p.text("pin.explain")
	m.Actions = p.handOver()
	if p.state.PIN.Phase == kiosk.PINSealed {
		m.Actions = []action{
			{Text: p.text("action.continue"), Key: "Enter", Main: true, Event: kiosk.Continue{}},
			{Text: p.text("action.new_pin"), Key: "F4", Event: kiosk.NewPIN{}},
		}
	} else if len(m.Actions) == 0 {
		m.Actions = []action{{Text: p.text("action.waiting_person"), Main: true}}
	}
	m.Actions = append(append(m.Actions, p.addContact()...), p.back())
}

// addContact goes back for the contact that the person has not proven. A PIN that is being sealed comes first.
func (p present) addContact() []action {
	phone, email := p.state.Contact.Phone.Confirmed(), p.state.Contact.Email.Confirmed()
	switch {
	case p.state.PIN.Phase == kiosk.PINSealing || phone == email:
		return nil
	case phone:
		return []action{{Text: p.text("action.add_email"), Key: "F7", Event: kiosk.Back{}}}
	default:
		return []action{{Text: p.text("action.add_sms"), Key: "F7", Event: kiosk.Back{}}}
	}
}

func (p present) back() action {
	return action{Text: p.text("action.back"), Key: "F3", Event: kiosk.Back{}}
}

// handOver is the main action where there is one screen and it is the citizen's turn.
func (p present) handOver() []action {
	if !p.oneScreen || !citizensTurn(p.state) {
		return nil
	}
	return []action{{Text: p.text("action.hand_over"), Key: "F2", Main: true, Event: kiosk.HandOver{ToCitizen: true}}}
}

// keyUntil is the key's last day. A citizen's outlives the card, which the clerk has just seen with another date.
func (p present) keyUntil(receipt *kiosk.Receipt) string {
	until := p.shortDate(receipt.ValidUntil)
	if receipt.Beyond == 0 {
		return until
	}
	return p.format("done.valid_until_beyond", values{"Date": until, "Count": receipt.Beyond})
}

func (p present) done(m *clerkModel) {
	receipt := p.state.Receipt
	m.Actions = []action{{Text: p.text("action.next_person"), Key: "Enter", Main: true, Event: kiosk.NextPerson{}}}
	if receipt == nil {
		return
	}
	m.Subtitle = p.format("done.subtitle", values{
		"Time":     receipt.ActiveAt.In(p.state.Now.Location()).Format("15:04:05"),
		"Level":    p.text("level." + levelKey(receipt.Assurance.Level)),
		"Register": registerText(receipt.Register),
	})
	m.Receipt = receiptModel{
		Shown: true,
		Fields: []field{
			{p.text("review.person"), receipt.Person},
			{p.text("review.login"), p.format("review.login_value", values{"Contact": contactText(receipt.Login)})},
			{p.text("done.valid_until"), p.keyUntil(receipt)},
			{p.text("done.desk_time"), p.span(receipt.DeskTime)},
		},
		Tell: p.text("done.tell"),
		Tips: []string{p.text("done.tell_1"), p.text("done.tell_2"), p.text("done.tell_3")},
	}
	if missing := p.checkNames(receipt.Assurance.Missing); len(missing) > 0 {
		why := p.format("done.why_missing", values{"Checks": strings.Join(missing, "; ")})
		m.Receipt.Fields = append(m.Receipt.Fields, field{p.text("done.why"), why})
	}
	if !receipt.WipeAt.IsZero() {
		m.Note = p.format("done.wipes_in", values{"Time": countdown(receipt.WipeAt.Sub(p.state.Now))})
	}
}
