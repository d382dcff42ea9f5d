package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"balcao/kiosk"
	"balcao/ui/present"
	"balcao/ui/theme"
)

// ink is the colour of a tone.
func ink(t present.Tone) theme.Colour {
	switch t {
	case present.TonePlain:
		return theme.Ink
	case present.ToneGood:
		return theme.Green
	case present.ToneCare:
		return theme.Amber
	case present.ToneBad:
		return theme.Red
	default:
		return theme.InkFaint
	}
}

// say shows a line in a text, or hides the text when there is nothing to say. What is wrong or needs care has a
// sign besides its colour.
func say(text *theme.Text, l present.Line) {
	text.SetText(l.Text)
	text.SetColour(ink(l.Tone))
	sign := theme.Pending
	switch l.Tone {
	case present.ToneCare:
		sign = theme.Unknown
	case present.ToneBad:
		sign = theme.Failed
	}
	text.SetSign(sign)
	reveal(text, l.Text != "")
}

// lineHeight is that of a line of text, in its size.
const lineHeight = 1.37

func reveal(object fyne.CanvasObject, shown bool) {
	if shown == object.Visible() {
		return
	}
	if shown {
		object.Show()
	} else {
		object.Hide()
	}
}

// list keeps as many rows as were ever shown at once, and hides those not needed now. Rows are made
// once, because objects that come and go fill Fyne's caches.
type list[R any, V any] struct {
	content *fyne.Container
	rows    []R
	make    func() (R, fyne.CanvasObject)
	fill    func(R, V)
}

func newList[R any, V any](gap float32, make func() (R, fyne.CanvasObject), fill func(R, V)) *list[R, V] {
	return &list[R, V]{content: rows(gap), make: make, fill: fill}
}

// show shows the values; rows that are not needed are emptied as well as hidden.
func (l *list[R, V]) show(values []V) {
	for len(l.rows) < len(values) {
		row, object := l.make()
		l.rows = append(l.rows, row)
		l.content.Add(object)
	}
	var none V
	for i, row := range l.rows {
		if i < len(values) {
			l.fill(row, values[i])
		} else {
			l.fill(row, none)
		}
		reveal(l.content.Objects[i], i < len(values))
	}
}

// fieldRow is a label and its value.
type fieldRow struct{ label, value *theme.Text }

// newFields lists data; the labels share a column of the width given.
func newFields(gap, labelWidth float32, style func(label, value *theme.Text)) *list[fieldRow, present.Field] {
	return newList(gap,
		func() (fieldRow, fyne.CanvasObject) {
			row := fieldRow{theme.Label("").Wrap(), theme.Value("").Wrap()}
			if style != nil {
				style(row.label, row.value)
			}
			return row, columns(16, []float32{-labelWidth, 1}, row.label, row.value)
		},
		func(row fieldRow, f present.Field) {
			row.label.SetText(f.Label)
			row.value.SetText(f.Value)
		})
}

// newLines lists sentences of one style.
func newLines(gap float32, style func() *theme.Text) *list[*theme.Text, present.Line] {
	return newList(gap,
		func() (*theme.Text, fyne.CanvasObject) {
			text := style().Wrap()
			return text, text
		},
		func(text *theme.Text, l present.Line) {
			if l.Text == "" {
				l.Tone = present.ToneQuiet
			}
			say(text, l)
		})
}

// checkView is one check: its sign, what it is, who answered; and a remedy below when there is one.
type checkView struct {
	icon                 *theme.Circle
	text, detail, remedy *theme.Text
	rule                 fyne.CanvasObject
}

// checkList lists checks with a thin line between them, each with as much room above and below as their number leaves
// on a page of the design's height: fourteen, some with a remark, are seen at once.
type checkList struct {
	*list[checkView, present.CheckRow]
	room float32
}

func (l *checkList) show(rows []present.CheckRow) {
	l.room = fyne.Max(1, fyne.Min(6, float32(14-len(rows))))
	l.list.show(rows)
}

// Layout implements fyne.Layout, of one check.
func (l *checkList) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	objects[0].Move(fyne.NewPos(0, l.room))
	objects[0].Resize(fyne.NewSize(size.Width, size.Height-2*l.room))
}

// MinSize implements fyne.Layout, of one check.
func (l *checkList) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return objects[0].MinSize().AddWidthHeight(0, 2*l.room)
}

func newChecks() *checkList {
	first, l := true, &checkList{}
	l.list = newList(0,
		func() (checkView, fyne.CanvasObject) {
			v := checkView{
				icon:   theme.TickIcon(theme.Pending),
				text:   theme.Value("").Wrap(),
				detail: theme.Small("").In(theme.InkFaint).Wrap(),
				remedy: theme.Small("").In(theme.Red).Wrap(),
			}
			separator := canvas.NewRectangle(theme.Border)
			v.rule = sized(1, 1, separator)
			if first {
				v.rule.Hide()
			}
			first = false
			row := rows(1,
				container.New(&checkLine{}, v.icon, v.text, v.detail),
				theme.Padded(34, 0, v.remedy))
			return v, rows(0, v.rule, container.New(l, row))
		},
		func(v checkView, row present.CheckRow) {
			v.icon.SetResult(theme.Result(row.Result))
			v.icon.SetCurrent(row.Current)
			v.text.SetText(row.Text)
			v.text.SetBold(row.Current)
			v.detail.SetText(row.Detail)
			v.remedy.SetText(row.Remedy)
			if row.Result == kiosk.Unknown || row.Result == kiosk.Absent {
				v.remedy.SetColour(theme.Amber)
			} else {
				v.remedy.SetColour(theme.Red)
			}
			reveal(v.remedy, row.Remedy != "")
		})
	return l
}

