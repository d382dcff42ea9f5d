package ui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"balcao/ui/present"
	"balcao/ui/theme"
)

// headerView is the bar at the top: the application, the desk, the language.
type headerView struct {
	name, desk, who, lock, lockKey, language, key *theme.Text
	deskChip, whoChip, lockChip                   fyne.CanvasObject
	content                                       *fyne.Container
}

func newHeaderView(switchLanguage, lock func()) *headerView {
	h := &headerView{
		name:     theme.Heading("").In(theme.HeaderInk).Lines(1),
		desk:     theme.Small("").In(theme.HeaderInk).Lines(1),
		who:      theme.Small("").In(theme.HeaderInk).Lines(1),
		lock:     theme.Small("").In(theme.HeaderInk).Bold(),
		lockKey:  theme.NewText("", theme.SizeKey, fyne.TextStyle{}, theme.HeaderInk),
		language: theme.Small("").In(theme.HeaderInk).Bold(),
		key:      theme.NewText("F12", theme.SizeKey, fyne.TextStyle{}, theme.HeaderInk),
	}
	h.deskChip, h.whoChip = chip(h.desk), chip(h.who)
	h.lockChip = newTapArea(chip(theme.Columns(6, h.lock, h.lockKey)), lock)
	language := newTapArea(chip(theme.Columns(6, h.language, h.key)), switchLanguage)
	row := container.New(headerLayout{h}, h.name, h.deskChip, h.whoChip, h.lockChip, language)
	h.content = theme.Fill(theme.Header, theme.Padded(24, 14, row))
	return h
}

func chip(content fyne.CanvasObject) fyne.CanvasObject {
	back := canvas.NewRectangle(theme.HeaderChip)
	back.CornerRadius = 14
	return container.NewStack(back, theme.Padded(chipX, 5, content))
}

func (h *headerView) show(m present.ClerkModel) {
	h.name.SetText(m.App)
	h.desk.SetText(m.Desk)
	h.language.SetText(m.Chip)
	h.who.SetText(m.Who)
	if m.Lock != nil {
		h.lock.SetText(m.Lock.Text)
		h.lockKey.SetText(m.Lock.Key)
	}
	reveal(h.deskChip, m.Desk != "")
	reveal(h.whoChip, m.Who != "")
	reveal(h.lockChip, m.Lock != nil)
	h.content.Refresh()
}

// headerLayout sets the header's texts in a row. Where there is not room for all of them, the application's name is
// cut and then left out, and the desk's and the clerk's are cut: the buttons always stand there.
type headerLayout struct{ view *headerView }

const headerGap, chipX, leastName = 14, 12, 90

func (l headerLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	h := l.view
	chips := objects[1:]
	widths := []float32{h.desk.Natural() + 2*chipX + 1, h.who.Natural() + 2*chipX + 1, objects[3].MinSize().Width, objects[4].MinSize().Width}
	left := size.Width + headerGap
	for i, object := range chips {
		if !object.Visible() {
			widths[i] = -headerGap
		} else if i > 1 {
			left -= widths[i] + headerGap
		}
	}
	widths[1] = fyne.Min(widths[1], fyne.Max(left/2, left-widths[0]-2*headerGap))
	widths[0] = fyne.Min(widths[0], left-widths[1]-2*headerGap)
	x := size.Width + headerGap
	for i := len(chips) - 1; i >= 0; i-- {
		x -= widths[i] + headerGap
		height := chips[i].MinSize().Height
		chips[i].Move(fyne.NewPos(x, (size.Height-height)/2))
		chips[i].Resize(fyne.NewSize(fyne.Max(0, widths[i]), height))
	}
	reveal(h.name, x-headerGap > leastName)
	h.name.Move(fyne.NewPos(0, (size.Height-h.name.MinSize().Height)/2))
	h.name.Resize(fyne.NewSize(fyne.Max(0, x-headerGap), h.name.MinSize().Height))
}

