// Package theme is how Balcão looks: colours, theme, text, buttons and panels shared by the desk's
// windows and by the test bench's. It knows Fyne and nothing else of the house, so that a window
// that may not know the desk can still look like it.
//
// An application sets theme.Theme once (and again when the text size or the look changes) and builds its
// pages from the makers here. Sizes and colours are looked up in the theme each time, so another one reaches
// what is already on the screen.
package theme

import (
	"image/color"

	"fyne.io/fyne/v2"
)

// Look is which of the palettes the theme has.
type Look int

// Looks. Contrast is for people who read badly: 7:1 for text (WCAG 2.1 §1.4.6), and thick edges.
const (
	Light Look = iota
	Dark
	Contrast
	looks
)

// Looks are the looks' names, as in configuration and catalogue keys.
var Looks = [looks]string{"light", "dark", "contrast"}

// Colour is the role of a colour, whose value is that of the application's theme. It is a constant type, so that no
// page can repaint the others.
type Colour uint8

var _ color.Color = Colour(0)

// Clear is no colour, and Scrim lies over a page that something is asked above.
const (
	Clear Colour = iota
	Scrim
	Header
	HeaderChip
	HeaderInk
	Page
	Surface
	Blue
	BlueDeep
	White
	Selected
	SelectedOn
	Ring
	Halo
	Border
	Edge
	FieldEdge
	Ink
	InkSoft
	InkFaint
	Off
	Green
	Amber
	Red
	RedSurface
	RedOn
	Chosen
	GreenSoft
	AmberSoft
	AmberOn
	Gold
	Maroon
	colours
)

// palettes are the colours' values as 0xRRGGBB. Text colours have a contrast of at least 4.5:1 on every surface they are
// meant for (WCAG 2.1 §1.4.3), in Contrast 7:1; a test computes it.
var palettes = [colours][looks]uint32{
	Header:     {0x0B3D6B, 0x0F2E4D, 0x00264D}, // bar at the top
	HeaderChip: {0x2D587F, 0x1E456B, 0x003A75}, // pills in the bar
	HeaderInk:  {0xFFFFFF, 0xFFFFFF, 0xFFFFFF}, // text on both
	Page:       {0xF4F6F9, 0x10161D, 0x000000}, // behind everything
	Surface:    {0xFFFFFF, 0x1A222C, 0x000000}, // panels, fields, plain buttons
	Blue:       {0x0B5CAD, 0x6CB0F5, 0x66C7FF}, // the one obvious action; links; the current step's ring
	BlueDeep:   {0x0B3D6B, 0x9CCBFA, 0xA8E0FF}, // Blue under the mouse
	White:      {0xFFFFFF, 0x0B1520, 0x000000}, // text on Blue, Green, Amber and Red, white where these are dark
	Selected:   {0xE8F1FB, 0x1D3A57, 0x00305C}, // the current step, the selected row
	SelectedOn: {0x0B3D6B, 0xCFE6FF, 0xFFFFFF}, // text on Selected
	Ring:       {0x0B3D6B, 0xCFE6FF, 0xFFEB3B}, // around what has the keyboard
	Halo:       {0xD6E6F7, 0x2A4F78, 0x004A8F}, // soft edge beside Ring, selected text
	Border:     {0xDFE5EC, 0x2E3A47, 0x808080}, // panels, separators
	Edge:       {0xC4CED8, 0x4A5A6A, 0xFFFFFF}, // buttons, steps still to come
	FieldEdge:  {0x7D8FA1, 0x70808F, 0x808080}, // fields: 3:1 on Surface (WCAG 2.1 §1.4.11)
	Ink:        {0x1B2733, 0xE8EEF4, 0xFFFFFF}, // values, headings
	InkSoft:    {0x44525F, 0xBFCAD5, 0xF0F0F0}, // field labels, status bar
	InkFaint:   {0x5A6978, 0xA9B6C3, 0xE0E0E0}, // captions, explanations, times
	Off:        {0x5A6978, 0x8796A5, 0xA8A8A8}, // text of what cannot be pressed or changed now
	Green:      {0x1D7A46, 0x5CC98A, 0x6CF08F}, // passed, connected
	Amber:      {0xA05D00, 0xF0B050, 0xFFC552}, // look at this
	Red:        {0xB3261E, 0xFF8A80, 0xFFB0A8}, // failed, lost
	RedSurface: {0xFDECEA, 0x4A1F1E, 0x4D0000}, // behind a failed step
	RedOn:      {0x9B1C13, 0xFFB4AB, 0xFFC9C4}, // text on RedSurface
	Chosen:     {0xF3F8FF, 0x16304A, 0x001F3D}, // the tile that is chosen
	GreenSoft:  {0xE6F4EB, 0x173524, 0x003314}, // behind a state that is as it should be: Green's
	AmberSoft:  {0xFEF1DE, 0x43300F, 0x3D2900}, // behind one that needs care: AmberOn's
	AmberOn:    {0x8A4F00, 0xFFCB7A, 0xFFD98A}, // text on AmberSoft
	Gold:       {0xC9A227, 0xC9A227, 0xFFD75E}, // a drawn card's chip
	Maroon:     {0x6E1A2E, 0x8E2B42, 0xA03350}, // a drawn passport's cover
}

var scrims = [looks]color.NRGBA{{R: 0x1B, G: 0x27, B: 0x33, A: 0xA0}, {A: 0xA0}, {A: 0xC8}}

// RGBA implements color.Color with the value in the application's theme; a foreign theme's is Light.
func (c Colour) RGBA() (r, g, b, a uint32) { return c.Now().RGBA() }

// Now is the value in the application's theme. It is for a canvas.Text, whose picture Fyne keeps by its colour and would
// show in the old one: who has one sets its colour at every Refresh, which a new theme brings.
func (c Colour) Now() color.NRGBA { return c.In(current().look) }

// In is the value in a look.
func (c Colour) In(look Look) color.NRGBA {
	switch c {
	case Clear:
		return color.NRGBA{}
	case Scrim:
		return scrims[look]
	}
	value := palettes[c][look]
	return color.NRGBA{R: uint8(value >> 16), G: uint8(value >> 8), B: uint8(value), A: 0xFF}
}

// Stroke is the width of an edge that is so wide in Light: in Contrast edges are thicker.
func Stroke(width float32) float32 {
	if current().look == Contrast {
		return 1.5*width + 0.5
	}
	return width
}

// current is the application's theme, the zero one where it is foreign.
func current() balcao {
	ours, _ := fyne.CurrentApp().Settings().Theme().(balcao)
	return ours
}
