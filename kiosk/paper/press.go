package paper

import (
	"bytes"
	"fmt"
	"image/color"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"github.com/boombuler/barcode/qr"

	"balcao/assets/i18n"
	"balcao/kiosk"
)

// Measures of a page, in millimetres; A4 is 210 × 297.
const (
	left, right, width = 20.0, 20.0, 170.0
	top, bottom        = 20.0, 22.0
	labels             = 52.0 // the column of labels
	codeSide           = 40.0 // of the QR code, its quiet zone included
)

// The colours of the desk.
var (
	ink   = [3]int{27, 36, 48}
	faint = [3]int{91, 105, 122}
	blue  = [3]int{10, 61, 107}
	hair  = [3]int{214, 220, 228}
)

// sheet is a paper being drawn.
type sheet struct {
	*fpdf.Fpdf
	press *Press
	paper Paper
	other kiosk.Language
	err   error
}

// Make draws a paper. The error wraps ErrScript when it names something that cannot be printed. At is the PDF's date.
func (p *Press) Make(paper Paper, at time.Time) (PDF, error) {
	s := p.sheet(paper, at)
	s.head()
	for _, section := range paper.Sections {
		s.section(section)
	}
	s.code()
	s.notes()
	s.signatures()
	return s.done()
}

// sheet begins a document.
func (p *Press) sheet(paper Paper, at time.Time) *sheet {
	f := fpdf.New("P", "mm", "A4", "")
	s := &sheet{Fpdf: f, press: p, paper: paper, other: second(paper.Language)}
	f.AddUTF8FontFromBytes("noto", "", p.regular)
	f.AddUTF8FontFromBytes("noto", "B", p.bold)
	f.AddUTF8FontFromBytes("noto", "I", p.italic)
	f.SetProducer("Balcao", true)
	f.SetCreator("Balcao", true)
	f.SetLang("pt-PT")
	f.SetCreationDate(at)
	f.SetModificationDate(at)
	f.SetMargins(left, top, right)
	f.SetAutoPageBreak(true, bottom)
	f.SetFooterFunc(s.foot)
	f.AddPage()
	return s
}

func (s *sheet) done() (PDF, error) {
	var b bytes.Buffer
	pages := s.PageCount()
	err := s.Output(&b)
	if s.err != nil {
		clear(b.Bytes())
		return PDF{}, s.err
	}
	if err != nil {
		return PDF{}, fmt.Errorf("making a paper: %w", err)
	}
	return PDF{Data: b.Bytes(), Pages: pages}, nil
}

// pt and in return a text of the catalogue in Portuguese and in the other language.
func (s *sheet) pt(key string) string { return i18n.Text(string(kiosk.Portuguese), key, s.paper.Args) }

func (s *sheet) in(key string) string { return i18n.Text(string(s.other), key, s.paper.Args) }

// both is a word in both languages; one that is the same in both is said once.
func (s *sheet) both(key string) string {
	if a, b := s.pt(key), s.in(key); a != b {
		return a + " · " + b
	} else {
		return a
	}
}

// font chooses style ("", "B", "I"), size in points and colour.
func (s *sheet) font(style string, size float64, c [3]int) {
	s.SetFont("noto", style, size)
	s.SetTextColor(c[0], c[1], c[2])
}

// lines writes text from x on, w wide, and goes below it.
func (s *sheet) lines(x, w, height float64, text, align string) {
	if !s.press.settable(text) {
		s.err = ErrScript
		return
	}
	s.SetX(x)
	s.MultiCell(w, height, text, "", align, false)
}

func (s *sheet) rule(c [3]int, thick float64) {
	s.SetDrawColor(c[0], c[1], c[2])
	s.SetLineWidth(thick)
	s.Line(left, s.GetY(), left+width, s.GetY())
}

func (s *sheet) head() {
	s.SetTitle(s.pt(s.paper.Title), true)
	y := s.GetY()
	s.font("B", 15, blue)
	s.lines(left, 75, 8, s.pt("paper.service"), "L")
	s.SetY(y + 0.6)
	s.font("", 11, ink)
	s.lines(left+75, width-75, 7, s.both(s.paper.Title), "R")
	s.SetY(max(s.GetY(), y+8) + 2)
	s.rule(blue, 0.5)
	s.Ln(4)
}

func (s *sheet) section(section Section) {
	if section.Heading != "" {
		s.room(24)
		s.Ln(3)
		s.font("B", 11, blue)
		s.lines(left, width, 6, s.both(section.Heading), "L")
		s.Ln(1)
	}
	for _, row := range section.Rows {
		s.row(row)
	}
	if section.Table != nil {
		s.table(*section.Table)
	}
}

// room begins a new page unless so many millimetres are left on this one.
func (s *sheet) room(height float64) {
	_, page := s.GetPageSize()
	if s.GetY()+height > page-bottom {
		s.AddPage()
	}
}

