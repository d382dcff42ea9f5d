// Package theme is how Balcão looks: colours, theme, text, buttons and panels shared by the desk's
// windows and by the test bench's. It knows Fyne and nothing else of the house, so that a window
// that may not know the desk can still look like it.
//
// An application sets theme.Theme once (and again when the text size setting changes) and builds its
// pages from the makers here. Sizes are looked up in the theme each time, so a new text size reaches
// what is already on the screen. There is one palette: a counter under fluorescent light has no use
// for a dark variant.
package theme

import "image/color"

// Colour is a colour as 0xRRGGBB. It is a constant type, so that no page can repaint the others.
type Colour uint32

var _ color.Color = Colour(0)

// Scrim lies over a page that something is asked above.
var Scrim = color.NRGBA{R: 0x1B, G: 0x27, B: 0x33, A: 0xA0}

// The palette. Text colours have a contrast of at least 4.5:1 on every surface they are meant for
// (WCAG 2.1 §1.4.3); a test computes it.
const (
	Header     Colour = 0x0B3D6B // bar at the top
	HeaderChip Colour = 0x2D587F // pills in the bar
	Page       Colour = 0xF4F6F9 // behind everything
	Surface    Colour = 0xFFFFFF // panels, fields, plain buttons
	Blue       Colour = 0x0B5CAD // the one obvious action; links; the current step's ring
	White      Colour = 0xFFFFFF // text on Blue, Header, Green, Amber and Red
	Selected   Colour = 0xE8F1FB // the current step, the selected row
	SelectedOn Colour = 0x0B3D6B // text on Selected
	Ring       Colour = 0x0B3D6B // around what has the keyboard
	Halo       Colour = 0xD6E6F7 // soft edge beside Ring
	Border     Colour = 0xDFE5EC // panels, separators
	Edge       Colour = 0xC4CED8 // buttons, steps still to come
	FieldEdge  Colour = 0x7D8FA1 // fields: 3:1 on Surface (WCAG 2.1 §1.4.11)
	Ink        Colour = 0x1B2733 // values, headings
	InkSoft    Colour = 0x44525F // field labels, status bar
	InkFaint   Colour = 0x5A6978 // captions, explanations, times
	Green      Colour = 0x1D7A46 // passed, connected
	Amber      Colour = 0xA05D00 // look at this
	Red        Colour = 0xB3261E // failed, lost
	RedSurface Colour = 0xFDECEA // behind a failed step
	RedOn      Colour = 0x9B1C13 // text on RedSurface
	Chosen     Colour = 0xF3F8FF // the tile that is chosen
	GreenSoft  Colour = 0xE6F4EB // behind a state that is as it should be: Green's
	AmberSoft  Colour = 0xFEF1DE // behind one that needs care: AmberOn's
	AmberOn    Colour = 0x8A4F00 // text on AmberSoft
	Clear      Colour = 0xFF_000000
)

// RGBA implements color.Color.
func (c Colour) RGBA() (r, g, b, a uint32) {
	if c == Clear {
		return 0, 0, 0, 0
	}
	widen := func(shift uint) uint32 { return uint32(c) >> shift & 0xFF * 0x101 }
	return widen(16), widen(8), widen(0), 0xFFFF
}
