package theme

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// Names of text sizes, for Text and for Fyne's own widgets (widget.Label's SizeName).
const (
	SizeCode         fyne.ThemeSizeName = "theme.code"          // a code to read aloud across a counter
	SizeCitizenTitle fyne.ThemeSizeName = "theme.citizen.title" // the citizen stands further away
	SizeTitle        fyne.ThemeSizeName = "theme.title"
	SizeCitizenText  fyne.ThemeSizeName = "theme.citizen.text"
	SizeField        fyne.ThemeSizeName = "theme.field"
	SizeHeading      fyne.ThemeSizeName = "theme.heading"
	SizeButton       fyne.ThemeSizeName = "theme.button"
	SizeText         fyne.ThemeSizeName = "theme.text"
	SizeLabel        fyne.ThemeSizeName = "theme.label"
	SizeSmall        fyne.ThemeSizeName = "theme.small"
	SizeKey          fyne.ThemeSizeName = "theme.key"
)

// textSizes at scale 1, in Fyne's pixels (the design's at 96 dpi).
var textSizes = map[fyne.ThemeSizeName]float32{
	SizeCode: 44, SizeCitizenTitle: 38, SizeTitle: 26, SizeCitizenText: 21, SizeField: 20,
	SizeHeading: 17, SizeButton: 16, SizeText: 15, SizeLabel: 15, SizeSmall: 14, SizeKey: 14,
	theme.SizeNameText: 15, theme.SizeNameCaptionText: 14,
	theme.SizeNameSubHeadingText: 17, theme.SizeNameHeadingText: 26,
}

// Theme is Balcão's look for a Fyne application. Scale multiplies text, not gaps: the setting
// exists for people who read badly, and gaps that grow too would push what they read off the page.
// A scale that is not positive counts as 1.
func Theme(scale float32, look Look) fyne.Theme {
	if scale <= 0 {
		scale = 1
	}
	return balcao{scale: scale, look: look}
}

// DeskTheme is Theme for the desk, whose only widgets of Fyne's are fields. They are of a size that is read at arm's
// length, and the edge of the focused one has the colour of every other focus. A container.ThemeOverride around each
// field would do the same, but at every refresh it makes Fyne forget the size of every text.
func DeskTheme(scale float32, look Look) fyne.Theme {
	t := Theme(scale, look).(balcao)
	t.desk = true
	return t
}

type balcao struct {
	scale float32
	look  Look
	desk  bool
}

// paletteByName is what Fyne's own widgets are drawn in.
var paletteByName = map[fyne.ThemeColorName]Colour{
	theme.ColorNameBackground:          Page,
	theme.ColorNameButton:              Surface,
	theme.ColorNameDisabledButton:      Page,
	theme.ColorNameDisabled:            Off,
	theme.ColorNameError:               Red,
	theme.ColorNameFocus:               Halo,
	theme.ColorNameForeground:          Ink,
	theme.ColorNameForegroundOnError:   White,
	theme.ColorNameForegroundOnPrimary: White,
	theme.ColorNameForegroundOnSuccess: White,
	theme.ColorNameForegroundOnWarning: White,
	theme.ColorNameHeaderBackground:    Page,
	theme.ColorNameHover:               Selected,
	theme.ColorNameHyperlink:           Blue,
	theme.ColorNameInputBackground:     Surface,
	theme.ColorNameInputBorder:         FieldEdge,
	theme.ColorNameMenuBackground:      Surface,
	theme.ColorNameOverlayBackground:   Surface,
	theme.ColorNamePlaceHolder:         InkFaint,
	theme.ColorNamePressed:             Halo,
	theme.ColorNamePrimary:             Blue,
	theme.ColorNameScrollBar:           FieldEdge,
	theme.ColorNameSelection:           Halo,
	theme.ColorNameSeparator:           Border,
	theme.ColorNameSuccess:             Green,
	theme.ColorNameWarning:             Amber,
}

func (t balcao) Color(name fyne.ThemeColorName, _ fyne.ThemeVariant) color.Color {
	if t.desk && name == theme.ColorNamePrimary {
		return Ring.In(t.look)
	}
	if c, ok := paletteByName[name]; ok {
		return c.In(t.look) // Fyne keeps texts by their colour: see Colour.Now
	}
	variant := theme.VariantLight
	if t.look != Light {
		variant = theme.VariantDark
	}
	return theme.DefaultTheme().Color(name, variant)
}

// Font is Fyne's own Noto Sans and DejaVu Mono: they are inside the binary, cover Latin, Greek and
// Cyrillic, and are what the design was drawn with.
func (balcao) Font(style fyne.TextStyle) fyne.Resource { return theme.DefaultTheme().Font(style) }

func (balcao) Icon(name fyne.ThemeIconName) fyne.Resource { return theme.DefaultTheme().Icon(name) }

func (t balcao) Size(name fyne.ThemeSizeName) float32 {
	switch {
	case t.desk && name == theme.SizeNameText:
		name = SizeField
	case t.desk && name == theme.SizeNameInnerPadding:
		return 12
	}
	if size, ok := textSizes[name]; ok {
		return size * t.scale
	}
	switch name {
	case theme.SizeNameInputRadius, theme.SizeNameButtonRadius, theme.SizeNameSelectionRadius:
		return radius
	case theme.SizeNameCardRadius, theme.SizeNameDialogRadius, theme.SizeNamePopupRadius:
		return panelRadius
	case theme.SizeNameInputBorder:
		return Stroke(2)
	}
	return theme.DefaultTheme().Size(name)
}

// LoadFonts reads the fonts, which the first text of each style would wait for: a fifth of a second. It is for a
// goroutine beside the opening of the display, after the application and its theme exist and before any window.
func LoadFonts() {
	for _, style := range []fyne.TextStyle{{}, {Bold: true}, {Monospace: true}} {
		fyne.MeasureText("Balcão", textSizes[SizeText], style)
	}
	for script, font := range scriptFonts {
		if script.There() {
			for i, style := range []fyne.TextStyle{{}, {Bold: true}} {
				measureRun(run{" ", font[i]}, textSizes[SizeText], style)
			}
		}
	}
}

// textSize is the size under whatever theme rules: a page that is drawn under a foreign theme (a
// test's, before ours was set) must not lose its text.
func textSize(th fyne.Theme, name fyne.ThemeSizeName) float32 {
	if ours, ok := th.(balcao); ok {
		return ours.Size(name)
	}
	if size, ok := textSizes[name]; ok {
		return size
	}
	return th.Size(name)
}

// textScale is the setting of the text size: the theme's text beside the design's.
func textScale(th fyne.Theme) float32 { return textSize(th, SizeText) / textSizes[SizeText] }

const (
	radius      = 8  // buttons, fields
	panelRadius = 10 // panels
)