// row draws label and value beside each other, and a hair below them.
func (s *sheet) row(r Row) {
	value := r.Value
	if r.Word != "" {
		value = s.both(r.Word)
	}
	if value == "" {
		return
	}
	s.room(14)
	page, y := s.PageNo(), s.GetY()
	s.SetY(y + 1.5)
	s.font("", 10, ink)
	if r.Key == "" {
		s.lines(left+1, labels-3, 5, r.Label, "L")
	} else {
		s.lines(left+1, labels-3, 5, s.pt(r.Key), "L")
		if other := s.in(r.Key); other != s.pt(r.Key) {
			s.font("", 8, faint)
			s.lines(left+1, labels-3, 4, other, "L")
		}
	}
	below := s.GetY()
	style := ""
	if r.Strong {
		style = "B"
	}
	s.SetY(y + 1.5)
	s.font(style, 10.5, ink)
	s.lines(left+labels, width-labels, 5.2, value, "L")
	if s.PageNo() == page { // a value may run over to the next page
		s.SetY(max(below, s.GetY()))
	}
	s.Ln(1.5)
	s.rule(hair, 0.2)
}

func (s *sheet) table(t Table) {
	if len(t.Head) == 0 {
		return
	}
	first := width * 0.34
	rest := (width - first) / float64(max(1, len(t.Head)-1))
	line := func(texts []string, style string, size float64, c [3]int) {
		s.room(8)
		s.font(style, size, c)
		s.SetX(left)
		for i, text := range texts {
			if !s.press.settable(text) {
				s.err = ErrScript
				return
			}
			w, align := rest, "R"
			if i == 0 {
				w, align = first, "L"
			}
			s.CellFormat(w, 7, text, "", 0, align, false, 0, "")
		}
		s.Ln(7)
		s.rule(hair, 0.2)
	}
	heads := make([]string, len(t.Head))
	for i, key := range t.Head {
		heads[i] = s.pt(key)
	}
	line(heads, "", 8.5, faint)
	for _, row := range t.Rows {
		line(row, "", 9.5, ink)
	}
}

// code draws the QR code and what it is beside it.
func (s *sheet) code() {
	if s.paper.Code == "" {
		return
	}
	s.room(codeSide + 8)
	s.Ln(6)
	y := s.GetY()
	s.square(s.paper.Code, left, y, codeSide)
	s.SetY(y + 2)
	s.font("", 10, ink)
	s.lines(left+codeSide+6, width-codeSide-6, 5.2, s.pt(s.paper.CodeText), "L")
	s.Ln(1)
	s.font("I", 9, faint)
	s.lines(left+codeSide+6, width-codeSide-6, 4.8, s.in(s.paper.CodeText), "L")
	s.SetY(max(s.GetY(), y+codeSide))
}

// square draws a QR code (ISO/IEC 18004) of error correction M with its quiet zone of four modules, as rectangles: it stays
// sharp on any printer.
func (s *sheet) square(content string, x, y, side float64) {
	code, err := qr.Encode(content, qr.M, qr.Auto)
	if err != nil {
		s.err = fmt.Errorf("making a QR code: %w", err)
		return
	}
	n := code.Bounds().Dx()
	module := side / float64(n+8)
	s.SetFillColor(0, 0, 0)
	dark := func(i, j int) bool { return i < n && color.GrayModel.Convert(code.At(i, j)).(color.Gray).Y < 128 }
	for j := range n {
		for i := 0; i < n; i++ {
			from := i
			for dark(i, j) {
				i++
			}
			if i > from {
				s.Rect(x+float64(from+4)*module, y+float64(j+4)*module, float64(i-from)*module, module, "F")
			}
		}
	}
}

func (s *sheet) notes() {
	for _, key := range s.paper.Notes {
		s.room(16)
		s.Ln(5)
		s.font("", 10, ink)
		s.lines(left, width, 5.2, s.pt(key), "L")
		s.Ln(0.5)
		s.font("I", 9, faint)
		s.lines(left, width, 4.8, s.in(key), "L")
	}
}

// signatures leaves room for handwritten ones, side by side.
func (s *sheet) signatures() {
	if len(s.paper.Sign) == 0 {
		return
	}
	s.room(38)
	s.Ln(24)
	y, w := s.GetY(), width/float64(len(s.paper.Sign))
	s.SetDrawColor(ink[0], ink[1], ink[2])
	s.SetLineWidth(0.2)
	for i, key := range s.paper.Sign {
		x := left + float64(i)*w
		s.Line(x, y, x+w-8, y)
		s.SetY(y + 1)
		s.font("", 8.5, faint)
		s.lines(x, w-8, 4.4, s.both(key), "L")
	}
}

func (s *sheet) foot() {
	s.SetY(-bottom + 6)
	s.font("", 8.5, faint)
	if !s.press.settable(s.paper.Foot) {
		s.err = ErrScript
		return
	}
	s.CellFormat(width-15, 5, s.paper.Foot, "", 0, "L", false, 0, "")
	s.CellFormat(15, 5, fmt.Sprint(s.PageNo()), "", 0, "R", false, 0, "")
}
