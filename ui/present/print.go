package present

import (
	"strconv"

	"balcao/kiosk"
)

// PaperPage is a paper that is shown because there is no printer.
type PaperPage struct {
	Picture []byte // PNG of the page
	Page    int
}

func itoa(n int) string { return strconv.Itoa(n) }

// print is the button of a paper. While it is on its way it only says so.
func (p Presenter) print(what kiosk.PrintWhat, text, key string) Action {
	action := Action{Text: p.Text(text), Key: key, Event: kiosk.PrintAsked{What: what}}
	if state := p.State.Print; state.What == what && state.Phase == kiosk.PrintRunning {
		action.Text, action.Event = p.Text("action.printing"), nil
	}
	return action
}

// printed says what became of a paper.
func (p Presenter) printed() Line {
	switch state := p.State.Print; state.Phase {
	case kiosk.PrintDone:
		return Line{p.Text("print.done"), ToneGood}
	case kiosk.PrintFailed:
		return Line{p.Text("print.failed"), ToneBad}
	}
	return Line{}
}

// paper shows a paper, page by page.
func (p Presenter) paperPage(m *ClerkModel) {
	state := p.State.Print
	m.Title = p.Text("print.title_" + string(state.What))
	m.Subtitle = p.Format("print.page", Values{"Page": state.Page + 1, "Pages": len(state.Pages)})
	m.Actions = []Action{{Text: p.Text("action.close"), Key: "Enter", Main: true, Event: kiosk.PrintClosed{}}}
	if len(state.Pages) > 1 {
		before, after := Action{Text: p.Text("action.page_before"), Key: "F7"}, Action{Text: p.Text("action.page_after"), Key: "F8"}
		if state.Page > 0 {
			before.Event = kiosk.PrintTurned{By: -1}
		}
		if state.Page < len(state.Pages)-1 {
			after.Event = kiosk.PrintTurned{By: 1}
		}
		m.Actions = append(m.Actions, before, after)
	}
	m.Escape = kiosk.PrintClosed{}
	if state.Page >= 0 && state.Page < len(state.Pages) {
		m.Paper = PaperPage{state.Pages[state.Page], state.Page}
	}
}
