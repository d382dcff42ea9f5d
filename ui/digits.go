package ui

import (
	"strings"
	"time"
	"unicode"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"balcao/kiosk"
	"balcao/ui/present"
	"balcao/ui/theme"
)

const (
	boxWidth, boxHeight = 46, 58
	boxGap              = 14
)

// digitField is a row of boxes for a PIN or a one-time code. What is typed stands in one array of
// bytes inside the widget and nowhere else: no string, no undo history, no preferences. It leaves as
// a copy that belongs to the receiver of the event, and the array is wiped when it does, when the
// page asks for something else, and when the page goes.
type digitField struct {
	widget.BaseWidget

	keys    *keyboard
	changed func()             // told after each digit
	submit  func(kiosk.Secret) // told when Enter or OK found enough digits
	allowed func([]byte) bool  // whether they may be submitted; must not keep the slice
	refused func()             // told when it found too few, or digits that are not allowed
	name    func(n int) string // for a screen reader

	auto      bool             // submits with the last digit
	now       func() time.Time // by which what follows that digit at once is told apart
	submitted time.Time

	typed    [12]byte
	n        int
	min, max int
	letters  bool   // and signs: whatever can be printed in ASCII
	alphabet string // these signs only, in capitals
	group    int    // boxes that stand together; 0 for all
	masked   bool
	locked   bool
	focused  bool

	width, height, gap float32     // of a box, and between two
	zoom               *theme.Zoom // of all three
}

var (
	_ fyne.Focusable  = (*digitField)(nil)
	_ fyne.Tappable   = (*digitField)(nil)
	_ fyne.Accessible = (*digitField)(nil)
	_ desktop.Keyable = (*digitField)(nil)
)

func newDigitField(keys *keyboard, changed func(), submit func(kiosk.Secret)) *digitField {
	f := &digitField{keys: keys, changed: changed, submit: submit, name: func(int) string { return "" }, now: time.Now, refused: func() {}, allowed: func([]byte) bool { return true }}
	f.width, f.height, f.gap = boxWidth, boxHeight, boxGap
	f.ExtendBaseWidget(f)
	return f
}

// newNumberField is a digitField for a number that is no secret, in smaller boxes: changed looks at it after
// each digit, and nothing submits it.
func newNumberField(keys *keyboard, digits int, changed func()) *digitField {
	f := newDigitField(keys, changed, func(number kiosk.Secret) { number.Wipe() })
	f.width, f.height, f.gap = 36, 46, 7
	f.min, f.max = digits, digits
	return f
}

// text is what is typed, of a number that is no secret.
func (f *digitField) text() string { return string(f.typed[:f.n]) }

// put shows another number. Nobody is told.
func (f *digitField) put(digits string) {
	f.wipe()
	for _, r := range digits {
		if r >= '0' && r <= '9' && f.n < f.max {
			f.typed[f.n] = byte(r)
			f.n++
		}
	}
	f.Refresh()
}

// configure says what is asked for; it keeps what was typed.
func (f *digitField) configure(m present.InputModel, name func(int) string) {
	f.name, f.auto = name, m.Auto
	f.letters, f.alphabet = m.Letters, m.Alphabet
	if f.group != m.Group {
		f.group = m.Group
		f.width, f.gap = boxWidth, boxGap
		if f.group > 0 { // there are more of them
			f.width, f.gap = 38, 8
		}
		f.Refresh()
	}
	if f.min != m.Min || f.max != m.Max || f.masked != m.Masked || f.locked != m.Locked {
		f.min, f.max, f.masked, f.locked = m.Min, min(m.Max, len(f.typed)), m.Masked, m.Locked
		f.Refresh()
	}
}

// wipe overwrites what was typed.
func (f *digitField) wipe() {
	clear(f.typed[:])
	if f.n != 0 {
		f.n = 0
		f.Refresh()
	}
}

// look lets the page check the digits where they are. The slice is only valid during the call.
func (f *digitField) look(check func(digits []byte)) { check(f.typed[:f.n]) }

// takes reports whether a character is one of those that are asked for.
func (f *digitField) takes(r rune) bool {
	if f.alphabet != "" {
		return strings.ContainsRune(f.alphabet, r)
	}
	return r >= '0' && r <= '9' || f.letters && r > ' ' && r <= unicode.MaxASCII && unicode.IsPrint(r)
}

// enter adds a digit; anything else, and what is too much, is ignored.
func (f *digitField) enter(r rune) {
	if f.alphabet != "" {
		r = unicode.ToUpper(r)
	}
	if !f.takes(r) || f.n >= f.max || f.locked || f.settles() {
		return
	}
	f.typed[f.n] = byte(r)
	f.n++
	f.keys.touched()
	f.Refresh()
	f.changed()
	if f.auto && f.n == f.max {
		f.ok()
		f.submitted = f.now()
	}
}

// settles reports whether a key comes so soon behind the last digit that it was meant for the same number: a digit
// too many, or Enter out of habit. By then the page may ask for something else.
func (f *digitField) settles() bool { return f.now().Sub(f.submitted) < settleTime }

func (f *digitField) delete() {
	if f.n == 0 || f.locked {
		return
	}
	f.n--
	f.typed[f.n] = 0
	f.Refresh()
	f.changed()
}

