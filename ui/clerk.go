package ui

import (
	"reflect"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"balcao/kiosk"
	"balcao/ui/present"
	"balcao/ui/theme"
)

// clerkView is the clerk's window: header, six steps, page, buttons, status bar.
type clerkView struct {
	window fyne.Window
	send   func(kiosk.Event)
	keys   keyboard
	redraw func() // when something typed changes what the page says

	shown present.ClerkModel
	drawn bool

	header      *headerView
	narrow      bool // the window: only the steps' numbers are shown
	rail        *list[railView, present.RailItem]
	title       *theme.Text
	sub         *theme.Text
	tick        *theme.Circle
	pages       map[present.Page]clerkPageView
	stack       *fyne.Container
	scroll      *container.Scroll
	body        *fyne.Container
	frame       *fyne.Container
	actions     *actionRow
	lights      *lightsView
	overlay     *overlayView
	menu        *languageMenu
	log         *logPage
	contact     *contactPage
	access      *accessPage
	eligibility *eligibilityPage
	errands     *errandsPage
	signIn      *signInView
	cases       *casesPage
	decision    *decisionPage
	side        *fyne.Container // steps
	outer       *fyne.Container // header, steps, page and status bar
	content     fyne.CanvasObject

	identity   *identityPage
	key        *keyPage
	activation *activationPage
	try        *tryPage
	forms      *formPage
	alert      *alertPage
}

// clerkPageView is one page: it is made once, draws its part of the model, and is wiped by drawing the
// zero model.
type clerkPageView interface {
	content() fyne.CanvasObject
	show(m present.ClerkModel)
}

func newClerkView(window fyne.Window, send func(kiosk.Event), redraw func(), log Log, looks *lookSwitch) *clerkView {
	v := &clerkView{window: window, send: send, redraw: redraw}
	v.keys.press, v.keys.digit = v.press, v.digit
	v.header = newHeaderView(func() { v.press(fyne.KeyF12) }, func() { v.send(kiosk.LockScreen{}) })
	v.rail = newRail(&v.narrow)
	v.title, v.sub, v.tick = theme.Title("").Wrap(), theme.Subtitle("").Wrap(), theme.BigTick(theme.Passed)
	v.actions = newActionRow(&v.keys, 12, 52, v.do)
	v.lights = newLightsView()
	v.overlay = newOverlayView(nil, v.press, v.do)
	v.menu = newLanguageMenu(&v.keys, nil, func() fyne.Window { return v.window }, send, looks,
		&languageList{citizen: true, numbered: true, languages: Languages()}, &languageList{languages: kiosk.ClerkLanguages}, &languageList{looks: true})
	v.log = newLogPage(&v.keys, log, func() fyne.Window { return v.window }, func() present.Words { return present.Words{Language: v.shown.Language} })
	v.contact = newContactPage(&v.keys, send, v.seek, redraw)
	v.access = newAccessPage(&v.keys, send, v.do)
	v.eligibility = newEligibilityPage(&v.keys, send, v.seek, func(field fyne.Focusable) { v.window.Canvas().Focus(field) }, func() { v.frame.Refresh() })
	v.identity = newIdentityPage(func() { v.press(fyne.KeyF7) })
	v.errands = newErrandsPage(&v.keys, v.seekPart)
	v.signIn = newSignInView(&v.keys, send)
	v.key = newKeyPage(&v.keys, v.seekPart, redraw)
	v.activation, v.try = newActivationPage(&v.keys, send, v.seek, redraw), newTryPage(&v.keys, v.seek, redraw)
	v.forms = newFormPage(&v.keys, v.seek, v.seekPart, redraw, func(_ string, code kiosk.Secret) { send(kiosk.NotMeTyped{Code: code}) })
	v.alert = newAlertPage(&v.keys, send, v.seekPart)
	v.cases, v.decision = newCasesPage(&v.keys, v.seekPart), newDecisionPage(&v.keys, send, v.seekPart)
	v.pages = map[present.Page]clerkPageView{
		present.PageCases: v.cases, present.PageCase: newCasePage(), present.PageDecision: v.decision,
		present.PageAlerts: v.cases, present.PageAlert: v.alert,
		present.PageKey: v.key, present.PageActivation: v.activation, present.PageTry: v.try,
		present.PageSearch: v.forms, present.PageWord: v.forms, present.PageNotMe: v.forms,
		present.PageStored: newStoredPage(), present.PageReport: newTablePage(3, 2, 1.5, 1.7, 6), present.PagePaper: newPaperPage(),
		present.PageErrands: v.errands, present.PageSignIn: v.signIn, present.PageLock: v.signIn,
		present.PageDocument: newDocumentPage(), present.PageReading: newReadingPage(), present.PageAccess: v.access, present.PageIdentity: v.identity, present.PageEligibility: v.eligibility,
		present.PagePreflight: newPreflightPage(),
		present.PageContact:   v.contact, present.PagePIN: newPINPage(), present.PageReview: newReviewPage(&v.keys, send),
		present.PageDone: newDonePage(), present.PageError: newErrorPage(),
	}
	v.build()
	return v
}

