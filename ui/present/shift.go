package present

import (
	"cmp"
	"strings"
	"time"

	"balcao/kiosk"
)

// SignInModel is the page before a shift, and the lock over one. It says nothing of a person.
type SignInModel struct {
	Fields  []Field // whose card, whose shift
	Lines   []Line
	Number  string // label of the field for the number of who forgot their card, "" for none
	Problem *ProblemModel
	Aside   string // heading of the small card beside it
	Lights  []Light
	Kept    []Field // of a lock, in place of the lights
}

// StaffPINModel is the boxes for the PIN of a staff card, on whichever page asks for it.
type StaffPINModel struct {
	Asked  bool
	Label  string
	Input  InputModel
	Notice Line
}

// Closed reports whether the desk waits for somebody of the staff, at its beginning or behind a lock: nothing of a
// person is shown, and all keys are the clerk's. A desk without shifts never is.
func Closed(s kiosk.State) bool { return s.Shift.Phase != "" && s.Shift.Phase != kiosk.ShiftOpen }

// asks names what the page asks the clerk for.
func (p Presenter) asks(m ClerkModel) string {
	shift := p.State.Shift
	if m.SignIn.Number == "" && !m.StaffPIN.Asked { // what a page asks for may come after the page
		page := m.Page
		if page == PagePreflight { // it gives way by itself, and what a document reader types meanwhile is for both
			page = PageDocument
		}
		return strings.Join([]string{
			string(page), m.Key.Label, m.Key.Why, m.Form.Form.Asks, m.Form.Found, m.Try.Form.Asks, m.Contact.Later.Channels.Asks,
			m.Activation.Later.Channels.Asks, m.Alert.Label, m.Alert.Why,
		}, "/")
	}
	return strings.Join([]string{string(m.Page), m.SignIn.Number, m.StaffPIN.Label, shift.Holder.Number, string(shift.Problem)}, "/")
}

// signInPage chooses between the sign-in, the lock, and what keeps an empty desk from being opened.
func signInPage(s kiosk.State) Page {
	switch {
	case s.Shift.Staff.Number != "":
		return PageLock
	case s.Status.Service != "", s.Case == 0 && s.Problem != nil && !remark(s.Problem.Code):
		return PageError
	}
	return PageSignIn
}

// staffText names a member of staff: Rita Neves · 0417.
func staffText(s kiosk.Staff) string {
	if s.Name == "" {
		return s.Number
	}
	return s.Name + "\u00a0·\u00a0" + s.Number
}

// who is whose shift it is, for the header.
func (p Presenter) who() string {
	shift := p.State.Shift
	switch {
	case shift.Phase == "":
		return ""
	case shift.Staff.Number == "":
		return p.Text("shift.nobody")
	case shift.AdmittedBy != "":
		return staffText(shift.Staff) + "\u00a0· " + p.Text("shift.without_card")
	case shift.Staff.Role != "" && shift.Staff.Role != kiosk.RoleClerk:
		return staffText(shift.Staff) + "\u00a0· " + p.Text("shift.role_"+string(shift.Staff.Role))
	}
	return staffText(shift.Staff)
}

func (p Presenter) signIn(m *ClerkModel) {
	shift := p.State.Shift
	m.Title = p.Text("sign_in.title")
	m.SignIn.Aside, m.SignIn.Lights = p.Text("sign_in.before"), p.before()
	switch {
	case shift.Forgotten && shift.Admits == "":
		m.Title, m.Subtitle = p.Text("sign_in.forgotten"), p.Text("sign_in.forgotten_then")
		m.SignIn.Number = p.Text("sign_in.number")
		m.Actions = []Action{{Text: p.Text("action.continue"), Key: "Enter", Main: true, Event: kiosk.ForgottenNumberTyped{}}}
	case shift.Admits != "":
		m.Title, m.Subtitle = p.Format("sign_in.admits", Values{"Number": shift.Admits}), p.Text("sign_in.admits_then")
		p.staffCard(m, "sign_in.card_supervisor_", "sign_in.pin_supervisor", "action.admit")
	default:
		m.Subtitle = p.inReader("sign_in.subtitle_")
		p.staffCard(m, "sign_in.card_", "sign_in.pin", "action.begin_shift")
		m.Actions = append(m.Actions, Action{Text: p.Text("action.card_forgotten"), Key: "F8", Event: kiosk.CardForgotten{}})
	}
	if p.refused(m) {
		m.Title = p.Text("problem." + string(shift.Problem) + ".title")
	}
	if shift.Forgotten || shift.Admits != "" {
		m.Cancel = &Action{Text: p.Text("action.with_card"), Key: "Esc", Event: kiosk.Cancel{}}
	}
}