func (l headerLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	size := fyne.Size{Height: l.view.name.MinSize().Height}
	for _, object := range objects {
		size.Height = fyne.Max(size.Height, object.MinSize().Height)
	}
	return size
}

// tapArea makes its content tappable. It takes no focus: what it does has a key of its own.
type tapArea struct {
	widget.BaseWidget
	inner fyne.CanvasObject
	tap   func()
}

func newTapArea(inner fyne.CanvasObject, tap func()) *tapArea {
	a := &tapArea{inner: inner, tap: tap}
	a.ExtendBaseWidget(a)
	return a
}

// Tapped implements fyne.Tappable.
func (a *tapArea) Tapped(*fyne.PointEvent) { a.tap() }

// CreateRenderer implements fyne.Widget.
func (a *tapArea) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(a.inner) }

// railView is one of the six steps.
type railView struct {
	back  *canvas.Rectangle
	icon  *theme.Circle
	title *theme.Text
}

func newRail(narrow *bool) *list[railView, present.RailItem] {
	number := 0
	return newList(0,
		func() (railView, fyne.CanvasObject) {
			number++
			v := railView{canvas.NewRectangle(color.Transparent), theme.NumberIcon(number, false), theme.Value("").Wrap()}
			v.back.CornerRadius = 8
			row := centred(12, []float32{0, 1}, v.icon, v.title)
			return v, container.NewStack(v.back, theme.Padded(8, 13, row))
		},
		func(v railView, item present.RailItem) {
			v.title.SetText(item.Title)
			reveal(v.title, !*narrow)
			back, ink, result := theme.Clear, theme.InkFaint, theme.Pending
			switch item.State {
			case present.RailCurrent:
				back, ink = theme.Selected, theme.SelectedOn
			case present.RailError:
				back, ink, result = theme.RedSurface, theme.RedOn, theme.Failed
			case present.RailDone:
				result = theme.Passed
			}
			v.icon.SetResult(result)
			v.icon.SetCurrent(item.State == present.RailCurrent)
			v.title.SetColour(ink)
			v.title.SetBold(item.State == present.RailCurrent || item.State == present.RailError)
			if v.back.FillColor != color.Color(back) {
				v.back.FillColor = back
				v.back.Refresh()
			}
		})
}

// railLayout gives the steps their width, which grows with the text, and their height: they do not run under the
// status bar.
type railLayout struct{ narrow *bool }

func (railLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	objects[0].Resize(fyne.NewSize(size.Width, objects[0].MinSize().Height))
}

func (l railLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	width := float32(195)
	if *l.narrow {
		width = 44 // the numbers
	}
	return fyne.NewSize(width*textScale(), objects[0].MinSize().Height)
}

// clerkLayout fills the window. A narrow one has no room for the steps' names: the page's title says which it is.
type clerkLayout struct{ view *clerkView }

const leastForNames = 1000 // wide

func (l clerkLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	if narrow := size.Width < leastForNames; narrow != l.view.narrow {
		l.view.narrow = narrow
		for _, row := range l.view.rail.rows {
			reveal(row.title, !narrow)
		}
	}
	objects[0].Resize(size)
}

func (clerkLayout) MinSize(objects []fyne.CanvasObject) fyne.Size { return objects[0].MinSize() }

// clerkColumn is the page's place: a column in the middle of a wide monitor, whose lines are not too long to read.
// Without the steps beside it, it is narrower.
type clerkColumn struct{ view *clerkView }

const columnX, columnTop, columnBottom, columnMost, columnAlone = 32, 28, 20, 1240, 1040

func (c clerkColumn) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	width := min(size.Width-2*columnX, columnMost)
	if !c.view.side.Visible() {
		width = min(width, columnAlone*textScale())
	}
	objects[0].Move(fyne.NewPos((size.Width-width)/2, columnTop))
	objects[0].Resize(fyne.NewSize(width, size.Height-columnTop-columnBottom))
}