func (v *clerkView) build() {
	v.stack = rows(0)
	for _, name := range []present.Page{present.PageSignIn, present.PageCases, present.PageCase, present.PageDecision, present.PageErrands, present.PageAlert, present.PageKey, present.PageActivation, present.PageTry, present.PageSearch, present.PageStored, present.PageReport, present.PagePaper, present.PagePreflight, present.PageDocument, present.PageReading, present.PageAccess, present.PageIdentity, present.PageEligibility, present.PageContact, present.PagePIN, present.PageReview, present.PageDone, present.PageError} {
		object := v.pages[name].content()
		object.Hide()
		v.stack.Add(object)
	}
	v.tick.Hide()
	heading := columns(22, []float32{0, 1}, v.tick, rows(6, v.title, v.sub))
	v.body = rows(18, heading, v.stack)
	v.frame, v.scroll = scrollPage(16, v.body, v.actions.content)

	sideRight := canvas.NewRectangle(theme.Border)
	rail := columns(0, []float32{0, 0}, theme.Padded(20, 24, container.New(railLayout{&v.narrow}, v.rail.content)), sized(1, 1, sideRight))
	main := theme.Fill(theme.Page, container.New(clerkColumn{v}, v.frame))
	v.side = theme.Fill(theme.Surface, rail)
	v.outer = edges(v.header.content, v.lights.content, v.side, main)
	v.content = container.New(clerkLayout{v}, v.outer)
}

// show draws the model; what did not change is not touched.
func (v *clerkView) show(m present.ClerkModel) {
	if v.drawn && reflect.DeepEqual(v.shown, m) {
		return
	}
	before := v.shown
	v.shown, v.drawn = m, true
	if m.Page == present.PageDocument && m.Errand != "key" { // nobody came for what was last chosen
		v.key.wanted = nil
	}
	if before.Page != m.Page || m.Overlay != nil {
		v.menu.close()
	}
	v.header.show(m)
	v.rail.show(m.Rail)
	v.rail.content.Refresh()
	bar := v.lights.content.MinSize().Height
	if v.lights.show(m.Lights, m.Clock); v.lights.content.MinSize().Height != bar {
		v.outer.Refresh() // its lights are in more lines than before, or in fewer
	}
	v.title.SetText(m.Title)
	speaks := present.ToneQuiet
	if m.Care {
		speaks = present.ToneCare
	}
	say(v.sub, present.Line{Text: m.Subtitle, Tone: speaks})
	v.tick.SetResult(theme.Result(m.Tick))
	reveal(v.tick, m.Tick != kiosk.Pending)
	if before.Page != m.Page && before.Page != "" {
		v.pages[before.Page].show(present.ClerkModel{})
	}
	v.pages[m.Page].show(m)
	for _, page := range v.pages {
		reveal(page.content(), page == v.pages[m.Page])
	}
	if side := len(m.Rail) > 0; side != v.side.Visible() {
		reveal(v.side, side)
		v.outer.Refresh()
	}
	v.actions.show(m.Actions, m.Cancel, m.Note)
	v.overlay.over(v.window, m.Overlay)
	v.frame.Refresh()
	if before.Page != m.Page || before.Case != m.Case || before.Access.Kind != m.Access.Kind || before.Asks != m.Asks {
		v.scroll.ScrollToTop()
		v.focus()
	} else if m.Contact.Begin != "" && before.Contact.Begin != m.Contact.Begin {
		v.focus()
	} else if unlocked(before.Contact, m.Contact) && v.window.Canvas().Focused() == nil {
		v.focus()
	}
	if m.Contact.Begin != "" && before.Contact.Begin != m.Contact.Begin {
		v.contact.choose()
	}
}

// unlocked reports whether an entry that could not be typed into now can: while the centre opens the
// enrolment, or sends a code, the cursor has nowhere to be.
func unlocked(before, now present.ContactModel) bool {
	return before.Phone.Locked && !now.Phone.Locked || before.Email.Locked && !now.Email.Locked
}

// focus puts the cursor where the page begins. Pages without an entry have no focus: their keys reach
// the window, and their main button shows its key.
func (v *clerkView) focus() {
	if v.window.Canvas().Content() != v.content {
		return
	}
	if page, ok := v.pages[v.shown.Page].(interface{ first() fyne.Focusable }); ok {
		if field := page.first(); field != nil {
			v.window.Canvas().Focus(field)
			if object, ok := field.(fyne.CanvasObject); ok && (v.shown.StaffPIN.Asked || v.shown.SignIn.Number != "") {
				v.seek(object)
			}
			return
		}
	}
	v.window.Canvas().Unfocus()
}

