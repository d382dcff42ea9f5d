package paper

import (
	"strings"
	"time"

	"balcao/kiosk"
)

// Letter is a letter with an activation code. It is printed once, and wiped.
type Letter struct {
	To       []string // name and address, a line each, as on the envelope
	From     string   // one line above the address, for letters that come back
	Code     string   // as it is typed: five and five
	Until    time.Time
	Language kiosk.Language
	Support  string // a telephone
	Web      string // where the code is given too; empty: at desks only
	Place    string // where it is written
}

// The address field of DIN 5008 form B, which the windows of DL and C6/5 envelopes show: 85 × 45 mm, 20 mm from the
// left edge (text 5 mm within it) and 45 mm from the top; in it the sender's line and the fold marks at 105 and 210 mm.
const (
	windowX, windowY = 25.0, 45.0
	windowW, senderH = 80.0, 17.7 // what stands above the address within the window
	foldOne, foldTwo = 105.0, 210.0
)

// Letter makes the letter. Errors as Make.
func (p *Press) Letter(l Letter, at time.Time) (PDF, error) {
	paper := Paper{
		Title: "paper.letter.title", Language: l.Language, Foot: l.From,
		Args: Args{"Until": day(l.Until), "Support": l.Support, "Web": l.Web},
	}
	s := p.sheet(paper, at)
	s.SetTitle(s.pt(paper.Title), true)
	s.font("B", 15, blue)
	s.lines(left, width, 8, s.pt("paper.service"), "L")
	s.SetY(windowY + 8)
	s.font("", 6.5, faint)
	s.lines(windowX, windowW, 3, l.From, "L")
	s.SetY(windowY + senderH)
	s.font("", 10.5, ink)
	for _, line := range l.To {
		if line = strings.TrimSpace(line); line != "" {
			s.lines(windowX, windowW, 4.6, line, "L")
		}
	}
	s.SetDrawColor(hair[0], hair[1], hair[2])
	for _, y := range []float64{foldOne, foldTwo} {
		s.Line(5, y, 10, y)
	}
	s.SetY(100)
	s.font("", 9.5, faint)
	s.lines(left, width, 5, l.Place+", "+day(at), "R")
	s.Ln(4)
	s.font("B", 12, ink)
	s.lines(left, width, 6.5, s.both(paper.Title), "L")
	s.text("paper.letter.what")
	s.Ln(6)
	y := s.GetY()
	s.square(l.Code, left, y, codeSide)
	s.SetY(y + 12)
	s.font("B", 24, ink)
	s.lines(left+codeSide+6, width-codeSide-6, 11, l.Code, "L")
	s.font("", 10, faint)
	s.lines(left+codeSide+6, width-codeSide-6, 5.2, s.both("paper.letter.until"), "L")
	s.SetY(y + codeSide)
	s.text("paper.letter.how")
	if l.Web != "" {
		s.text("paper.letter.web")
	}
	s.text("paper.never")
	return s.done()
}

// text writes a paragraph in both languages.
func (s *sheet) text(key string) {
	s.paper.Notes = []string{key}
	s.notes()
}

// day writes a date as Portuguese papers do.
func day(t time.Time) string { return t.Format("02-01-2006") }