// ok submits when there are enough digits and no rule is broken, and wipes. Otherwise they are left as
// they are, and the page says why: who presses Enter too early goes on typing.
func (f *digitField) ok() {
	if f.locked || f.min == 0 || f.settles() {
		return
	}
	if f.n < f.min || !f.allowed(f.typed[:f.n]) {
		f.refused()
		return
	}
	secret := make(kiosk.Secret, f.n)
	copy(secret, f.typed[:f.n])
	f.wipe()
	f.submit(secret)
}

// FocusGained implements fyne.Focusable.
func (f *digitField) FocusGained() { f.focused = true; f.Refresh() }

// FocusLost implements fyne.Focusable.
func (f *digitField) FocusLost() { f.focused = false; f.Refresh() }

// KeyDown implements desktop.Keyable.
func (f *digitField) KeyDown(ev *fyne.KeyEvent) { f.keys.down(ev, nil) }

// KeyUp implements desktop.Keyable.
func (f *digitField) KeyUp(ev *fyne.KeyEvent) { f.keys.up(ev, nil) }

// TypedRune implements fyne.Focusable.
func (f *digitField) TypedRune(r rune) { f.keys.digitRune(r, f.enter) }

// TypedKey implements fyne.Focusable.
func (f *digitField) TypedKey(ev *fyne.KeyEvent) { f.keys.digitKey(ev, f.enter) }

// press acts on the keys of a field; the page offers it every key first.
func (f *digitField) press(key fyne.KeyName) bool {
	switch key {
	case fyne.KeyBackspace, fyne.KeyDelete:
		f.delete()
	case fyne.KeyReturn, fyne.KeyEnter:
		f.ok()
	default:
		return false
	}
	return true
}

// Tapped implements fyne.Tappable.
func (f *digitField) Tapped(*fyne.PointEvent) {
	if c := fyne.CurrentApp().Driver().CanvasForObject(f); c != nil {
		c.Focus(f)
	}
}

// AccessibilityLabel implements fyne.Accessible. It says how many digits there are, never which.
func (f *digitField) AccessibilityLabel() string { return f.name(f.n) }

// AccessibilityRole implements fyne.Accessible.
func (f *digitField) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

// boxes are as many as are needed, and one more for each digit beyond those.
func (f *digitField) boxes() int { return max(f.min, f.n) }

func (f *digitField) lengths() (width, height, gap float32) {
	return f.zoom.Of(f.width), f.zoom.Of(f.height), f.zoom.Of(f.gap)
}

// apart is by how much a box stands further because groups stand apart.
func (f *digitField) apart(box int) float32 {
	if f.group == 0 {
		return 0
	}
	return float32(box/f.group) * f.zoom.Of(20)
}

// CreateRenderer implements fyne.Widget.
func (f *digitField) CreateRenderer() fyne.WidgetRenderer {
	f.ExtendBaseWidget(f)
	r := &digitRenderer{field: f}
	r.rebuild()
	return r
}

type digitRenderer struct {
	field   *digitField
	objects []fyne.CanvasObject
}

func (r *digitRenderer) Destroy() {}

func (r *digitRenderer) Objects() []fyne.CanvasObject { return r.objects }

func (r *digitRenderer) MinSize() fyne.Size {
	n := float32(max(r.field.max, 1))
	width, height, gap := r.field.lengths()
	return fyne.NewSize(n*width+(n-1)*gap+r.field.apart(int(n)-1), height)
}

func (r *digitRenderer) Layout(fyne.Size) {}

func (r *digitRenderer) Refresh() {
	r.rebuild()
	canvas.Refresh(r.field)
}

func (r *digitRenderer) rebuild() {
	f := r.field
	width, height, gap := f.lengths()
	r.objects = r.objects[:0:0]
	for i := range f.boxes() {
		box := canvas.NewRectangle(theme.Surface)
		box.CornerRadius, box.StrokeWidth, box.StrokeColor = 8, theme.Stroke(2), theme.FieldEdge
		if f.focused && !f.locked && i == min(f.n, f.boxes()-1) {
			box.StrokeWidth, box.StrokeColor = theme.Stroke(3), theme.Ring
		}
		if f.locked {
			box.FillColor = theme.Page
		}
		at := fyne.NewPos(float32(i)*(width+gap)+f.apart(i), 0)
		box.Move(at)
		box.Resize(fyne.NewSize(width, height))
		r.objects = append(r.objects, box)
		if i < f.n {
			r.objects = append(r.objects, r.sign(i, at))
		}
	}
}

// sign is a dot, or for a one-time code the digit. A canvas.Text is a string that the program cannot
// wipe, hence never of a PIN.
func (r *digitRenderer) sign(i int, at fyne.Position) fyne.CanvasObject {
	width, height, _ := r.field.lengths()
	if r.field.masked {
		dot := canvas.NewCircle(theme.Ink)
		size := height * 10 / boxHeight
		dot.Move(at.AddXY((width-size)/2, (height-size)/2))
		dot.Resize(fyne.NewSquareSize(size))
		return dot
	}
	digit := canvas.NewText(string(rune(r.field.typed[i])), theme.Ink.Now())
	digit.TextSize, digit.Alignment = height*0.48, fyne.TextAlignCenter // in a box of fixed size
	digit.Move(at)
	digit.Resize(fyne.NewSize(width, height))
	return digit
}