// wipe empties what the clerk typed, for a window that closes.
func (v *clerkView) wipe() {
	v.access.show(present.ClerkModel{})
	for _, page := range []clerkPageView{v.activation, v.try, v.forms} {
		page.show(present.ClerkModel{})
	}
	v.eligibility.show(present.ClerkModel{})
	v.contact.show(present.ClerkModel{})
	v.signIn.show(present.ClerkModel{})
}

// form is the form of the page, nil for none.
func (v *clerkView) form() *form {
	switch v.shown.Page {
	case present.PageSearch, present.PageWord, present.PageNotMe:
		return v.forms.form
	case present.PageTry:
		return v.try.form
	case present.PageActivation:
		return v.activation.later.form
	case present.PageContact:
		return v.contact.later.form
	}
	return nil
}

// drafts is what the clerk has typed and chosen, and not sent.
func (v *clerkView) drafts() present.Drafts {
	d := v.contact.drafts()
	if form := v.form(); form != nil {
		d.Form = form.values()
	}
	d.Errand, d.Wanted = v.key.chosen(), v.key.wanted
	return d
}

// pin is the boxes for a staff card's PIN that are to be filled, nil for none.
func (v *clerkView) pin() *digitField {
	page, ok := v.pages[v.shown.Page].(interface{ first() fyne.Focusable })
	if !ok {
		return nil
	}
	field, _ := page.first().(*digitField)
	if !v.shown.StaffPIN.Asked {
		return nil
	}
	return field
}

// do carries out an action that is live.
func (v *clerkView) do(a present.Action) {
	switch {
	case a.Put != "":
		v.contact.email.entry.put(a.Put)
	case a.Send != "" && v.contact.doubts(a.Send):
		v.redraw()
	case a.Send != "":
		v.send(kiosk.ContactEntered{Channel: a.Send, Text: v.contact.drafts().Of(a.Send)})
	case a.Event != nil:
		switch e := a.Event.(type) {
		case present.OtherErrand:
			v.send(kiosk.Cancel{})
			v.send(kiosk.ErrandsAsked{})
			return
		case present.NumbersAsked:
			v.eligibility.toggle()
			v.frame.Refresh()
			return
		case kiosk.ErrandChosen:
			if e.Name == "" {
				e.Name, v.key.wanted = v.errands.chosen()
			}
			v.send(e)
			return
		case kiosk.KeyChosen:
			v.key.wanted = nil
			v.send(e)
			v.send(kiosk.Continue{}) // where a reason is wanted, the page then asks for it
			return
		case present.KeyAgain:
			v.send(kiosk.KeyChosen{Errand: e.Errand})
			return
		case kiosk.ReasonChosen:
			if e.Reason = v.key.reason(); e.Reason != "" {
				v.send(e)
				v.send(kiosk.Continue{})
			}
			return
		case kiosk.SearchAsked, kiosk.FoundChosen, kiosk.WordGiven, kiosk.TryNamed, kiosk.LaterEntered:
			v.fill(e)
			return
		case kiosk.NotMeTyped:
			v.forms.form.ok()
			return
		case kiosk.AlertChosen:
			e.ID = v.cases.id()
			v.send(e)
			return
		case kiosk.AlertDecided:
			if e, complete := v.alert.decided(e); complete {
				v.send(e)
			}
			return
		case kiosk.CaseChosen:
			e.ID = v.cases.id()
			v.send(e)
			return
		case kiosk.DecisionChosen:
			if len(v.shown.Decision.Reasons) > 0 {
				if e.Reason = v.decision.reason(); e.Reason == "" {
					return
				}
			}
			v.send(e)
			return
		case kiosk.StaffPINTyped:
			v.pin().ok()
			return
		case kiosk.ForgottenNumberTyped:
			if e.Number = v.signIn.typed(); e.Number != "" {
				v.send(e)
			}
			return
		case kiosk.AccessTyped:
			v.access.put(e)
		case kiosk.Continue:
			v.eligibility.onward()
		}
		v.send(a.Event)
	}
}

// fill sends an event with what stands in the page's form.
func (v *clerkView) fill(event kiosk.Event) {
	form := v.drafts().Form
	switch e := event.(type) {
	case kiosk.SearchAsked:
		e.Kind, e.Text, e.Country = kiosk.SearchKind(form[present.FieldKind]), form[present.FieldText], form[present.FieldCountry]
		e.Reason = kiosk.SearchReason(form[present.FieldReason])
		v.send(e)
	case kiosk.FoundChosen:
		e.Register = v.forms.number()
		v.send(e)
	case kiosk.WordGiven:
		e.BirthDate, e.Number = present.ParseDay(form[present.FieldBirth]), form[present.FieldNumber]
		v.send(e)
	case kiosk.TryNamed:
		e.By, e.Text, e.Channel = kiosk.Identifier(form[present.FieldKind]), form[present.FieldText], kiosk.Channel(form[present.FieldChannel])
		v.send(e)
	case kiosk.LaterEntered:
		v.send(present.Later(kiosk.Channel(form[present.FieldChannel]), form))
	}
}
