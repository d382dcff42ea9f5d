package ui

import (
	"math"
	"reflect"
	"slices"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"

	"balcao/kiosk"
	"balcao/ui/present"
	"balcao/ui/theme"
)

// settleTime is how long a page that asks for agreement must stand before a key can give it: a Return
// that was meant for the page before must not sign anything.
const settleTime = 400 * time.Millisecond

// citizenView is what the citizen sees, in a window of its own or in the clerk's after "hand over".
type citizenView struct {
	host func() fyne.Window // the window that shows it now
	send func(kiosk.Event)
	now  func() time.Time
	keys keyboard

	zoom  theme.Zoom
	small theme.Zoom // of pictures, which stand in one row in an upright window too

	// clerk takes the keys on the clerk's buttons while the person has the keyboard, and only then: on the only screen
	// too, where those buttons cannot be seen.
	clerk func(fyne.KeyName) bool

	shown present.CitizenModel
	drawn bool
	read  bool      // all of a page that asks for agreement was in the window
	since time.Time // when what is asked for was first shown

	menu     *languageMenu
	language *pill // opens it
	offers   []kiosk.Language
	names    []*pill // of these, on the page that begins
	named    *fyne.Container
	title    *theme.Text
	text     *theme.Text
	notice   *theme.Text
	pages    map[present.CitizenPage]fyne.CanvasObject
	message  *messageView
	input    *inputView
	review   *citizenReviewView
	actions  *actionRow
	giveBack *button
	warning  *overlayView
	footer   fyne.CanvasObject
	frame    *fyne.Container
	top      *fyne.Container
	outer    *fyne.Container
	scroll   *container.Scroll
	content  fyne.CanvasObject
}

func newCitizenView(host func() fyne.Window, send func(kiosk.Event), now func() time.Time) *citizenView {
	v := &citizenView{host: host, send: send, now: now}
	v.keys.press, v.keys.digit = v.press, v.digit
	v.title = theme.NewText("", theme.SizeCitizenTitle, fyne.TextStyle{Bold: true}, theme.Ink).Zoomed(&v.zoom).Wrap()
	v.text = citizenText(theme.InkSoft, &v.zoom).Wrap()
	v.notice = citizenText(theme.Red, &v.zoom).Bold().Wrap()
	v.message = newMessageView(&v.zoom, &v.small)
	v.input = newInputView(&v.keys, &v.zoom, v.submit)
	v.review = newCitizenReviewView(&v.zoom)
	v.actions = newActionRow(&v.keys, 18, 72, v.do)
	v.actions.zoom = &v.zoom
	v.giveBack = newButton(&v.keys)
	v.input.field.now = now
	v.warning = newOverlayView(&v.zoom, v.press, v.do)
	v.build()
	return v
}

func citizenText(colour theme.Colour, zoom *theme.Zoom) *theme.Text {
	return theme.NewText("", theme.SizeCitizenText, fyne.TextStyle{}, colour).Zoomed(zoom)
}

func (v *citizenView) build() {
	v.language = newPill(&v.keys, &v.zoom, v.chooseLanguage)
	v.language.sign = &canvas.Image{}
	v.named = container.New(&flowLayout{gap: 12, between: 14})
	v.offers = Languages()
	for _, l := range v.offers {
		p := newPill(&v.keys, &v.zoom, func() { v.send(kiosk.LanguageChosen{Citizen: true, Language: l}) })
		v.names = append(v.names, p)
		v.named.Add(p)
	}
	v.menu = newLanguageMenu(&v.keys, &v.zoom, v.host, v.send, nil, &languageList{citizen: true, languages: v.offers})
	v.pages = map[present.CitizenPage]fyne.CanvasObject{
		present.CitizenMessage: v.message.content,
		present.CitizenCode:    v.input.content,
		present.CitizenReview:  v.review.content,
	}
	stack := rows(0, v.message.content, v.input.content, v.review.content)
	body := zoomedRows(&v.zoom, 14, v.title, v.named, v.text, v.notice, zoomedPadding(&v.zoom, 0, 8, stack))
	v.frame, v.scroll = scrollPage(16, body, v.actions.content)
	v.scroll.OnScrolled = func(fyne.Position) { v.scrolled() }

	band := canvas.NewRectangle(theme.Selected)
	v.footer = container.NewStack(band, theme.Padded(48, 10, container.NewHBox(layout.NewSpacer(), v.giveBack)))
	v.top = zoomedPadding(&v.zoom, 0, 10, container.NewHBox(layout.NewSpacer(), v.language))
	page := edges(v.top, nil, nil, v.frame)
	v.outer = edges(nil, v.footer, nil, container.New(&citizenLayout{view: v}, page))
	v.content = theme.Fill(theme.Surface, v.outer)
}

