package theme

import (
	"image"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
)

// A window's frame and its title bar, in pixels, as wide as common window managers draw them.
const (
	frameWidth = 8
	titleBar   = 30
)

// Places are where windows go on one monitor, in pixels and without their frames.
type Places struct{ Clerk, Citizen, Bench image.Rectangle }

// Width of a monitor from which the citizen's window is as on a monitor of its own, on a narrower one upright, as a
// tablet stands; and the size from which the bench is a strip below. On a smaller one the bench is behind the other
// two, and each keeps an edge that the others leave free to click.
const (
	roomForBoth             = 1280 + 1024 + 3*frameWidth
	stripWidth, stripHeight = 1500, 1000
	freeEdge                = 72

	leastClerk, leastCitizen = 760, 480 // wide
)

// PlacesOn divides a monitor, or what panels leave of it, between the desk's windows and the test bench's. Where
// there is no room for all of them, they overlap, and none is cut off: the bench first.
func PlacesOn(area image.Rectangle) Places {
	inner := image.Rect(area.Min.X+frameWidth, area.Min.Y+titleBar, area.Max.X-frameWidth, area.Max.Y-frameWidth)
	at := func(x, y, width, height int) image.Rectangle {
		return image.Rect(x, y, min(x+width, inner.Max.X), min(y+height, inner.Max.Y))
	}
	width, height := inner.Dx(), 800
	clerkWidth, citizenWidth := 1280, 1024
	if width < roomForBoth-2*frameWidth {
		clerkWidth = max(width*2/3-frameWidth, 1000)
		citizenWidth = max(width-clerkWidth-2*frameWidth, leastCitizen)
		clerkWidth = max(width-citizenWidth-2*frameWidth, leastClerk)
	}
	across := min(1180, width)
	bench := at(inner.Max.X-across, max(inner.Min.Y+freeEdge, inner.Max.Y-height), across, height)
	if area.Dx() < stripWidth || area.Dy() < stripHeight {
		height = min(height, inner.Dy()-freeEdge)
	} else {
		height = min(height, area.Dy()*7/10) // the rest is the bench's
		below := inner.Min.Y + height + frameWidth + titleBar
		bench = at(inner.Min.X, below, min(width, 1920), inner.Max.Y-below)
	}
	citizenAt := min(inner.Min.X+clerkWidth+2*frameWidth, inner.Max.X-citizenWidth)
	return Places{
		Clerk:   at(inner.Min.X, inner.Min.Y, clerkWidth, height),
		Citizen: at(citizenAt, inner.Min.Y, citizenWidth, height),
		Bench:   bench,
	}
}

// Place asks the window manager for a position, and sizes the window. It may have its own idea; the toolkit takes
// 0,0 for no wish at all.
func Place(w fyne.Window, at image.Rectangle) { PlaceScaled(w, at, 1) }

// PlaceScaled is Place where each unit of the toolkit is as many pixels, and the place is one on a Scaled monitor.
func PlaceScaled(w fyne.Window, at image.Rectangle, pixels float32) {
	w.Resize(fyne.NewSize(float32(at.Dx()), float32(at.Dy())))
	PlaceAt(w, image.Pt(int(float32(at.Min.X)*pixels), int(float32(at.Min.Y)*pixels)))
}

// Scaled is an area in units of the toolkit, each of which is as many pixels.
func Scaled(area image.Rectangle, pixels float32) image.Rectangle {
	in := func(p image.Point) image.Point { return image.Pt(int(float32(p.X)/pixels), int(float32(p.Y)/pixels)) }
	return image.Rectangle{Min: in(area.Min), Max: in(area.Max)}
}

// PlaceAt asks for a position only.
func PlaceAt(w fyne.Window, at image.Point) {
	if w, ok := w.(desktop.Window); ok {
		w.RequestPosition(at.X, at.Y)
	}
}

// FirstPlace is where a window that fills a monitor is asked for before it does.
func FirstPlace(monitor image.Point) image.Point { return monitor.Add(image.Pt(frameWidth, titleBar)) }