// inReader is a text about the staff card: which reader holds it, or where it is awaited.
func (p Presenter) inReader(key string) string {
	shift := p.State.Shift
	switch {
	case shift.Reader != 0 && shift.Holder.Number != "":
		key += "there"
	case shift.OwnReader:
		key += "own"
	default:
		key += "any"
	}
	return p.Format(key, Values{"Reader": shift.Reader})
}

// staffCard shows whose card is there, asks for its PIN and says what the main button does; or what is awaited.
func (p Presenter) staffCard(m *ClerkModel, card, pin, action string) {
	shift := p.State.Shift
	signing := shift.Phase == kiosk.ShiftSigning
	if !signing && (shift.Phase == kiosk.ShiftNone || shift.Holder.Number == "") {
		m.SignIn.Lines = []Line{{p.Text(card + "awaited"), TonePlain}, {p.Text(card + "why"), ToneQuiet}}
		m.Actions = append(m.Actions, Action{Text: p.Text("action.waiting_staff_card"), Main: true})
		if shift.Problem != "" { // of the card that lies there
			m.Actions = append(m.Actions, Action{Text: p.Text("action.retry"), Key: "F5", Event: kiosk.Retry{}})
		}
		return
	}
	m.SignIn.Fields = append(m.SignIn.Fields, Field{p.Text("sign_in.holder"), staffText(shift.Holder)})
	m.StaffPIN = p.staffPIN(pin)
	m.StaffPIN.Input.Locked = signing
	main := Action{Text: p.Text(action), Key: "Enter", Main: true, Event: kiosk.StaffPINTyped{}}
	if signing {
		main = Action{Text: p.Text("action.signing_in"), Main: true}
		if action == "action.unlock" {
			main.Text = p.Text("action.unlocking")
		}
	}
	m.Actions = append(m.Actions, main)
}

// Digits, or letters and signs, of a staff card's PIN (NIST SP 800-73-4 part 2, 2.4.3).
const staffPINMin, staffPINMax = 6, 8

func (p Presenter) staffPIN(label string) StaffPINModel {
	shift := p.State.Shift
	m := StaffPINModel{
		Asked: true, Label: p.Text(label), Notice: Line{p.Text("staff_pin.stays"), ToneQuiet},
		Input: InputModel{Min: staffPINMin, Max: staffPINMax, Masked: true, Letters: true, Label: "staff_pin.field"},
	}
	counted := Values{"Count": shift.TriesLeft}
	switch {
	case shift.PINWrong && shift.TriesLeft > 0:
		m.Notice = Line{p.Format("staff_pin.wrong", counted), ToneBad}
	case shift.PINWrong:
		m.Notice = Line{p.Text("staff_pin.wrong_uncounted"), ToneBad}
	case shift.TriesLeft == 1:
		m.Notice = Line{p.Format("staff_pin.tries", counted), ToneCare}
	case shift.TriesLeft > 1:
		m.Notice.Text = p.Format("staff_pin.tries", counted) + " " + m.Notice.Text
	}
	return m
}

