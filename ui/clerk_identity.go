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
	"balcao/ui/look"
)

// identityPage shows the person as the document states them, beside what was checked.
type identityPage struct {
	photo  *photoView
	fields *list[fieldRow, field]
	checks *list[checkView, checkRow]
	level  *look.Text
	why    *look.Text
	object fyne.CanvasObject
}

func newIdentityPage() *identityPage {
	p := &identityPage{
		photo: newPhotoView(), checks: newChecks(2), // all fourteen, or thirteen with remarks, at once in 800 pixels
		level: look.Value("").Bold().Wrap(), why: look.Small("").In(look.InkFaint).Wrap(),
	}
	p.fields = newFields(11, 118, nil)
	person := look.PanelPadded(20, columns(22, []float32{0, 1}, container.NewVBox(p.photo.content), p.fields.content))
	level := look.PanelPadded(20, rows(3, p.level, p.why))
	p.object = sideBySide(18, 860, []float32{530, 432}, rows(18, person, level), rows(0, look.PanelPadded(13, p.checks.content)))
	return p
}

func (p *identityPage) content() fyne.CanvasObject { return p.object }

func (p *identityPage) show(m clerkModel) {
	p.photo.show(m.Identity.Photo, m.Identity.PhotoNote)
	p.fields.show(m.Identity.Fields)
	p.checks.show(m.Identity.Checks)
	say(p.level, m.Identity.Level)
	say(p.why, line{m.Identity.Why, toneQuiet})
}

const photoWidth, photoHeight = 150, 200 // 3:4, as on the card

// photoView is the photograph, or why there is none yet. The pixels are its own copy and are
// overwritten when the photograph goes.
type photoView struct {
	image   *canvas.Image
	note    *look.Text
	shown   *kiosk.Photo
	pixels  *image.NRGBA
	content fyne.CanvasObject
}

func newPhotoView() *photoView {
	v := &photoView{image: &canvas.Image{FillMode: canvas.ImageFillContain, CornerRadius: 6}, note: look.Small("").Aligned(fyne.TextAlignCenter).Wrap()}
	v.image.Hide()
	frame := canvas.NewRectangle(look.Page)
	frame.CornerRadius, frame.StrokeColor, frame.StrokeWidth = 6, look.Border, 1
	note := look.Padded(10, photoHeight/2-30, v.note)
	v.content = sized(photoWidth, photoHeight, frame, note, v.image)
	return v
}

func (v *photoView) show(photo *kiosk.Photo, note string) {
	say(v.note, line{note, toneQuiet})
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