// checkLine is a sign, what was checked, and who answered: at the right end where there is room, else below, all
// of it.
type checkLine struct{ height float32 }

func (l *checkLine) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	icon, text, detail := objects[0], objects[1].(*theme.Text), objects[2].(*theme.Text)
	const gap = 12
	least := icon.MinSize()
	x := least.Width + gap
	room := size.Width - x
	long := text.Natural()
	short := detail.Natural()
	if detail.Text() != "" && long+gap+short > room {
		high := theme.HeightAt(text, room)
		low := theme.HeightAt(detail, room)
		l.height = fyne.Max(least.Height, high+low)
		text.Move(fyne.NewPos(x, 0))
		detail.Move(fyne.NewPos(x, high))
		text.Resize(fyne.NewSize(room, high))
		detail.Resize(fyne.NewSize(room, low))
		icon.Move(fyne.NewPos(0, (high-least.Height)/2))
	} else {
		if detail.Text() != "" {
			room -= gap + short
		}
		high := theme.HeightAt(text, room)
		l.height = fyne.Max(least.Height, high)
		text.Move(fyne.NewPos(x, (l.height-high)/2))
		text.Resize(fyne.NewSize(room, high))
		low := theme.HeightAt(detail, short+1)
		detail.Move(fyne.NewPos(size.Width-short-1, (l.height-low)/2))
		detail.Resize(fyne.NewSize(short+1, low))
		icon.Move(fyne.NewPos(0, (l.height-least.Height)/2))
	}
	icon.Resize(least)
}

func (l *checkLine) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(objects[0].MinSize().Width+40, fyne.Max(l.height, objects[0].MinSize().Height))
}

// problemView is the three parts of an error beside a red bar.
type problemView struct {
	labels, texts [3]*theme.Text
	reference     *theme.Text
	content       fyne.CanvasObject
}

func newProblemView() *problemView {
	v := &problemView{reference: theme.Small("").Wrap()}
	var parts []fyne.CanvasObject
	for i := range v.labels {
		v.labels[i], v.texts[i] = theme.Heading("").Wrap(), theme.Body("").Wrap()
		parts = append(parts, rows(3, v.labels[i], v.texts[i]))
	}
	parts = append(parts, v.reference)
	v.content = theme.Notice(theme.Red, rows(18, parts...))
	return v
}

func (v *problemView) show(m present.ProblemModel) {
	for i, text := range []present.Field{
		{Label: m.WhatLabel, Value: m.What}, {Label: m.MeansLabel, Value: m.Means}, {Label: m.NextLabel, Value: m.Next},
	} {
		v.labels[i].SetText(text.Label)
		v.texts[i].SetText(text.Value)
	}
	say(v.reference, present.Line{Text: m.Reference, Tone: present.ToneQuiet})
}

// actionRow is the buttons under a page, with one at the right end.
type actionRow struct {
	keys    *keyboard
	zoom    *theme.Zoom // of the citizen's buttons, which are large; nil for the clerk's
	do      func(present.Action)
	buttons []*button
	right   *button
	note    *theme.Text
	end     *fyne.Container
	content *fyne.Container
}

func newActionRow(keys *keyboard, gap, least float32, do func(present.Action)) *actionRow {
	r := &actionRow{keys: keys, do: do, right: newButton(keys), note: theme.Label("")}
	r.end = container.New(columnsLayout{gap: 20, shares: []float32{0, 0}, middle: true}, r.note, r.right)
	r.content = container.New(&flowLayout{gap: gap, between: gap, least: least, end: true}, r.end)
	return r
}

func (r *actionRow) show(actions []present.Action, right *present.Action, note string) {
	for len(r.buttons) < len(actions) {
		b := newButton(r.keys)
		if r.zoom != nil {
			b.Enlarge(r.zoom)
		}
		r.buttons = append(r.buttons, b)
		at := len(r.content.Objects) - 1
		r.content.Objects = append(r.content.Objects[:at:at], b, r.end)
	}
	for i, b := range r.buttons {
		if i < len(actions) {
			b.show(actions[i], r.do)
		}
		reveal(b, i < len(actions))
	}
	if right != nil {
		r.right.show(*right, r.do)
	}
	reveal(r.right, right != nil)
	say(r.note, present.Line{Text: note, Tone: present.ToneQuiet})
	reveal(r.end, right != nil || note != "")
}
