package ui

import (
	"bytes"
	"image"
	"image/draw"
	_ "image/jpeg" // photographs come as JPEG
	_ "image/png"  // or as PNG, decoded from JPEG 2000 elsewhere

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"balcao/kiosk"
	"balcao/ui/present"
	"balcao/ui/theme"
)

// identityPage shows the person as the document states them, beside what was checked. What passed is one line
// until somebody asks for all of it, or something did not pass.
type identityPage struct {
	photo  *photoView
	fields *list[fieldRow, present.Field]
	checks *checkList
	level  *theme.Text
	why    *theme.Text
	object fyne.CanvasObject

	model present.IdentityModel
	open  bool
	shown kiosk.CaseID
}

func newIdentityPage(toggle func()) *identityPage {
	p := &identityPage{
		photo: newPhotoView(), checks: newChecks(),
		level: theme.Value("").Bold().Wrap(), why: theme.Small("").In(theme.InkFaint).Wrap(),
	}
	p.fields = newFields(7, 112, nil)
	person := theme.Panel(columns(22, []float32{0, 1}, container.NewVBox(p.photo.content), p.fields.content))
	level := theme.Panel(rows(3, p.level, p.why))
	checks := newTapArea(theme.Panel(p.checks.content), toggle)
	p.object = sideBySide(18, 860, []float32{560, 402}, rows(18, person, level), rows(0, checks))
	return p
}

func (p *identityPage) content() fyne.CanvasObject { return p.object }

func (p *identityPage) show(m present.ClerkModel) {
	if m.Case != p.shown {
		p.shown, p.open = m.Case, false
	}
	p.model = m.Identity
	p.photo.show(m.Identity.Photo, m.Identity.PhotoNote)
	p.fields.show(m.Identity.Fields)
	p.checks.show(p.listed())
	say(p.level, m.Identity.Level)
	say(p.why, present.Line{Text: m.Identity.Why, Tone: present.ToneQuiet})
}

// listed are the checks: those that passed as one; when one did not, that one first and the names of the others.
func (p *identityPage) listed() []present.CheckRow {
	var right, others []present.CheckRow
	failed := false
	for _, row := range p.model.Checks {
		if row.Result == kiosk.Passed {
			right = append(right, row)
			continue
		}
		others = append(others, row)
		failed = failed || row.Result == kiosk.Failed || row.Result == kiosk.Unknown
	}
	summary := present.CheckRow{Result: kiosk.Passed, Text: p.model.Right, Detail: p.model.All}
	switch {
	case len(right) < 2:
		return p.model.Checks
	case p.open:
		return append([]present.CheckRow{summary}, p.model.Checks...)
	case failed:
		for i := range right {
			right[i].Detail = ""
		}
		return append(others, right...)
	default:
		return append([]present.CheckRow{summary}, others...)
	}
}

func (p *identityPage) toggle() {
	p.open = !p.open
	p.checks.show(p.listed())
}

const photoWidth, photoHeight = 210, 280 // 3:4, as on the card

// photoView is the photograph, or why there is none yet. The pixels are its own copy and are
// overwritten when the photograph goes.
type photoView struct {
	image   *canvas.Image
	note    *theme.Text
	shown   *kiosk.Photo
	pixels  *image.NRGBA
	content fyne.CanvasObject
}

func newPhotoView() *photoView {
	v := &photoView{image: &canvas.Image{FillMode: canvas.ImageFillContain, CornerRadius: 6}, note: theme.Small("").Aligned(fyne.TextAlignCenter).Wrap()}
	v.image.Hide()
	note := theme.Padded(10, photoHeight/2-30, v.note)
	v.content = sized(photoWidth, photoHeight, theme.Framed(theme.Page, theme.Border, 6, 1), note, v.image)
	return v
}

func (v *photoView) show(photo *kiosk.Photo, note string) {
	say(v.note, present.Line{Text: note, Tone: present.ToneQuiet})
	if photo == v.shown {
		return
	}
	v.shown = photo
	v.wipe()
	if photo == nil {
		return
	}
	decoded, _, err := image.Decode(bytes.NewReader(photo.Data))
	if err != nil {
		return // the frame stays empty; whether the photograph is the signed one is a check of its own
	}
	v.pixels = image.NewNRGBA(decoded.Bounds())
	draw.Draw(v.pixels, v.pixels.Bounds(), decoded, decoded.Bounds().Min, draw.Src)
	wipeImage(decoded)
	v.image.Image = v.pixels
	v.image.Show()
	v.image.Refresh()
}

func (v *photoView) wipe() {
	if v.pixels == nil {
		return
	}
	clear(v.pixels.Pix)
	v.pixels = nil
	v.image.Image = image.NewNRGBA(image.Rect(0, 0, 1, 1))
	v.image.Refresh() // drops the texture
	v.image.Hide()
}

// wipeImage overwrites what a decoder made.
func wipeImage(decoded image.Image) {
	switch decoded := decoded.(type) {
	case *image.YCbCr:
		clear(decoded.Y)
		clear(decoded.Cb)
		clear(decoded.Cr)
	case *image.Gray:
		clear(decoded.Pix)
	case *image.RGBA:
		clear(decoded.Pix)
	case *image.NRGBA:
		clear(decoded.Pix)
	}
}