func (clerkColumn) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return objects[0].MinSize().AddWidthHeight(2*columnX, columnTop+columnBottom)
}

// lightView is a dot and its words in the status bar.
type lightView struct {
	dot  *theme.Circle
	text *theme.Text
}

type lightsView struct {
	row     *fyne.Container
	lights  []lightView
	clock   *theme.Text
	content *fyne.Container
}

func newLightsView() *lightsView {
	v := &lightsView{row: container.New(&flowLayout{gap: 28, between: 14}), clock: theme.Small("")}
	line := canvas.NewRectangle(theme.Border)
	bar := theme.Padded(24, 8, centred(28, []float32{1, 0}, v.row, v.clock))
	v.content = theme.Fill(theme.Surface, rows(0, sized(1, 1, line), bar))
	return v
}

func (v *lightsView) show(lights []present.Light, clock string) {
	v.clock.SetText(clock)
	for len(v.lights) < len(lights) {
		l := lightView{theme.Dot(theme.Green), theme.Small("")}
		v.lights = append(v.lights, l)
		v.row.Add(theme.Columns(7, l.dot, l.text))
	}
	for i, l := range v.lights {
		reveal(v.row.Objects[i], i < len(lights))
		if i < len(lights) {
			l.text.SetText(lights[i].Text)
			l.dot.SetColour(ink(lights[i].Tone))
		}
	}
	v.content.Refresh()
}

// overlayView asks something over the page. It is no Fyne dialog: those size wrapped text wrongly and
// take no keys of ours.
type overlayView struct {
	keys    keyboard
	title   *theme.Text
	text    *theme.Text
	actions *actionRow
	up      bool
	content fyne.CanvasObject
}

func newOverlayView(zoom *theme.Zoom, press func(fyne.KeyName) bool, do func(present.Action)) *overlayView {
	v := &overlayView{title: theme.Title("").Zoomed(zoom).Wrap(), text: theme.Body("").Zoomed(zoom).Wrap()}
	v.keys.press = press
	v.actions = newActionRow(&v.keys, 12, 52, do)
	if v.actions.zoom = zoom; zoom != nil { // the citizen's
		v.text.Sized(theme.SizeCitizenText)
	}
	scrim := canvas.NewRectangle(theme.Scrim)
	panel := theme.PanelPadded(32, rows(14, v.title, v.text, theme.Padded(0, 8, v.actions.content)))
	v.content = container.New(middleLayout{width: 640, zoom: zoom}, newTapArea(scrim, func() {}), panel)
	return v
}

// over puts the question over a window, or with nil takes it away.
func (v *overlayView) over(window fyne.Window, m *present.OverlayModel) {
	switch {
	case m == nil && !v.up:
	case m == nil:
		window.Canvas().Overlays().Remove(v.content)
		v.up = false
		v.show(present.OverlayModel{})
	default:
		v.show(*m)
		if !v.up {
			v.up = true
			window.Canvas().Overlays().Add(v.content)
			v.content.Resize(window.Canvas().Size())
		}
	}
}

func (v *overlayView) show(m present.OverlayModel) {
	v.title.SetText(m.Title)
	v.text.SetText(m.Text)
	v.actions.show(m.Actions, nil, "")
	if v.up {
		v.content.Refresh()
	}
}

// middleLayout stretches the first object over everything and puts the second in the middle.
type middleLayout struct {
	width float32
	zoom  *theme.Zoom
}

func (l middleLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	objects[0].Resize(size)
	width := fyne.Min(l.zoom.Of(l.width), size.Width-64)
	height := theme.HeightAt(objects[1], width)
	objects[1].Resize(fyne.NewSize(width, height))
	objects[1].Move(fyne.NewPos((size.Width-width)/2, (size.Height-height)*0.42))
}

func (l middleLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(l.width, 200) }