// citizenLayout is a column in the middle of the citizen's screen, zoomed to its size: the design is 1024 by 768,
// and 600 by 800 for one that stands upright. Smaller screens are hardly zoomed but scroll.
type citizenLayout struct{ view *citizenView }

func (l *citizenLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	design, margin, least, pictures := fyne.NewSize(1024, 768), float32(48), float32(1), float32(1)
	if size.Width < size.Height {
		design, margin, least, pictures = fyne.NewSize(600, 800), 32, 0.8, 0.7
	}
	by := min(size.Width/design.Width, size.Height/design.Height)
	by = min(max(float32(math.Floor(float64(by*20)))/20, least), 3)
	if again := l.view.small.Set(by * pictures); l.view.zoom.Set(by) || again {
		objects[0].Refresh() // texts and signs take their new size
	}
	width := size.Width
	if width > size.Height {
		width = min(width, design.Width*by)
	}
	edge := margin * by
	objects[0].Move(fyne.NewPos((size.Width-width)/2+edge, 26*by))
	objects[0].Resize(fyne.NewSize(width-2*edge, size.Height-52*by))
	l.view.offer()
}

func (l *citizenLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(480, 420)
}

// pageFor maps the pages with a field of digits to the one view they share.
func pageFor(p present.CitizenPage) present.CitizenPage {
	switch p {
	case present.CitizenPIN, present.CitizenCardPIN, present.CitizenActivation, present.CitizenTryPIN, present.CitizenTryCode:
		return present.CitizenCode
	}
	return p
}

// show draws the model; what was typed is wiped when something else is asked for.
func (v *citizenView) show(m present.CitizenModel) {
	if v.drawn && reflect.DeepEqual(v.shown, m) {
		return
	}
	before := v.shown
	v.shown, v.drawn = m, true
	if before.Key != m.Key || m.Warned != nil {
		v.menu.close()
	}
	v.language.show(m.Language.Name(), false)
	reveal(v.language, !m.Names)
	for i, l := range v.offers {
		v.names[i].show(l.Name(), l == m.Language)
	}
	reveal(v.named, m.Names)
	if before.Key != m.Key {
		v.input.wipe()
		v.since, v.read = v.now(), false
	}
	v.title.SetText(m.Title)
	if pageFor(m.Page) == present.CitizenCode { // stand beside the keypad
		say(v.text, present.Line{})
		say(v.notice, present.Line{})
	} else {
		say(v.text, present.Line{Text: m.Text, Tone: present.ToneQuiet})
		say(v.notice, m.Notice)
	}
	v.message.show(m)
	v.input.show(m)
	v.review.show(m)
	for name, object := range v.pages {
		reveal(object, name == pageFor(m.Page))
	}
	v.actions.show(v.offered(), nil, "")
	reveal(v.footer, m.GiveBack != nil)
	if m.GiveBack != nil {
		v.giveBack.show(*m.GiveBack, v.do)
	}
	v.outer.Refresh()
	v.warning.over(v.host(), m.Warned) // which is as large as the page is now
	if before.Key != m.Key {
		v.scroll.ScrollToTop()
		v.focus()
	}
	v.offer()
}

// offer shows the buttons anew when they depend on what of the page is in the window.
func (v *citizenView) offer() {
	if v.shown.Page == present.CitizenReview {
		v.actions.show(v.offered(), nil, "")
		v.frame.Refresh()
	}
}

