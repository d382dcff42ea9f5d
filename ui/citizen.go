package ui

import (
	"reflect"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"

	"balcao/kiosk"
	"balcao/ui/look"
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

	shown citizenModel
	drawn bool
	since time.Time // when what is asked for was first shown

	pills    [2]*pill
	title    *look.Text
	text     *look.Text
	notice   *look.Text
	pages    map[citizenPage]fyne.CanvasObject
	message  *messageView
	input    *inputView
	review   *citizenReviewView
	actions  *actionRow
	giveBack *button
	footer   fyne.CanvasObject
	frame    *fyne.Container
	top      *fyne.Container
	outer    *fyne.Container
	scroll   *container.Scroll
	content  fyne.CanvasObject
}

var pillLanguages = [2]kiosk.Language{kiosk.Portuguese, kiosk.English}

func newCitizenView(host func() fyne.Window, send func(kiosk.Event), now func() time.Time) *citizenView {
	v := &citizenView{host: host, send: send, now: now}
	v.keys.press, v.keys.digit = v.press, v.digit
	v.title = look.NewText("", look.SizeCitizenTitle, fyne.TextStyle{Bold: true}, look.Ink).Wrap()
	v.text = citizenText(look.InkSoft).Wrap()
	v.notice = citizenText(look.Red).Bold().Wrap()
	v.message = newMessageView()
	v.input = newInputView(&v.keys, v.submit)
	v.review = newCitizenReviewView()
	v.actions = newActionRow(&v.keys, 18, 72, v.do)
	v.actions.large = true
	v.giveBack = newButton(&v.keys)
	v.build()
	return v
}

func citizenText(colour look.Colour) *look.Text {
	return look.NewText("", look.SizeCitizenText, fyne.TextStyle{}, colour)
}

func (v *citizenView) build() {
	pills := look.Columns(10)
	for i, language := range pillLanguages {
		v.pills[i] = newPill(&v.keys, func() { v.send(kiosk.LanguageChosen{Citizen: true, Language: language}) })
		pills.Add(v.pills[i])
	}
	v.pages = map[citizenPage]fyne.CanvasObject{
		citizenMessage: v.message.content,
		citizenCode:    v.input.content,
		citizenReview:  v.review.content,
	}
	stack := rows(0, v.message.content, v.input.content, v.review.content)
	body := rows(14, v.title, v.text, v.notice, look.Padded(0, 8, stack))
	v.frame, v.scroll = scrollPage(16, body, v.actions.content)

	band := canvas.NewRectangle(look.Selected)
	v.footer = container.NewStack(band, look.Padded(48, 10, container.NewHBox(layout.NewSpacer(), v.giveBack)))
	v.top = look.Padded(0, 10, container.NewHBox(layout.NewSpacer(), pills))
	page := edges(v.top, nil, nil, v.frame)
	v.outer = edges(nil, v.footer, nil, look.Padded(48, 26, page))
	v.content = look.Fill(look.Surface, v.outer)
}

// pageFor maps the pages with a field of digits to the one view they share.
func pageFor(p citizenPage) citizenPage {
	if p == citizenPIN || p == citizenCardPIN {
		return citizenCode
	}
	return p
}

// show draws the model; what was typed is wiped when something else is asked for.
func (v *citizenView) show(m citizenModel) {
	if v.drawn && reflect.DeepEqual(v.shown, m) {
		return
	}
	before := v.shown
	v.shown, v.drawn = m, true
	for i, language := range pillLanguages {
		v.pills[i].show(words{language}.text("language."+string(language)), language == m.Language)
	}
	if before.Key != m.Key {
		v.input.wipe()
		v.since = v.now()
	}
	v.title.SetText(m.Title)
	if pageFor(m.Page) == citizenCode { // stand beside the keypad
		say(v.text, line{})
		say(v.notice, line{})
	} else {
		say(v.text, line{m.Text, toneQuiet})
		say(v.notice, m.Notice)
	}
	v.message.show(m)
	v.input.show(m)
	v.review.show(m)
	for name, object := range v.pages {
		reveal(object, name == pageFor(m.Page))
	}
	v.actions.show(m.Actions, nil, "")
	reveal(v.footer, m.GiveBack != nil)
	if m.GiveBack != nil {
		v.giveBack.show(*m.GiveBack, v.do)
	}
	v.outer.Refresh()
	if before.Key != m.Key {
		v.scroll.ScrollToTop()
		v.focus()
	}
}

// focus puts the cursor into the boxes of a page that has them.
func (v *citizenView) focus() {
	window := v.host()
	if window == nil || window.Canvas().Content() != v.content {
		return
	}
	if pageFor(v.shown.Page) == citizenCode {
		window.Canvas().Focus(v.input.field)
		return
	}
	window.Canvas().Unfocus()
}

// wipe empties the boxes, for a window that closes.
func (v *citizenView) wipe() { v.input.wipe() }

func (v *citizenView) digit(r rune) {
	if pageFor(v.shown.Page) == citizenCode {
		v.input.field.enter(r)
	}
}

func (v *citizenView) press(key fyne.KeyName) bool {
	if v.shown.Warned != nil {
		if keyNames[key] == v.shown.Warned.Key {
			v.do(*v.shown.Warned)
		}
		return true
	}
	if pageFor(v.shown.Page) == citizenCode && v.input.field.press(key) {
		return true
	}
	switch key {
	case fyne.KeyF12:
		v.send(kiosk.LanguageChosen{Citizen: true, Language: otherLanguage(v.shown.Language)})
		return true
	case fyne.KeyDown, fyne.KeyUp, fyne.KeyPageDown, fyne.KeyPageUp:
		scrollBy(v.scroll, key)
		return true
	}
	name := keyNames[key]
	actions := v.shown.Actions
	if v.shown.GiveBack != nil {
		actions = append(actions[:len(actions):len(actions)], *v.shown.GiveBack)
	}
	for _, a := range actions {
		if name != "" && a.Key == name {
			v.do(a)
			return true
		}
	}
	return false
}

func (v *citizenView) do(a action) {
	if a.Event == nil {
		return
	}
	if _, agrees := a.Event.(kiosk.Agreed); agrees && v.now().Sub(v.since) < settleTime {
		return
	}
	v.send(a.Event)
}

// submit sends what was typed as the page's event.
func (v *citizenView) submit(secret kiosk.Secret) {
	switch v.shown.Page {
	case citizenCode:
		v.send(kiosk.CodeTyped{Code: secret})
	case citizenPIN:
		v.send(kiosk.PINTyped{PIN: secret})
	case citizenCardPIN:
		v.send(kiosk.CardPINTyped{PIN: secret})
	default:
		secret.Wipe()
	}
}
