package ui

import (
	"slices"
	"strings"

	"fyne.io/fyne/v2"

	"balcao/kiosk"
	"balcao/ui/present"
	"balcao/ui/theme"
)

// form is fields that a page asks for, one below the other. Enter goes to the next, and behind the last one on.
type form struct {
	keys    *keyboard
	changed func()
	seek    func(fyne.CanvasObject)
	asks    string
	filling bool // what changes is not the clerk's typing
	shown   []*formSlot
	slots   map[string]*formSlot
	submit  func(name string, code kiosk.Secret)
	opened  func() // a compact choice lists its answers, or does not any more
	content *fyne.Container
}

// formSlot is one field. Which of the three it is, is made once.
type formSlot struct {
	name        string
	entry       *entry
	choice      *choice
	code        *digitField
	values      []string
	label, hint *theme.Text
	object      fyne.CanvasObject
	row         fyne.CanvasObject // of two, where it stands beside another
}

func newForm(keys *keyboard, seek func(fyne.CanvasObject), changed func(), submit func(name string, code kiosk.Secret)) *form {
	return &form{keys: keys, seek: seek, changed: changed, submit: submit, slots: map[string]*formSlot{}, opened: func() {}, content: rows(12)}
}

func (f *form) typed() {
	if !f.filling {
		f.keys.touched()
		f.changed()
	}
}

func (f *form) slot(m present.FormField) *formSlot {
	if s := f.slots[m.Name]; s != nil {
		return s
	}
	s := &formSlot{name: m.Name, label: theme.NewText("", theme.SizeLabel, fyne.TextStyle{}, theme.InkSoft).Wrap(), hint: theme.Small("").Wrap()}
	var field fyne.CanvasObject
	switch {
	case len(m.Options) > 0 && m.Compact:
		s.choice = newNumberedChoice(f.keys, f.typed, func() { f.seek(s.choice) }, f.opened)
		field = s.choice
	case len(m.Options) > 0 && m.Tiles > 0:
		s.choice = newTiles(f.keys, &tiles{columns: m.Tiles, low: true, across: true}, f.typed, func() { f.seek(s.choice) })
		field = s.choice
	case len(m.Options) > 0:
		s.choice = newListedChoice(f.keys, f.typed, func() { f.seek(s.choice) })
		field = s.choice
	case m.Code.Max > 0:
		s.code = newDigitField(f.keys, f.typed, func(code kiosk.Secret) { f.submit(m.Name, code) })
		field = left(s.code)
	default:
		s.entry = newEntry(f.keys, f.typed)
		s.entry.focused = func() { f.seek(s.entry) }
		field = s.entry
	}
	s.object = rows(5, s.label, field, s.hint)
	f.slots[m.Name] = s
	return s
}

func (f *form) show(m present.FormModel, language kiosk.Language) {
	f.filling = true
	defer func() { f.filling = false }()
	begins := f.asks != m.Asks
	f.asks = m.Asks
	if begins {
		for _, s := range f.slots {
			s.put("")
		}
	}
	before := f.shown
	f.shown = nil
	for _, field := range m.Fields {
		s := f.slot(field)
		f.shown = append(f.shown, s)
		s.show(field, language)
		if begins || !slices.Contains(before, s) {
			s.put(field.Value)
		}
	}
	f.arrange(m.Fields)
	reveal(f.content, len(m.Fields) > 0)
}

// arrange sets the fields that are asked for in rows.
func (f *form) arrange(fields []present.FormField) {
	var objects []fyne.CanvasObject
	for i := 0; i < len(fields); i++ {
		s := f.shown[i]
		if i+1 < len(fields) && fields[i+1].Narrow {
			if s.row == nil {
				s.row = columns(14, []float32{1, 1}, s.object, f.shown[i+1].object)
			}
			objects = append(objects, s.row)
			i++
			continue
		}
		objects = append(objects, s.object)
	}
	if !slices.Equal(objects, f.content.Objects) {
		f.content.Objects = objects
		f.content.Refresh()
	}
}

func (s *formSlot) show(m present.FormField, language kiosk.Language) {
	s.label.SetText(m.Label)
	say(s.hint, m.Hint)
	s.values = m.Values
	switch {
	case s.choice != nil:
		if s.choice.tiles != nil {
			s.choice.tiles.columns = m.Tiles
		}
		s.choice.offer(m.Label, m.None, m.Options)
	case s.code != nil:
		s.code.configure(m.Code, func(n int) string {
			return present.Words{Language: language}.Format(m.Said, present.Values{"Count": n})
		})
	default:
		s.entry.setLocked(m.Locked)
	}
}

func (s *formSlot) put(value string) {
	switch {
	case s.choice != nil:
		s.choice.put(slices.Index(s.values, value))
	case s.code != nil:
		s.code.wipe()
	default:
		s.entry.put(value)
	}
}

func (s *formSlot) value() string {
	switch {
	case s.choice != nil:
		if i := s.choice.chosen; i >= 0 && i < len(s.values) {
			return s.values[i]
		}
	case s.entry != nil:
		return strings.TrimSpace(s.entry.Text)
	}
	return ""
}

func (s *formSlot) field() fyne.Focusable {
	switch {
	case s.choice != nil:
		return s.choice
	case s.code != nil:
		return s.code
	}
	return s.entry
}

// values are what stands in the fields that are shown. A code is in none of them.
func (f *form) values() map[string]string {
	if len(f.shown) == 0 {
		return nil
	}
	values := map[string]string{}
	for _, s := range f.shown {
		if s.code == nil {
			values[s.name] = s.value()
		}
	}
	return values
}

// first is the field in which the form begins.
func (f *form) first() fyne.Focusable {
	for _, s := range f.shown {
		if s.entry == nil || !s.entry.Disabled() {
			return s.field()
		}
	}
	return nil
}

// press takes Enter to the next field, and behind the last one on. A code has its own keys.
func (f *form) press(key fyne.KeyName, focused fyne.Focusable, goTo func(fyne.Focusable), onward func()) bool {
	at := slices.IndexFunc(f.shown, func(s *formSlot) bool { return s.field() == focused })
	if at < 0 {
		return false
	}
	if code := f.shown[at].code; code != nil {
		return code.press(key)
	}
	switch {
	case key != fyne.KeyReturn && key != fyne.KeyEnter:
		return false
	case at == len(f.shown)-1:
		onward()
	default:
		goTo(f.shown[at+1].field())
	}
	return true
}

// ok sends the code that is typed, of a form that has one.
func (f *form) ok() {
	for _, s := range f.shown {
		if s.code != nil {
			s.code.ok()
		}
	}
}

// enter takes characters that are typed while a button has the focus.
func (f *form) enter(r rune) bool {
	for _, s := range f.shown {
		if s.code != nil {
			s.code.enter(r)
			return true
		}
	}
	return false
}

// has reports whether a field is one of those shown.
func (f *form) has(field fyne.Focusable) bool {
	return slices.ContainsFunc(f.shown, func(s *formSlot) bool { return s.field() == field })
}