// offered are the page's actions. What asks for agreement is not offered before all of it was in the window.
func (v *citizenView) offered() []present.Action {
	if v.shown.Page != present.CitizenReview || v.read || v.ended() || len(v.shown.Actions) == 0 {
		return v.shown.Actions
	}
	more := present.Action{Text: present.Words{Language: v.shown.Language}.Text("action.more_below"), Key: "Enter", Main: true, Event: moreBelow{}}
	return append([]present.Action{more}, v.shown.Actions[1:]...)
}

func offers(actions []present.Action, a present.Action) bool {
	return slices.ContainsFunc(actions, func(o present.Action) bool { return o.Event == a.Event })
}

// moreBelow is no event of the session's: it scrolls the page.
type moreBelow struct{ kiosk.StillHere }

// scrolled notes when the end of the page comes into the window. What asks for agreement stands from then on.
func (v *citizenView) scrolled() {
	if !v.read && v.ended() {
		v.read, v.since = true, v.now()
	}
	v.offer()
}

// ended reports whether the end of the page is in the window.
func (v *citizenView) ended() bool {
	const nearly = 4
	return v.scroll.Offset.Y+v.scroll.Size().Height+nearly >= v.scroll.Content.MinSize().Height
}

// focus puts the cursor into the boxes of a page that has them.
func (v *citizenView) focus() {
	window := v.host()
	if window == nil || window.Canvas().Content() != v.content {
		return
	}
	if pageFor(v.shown.Page) == present.CitizenCode {
		window.Canvas().Focus(v.input.field)
		return
	}
	window.Canvas().Unfocus()
}

func (v *citizenView) chooseLanguage() {
	v.menu.open(present.Words{Language: v.shown.Language}, v.shown.Language)
}

// wipe empties the boxes, for a window that closes.
func (v *citizenView) wipe() { v.input.wipe() }

func (v *citizenView) digit(r rune) {
	if v.menu.digit(r) {
		return
	}
	if pageFor(v.shown.Page) == present.CitizenCode {
		v.input.field.enter(r)
	}
}

func (v *citizenView) press(key fyne.KeyName) bool {
	if v.menu.press(key) {
		return true
	}
	if v.shown.Warned != nil {
		for _, a := range v.shown.Warned.Actions {
			if keyNames[key] == a.Key {
				v.do(a)
			}
		}
		return true
	}
	if pageFor(v.shown.Page) == present.CitizenCode && v.input.field.press(key) {
		return true
	}
	switch key {
	case fyne.KeyF12:
		v.chooseLanguage()
		return true
	case fyne.KeyDown, fyne.KeyUp, fyne.KeyPageDown, fyne.KeyPageUp:
		scrollBy(v.scroll, key)
		v.scrolled()
		return true
	}
	name := keyNames[key]
	actions := v.offered()
	if v.shown.GiveBack != nil {
		actions = append(actions[:len(actions):len(actions)], *v.shown.GiveBack)
	}
	for _, a := range actions {
		if name != "" && a.Key == name {
			v.do(a)
			return true
		}
	}
	return v.clerk(key)
}

func (v *citizenView) do(a present.Action) {
	if a.Event == nil {
		return
	}
	if _, more := a.Event.(moreBelow); more {
		v.press(fyne.KeyPageDown)
		return
	}
	if _, agrees := a.Event.(kiosk.Agreed); agrees && (v.now().Sub(v.since) < settleTime || !offers(v.offered(), a)) {
		return
	}
	v.send(a.Event)
}

// submit sends what was typed as the page's event.
func (v *citizenView) submit(secret kiosk.Secret) {
	switch v.shown.Page {
	case present.CitizenCode:
		v.send(kiosk.CodeTyped{Code: secret})
	case present.CitizenPIN:
		v.send(kiosk.PINTyped{PIN: secret})
	case present.CitizenCardPIN:
		v.send(kiosk.CardPINTyped{PIN: secret})
	case present.CitizenActivation:
		v.send(kiosk.ActivationTyped{Code: secret})
	case present.CitizenTryPIN:
		v.send(kiosk.TryPINTyped{PIN: secret})
	case present.CitizenTryCode:
		v.send(kiosk.TryCodeTyped{Code: secret})
	default:
		secret.Wipe()
	}
}
