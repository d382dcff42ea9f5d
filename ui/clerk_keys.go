package ui

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"balcao/ui/present"
)

// press gives a key its meaning on the page that is shown.
func (v *clerkView) press(key fyne.KeyName) bool {
	if v.log.press(key) || v.menu.press(key) {
		return true
	}
	if over := v.shown.Overlay; over != nil {
		if key == fyne.KeyEscape && over.Escape != nil {
			v.send(over.Escape)
			return true
		}
		return v.pressOne(keyNames[key], over.Actions)
	}
	if v.pressField(key) {
		return true
	}
	switch key {
	case fyne.KeyF12:
		v.menu.open(present.Words{Language: v.shown.Language}, v.shown.Person)
		return true
	case fyne.KeyDown, fyne.KeyUp, fyne.KeyPageDown, fyne.KeyPageUp:
		scrollBy(v.scroll, key)
		return true
	}
	actions := slices.Concat(v.shown.Actions, v.shown.Access.Corrections)
	if v.shown.Cancel != nil {
		actions = append(actions, *v.shown.Cancel)
	}
	if key == fyne.KeyEscape && v.shown.Cancel == nil && v.shown.Escape != nil {
		v.send(v.shown.Escape)
		return true
	}
	return v.pressOne(keyNames[key], actions)
}

// pressField offers a key to the field of the page.
func (v *clerkView) pressField(key fyne.KeyName) bool {
	if pin := v.pin(); pin != nil && pin.press(key) {
		return true
	}
	if form := v.form(); form != nil && form.press(key, v.window.Canvas().Focused(), func(field fyne.Focusable) { v.window.Canvas().Focus(field) }, v.main) {
		return true
	}
	switch v.shown.Page {
	case present.PageAccess:
		return v.access.press(key)
	case present.PageIdentity:
		if keyNames[key] != present.ChecksKey {
			return false
		}
		v.identity.toggle()
		v.frame.Refresh()
		return true
	case present.PageEligibility:
		return v.eligibility.press(key, v.window.Canvas().Focused(), func() { v.press(fyne.KeyF10) })
	default:
		return false
	}
}

// main presses the one obvious action of the page.
func (v *clerkView) main() {
	for _, a := range v.shown.Actions {
		if a.Main {
			v.do(a)
			return
		}
	}
}

// digit takes characters that are typed while a button has the focus.
func (v *clerkView) digit(r rune) {
	if v.log.character(r) || v.menu.digit(r) {
		return
	}
	if pin := v.pin(); pin != nil {
		pin.enter(r)
		return
	}
	if form := v.form(); form != nil && form.enter(r) {
		return
	}
	v.access.digit(r)
}

// seek scrolls what has the focus into the window: large text makes pages longer than it.
func (v *clerkView) seek(object fyne.CanvasObject) { v.seekPart(object, 0, object.Size().Height) }

// seekPart scrolls a part of an object into the window: from, and how high.
func (v *clerkView) seekPart(object fyne.CanvasObject, from, height float32) {
	at, ok := depth(v.scroll.Content, object)
	if !ok {
		return
	}
	top := at + from
	bottom := top + height
	const room = 24 // for a label above and a hint below
	switch {
	case top-room < v.scroll.Offset.Y:
		v.scroll.ScrollToOffset(fyne.NewPos(0, max(0, top-room)))
	case bottom+room > v.scroll.Offset.Y+v.scroll.Size().Height:
		v.scroll.ScrollToOffset(fyne.NewPos(0, bottom+room-v.scroll.Size().Height))
	}
}

// depth is how far an object stands below the top of what contains it. The driver does not know that of an object which
// was never painted.
func depth(in, object fyne.CanvasObject) (float32, bool) {
	if in == object {
		return 0, true
	}
	if all, ok := in.(*fyne.Container); ok {
		for _, child := range all.Objects {
			if y, found := depth(child, object); found {
				return child.Position().Y + y, true
			}
		}
	}
	return 0, false
}

func (v *clerkView) pressOne(name string, actions []present.Action) bool {
	if name == "" {
		return false
	}
	for _, a := range actions {
		if a.Key == name {
			v.do(a)
			return true
		}
	}
	return false
}

func scrollBy(scroll *container.Scroll, key fyne.KeyName) {
	step := float32(60)
	if key == fyne.KeyPageDown || key == fyne.KeyPageUp {
		step = scroll.Size().Height * 0.9
	}
	if key == fyne.KeyUp || key == fyne.KeyPageUp {
		step = -step
	}
	most := fyne.Max(0, scroll.Content.Size().Height-scroll.Size().Height)
	scroll.ScrollToOffset(fyne.NewPos(0, fyne.Min(most, fyne.Max(0, scroll.Offset.Y+step))))
}
