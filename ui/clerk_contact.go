package ui

import (
	"fyne.io/fyne/v2"

	"balcao/kiosk"
	"balcao/ui/present"
	"balcao/ui/theme"
)

// contactPage is where the clerk types what the person says, and sees how the code travels.
type contactPage struct {
	phone, email *channelView
	message      *theme.Text
	fields       *list[fieldRow, present.Field]
	later        *laterView
	entries      fyne.CanvasObject // give way to it
	object       fyne.CanvasObject
	open         bool
	caseShown    kiosk.CaseID
	doubted      string // the address that the clerk was asked about
	begin        kiosk.Channel
}

// channelView is an entry with its label above and its state below.
type channelView struct {
	meant         string
	label, status *theme.Text
	tick          *theme.Circle
	entry         *entry
	content       fyne.CanvasObject
	panel         fyne.CanvasObject
}

func newContactPage(keys *keyboard, send func(kiosk.Event), seek func(fyne.CanvasObject), changed func()) *contactPage {
	p := &contactPage{message: theme.Body("").Wrap(), fields: newFields(12, 134, nil), later: newLaterView(keys, send, seek, changed)}
	// While the page is being filled or wiped, what changes is not the clerk's typing.
	typed := func() {
		if p.open {
			keys.touched()
			changed()
		}
	}
	p.phone, p.email = newChannelView(keys, typed), newChannelView(keys, typed)
	for channel, v := range map[kiosk.Channel]*channelView{kiosk.SMS: p.phone, kiosk.Email: p.email} {
		v.entry.OnChanged = func(text string) {
			if p.open {
				send(kiosk.ContactDrafted{Channel: channel, Text: text})
			}
			typed()
		}
	}
	p.entries = columns(18, []float32{1, 1}, p.phone.panel, p.email.panel)
	p.object = rows(18, p.entries, p.later.content, theme.Panel(rows(14, p.message, p.fields.content)))
	return p
}

func newChannelView(keys *keyboard, changed func()) *channelView {
	v := &channelView{
		label: theme.NewText("", theme.SizeLabel, fyne.TextStyle{}, theme.InkSoft), status: theme.NewText("", theme.SizeLabel, fyne.TextStyle{}, theme.InkFaint).Wrap(),
		tick: theme.TickIcon(theme.Passed), entry: newEntry(keys, changed),
	}
	v.content = rows(8, v.label, v.entry, centred(8, []float32{0, 1}, v.tick, v.status))
	v.panel = theme.Panel(v.content)
	return v
}

func (p *contactPage) content() fyne.CanvasObject { return p.object }

func (p *contactPage) show(m present.ClerkModel) {
	open := m.Page == present.PageContact
	entering := open && (!p.open || p.caseShown != m.Case)
	p.open, p.caseShown, p.begin = false, m.Case, m.Contact.Begin
	if entering || !open {
		p.doubted = ""
	}
	p.phone.show(m.Contact.Phone, entering || !open)
	p.email.show(m.Contact.Email, entering || !open)
	say(p.message, m.Contact.Message)
	p.fields.show(m.Contact.Fields)
	reveal(p.fields.content, len(m.Contact.Fields) > 0)
	p.later.show(m.Contact.Later, m.Language)
	reveal(p.entries, !m.Contact.Later.Shown)
	reveal(p.phone.panel, m.Contact.Phone.Asked)
	reveal(p.email.panel, m.Contact.Email.Asked)
	p.open = open
}

func (v *channelView) show(m present.ChannelModel, fill bool) {
	v.label.SetText(m.Label)
	say(v.status, m.Status)
	reveal(v.tick, m.Tick)
	switch {
	case m.Meant != "" && (fill || m.Locked || m.Meant != v.meant):
		v.entry.put(m.Meant) // the clerk sees the country that the desk assumed, and what is proven, not a draft of another
	case fill:
		v.entry.put(m.Text)
	}
	v.meant = m.Meant
	v.entry.setLocked(m.Locked)
}

// first is the entry in which the page begins, or goes on after a failure: the first that is still open.
func (p *contactPage) first() fyne.Focusable {
	if field := p.later.form.first(); field != nil {
		return field
	}
	channels := []*channelView{p.phone, p.email}
	if p.begin == kiosk.Email {
		channels = []*channelView{p.email, p.phone}
	}
	for _, channel := range channels {
		if !channel.entry.Disabled() && channel.panel.Visible() {
			return channel.entry
		}
	}
	return nil
}

// choose selects all of an entry: what is typed next replaces a contact that failed.
func (p *contactPage) choose() {
	if e, ok := p.first().(*entry); ok {
		e.Entry.TypedShortcut(&fyne.ShortcutSelectAll{})
	}
}

// doubts reports whether an address is to be asked about: when its domain is probably a slip, once.
func (p *contactPage) doubts(channel kiosk.Channel) bool {
	email := p.drafts().Of(kiosk.Email)
	if channel != kiosk.Email || email == p.doubted || kiosk.LikelyEmail(email) == "" {
		return false
	}
	p.doubted = email
	return true
}

// drafts reads the entries.
func (p *contactPage) drafts() present.Drafts {
	d := present.Drafts{Phone: p.phone.entry.Text, Email: p.email.entry.Text, Doubted: p.doubted}
	switch {
	case p.phone.entry.cursor:
		d.Focus = kiosk.SMS
	case p.email.entry.cursor:
		d.Focus = kiosk.Email
	}
	return d
}