// refused says why a sign-in, or an unlocking, did not come about, or cannot.
func (p Presenter) refused(m *ClerkModel) bool {
	m.SignIn.Problem = p.staffProblem(cmp.Or(p.State.Shift.Problem, p.State.Status.Service))
	return m.SignIn.Problem != nil
}

// staffProblem says what is wrong with a staff card, or with what it was to sign; nil when nothing is.
func (p Presenter) staffProblem(code kiosk.ProblemCode) *ProblemModel {
	if code == "" {
		return nil
	}
	parts := p.parts(kiosk.Problem{Code: code, Reader: p.State.Shift.Reader})
	return &parts
}

// before is what the desk knows of itself before the first case.
func (p Presenter) before() []Light {
	status := p.State.Status
	readers := Light{p.Format("before.readers", Values{"Count": len(status.Readers)}), ToneGood}
	if len(status.Readers) == 0 {
		readers = Light{p.Text("status.service.no_reader"), ToneBad}
	}
	clock := Light{p.Text("before.clock"), ToneGood}
	switch off := status.Centre.Skew.Abs().Round(time.Second); {
	case status.Centre.Health == kiosk.HealthUnknown || status.Centre.Health == kiosk.HealthDown:
		clock = Light{p.Text("before.clock_unknown"), ToneCare}
	case off > time.Minute:
		clock = Light{p.Format("before.clock_off", Values{"Time": p.span(off)}), ToneCare}
	}
	all := p.lights()
	return append([]Light{readers, clock}, all[len(all)-2:]...)
}

func (p Presenter) lock(m *ClerkModel) {
	shift := p.State.Shift
	m.Title = p.Text("lock.title")
	m.Subtitle = p.Format("lock.subtitle", Values{"Who": staffText(shift.Staff), "Until": p.hour(shift.EndsAt)})
	p.refused(m)
	m.SignIn.Aside = p.Text("lock.kept")
	m.SignIn.Kept = []Field{{p.Text("lock.case"), p.Text("lock.no_case")}}
	if shift.KeptCase {
		until := Values{"Time": countdown(shift.WipeAt.Sub(p.State.Now)), "At": shift.WipeAt.In(p.State.Now.Location()).Format("15:04:05")}
		m.SignIn.Kept = []Field{{p.Text("lock.case"), p.Text("lock.case_kept")}, {p.Text("lock.until"), p.Format("lock.until_value", until)}}
	}
	m.SignIn.Kept = append(m.SignIn.Kept, Field{p.Text("lock.shift"), p.Format("lock.shift_value", Values{"Until": p.hour(shift.EndsAt)})})
	card := "lock.card_"
	if shift.AdmittedBy != "" {
		card = "lock.card_admitted_"
	}
	p.staffCard(m, card, "sign_in.pin", "action.unlock")
	if holder := shift.Holder.Number; holder != "" && holder != cmp.Or(shift.AdmittedBy, shift.Staff.Number) {
		m.SignIn.Lines = []Line{{p.Format("lock.another", Values{"Name": shift.Staff.Name}), ToneCare}}
		m.Actions[0].Text = p.Text("action.begin_shift")
	}
	if shift.AdmittedBy != "" {
		m.SignIn.Fields = append([]Field{{p.Text("lock.admitted_by"), shift.AdmittedBy}}, m.SignIn.Fields...)
	}
}

// shiftNotes is what the shift has to say on an empty desk: what waits for a supervisor, and who begins no case.
func (p Presenter) shiftNotes(m *ClerkModel) {
	shift := p.State.Shift
	if shift.Phase == "" {
		return
	}
	if shift.Staff.Role == kiosk.RoleSupervisor && shift.Waiting > 0 {
		m.Note = p.Format("cases.waiting", Values{"Count": shift.Waiting})
	}
	if shift.Staff.Role == kiosk.RoleAuditor {
		m.Subtitle, m.Care = p.Text("document.auditor"), true
	}
}

// hour writes a time of today.
func (p Presenter) hour(t time.Time) string { return t.In(p.State.Now.Location()).Format("15:04") }
