package present

import "balcao/kiosk"

// ErrandsModel is the list of errands.
type ErrandsModel struct {
	Label   string
	Names   []string // of kiosk.Errands
	Options []OptionModel
	Chosen  int // where the list begins
}

// ofErrand is a text in the words of the errand at hand.
func (p Presenter) ofErrand(key string) string {
	return p.Text("errand." + p.State.Errand.Name + "." + key)
}

func (p Presenter) errands(m *ClerkModel) {
	m.Subtitle = p.Text("errands.subtitle")
	m.Errands.Label = p.Text("errands.title")
	for i, errand := range p.State.Offered() {
		m.Errands.Names = append(m.Errands.Names, errand.Name)
		option := OptionModel{Text: p.Text("errand." + errand.Name + ".title"), Means: p.Text("errand." + errand.Name + ".means")}
		if waiting := p.State.Shift.Waiting; errand.Name == kiosk.Approve.Name && waiting >= 0 {
			option.Means = p.Format("cases.waiting", Values{"Count": waiting})
		}
		m.Errands.Options = append(m.Errands.Options, option)
		if errand.Name == p.State.Errand.Name {
			m.Errands.Chosen = i
		}
	}
	m.Actions = []Action{{Text: p.Text("action.choose"), Key: "Enter", Main: true, Event: kiosk.ErrandChosen{}}}
	m.Cancel = &Action{Text: p.Text("action.close"), Key: "Esc", Event: kiosk.Cancel{}}
}
