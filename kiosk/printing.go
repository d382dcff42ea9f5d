package kiosk

// What is printed at a desk, or shown where there is no printer.

// PrintWhat is a kind of paper.
type PrintWhat string

// What is printed.
const (
	PrintForm      PrintWhat = "form"    // the adhesion form
	PrintOfReceipt PrintWhat = "receipt" // of any errand
	PrintStored    PrintWhat = "stored"  // what is stored about the person
	PrintReport    PrintWhat = "report"  // the day's figures
)

// PrintPhase is how far it is.
type PrintPhase string

// Phases of printing. The zero value: nothing was asked for.
const (
	PrintRunning PrintPhase = "printing"
	PrintDone    PrintPhase = "printed"
	PrintOnPage  PrintPhase = "shown" // no printer: Pages
	PrintFailed  PrintPhase = "failed"
)

// Why a paper was not printed.
const (
	ProblemPrinter ProblemCode = "printer"  // there is one, and it does not take the paper
	ProblemNoPaper ProblemCode = "no_paper" // it could not be made, or not be shown
)

// PrintState is a paper of the case at hand.
type PrintState struct {
	What    PrintWhat
	Phase   PrintPhase
	Problem ProblemCode
	Pages   [][]byte // PNG
	Page    int      // the one that is shown, from 0
}

// PrintAsked prints a paper of the page at hand: PrintForm and PrintOfReceipt where there is a receipt, PrintStored and
// PrintReport on their own pages.
type PrintAsked struct{ What PrintWhat }

func (e PrintAsked) apply(s *Session) {
	command := PrintReceipt{Case: s.live, What: e.What, Language: s.state.CitizenLanguage}
	allowed := false
	switch e.What {
	case PrintForm, PrintOfReceipt:
		if allowed = s.at(StepDone) && s.state.Receipt != nil; allowed {
			command.Receipt, command.Facts = *s.state.Receipt, s.facts
		}
	case PrintStored:
		allowed = s.at(StepStored) && !s.state.Stored.At.IsZero()
		command.Stored = s.state.Stored
	case PrintReport:
		allowed = s.at(StepReport) && !s.state.Report.Reading
		command.Report = s.state.Report
	}
	if allowed && s.state.Print.Phase != PrintRunning {
		s.state.Print = PrintState{What: e.What, Phase: PrintRunning}
		s.stayOnReceipt()
		s.ask(command)
	}
}

// stayOnReceipt begins the time of the last page anew.
func (s *Session) stayOnReceipt() {
	if receipt := s.state.Receipt; receipt != nil {
		again := *receipt
		again.WipeAt = s.state.Now.Add(s.settings.WipeAfter)
		s.state.Receipt = &again
	}
}

// PrintTurned shows another page, by so many.
type PrintTurned struct{ By int }

func (e PrintTurned) apply(s *Session) {
	if p := &s.state.Print; p.Phase == PrintOnPage {
		p.Page = min(max(p.Page+e.By, 0), len(p.Pages)-1)
		s.stayOnReceipt()
	}
}

// PrintClosed puts the paper away.
type PrintClosed struct{}

func (PrintClosed) apply(s *Session) {
	if s.state.Print.Phase != PrintRunning {
		s.state.Print = PrintState{}
	}
}

// stopPrinting: a technical failure.
func (s *Session) stopPrinting(code ProblemCode) bool {
	if s.state.Print.Phase != PrintRunning {
		return false
	}
	s.state.Print.Phase, s.state.Print.Problem = PrintFailed, code
	return true
}

// PrintReceipt makes the paper and prints it: Printed, or PrintShown where there is no printer.
type PrintReceipt struct {
	Case     CaseID
	What     PrintWhat
	Language Language        // of the person, beside Portuguese
	Receipt  Receipt         // with PrintForm and PrintOfReceipt
	Facts    TranscriptFacts // with these two: what the person agreed to; zero where nothing was signed
	Stored   StoredState
	Report   ReportState
}

func (PrintReceipt) command() {}

// Printed: it was handed to the printer, or was not.
type Printed struct{ Problem ProblemCode }

func (e Printed) applyToCase(s *Session) {
	switch {
	case e.Problem != "":
		s.stopPrinting(e.Problem)
	case s.state.Print.Phase == PrintRunning:
		s.state.Print.Phase = PrintDone
	}
}

// PrintShown brings the pages as pictures, where there is no printer.
type PrintShown struct{ Pages [][]byte }

func (e PrintShown) applyToCase(s *Session) {
	if s.state.Print.Phase == PrintRunning && len(e.Pages) > 0 {
		s.state.Print.Phase, s.state.Print.Pages = PrintOnPage, e.Pages
		s.stayOnReceipt()
	}
}
